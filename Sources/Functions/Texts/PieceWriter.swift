import Columns
import Kernels
import Memory

/// Puts together the text of one row after the other out of pieces, in memory that it keeps for the next.
/// Used by one thread.
struct PieceWriter: ~Copyable {
    private var base = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 8)
    private var capacity = 256
    private var count = 0

    deinit { base.deallocate() }

    /// Begins with the next text.
    @inline(__always)
    mutating func clear() { count = 0 }

    /// Makes room for some bytes, and for the few more that `append` may write behind a piece; false where
    /// there is none: the evaluation fails.
    @inline(__always)
    private mutating func makeRoom(_ more: Int) -> Bool {
        count &+ more &+ 16 <= capacity || grow(more)
    }

    private mutating func grow(_ more: Int) -> Bool {
        let wanted = max(capacity * 2, count + more + 16)
        // The text is copied once more when it is whole.
        guard MadeMemory.hasRoom(for: 2 * wanted) else { return false }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 8)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        (base, capacity) = (larger, wanted)
        return true
    }

    /// Appends a text.
    @inline(__always)
    mutating func append(_ view: StringView) {
        let bytes = view.count
        guard makeRoom(bytes) else { return }
        if bytes <= StringView.inlineCapacity {
            // Twelve bytes, whose copy is no call; the next piece takes the place of those that are no text.
            base.storeBytes(of: view.head &>> 32 | view.tail &<< 32, toByteOffset: count, as: UInt64.self)
            base.storeBytes(of: view.tail &>> 32, toByteOffset: count &+ 8, as: UInt64.self)
        } else {
            (base + count).copyMemory(from: view.address, byteCount: bytes)
        }
        count &+= bytes
    }

    /// Appends bytes.
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard makeRoom(bytes.count), let start = bytes.baseAddress else { return }
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count &+= bytes.count
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        guard makeRoom(1) else { return }
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Writes the text into a row.
    @inline(__always)
    borrowing func put(_ builder: ViewBuilder, _ row: Int) {
        if count > 0 { builder.put(base, count: count, row) }
    }
}
