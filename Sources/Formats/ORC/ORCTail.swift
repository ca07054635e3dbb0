import Memory
import Vocabulary

/// Holds what an ORC file's postscript says, and finds the footer by it.
///
///     ORC │ stripes … │ metadata │ footer │ postscript │ postscript size, 1 byte
///
/// https://orc.apache.org/specification/ORCv1/
struct ORCTail {
    var codec = ORCCodec(kind: .none, chunkBytes: 0)
    var footerBytes = 0
    var metadataBytes = 0
    /// Where the footer ends, bytes from the file's beginning.
    var footerEnd = 0

    /// Most bytes of the footer and of the metadata, inflated.
    static let footerLimit = 64 << 20

    /// Reads the file's last bytes. Throws a `data` error for what is no ORC file.
    init(_ source: any ByteSource) throws(EngineError) {
        let size = source.byteCount
        if size < 16 { throw Self.notORC("it has only \(size) bytes") }
        let tail = try Self.bytes(of: source, at: size - min(size, 257), count: min(size, 257))
        let length = Int(tail[tail.count - 1])
        guard length + 1 < tail.count, length >= 4 else { throw Self.notORC("it does not end as one") }
        let postscript = tail[(tail.count - 1 - length)..<(tail.count - 1)]
        guard Array(postscript.suffix(3)) == Array("ORC".utf8) else {
            throw Self.notORC("it does not end as one")
        }
        footerEnd = size - 1 - length
        try read(postscript)
        guard footerBytes > 0, footerBytes <= footerEnd, metadataBytes <= footerEnd - footerBytes else {
            throw Self.damaged("its footer would begin before the file does")
        }
    }

    private mutating func read(_ postscript: ArraySlice<UInt8>) throws(EngineError) {
        var message = ORCMessage(postscript)
        var kind = 0
        var chunkBytes = 256 << 10
        while let (field, value) = try message.next() {
            switch field {
            case 1: footerBytes = try value.count()
            case 2: kind = try value.count()
            case 3: chunkBytes = try value.count()
            case 5: metadataBytes = try value.count()
            default: break
            }
        }
        guard let known = ORCCompression(code: kind) else {
            throw .data(
                "CODEC_NOT_AVAILABLE",
                "The ORC file uses a codec that is not supported: \(kind == 3 ? "lzo" : "number \(kind)")",
                remedy: "Write it with zlib, snappy, lz4 or zstd.")
        }
        // A chunk's compressed size has 23 bits, and no writer makes larger ones of what is not compressed.
        guard known == .none || (1...ORCCodec.chunkLimit).contains(chunkBytes) else {
            throw Self.damaged("its compressed chunks have \(chunkBytes) bytes")
        }
        codec = ORCCodec(kind: known, chunkBytes: chunkBytes)
    }

    /// Returns the footer's message, inflated.
    func footer(of source: any ByteSource) throws(EngineError) -> [UInt8] {
        try inflated(source, at: footerEnd - footerBytes, count: footerBytes)
    }

    /// Returns the message with the stripes' statistics, inflated.
    func metadata(of source: any ByteSource) throws(EngineError) -> [UInt8] {
        try inflated(source, at: footerEnd - footerBytes - metadataBytes, count: metadataBytes)
    }

    private func inflated(
        _ source: any ByteSource, at offset: Int, count: Int
    ) throws(EngineError) -> [UInt8] {
        try ORCBytes(source, at: offset, count: count, codec: codec).rest(limit: ORCTail.footerLimit)
    }

    private static func bytes(
        of source: any ByteSource, at offset: Int, count: Int
    ) throws(EngineError) -> [UInt8] {
        let buffer = Buffer(byteCount: count)
        try source.readFully(at: offset, into: .init(start: buffer.base, count: count))
        return withExtendedLifetime(buffer) { Array(buffer.bytes) }
    }

    /// Returns the error for bytes that contradict each other.
    static func damaged(_ why: String) -> EngineError {
        .data(
            "FAILED_READ_FILE", "The ORC file cannot be read, \(why)",
            remedy: "Copy the file again from where it came from, or write it again.")
    }

    private static func notORC(_ why: String) -> EngineError {
        .data(
            "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "This is no ORC file, or it is cut short: \(why)",
            remedy: "Check the path and the format, or copy the file again.")
    }
}
