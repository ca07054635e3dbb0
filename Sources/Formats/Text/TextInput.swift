import CZlib
import CZstd
import Memory
import Vocabulary

/// Names how a text file is compressed, told by its name as Hadoop does.
package enum TextCompression: String, Sendable {
    case none, gzip, zstd, deflate

    /// What files' names end with by which Hadoop knows them, here in lower case. Nil: not supported.
    private static let suffixes: [(suffix: String, compression: TextCompression?)] = [
        (".gz", .gzip), (".gzip", .gzip), (".zst", .zstd), (".zstd", .zstd), (".deflate", .deflate),
        (".bz2", nil), (".lz4", nil), (".snappy", nil), (".xz", nil), (".lzo", nil), (".zip", nil),
    ]

    /// Says whether a file's name is that of a compressed one, which can only be read from its beginning.
    package static func isCompressed(_ fileName: String) -> Bool {
        let lowered = fileName.lowercased()
        return suffixes.contains { lowered.hasSuffix($0.suffix) }
    }

    /// Tells the compression from a file's name. Throws `CODEC_NOT_AVAILABLE` (user) for one that is not
    /// supported.
    package init(fileName: String) throws(EngineError) {
        let lowered = fileName.lowercased()
        let found = TextCompression.suffixes.first { lowered.hasSuffix($0.suffix) }
        guard let compression = found?.compression ?? (found == nil ? TextCompression.none : nil) else {
            throw .user(
                "CODEC_NOT_AVAILABLE",
                "Text files that are compressed as \(found?.suffix ?? "") cannot be read: \(fileName)",
                remedy: "Decompress the file, or compress it with gzip or zstd.")
        }
        self = compression
    }

    /// Reads a writer's `compression` option. Throws `CODEC_NOT_AVAILABLE` (user) for one that is not
    /// supported.
    package init(option: String?) throws(EngineError) {
        switch option?.lowercased() {
        case nil, "none", "uncompressed": self = .none
        case "gzip": self = .gzip
        case "zstd": self = .zstd
        case "deflate": self = .deflate
        case .some(let name):
            throw .user(
                "CODEC_NOT_AVAILABLE", "Text files cannot be written with compression \(name)",
                remedy: "Use none, gzip, deflate or zstd.")
        }
    }

    /// What a file's name ends with, after the format's own extension.
    package var fileSuffix: String {
        switch self {
        case .none: ""
        case .gzip: ".gz"
        case .zstd: ".zst"
        case .deflate: ".deflate"
        }
    }
}

/// Yields the bytes of a text file from a position on, inflated where the file's name says that it is
/// compressed. Used by one thread at a time.
final class TextInput {
    private static let chunkBytes = 1 << 18
    let name: String
    private let source: any ByteSource
    private var offset: Int
    private let inflater: (any Inflater)?
    private var chunk: Buffer?
    private var chunkStart = 0
    private var chunkEnd = 0
    /// Turns what was read into UTF-8 lines; nil where it is that already.
    private var decoder: TextDecoder?
    private var decoded: [UInt8] = []
    private var decodedStart = 0
    private var isDecoded = false

    /// Begins at byte `offset`, which must be 0 for a compressed file, and for one that is decoded.
    init(
        _ source: any ByteSource, from offset: Int = 0, decoding: TextDecoding = .plain
    ) throws(EngineError) {
        if !decoding.isPlain { decoder = TextDecoder(decoding) }
        self.source = source
        self.offset = offset
        name = source.name
        switch try TextCompression(fileName: source.name) {
        case .none: inflater = nil
        case .gzip, .deflate: inflater = try ZlibInflater(name: source.name)
        case .zstd: inflater = try ZstdInflater(name: source.name)
        }
        if inflater != nil { chunk = Buffer(byteCount: TextInput.chunkBytes) }
    }

    /// Fills `target` as far as the text goes and returns the number of bytes; fewer than asked only at the
    /// end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        if decoder != nil { return try readDecoded(target) }
        return try readBytes(target)
    }

    private func readDecoded(_ target: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let piece = Buffer(byteCount: TextInput.chunkBytes)
        var done = 0
        while done < target.count {
            if decodedStart < decoded.count {
                let count = min(target.count - done, decoded.count - decodedStart)
                decoded.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: target[done..<(done + count)]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[decodedStart..<(decodedStart + count)]))
                }
                done += count
                decodedStart += count
                continue
            }
            if isDecoded { break }
            let got = try readBytes(piece.mutableBytes)
            isDecoded = got < piece.byteCount
            let bytes = UnsafeRawBufferPointer(start: piece.base, count: got)
            decoded = decoder?.decode(bytes, isLast: isDecoded) ?? []
            decodedStart = 0
        }
        return done
    }

    private func readBytes(_ target: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        var done = 0
        while done < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
            let got: Int
            if let inflater { got = try readInflated(inflater, rest) } else { got = try readPlain(rest) }
            if got == 0 { break }
            done += got
        }
        return done
    }

    private func readPlain(_ target: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let got = try source.read(at: offset, into: target)
        offset += got
        return got
    }

    private func readInflated(
        _ inflater: any Inflater, _ target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> Int {
        guard let chunk else { return 0 }
        while true {
            if chunkStart == chunkEnd {
                chunkStart = 0
                chunkEnd = try readPlain(chunk.mutableBytes)
                if chunkEnd == 0 {
                    try inflater.checkEnd()
                    return 0
                }
            }
            let input = UnsafeRawBufferPointer(start: chunk.base + chunkStart, count: chunkEnd - chunkStart)
            let (used, made) = try inflater.inflate(input, into: target)
            chunkStart += used
            if made > 0 { return made }
        }
    }
}

/// Inflates a stream piece by piece.
private protocol Inflater: AnyObject {
    /// Returns how many bytes it took from `input` and how many it wrote to `target`, at least one of them
    /// not zero.
    func inflate(
        _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> (used: Int, made: Int)
    /// Throws `TRUNCATED_FILE` (data) when the stream was not complete.
    func checkEnd() throws(EngineError)
}

private func damaged(_ name: String) -> EngineError {
    .data(
        "CORRUPT_FILE", "The compressed data is damaged: \(name)",
        remedy: "Copy the file again from its origin.")
}

private func truncated(_ name: String) -> EngineError {
    .data(
        "TRUNCATED_FILE", "The compressed data ends too early: \(name)",
        remedy: "Copy the file again from its origin.")
}

private final class ZlibInflater: Inflater {
    private let name: String
    private var stream = z_stream()
    private var isBetweenMembers = true

    init(name: String) throws(EngineError) {
        self.name = name
        // 15 bits of window; 32 more finds out whether the head is gzip's or zlib's.
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, 47, ZLIB_VERSION, size) == Z_OK else { throw damaged(name) }
    }

    deinit { inflateEnd(&stream) }

    func inflate(
        _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> (used: Int, made: Int) {
        let room = min(target.count, Int(UInt32.max))
        stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(room)
        isBetweenMembers = false
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        let outcome = (used: input.count - Int(stream.avail_in), made: room - Int(stream.avail_out))
        if status == Z_STREAM_END {
            isBetweenMembers = true
            inflateReset(&stream)
        } else if status != Z_OK || (outcome.used == 0 && outcome.made == 0) {
            throw damaged(name)
        }
        return outcome
    }

    func checkEnd() throws(EngineError) { if !isBetweenMembers { throw truncated(name) } }
}

private final class ZstdInflater: Inflater {
    private let name: String
    private let stream: OpaquePointer
    private var isBetweenFrames = true

    init(name: String) throws(EngineError) {
        self.name = name
        guard let stream = ZSTD_createDCtx() else { throw damaged(name) }
        self.stream = stream
    }

    deinit { ZSTD_freeDCtx(stream) }

    func inflate(
        _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> (used: Int, made: Int) {
        var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var to = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let status = ZSTD_decompressStream(stream, &to, &from)
        if ZSTD_isError(status) != 0 { throw damaged(name) }
        isBetweenFrames = status == 0
        if from.pos == 0 && to.pos == 0 { throw damaged(name) }
        return (from.pos, to.pos)
    }

    func checkEnd() throws(EngineError) { if !isBetweenFrames { throw truncated(name) } }
}
