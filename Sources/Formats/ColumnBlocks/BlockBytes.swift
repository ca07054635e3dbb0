import CLZ4
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Collects the bytes of one block in a work space that grows and is used again. Not thread-safe: one
/// encoder.
struct BlockBytes {
    private var space = Buffer(byteCount: 1 << 18)
    private var used = 0
    /// Bytes of memory that the columns written so far take when decoded.
    private(set) var inflated = 0
    private let compress: Bool
    /// Chunks shorter than this are stored as they are.
    private static let leastBytes = 64
    /// Longest chunk that is tried in full; of longer ones a sample is tried first.
    private static let sampleBytes = 8192

    init(compress: Bool) { self.compress = compress }

    /// Begins a block: leaves room for its header.
    mutating func begin() {
        used = ColumnBlockFormat.headerBytes
        inflated = 0
    }

    private mutating func reserve(_ more: Int) {
        if used + more <= space.byteCount { return }
        let larger = Buffer(byteCount: max(space.byteCount * 2, used + more))
        memcpy(larger.base, space.base, used)
        space = larger
    }

    mutating func put<T: FixedWidthInteger>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        (space.base + used).storeBytes(of: value.littleEndian, as: T.self)
        used += MemoryLayout<T>.size
    }

    /// Adds what a decoder will allocate.
    mutating func charge(_ bytes: Int) { inflated += bytes }

    /// Writes `count` bytes, compressed where that saves at least an eighth.
    mutating func putChunk(_ bytes: UnsafeRawPointer, _ count: Int) {
        reserve(4 + max(count, Int(LZ4_compressBound(Int32(clamping: count)))))
        let head = used
        used += 4
        var stored = 0
        if compress, count >= BlockBytes.leastBytes, count <= Int(Int32.max) / 2, pays(bytes, count) {
            let source = bytes.assumingMemoryBound(to: CChar.self)
            let target = (space.base + used).assumingMemoryBound(to: CChar.self)
            stored = Int(LZ4_compress_fast(source, target, Int32(count), Int32(count - count / 8), 2))
        }
        if stored > 0 {
            used += stored
            (space.base + head).storeBytes(
                of: UInt32(stored) | ColumnBlockFormat.compressedBit, as: UInt32.self)
        } else {
            memcpy(space.base + used, bytes, count)
            used += count
            (space.base + head).storeBytes(of: UInt32(count), as: UInt32.self)
        }
    }

    /// Says whether a sample from the middle of a long chunk can be compressed.
    private mutating func pays(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        if count <= 2 * BlockBytes.sampleBytes { return true }
        let sample = BlockBytes.sampleBytes
        let source = (bytes + count / 2).assumingMemoryBound(to: CChar.self)
        let target = (space.base + used).assumingMemoryBound(to: CChar.self)
        return LZ4_compress_fast(source, target, Int32(sample), Int32(sample - sample / 8), 2) > 0
    }

    /// Writes the header and returns a copy of the block of exactly its size.
    mutating func finish(rows: Int, columns: Int) -> Buffer {
        let block = Buffer(byteCount: used)
        memcpy(block.base, space.base, used)
        let body = used - ColumnBlockFormat.headerBytes
        let base = block.base
        base.storeBytes(of: ColumnBlockFormat.magic, as: UInt32.self)
        base.storeBytes(of: ColumnBlockFormat.version, toByteOffset: 4, as: UInt16.self)
        base.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        base.storeBytes(of: UInt32(rows), toByteOffset: 8, as: UInt32.self)
        base.storeBytes(of: UInt32(columns), toByteOffset: 12, as: UInt32.self)
        base.storeBytes(of: UInt64(body), toByteOffset: 16, as: UInt64.self)
        base.storeBytes(of: UInt64(inflated), toByteOffset: 24, as: UInt64.self)
        base.storeBytes(of: 0, toByteOffset: 36, as: UInt32.self)
        base.storeBytes(of: ColumnBlockFormat.checksum(block.bytes), toByteOffset: 32, as: UInt32.self)
        return block
    }
}
