import CZlib
import CZstd
import Memory
import Vocabulary

/// Gathers text and writes it to a sink in pieces, compressed where asked for. Used by one thread at a time.
final class TextOutput {
    private static let pieceBytes = 1 << 18
    private let sink: any ByteSink
    private let deflater: (any Deflater)?
    private var bytes: [UInt8] = []

    init(_ sink: any ByteSink, compression: TextCompression) throws(EngineError) {
        self.sink = sink
        switch compression {
        case .none: deflater = nil
        // 15 bits of window, and 16 for gzip's head in place of zlib's.
        case .gzip: deflater = try ZlibDeflater(windowBits: 15 + 16)
        case .deflate: deflater = try ZlibDeflater(windowBits: 15)
        case .zstd: deflater = try ZstdDeflater()
        }
        bytes.reserveCapacity(TextOutput.pieceBytes + 4096)
    }

    /// Lets `body` append text to what was gathered; writes it out when that is much.
    func append(_ body: (inout [UInt8]) -> Void) throws(EngineError) {
        body(&bytes)
        if bytes.count >= TextOutput.pieceBytes { try flush(isEnd: false) }
    }

    /// Writes out the rest and finishes the sink.
    func finish() throws(EngineError) {
        try flush(isEnd: true)
        try sink.finish()
    }

    private func flush(isEnd: Bool) throws(EngineError) {
        let piece = bytes
        bytes.removeAll(keepingCapacity: true)
        let written = piece.withUnsafeBytes { raw -> EngineError? in
            do throws(EngineError) {
                if let deflater {
                    try deflater.deflate(raw, isEnd: isEnd, to: sink)
                } else if raw.count > 0 {
                    try sink.write(raw)
                }
                return nil
            } catch { return error }
        }
        if let written { throw written }
    }
}

/// Deflates a stream piece by piece.
private protocol Deflater: AnyObject {
    /// Writes what `input` becomes, at the end all of it.
    func deflate(_ input: UnsafeRawBufferPointer, isEnd: Bool, to sink: any ByteSink) throws(EngineError)
}

private func failed() -> EngineError { .system("COMPRESSION_FAILED", "Text could not be compressed") }

private final class ZlibDeflater: Deflater {
    private var stream = z_stream()
    private let chunk = Buffer(byteCount: 1 << 17)

    init(windowBits: Int32) throws(EngineError) {
        let size = Int32(MemoryLayout<z_stream>.size)
        let status = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard status == Z_OK else { throw failed() }
    }

    deinit { deflateEnd(&stream) }

    func deflate(_ input: UnsafeRawBufferPointer, isEnd: Bool, to sink: any ByteSink) throws(EngineError) {
        stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        while true {
            stream.next_out = chunk.pointer(as: UInt8.self)
            stream.avail_out = UInt32(chunk.byteCount)
            let status = CZlib.deflate(&stream, isEnd ? Z_FINISH : Z_NO_FLUSH)
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw failed() }
            let made = chunk.byteCount - Int(stream.avail_out)
            if made > 0 { try sink.write(UnsafeRawBufferPointer(start: chunk.base, count: made)) }
            if isEnd ? status == Z_STREAM_END : stream.avail_out > 0 { return }
        }
    }
}

private final class ZstdDeflater: Deflater {
    private let stream: OpaquePointer
    private let chunk = Buffer(byteCount: 1 << 17)

    init() throws(EngineError) {
        guard let stream = ZSTD_createCCtx() else { throw failed() }
        self.stream = stream
    }

    deinit { ZSTD_freeCCtx(stream) }

    func deflate(_ input: UnsafeRawBufferPointer, isEnd: Bool, to sink: any ByteSink) throws(EngineError) {
        var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        while true {
            var to = ZSTD_outBuffer(dst: chunk.base, size: chunk.byteCount, pos: 0)
            let left = ZSTD_compressStream2(stream, &to, &from, isEnd ? ZSTD_e_end : ZSTD_e_continue)
            if ZSTD_isError(left) != 0 { throw failed() }
            if to.pos > 0 { try sink.write(UnsafeRawBufferPointer(start: chunk.base, count: to.pos)) }
            if isEnd ? left == 0 : from.pos == from.size { return }
        }
    }
}
