import CKernels
import CZlib
import CZstd
import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Names how the blocks of an Avro file are compressed.
package enum AvroCodec: String, Sendable, CaseIterable {
    case uncompressed, deflate, snappy, zstandard

    /// Reads the option `compression`; Spark's default is snappy. Throws `CODEC_NOT_AVAILABLE` (user) for one
    /// that is not supported.
    package init(option: String?) throws(EngineError) {
        let name = option?.lowercased() ?? "snappy"
        switch name {
        case "none": self = .uncompressed
        case "zstd": self = .zstandard
        default:
            guard let known = AvroCodec(rawValue: name) else {
                let names = AvroCodec.allCases.map(\.rawValue).joined(separator: ", ")
                throw .user(
                    "CODEC_NOT_AVAILABLE", "Avro files cannot be written with compression \(name)",
                    remedy: "Use one of: \(names).")
            }
            self = known
        }
    }

    /// Reads the name that a file has for its codec. Throws `CODEC_NOT_AVAILABLE` (data) for others.
    init(fileName name: String) throws(EngineError) {
        if name == "null" || name.isEmpty {
            self = .uncompressed
        } else if let known = AvroCodec(rawValue: name), known != .uncompressed {
            self = known
        } else {
            throw .data(
                "CODEC_NOT_AVAILABLE", "The Avro file uses a codec that is not supported: \(name)",
                remedy: "Write it with deflate, snappy or zstandard.")
        }
    }

    /// The name in a file.
    var fileName: String { self == .uncompressed ? "null" : rawValue }

    private static func damaged() -> EngineError {
        AvroCursor.damaged("a compressed block cannot be inflated")
    }

    /// Returns the inflated bytes of a block, at most `Limits.valueBytes`; `input` is readable for 64 bytes
    /// past its end. `counted` holds what they take. Throws a `data` error when it is damaged, and
    /// `OUT_OF_MEMORY`.
    func inflate(
        _ input: Buffer, byteCount: Int, counted: CountedBytes
    ) throws(EngineError) -> (bytes: Buffer, count: Int) {
        switch self {
        case .uncompressed: return (input, byteCount)
        case .snappy: return try inflateSnappy(input, byteCount, counted)
        case .deflate: return try inflateDeflate(input, byteCount, counted)
        case .zstandard: return try inflateZstandard(input, byteCount, counted)
        }
    }

    /// Snappy's raw format, then the CRC-32 of the inflated bytes, the highest byte first.
    private func inflateSnappy(
        _ input: Buffer, _ byteCount: Int, _ counted: CountedBytes
    ) throws(EngineError) -> (Buffer, Int) {
        var size = 0
        let from = input.pointer(as: UInt8.self)
        guard byteCount >= 5, snappy_raw_size(from, byteCount - 4, &size) == 0, size <= Limits.valueBytes,
            // No copy of Snappy's gives more than 64 bytes for two.
            size <= byteCount * 64
        else { throw Self.damaged() }
        try counted.hold(size)
        let output = Buffer(byteCount: size + 64)
        guard snappy_raw_inflate(from, byteCount - 4, output.pointer(as: UInt8.self), size) == 0 else {
            throw Self.damaged()
        }
        let sum = UInt32(bigEndian: (input.base + byteCount - 4).loadUnaligned(as: UInt32.self))
        guard Self.sum(output.base, size) == sum else { throw Self.damaged() }
        return (output, size)
    }

    private static func sum(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_z(0, bytes.assumingMemoryBound(to: UInt8.self), count))
    }

    /// Makes room for what a block inflates to: four times its bytes, or twice what was not enough.
    private static func larger(
        _ output: inout Buffer, used: Int, _ counted: CountedBytes
    ) throws(EngineError) {
        guard output.byteCount < Limits.valueBytes else { throw damaged() }
        try counted.hold(min(Limits.valueBytes, output.byteCount * 2))
        Buffer.grow(&output, to: min(Limits.valueBytes, output.byteCount * 2), used: used, zeroing: false)
    }

    private func inflateDeflate(
        _ input: Buffer, _ byteCount: Int, _ counted: CountedBytes
    ) throws(EngineError) -> (Buffer, Int) {
        var stream = z_stream()
        // Fifteen bits of window, without zlib's head.
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK,
            byteCount <= Int(UInt32.max)
        else { throw Self.damaged() }
        defer { inflateEnd(&stream) }
        try counted.hold(min(Limits.valueBytes, byteCount * 4))
        var output = Buffer(byteCount: max(4096, min(Limits.valueBytes, byteCount * 4)))
        var done = 0
        stream.next_in = input.pointer(as: UInt8.self)
        stream.avail_in = UInt32(byteCount)
        while true {
            stream.next_out = output.pointer(as: UInt8.self) + done
            stream.avail_out = UInt32(clamping: output.byteCount - done)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            done = output.byteCount - Int(stream.avail_out)
            if status == Z_STREAM_END { return (output, done) }
            guard status == Z_OK, stream.avail_out == 0 else { throw Self.damaged() }
            try Self.larger(&output, used: done, counted)
        }
    }

    private func inflateZstandard(
        _ input: Buffer, _ byteCount: Int, _ counted: CountedBytes
    ) throws(EngineError) -> (Buffer, Int) {
        guard let context = ZSTD_createDCtx() else { throw Self.damaged() }
        defer { ZSTD_freeDCtx(context) }
        try counted.hold(min(Limits.valueBytes, byteCount * 4))
        var output = Buffer(byteCount: max(4096, min(Limits.valueBytes, byteCount * 4)))
        var from = ZSTD_inBuffer(src: input.base, size: byteCount, pos: 0)
        var done = 0
        while true {
            var to = ZSTD_outBuffer(dst: output.base, size: output.byteCount, pos: done)
            let left = ZSTD_decompressStream(context, &to, &from)
            if ZSTD_isError(left) != 0 { throw Self.damaged() }
            done = to.pos
            if left == 0, from.pos == from.size { return (output, done) }
            if to.pos == to.size {
                try Self.larger(&output, used: done, counted)
            } else if from.pos == from.size {
                throw Self.damaged()
            }
        }
    }

    /// Appends the deflated bytes of a block; `input` is readable for 16 bytes past its end.
    func deflate(_ input: GrowingBytes, to output: GrowingBytes) throws(EngineError) {
        let bytes = input.bytes
        switch self {
        case .uncompressed: output.append(UnsafeRawPointer(input.base), input.count)
        case .snappy:
            let room = output.reserve(snappy_raw_bound(input.count))
            output.commit(
                snappy_raw_deflate(
                    input.base.assumingMemoryBound(to: UInt8.self), input.count,
                    room.assumingMemoryBound(to: UInt8.self)))
            output.append(Self.sum(input.base, input.count).bigEndian)
        case .zstandard:
            let bound = ZSTD_compressBound(input.count)
            let made = ZSTD_compress(output.reserve(bound), bound, bytes.baseAddress, bytes.count, 3)
            if ZSTD_isError(made) != 0 { throw .internal("zstd could not compress a block") }
            output.commit(made)
        case .deflate: try deflateZlib(input, to: output)
        }
    }

    private func deflateZlib(_ input: GrowingBytes, to output: GrowingBytes) throws(EngineError) {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        let opened = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard opened == Z_OK else { throw .internal("zlib could not compress a block") }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(input.count)))
        stream.next_in = input.base.assumingMemoryBound(to: UInt8.self)
        stream.avail_in = UInt32(clamping: input.count)
        stream.next_out = output.reserve(bound).assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(clamping: bound)
        guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else {
            throw .internal("zlib could not compress a block")
        }
        output.commit(bound - Int(stream.avail_out))
    }
}
