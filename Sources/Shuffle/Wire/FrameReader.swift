import Memory
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Cuts the bytes of a shuffle response into frames and blocks as they arrive, in pieces of any size.
struct FrameReader {
    private let header = Buffer(byteCount: BlockFrame.byteCount)
    private var headerFilled = 0
    private var frame: BlockFrame?
    private var block: Buffer?
    private var blockFilled = 0

    /// Says whether all bytes so far were taken up by whole frames.
    var isBetweenFrames: Bool { headerFilled == 0 && frame == nil }

    /// Takes the bytes up to the end of the next frame, with its block where it has one, and drops them from
    /// `bytes`; nil when more bytes are needed. Throws `CORRUPT_SHUFFLE_STREAM`.
    ///
    /// `willReceive` is called once for each block before it is received, with the bytes of it and its frame.
    mutating func next(
        _ bytes: inout UnsafeRawBufferPointer, willReceive: (Int) -> Void
    ) throws(EngineError) -> (BlockFrame, Buffer?)? {
        if frame == nil {
            guard fill(header, &headerFilled, &bytes) else { return nil }
            guard let frame = BlockFrame(header.bytes), frame.kind != .block || frame.value <= Self.blockLimit
            else {
                throw .system("CORRUPT_SHUFFLE_STREAM", "What a worker sent is no shuffle frame")
            }
            headerFilled = 0
            if frame.kind != .block { return (frame, nil) }
            self.frame = frame
            block = Buffer(byteCount: Int(frame.value))
            blockFilled = 0
            willReceive(Int(frame.value) + BlockFrame.byteCount)
        }
        guard let frame, let block, fill(block, &blockFilled, &bytes) else { return nil }
        self.frame = nil
        self.block = nil
        return (frame, block)
    }

    /// Largest block that is believed: a single row of two large values.
    private static let blockLimit = UInt64(2 * Limits.valueBytes + (1 << 20))

    /// Copies what is there and says whether `buffer` is full.
    private func fill(_ buffer: Buffer, _ filled: inout Int, _ bytes: inout UnsafeRawBufferPointer) -> Bool {
        let count = min(buffer.byteCount - filled, bytes.count)
        if count > 0, let base = bytes.baseAddress {
            memcpy(buffer.base + filled, base, count)
            filled += count
            bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
        }
        return filled == buffer.byteCount
    }
}
