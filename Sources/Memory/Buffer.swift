import CKernels
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Owns a stretch of raw memory, aligned to 64 bytes and padded so that kernels may read (not write) up to 64
/// bytes past `byteCount`. Freed with the last reference. Knows no budget: who holds buffers reserves for
/// them (`Reservation`).
///
/// `@unchecked Sendable`: whoever makes a buffer writes it before sharing it; a shared buffer is only read.
package final class Buffer: @unchecked Sendable {
    /// Alignment and padding, bytes.
    package static let alignment = 64
    /// From this size on a buffer is a mapping of its own, in huge pages where the system gives them: hash
    /// tables are hit at random, and each small page would cost a walk of the page tables.
    private static let mappedBytes = 4 << 20
    private static let hugePageBytes = 2 << 20

    @usableFromInline package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let owner: AnyObject?
    /// What the system gave: where it begins, and its bytes where it is a mapping.
    private var allocation: UnsafeMutableRawPointer?
    private let mappingBytes: Int

    /// Allocates `byteCount` bytes, not initialised.
    package init(byteCount: Int) {
        self.byteCount = byteCount
        owner = nil
        if byteCount >= Buffer.mappedBytes {
            (base, mappingBytes) = Buffer.map(byteCount)
            allocation = base
            return
        }
        // Plain `malloc` and a rounded address: aligned allocation splits chunks and joins them again each
        // time.
        guard let memory = malloc(byteCount + 3 * Buffer.alignment) else { Buffer.fail(byteCount) }
        allocation = memory
        mappingBytes = 0
        let mask = UInt(Buffer.alignment - 1)
        base = memory + Int((~UInt(bitPattern: memory) &+ 1) & mask)
    }

    private static func fail(_ byteCount: Int) -> Never {
        fatalError("the operating system gave no memory for \(byteCount) bytes")
    }

    /// Maps zeroed memory whose address is a multiple of the huge page.
    private static func map(_ byteCount: Int) -> (UnsafeMutableRawPointer, Int) {
        let page = 4096
        let wanted = (byteCount + 2 * alignment + page - 1) & ~(page - 1)
        let whole = wanted + hugePageBytes
        guard let raw = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            raw != MAP_FAILED
        else { fail(byteCount) }
        let before = Int((~UInt(bitPattern: raw) &+ 1) & UInt(hugePageBytes - 1))
        if before > 0 { munmap(raw, before) }
        let base = raw + before
        if hugePageBytes > before { munmap(base + wanted, hugePageBytes - before) }
        madvise(base, wanted, Int32(MADV_HUGEPAGE))
        return (base, wanted)
    }

    /// Wraps memory that `owner` keeps alive, such as a mapped file or another library's buffer.
    package init(borrowing base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
        self.base = base
        self.byteCount = byteCount
        self.owner = owner
        allocation = nil
        mappingBytes = 0
    }

    /// Takes over a mapping of `mappingBytes`.
    private init(mapping base: UnsafeMutableRawPointer, byteCount: Int, mappingBytes: Int) {
        self.base = base
        self.byteCount = byteCount
        self.mappingBytes = mappingBytes
        allocation = base
        owner = nil
    }

    deinit {
        if let allocation {
            if mappingBytes > 0 { munmap(allocation, mappingBytes) } else { free(allocation) }
        }
    }

    /// Allocates zeroed bytes.
    package static func zeroed(byteCount: Int) -> Buffer {
        let buffer = Buffer(byteCount: byteCount)
        if buffer.mappingBytes == 0 { memset(buffer.base, 0, byteCount) }
        return buffer
    }

    /// Puts a buffer of `byteCount` bytes in the place of `buffer`, with its first `used` bytes; the bytes
    /// after them are zero when `zeroing` and when those after `used` were. A mapping that nobody else
    /// holds moves with its pages, so that nothing is copied and the old and the new memory never exist
    /// side by side.
    package static func grow(_ buffer: inout Buffer, to byteCount: Int, used: Int, zeroing: Bool) {
        if byteCount > buffer.byteCount, let moved = remapped(&buffer, byteCount) {
            buffer = moved
            return
        }
        let old = buffer
        let grown = zeroing ? Buffer.zeroed(byteCount: byteCount) : Buffer(byteCount: byteCount)
        // The copy sees addresses only: without this the optimiser frees the old buffer before it.
        withExtendedLifetime(old) { withExtendedLifetime(grown) { _ = memcpy(grown.base, old.base, used) } }
        buffer = grown
    }

    /// Moves a mapping to a larger place; nil where the buffer is none, or is shared, or the system refuses.
    private static func remapped(_ buffer: inout Buffer, _ byteCount: Int) -> Buffer? {
        guard buffer.mappingBytes > 0, buffer.allocation != nil, isKnownUniquelyReferenced(&buffer) else {
            return nil
        }
        // The place is laid out as for a new buffer, then the old pages are moved over its beginning.
        let (place, bytes) = map(byteCount)
        guard bytes >= buffer.mappingBytes, pages_move(buffer.base, buffer.mappingBytes, place) else {
            munmap(place, bytes)
            return nil
        }
        buffer.allocation = nil
        return Buffer(mapping: place, byteCount: byteCount, mappingBytes: bytes)
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
