import CBrotli
import CKernels
import CLZ4
import CZlib
import CZstd
import Memory
import Vocabulary

/// Inflates and deflates pages.
enum PageCodec {
    /// Most bytes of one page, inflated; larger declared sizes are refused before anything is allocated.
    static let pageBytes = Limits.valueBytes

    /// Bytes past a buffer's contents that decoders may write.
    static let slackBytes = 64

    /// Inflates `input`, memory of a `Buffer`, to exactly `byteCount` bytes at `output`, which has room for
    /// `slackBytes` more. Throws a `data` error when the bytes are damaged or give another size.
    static func inflate(
        _ codec: ParquetCodec, _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer,
        byteCount: Int
    ) throws(EngineError) {
        guard let base = input.baseAddress else { throw damaged(codec) }
        let done: Bool
        switch codec {
        case .none: throw .internal("an uncompressed page needs no inflating")
        case .snappy:
            let from = base.assumingMemoryBound(to: UInt8.self)
            let to = output.assumingMemoryBound(to: UInt8.self)
            done = snappy_raw_inflate(from, input.count, to, byteCount) == 0
        case .zstd: done = ZSTD_decompress(output, byteCount, base, input.count) == byteCount
        case .lz4Raw: done = inflateLZ4(input, to: output, byteCount: byteCount)
        case .lz4: done = inflateHadoopLZ4(input, to: output, byteCount: byteCount)
        case .gzip: done = inflateGzip(input, to: output, byteCount: byteCount)
        case .brotli: done = try inflateBrotli(base, input.count, to: output, byteCount: byteCount)
        case .lzo:
            throw .data(
                "CODEC_NOT_AVAILABLE", "The Parquet file uses a codec that is not supported: \(codec)",
                remedy: "Write it with snappy, zstd, lz4_raw, gzip or brotli.")
        }
        if !done { throw damaged(codec) }
    }

    private static func damaged(_ codec: ParquetCodec) -> EngineError {
        .data("FAILED_READ_FILE", "A compressed page of the Parquet file is damaged (\(codec))")
    }

    private static func inflateBrotli(
        _ input: UnsafeRawPointer, _ inputBytes: Int, to output: UnsafeMutableRawPointer, byteCount: Int
    ) throws(EngineError) -> Bool {
        let result = cbrotli_inflate(input, inputBytes, output, byteCount)
        if result == CBROTLI_MISSING {
            throw .system(
                "CODEC_NOT_AVAILABLE",
                "The Parquet file uses Brotli, and this machine has no library for it (libbrotlidec.so.1)",
                remedy: "Install Debian's package libbrotli1 on every machine that reads the file.")
        }
        return result == CBROTLI_OK
    }

    private static func inflateLZ4(
        _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        guard let from = input.baseAddress, input.count <= Int32.max, byteCount <= Int32.max else {
            return false
        }
        let got = LZ4_decompress_safe(
            from.assumingMemoryBound(to: CChar.self), output.assumingMemoryBound(to: CChar.self),
            Int32(input.count),
            Int32(byteCount))
        return got == Int32(byteCount)
    }

    /// The codec `LZ4` is Hadoop's framing (big-endian sizes before each block), or, by some writers, a raw
    /// block.
    private static func inflateHadoopLZ4(
        _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        var at = 0
        var done = 0
        while input.count - at >= 8 {
            let inflated = Int(UInt32(bigEndian: input.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            let deflated = Int(
                UInt32(bigEndian: input.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)))
            guard inflated <= byteCount - done, deflated <= input.count - at - 8,
                inflateLZ4(
                    .init(rebasing: input[(at + 8)..<(at + 8 + deflated)]), to: output + done,
                    byteCount: inflated)
            else { return inflateLZ4(input, to: output, byteCount: byteCount) }
            at += 8 + deflated
            done += inflated
        }
        return done == byteCount || inflateLZ4(input, to: output, byteCount: byteCount)
    }

    private static func inflateGzip(
        _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer, byteCount: Int
    ) -> Bool {
        var stream = z_stream()
        // 15 bits of window; 32 more finds out whether the head is gzip's or zlib's.
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return false
        }
        defer { inflateEnd(&stream) }
        guard input.count <= UInt32.max, byteCount <= UInt32.max else { return false }
        stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(byteCount)
        while CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END {
            if stream.avail_out == 0 { return true }
            if stream.avail_in == 0 || inflateReset(&stream) != Z_OK { return false }
        }
        return false
    }

    /// Returns the most bytes that `byteCount` bytes deflate to.
    static func bound(_ codec: ParquetCodec, _ byteCount: Int) -> Int {
        switch codec {
        case .snappy: snappy_raw_bound(byteCount)
        // zlib's bound is for its own frame; gzip's takes twelve bytes more.
        case .gzip: Int(compressBound(UInt(byteCount))) + 12
        case .zstd: ZSTD_compressBound(byteCount)
        case .lz4Raw: Int(LZ4_compressBound(Int32(clamping: byteCount)))
        default: byteCount
        }
    }

    /// Deflates `input` to `output`, which has room for the bound, and returns the bytes written.
    static func deflate(
        _ codec: ParquetCodec, _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer
    ) throws(EngineError) -> Int {
        guard let base = input.baseAddress, input.count <= Int32.max else { return 0 }
        switch codec {
        case .snappy:
            return snappy_raw_deflate(
                base.assumingMemoryBound(to: UInt8.self), input.count,
                output.assumingMemoryBound(to: UInt8.self))
        case .zstd:
            let got = ZSTD_compress(output, bound(codec, input.count), base, input.count, 1)
            if ZSTD_isError(got) != 0 { throw .internal("zstd could not compress a page") }
            return got
        case .lz4Raw:
            return Int(
                LZ4_compress_default(
                    base.assumingMemoryBound(to: CChar.self), output.assumingMemoryBound(to: CChar.self),
                    Int32(input.count), Int32(bound(codec, input.count))))
        case .gzip: return try deflateGzip(input, to: output)
        default: throw .internal("pages are not written with this codec")
        }
    }

    private static func deflateGzip(
        _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer
    ) throws(EngineError) -> Int {
        var stream = z_stream()
        // 15 bits of window; 16 more for gzip's head.
        let size = Int32(MemoryLayout<z_stream>.size)
        let opened = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard opened == Z_OK else { throw .internal("gzip could not compress a page") }
        defer { deflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(clamping: bound(.gzip, input.count))
        guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else {
            throw .internal("gzip could not compress a page")
        }
        return Int(stream.total_out)
    }
}
