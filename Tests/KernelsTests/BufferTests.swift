import Memory
import Testing

#if canImport(Glibc)
    import Glibc
#endif

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

    @Test("a mapping that another buffer gave up is zero where zeros are asked for, also after it grew")
    func reuse() {
        FreedMemory.keep()
        defer { FreedMemory.giveBack() }
        for bytes in [5 << 20, 9 << 20, 17 << 20] {
            FreedMemory.giveBack()
            let place: UnsafeMutableRawPointer
            do {
                let dirty = Buffer(byteCount: bytes)
                memset(dirty.base, 0xFF, bytes + Buffer.alignment)
                place = dirty.base
            }
            var next = Buffer.zeroed(byteCount: bytes - (1 << 20))
            #expect(next.base == place, "the mapping was not taken again")
            #expect(next.bytes.allSatisfy { $0 == 0 })
            Buffer.grow(&next, to: 3 * bytes, used: 0, zeroing: true)
            #expect(next.bytes.allSatisfy { $0 == 0 })
            #expect(
                Buffer(byteCount: bytes / 2).base != place, "half of a mapping is too much to leave unused")
        }
    }
}
