import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Owns a stretch of raw memory, aligned to 64 bytes and padded so that kernels may read (not write) up to 64
/// bytes past `byteCount`. Freed, and returned to its budget, with the last reference.
///
/// `@unchecked Sendable`: whoever makes a buffer writes it before sharing it; a shared buffer is only read.
package final class Buffer: @unchecked Sendable {
    /// Alignment and padding, bytes.
    package static let alignment = 64

    @usableFromInline package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let budget: MemoryBudget?
    private let owner: AnyObject?

    /// Allocates `byteCount` bytes, not initialised. When `budget` is given, the caller has taken the bytes
    /// from it already; they are given back when the buffer is freed.
    package init(byteCount: Int, budget: MemoryBudget? = nil) {
        self.byteCount = byteCount
        self.budget = budget
        let padded = (byteCount + 2 * Buffer.alignment - 1) & ~(Buffer.alignment - 1)
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, Buffer.alignment, padded) == 0, let memory else {
            fatalError("the operating system gave no memory for \(byteCount) bytes")
        }
        base = memory
        owner = nil
    }

    /// Wraps memory that `owner` keeps alive, such as a mapped file or another library's buffer.
    package init(borrowing base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
        self.base = base
        self.byteCount = byteCount
        self.owner = owner
        budget = nil
    }

    deinit {
        if owner == nil { free(base) }
        budget?.giveBack(byteCount)
    }

    /// Allocates zeroed bytes.
    package static func zeroed(byteCount: Int) -> Buffer {
        let buffer = Buffer(byteCount: byteCount)
        memset(buffer.base, 0, byteCount)
        return buffer
    }

    /// Allocates a copy of `bytes`.
    package static func copying(_ bytes: UnsafeRawBufferPointer) -> Buffer {
        let buffer = Buffer(byteCount: bytes.count)
        if let source = bytes.baseAddress { memcpy(buffer.base, source, bytes.count) }
        return buffer
    }

    /// The memory as elements of `T`.
    @inlinable
    package func pointer<T>(as type: T.Type) -> UnsafeMutablePointer<T> {
        base.assumingMemoryBound(to: T.self)
    }

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
    package var mutableBytes: UnsafeMutableRawBufferPointer { .init(start: base, count: byteCount) }
}
