import Memory
import Testing

@Suite("Buffers")
struct BufferTests {
    @Test(
        "a buffer that grows keeps its bytes, is zero behind them, and leaves those who share it alone",
        arguments: [100, 4 << 20, 9 << 20], [false, true])
    func grow(bytes: Int, isShared: Bool) {
        var buffer = Buffer.zeroed(byteCount: bytes)
        let used = bytes - 10
        for i in stride(from: 0, to: used, by: 97) { buffer.pointer(as: UInt8.self)[i] = UInt8(i % 251) }
        let other = isShared ? buffer : nil
        for target in [bytes + 1, bytes * 2, bytes * 5 + 3] {
            Buffer.grow(&buffer, to: target, used: used, zeroing: true)
            #expect(buffer.byteCount == target)
            let found = buffer.pointer(as: UInt8.self)
            #expect(stride(from: 0, to: used, by: 97).allSatisfy { found[$0] == UInt8($0 % 251) })
            #expect(stride(from: used, to: target, by: 1).allSatisfy { found[$0] == 0 })
            #expect(Int(bitPattern: buffer.base) % Buffer.alignment == 0)
        }
        if let other {
            #expect(other.byteCount == bytes)
            #expect(
                stride(from: 0, to: used, by: 97).allSatisfy {
                    other.pointer(as: UInt8.self)[$0] == UInt8($0 % 251)
                })
        }
    }
}
