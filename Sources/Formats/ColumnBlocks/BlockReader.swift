import CLZ4
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the body of a block in order, never past its end, and never allocates more than the block declares.
struct BlockReader {
    private let base: UnsafeRawPointer
    private let end: Int
    private var position = 0
    /// Bytes that may still be inflated.
    private var allowance: Int

    init(_ bytes: UnsafeRawBufferPointer, allowance: Int) {
        base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        end = bytes.count
        self.allowance = allowance
    }

    var isAtEnd: Bool { position == end }

    /// Takes `bytes`, about to be allocated, from what the block declares.
    mutating func spend(_ bytes: Int) throws(EngineError) {
        if bytes > allowance { throw ColumnBlockFormat.damaged("it holds more than it declares") }
        allowance -= bytes
    }

    mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(EngineError) -> T {
        let size = MemoryLayout<T>.size
        if end - position < size { throw ColumnBlockFormat.damaged("it ends too early") }
        defer { position += size }
        return T(littleEndian: (base + position).loadUnaligned(as: T.self))
    }

    /// Reads a chunk that inflates to exactly `count` bytes into `target`.
    mutating func readChunk(_ count: Int, into target: UnsafeMutableRawPointer) throws(EngineError) {
        let (stored, isCompressed) = try chunkHead(count)
        if isCompressed {
            let source = (base + position).assumingMemoryBound(to: CChar.self)
            let out = target.assumingMemoryBound(to: CChar.self)
            let made = LZ4_decompress_safe(source, out, Int32(stored), Int32(count))
            if Int(made) != count { throw ColumnBlockFormat.damaged("its compressed bytes are wrong") }
        } else {
            memcpy(target, base + position, count)
        }
        position += stored
    }

    /// Reads a chunk's size; it inflates to `count` bytes.
    private mutating func chunkHead(_ count: Int) throws(EngineError) -> (stored: Int, isCompressed: Bool) {
        let head: UInt32 = try read()
        let stored = Int(head & ~ColumnBlockFormat.compressedBit)
        let isCompressed = head & ColumnBlockFormat.compressedBit != 0
        if stored > end - position { throw ColumnBlockFormat.damaged("it ends too early") }
        if isCompressed
            ? count > Limits.lz4ExpansionLimit * stored || count > Int(Int32.max) : stored != count
        {
            throw ColumnBlockFormat.damaged("a size in it is wrong")
        }
        return (stored, isCompressed)
    }

    /// Reads a chunk into a new buffer, `extra` bytes longer.
    mutating func readChunk(_ count: Int, extra: Int = 0) throws(EngineError) -> Buffer {
        try spend(count)
        // The stored size is checked against the expansion limit before anything is allocated.
        let mark = position
        _ = try chunkHead(count)
        position = mark
        let buffer = Buffer(byteCount: max(1, count + extra))
        try readChunk(count, into: buffer.base)
        return buffer
    }
}
