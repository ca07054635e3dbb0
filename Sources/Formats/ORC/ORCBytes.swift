import Memory
import Vocabulary

/// Reads the bytes of a stream of an ORC file one after the other, and inflates one chunk after the other.
/// Holds one chunk and a window of the file. Used by one thread.
///
///     size × 2, lowest bit set where the chunk is as it was; 3 bytes, the lowest first │ chunk │ …
final class ORCBytes {
    private let source: any ByteSource
    private let codec: ORCCodec
    /// What is left of the stream in the file.
    private var at: Int
    private let end: Int
    /// The file's bytes that are here.
    private var window = Buffer(byteCount: 0)
    private var windowStart = 0
    private var windowCount = 0
    /// The inflated bytes that are here, and what of them was taken.
    private var chunk: UnsafePointer<UInt8>
    private var chunkCount = 0
    private var taken = 0
    /// Room for an inflated chunk, made with the first.
    private var inflated = Buffer(byteCount: 0)

    /// Bytes that are read at a time: more of a source far away.
    private let windowBytes: Int

    /// Takes `count` bytes of the file, which it has.
    init(_ source: any ByteSource, at offset: Int, count: Int, codec: ORCCodec) {
        self.source = source
        self.codec = codec
        windowBytes = source.isNear ? 256 << 10 : 2 << 20
        at = offset
        end = offset + count
        chunk = UnsafePointer(inflated.pointer(as: UInt8.self))
    }

    /// A stream that is not there.
    static func empty(_ source: any ByteSource) -> ORCBytes {
        ORCBytes(source, at: 0, count: 0, codec: ORCCodec(kind: .none, chunkBytes: 0))
    }

    private static func cut() -> EngineError { ORCTail.damaged("a stream of a column is cut short") }

    /// Returns where the next `count` bytes of the file are, which lie within the stream.
    private func fileBytes(_ count: Int) throws(EngineError) -> UnsafeRawPointer {
        guard count <= end - at else { throw Self.cut() }
        if at < windowStart || at + count > windowStart + windowCount {
            let wanted = min(end - at, max(count, windowBytes))
            if window.byteCount < wanted { window = Buffer(byteCount: wanted) }
            windowStart = at
            windowCount = wanted
            try source.readFully(at: at, into: .init(start: window.base, count: wanted))
        }
        let start = UnsafeRawPointer(window.base + (at - windowStart))
        at += count
        return start
    }

    /// Makes the next chunk the current one; false at the stream's end.
    private func advance() throws(EngineError) -> Bool {
        // Nothing is left of the old chunk, also where the new one turns out to be damaged.
        taken = 0
        chunkCount = 0
        if at >= end { return false }
        if codec.kind == .none {
            let count = min(end - at, windowBytes)
            chunk = try fileBytes(count).assumingMemoryBound(to: UInt8.self)
            chunkCount = count
            return true
        }
        let head = try fileBytes(3)
        let size =
            Int(head.load(as: UInt8.self)) | Int(head.load(fromByteOffset: 1, as: UInt8.self)) << 8
            | Int(head.load(fromByteOffset: 2, as: UInt8.self)) << 16
        let bytes = try fileBytes(size >> 1)
        if size & 1 == 1 {
            chunk = bytes.assumingMemoryBound(to: UInt8.self)
            chunkCount = size >> 1
            return true
        }
        if inflated.byteCount == 0 { inflated = Buffer(byteCount: codec.chunkBytes + 64) }
        let input = UnsafeRawBufferPointer(start: bytes, count: size >> 1)
        guard let count = codec.inflate(input, into: inflated.base) else {
            throw ORCTail.damaged("a compressed chunk cannot be inflated")
        }
        chunk = UnsafePointer(inflated.pointer(as: UInt8.self))
        chunkCount = count
        return true
    }

    @inline(__always)
    func byte() throws(EngineError) -> UInt8 {
        while taken == chunkCount { if try !advance() { throw Self.cut() } }
        let value = chunk[taken]
        taken &+= 1
        return value
    }

    /// Reads an unsigned number, seven bits a byte.
    @inline(__always)
    func varint() throws(EngineError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw ORCTail.damaged("a number does not end")
    }

    func zigzag() throws(EngineError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Fills memory with the next bytes.
    func read(_ target: UnsafeMutableRawPointer, _ count: Int) throws(EngineError) {
        var done = 0
        while done < count {
            while taken == chunkCount { if try !advance() { throw Self.cut() } }
            let some = min(count - done, chunkCount - taken)
            target.advanced(by: done).copyMemory(from: chunk + taken, byteCount: some)
            taken += some
            done += some
        }
    }

    /// Appends the next bytes, a chunk at a time: a size alone allocates nothing.
    func append(_ count: Int, to target: GrowingBytes) throws(EngineError) {
        var left = count
        while left > 0 {
            while taken == chunkCount { if try !advance() { throw Self.cut() } }
            let some = min(left, chunkCount - taken)
            target.append(chunk + taken, some)
            taken += some
            left -= some
        }
    }

    /// Returns all that is left, at most `limit` bytes.
    func rest(limit: Int) throws(EngineError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            if taken == chunkCount, try !advance() { return bytes }
            bytes.append(contentsOf: UnsafeBufferPointer(start: chunk + taken, count: chunkCount - taken))
            taken = chunkCount
            if bytes.count > limit { throw ORCTail.damaged("a part of it is larger than \(limit) bytes") }
        }
    }
}
