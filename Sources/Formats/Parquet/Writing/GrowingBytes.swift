#if canImport(Glibc)
    import Glibc
#endif

/// Collects bytes in memory that grows by doubling and is kept when emptied. There is always room to read,
/// and for kernels to write, 64 bytes past the end. Not thread-safe: one owner.
final class GrowingBytes {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    /// Bytes that there is room for.
    private(set) var capacity: Int

    static let slackBytes = 64

    init(capacity: Int = 256) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity + GrowingBytes.slackBytes, alignment: 64)
    }

    deinit { base.deallocate() }

    /// Makes room for `more` bytes past the end and returns where they begin; `commit` makes them part of the
    /// contents.
    @inline(__always)
    func reserve(_ more: Int) -> UnsafeMutableRawPointer {
        if count + more > capacity { grow(count + more) }
        return base + count
    }

    private func grow(_ needed: Int) {
        capacity = max(needed, capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(
            byteCount: capacity + GrowingBytes.slackBytes, alignment: 64)
        memcpy(larger, base, count)
        base.deallocate()
        base = larger
    }

    @inline(__always)
    func commit(_ more: Int) { count += more }

    func append(_ bytes: UnsafeRawPointer, _ byteCount: Int) {
        memcpy(reserve(byteCount), bytes, byteCount)
        count += byteCount
    }

    func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { if let start = $0.baseAddress { append(start, $0.count) } }
    }

    func append<T: BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size).storeBytes(of: value, as: T.self)
        count += MemoryLayout<T>.size
    }

    func removeAll() { count = 0 }

    /// Empties the buffer and gives its memory back.
    func release() {
        count = 0
        base.deallocate()
        capacity = 256
        base = .allocate(byteCount: capacity + GrowingBytes.slackBytes, alignment: 64)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}
