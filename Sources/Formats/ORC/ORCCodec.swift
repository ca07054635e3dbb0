import CKernels
import CLZ4
import CZlib
import CZstd
import Memory
import Vocabulary

/// Names how an ORC file is compressed.
package enum ORCCompression: String, Sendable, CaseIterable {
    case none, snappy, zlib, lz4, zstd

    /// Reads the option `compression`; Spark's default is zstd. Throws `CODEC_NOT_AVAILABLE` (user) for one
    /// that is not supported.
    package init(option: String?) throws(EngineError) {
        let name = option?.lowercased() ?? "zstd"
        if name == "uncompressed" {
            self = .none
        } else if let known = ORCCompression(rawValue: name) {
            self = known
        } else {
            let known = ORCCompression.allCases.map(\.rawValue).joined(separator: ", ")
            throw .user(
                "CODEC_NOT_AVAILABLE", "ORC files cannot be written with compression \(name)",
                remedy: "Use one of: \(known).")
        }
    }

    /// Reads the number that a postscript has; nil for LZO and what is not known.
    init?(code: Int) {
        switch code {
        case 0: self = .none
        case 1: self = .zlib
        case 2: self = .snappy
        case 4: self = .lz4
        case 5: self = .zstd
        default: return nil
        }
    }

    /// The number that a postscript has.
    var code: Int {
        switch self {
        case .none: 0
        case .zlib: 1
        case .snappy: 2
        case .lz4: 4
        case .zstd: 5
        }
    }

    /// What a file's name has before `.orc`.
    package var fileSuffix: String { self == .none ? "" : ".\(rawValue)" }
}

/// Inflates the chunks of a file's streams.
struct ORCCodec: Sendable {
    var kind: ORCCompression
    /// Most bytes of a chunk, inflated.
    var chunkBytes: Int

    /// The size of a chunk has 23 bits.
    static let chunkLimit = 1 << 23

    /// Inflates a chunk, memory of a `Buffer`, into `output`, which has room for `chunkBytes` and 64 more;
    /// returns the number of bytes, or nil when they are damaged or too many.
    func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer) -> Int? {
        guard let start = input.baseAddress else { return nil }
        let from = start.assumingMemoryBound(to: UInt8.self)
        let to = output.assumingMemoryBound(to: UInt8.self)
        switch kind {
        case .none: return nil
        case .snappy:
            var size = 0
            guard snappy_raw_size(from, input.count, &size) == 0, size <= chunkBytes,
                snappy_raw_inflate(from, input.count, to, size) == 0
            else { return nil }
            return size
        case .zstd:
            let size = ZSTD_decompress(output, chunkBytes, start, input.count)
            return ZSTD_isError(size) != 0 ? nil : size
        case .lz4:
            let size = LZ4_decompress_safe(
                start.assumingMemoryBound(to: CChar.self), output.assumingMemoryBound(to: CChar.self),
                Int32(input.count), Int32(chunkBytes))
            return size < 0 ? nil : Int(size)
        case .zlib: return inflateZlib(input, from, to)
        }
    }

    private func inflateZlib(
        _ input: UnsafeRawBufferPointer, _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var stream = z_stream()
        // Fifteen bits of window, without zlib's head.
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: from)
        stream.avail_in = UInt32(input.count)
        stream.next_out = to
        stream.avail_out = UInt32(chunkBytes)
        guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return chunkBytes - Int(stream.avail_out)
    }

    /// Appends bytes in compressed chunks, each with its size; one that does not get smaller stays as it is.
    /// `input` is readable for 16 bytes past its end.
    func deflate(_ input: UnsafeRawBufferPointer, to output: GrowingBytes) throws(EngineError) {
        let room = GrowingBytes(capacity: 4096)
        var start = 0
        while start < input.count {
            let count = min(chunkBytes, input.count - start)
            let part = UnsafeRawBufferPointer(rebasing: input[start..<(start + count)])
            room.removeAll()
            let size = try deflate(part, into: room)
            let isSmaller = size < count
            let head = (isSmaller ? size : count) << 1 | (isSmaller ? 0 : 1)
            for shift in [0, 8, 16] { output.append(UInt8(truncatingIfNeeded: head >> shift)) }
            if isSmaller {
                output.append(room.base, size)
            } else if let base = part.baseAddress {
                output.append(base, count)
            }
            start += count
        }
    }

    private func deflate(
        _ part: UnsafeRawBufferPointer, into room: GrowingBytes
    ) throws(EngineError) -> Int {
        guard let base = part.baseAddress else { return 0 }
        switch kind {
        case .none: return part.count
        case .snappy:
            let target = room.reserve(snappy_raw_bound(part.count))
            return snappy_raw_deflate(
                base.assumingMemoryBound(to: UInt8.self), part.count,
                target.assumingMemoryBound(to: UInt8.self))
        case .lz4:
            let bound = Int(LZ4_compressBound(Int32(part.count)))
            return Int(
                LZ4_compress_default(
                    base.assumingMemoryBound(to: CChar.self),
                    room.reserve(bound).assumingMemoryBound(to: CChar.self), Int32(part.count),
                    Int32(bound)))
        case .zstd:
            let bound = ZSTD_compressBound(part.count)
            let size = ZSTD_compress(room.reserve(bound), bound, base, part.count, 1)
            if ZSTD_isError(size) != 0 { throw .internal("zstd could not compress a chunk") }
            return size
        case .zlib: return try deflateZlib(part, into: room)
        }
    }

    private func deflateZlib(
        _ part: UnsafeRawBufferPointer, into room: GrowingBytes
    ) throws(EngineError) -> Int {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        let opened = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard opened == Z_OK else { throw .internal("zlib could not compress a chunk") }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(part.count)))
        stream.next_in = UnsafeMutablePointer(
            mutating: part.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(part.count)
        stream.next_out = room.reserve(bound).assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(bound)
        guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else {
            throw .internal("zlib could not compress a chunk")
        }
        return bound - Int(stream.avail_out)
    }
}
