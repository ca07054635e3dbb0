import Memory

/// Holds what one stream still has to send and what is known of its headers; a part of its `HTTPSession`.
final class SessionStream {
    struct Chunk {
        let buffer: Buffer
        var offset: Int
        var count: Int
    }

    let id: Int32
    /// Body bytes not yet moved to the output; `firstChunk` indexes the first of them.
    private var chunks: [Chunk] = []
    private var firstChunk = 0
    private(set) var queuedBytes = 0
    /// No more body will be written.
    var isEnded = false
    /// Sent after the body, when not empty.
    var trailers: [HeaderField] = []
    /// The library waits for `nghttp2_session_resume_data`.
    var isDeferred = false
    /// A head was sent, so no other may be.
    var hasSentHead = false
    /// The receive window to set once the request is out; nil keeps the session's default.
    var windowBytes: Int?

    /// Fields received in the header block that is under way.
    var receivedFields: [HeaderField] = []
    var receivedFieldBytes = 0
    var isHeaderListTooLarge = false
    var hasReceivedHead = false
    /// The peer ended its side.
    var hasRemoteEnd = false

    init(id: Int32) { self.id = id }

    func append(_ buffer: Buffer, offset: Int, count: Int) {
        if count == 0 { return }
        chunks.append(Chunk(buffer: buffer, offset: offset, count: count))
        queuedBytes += count
    }

    /// Moves `byteCount` queued bytes to `output`, by reference.
    func move(_ byteCount: Int, to output: OutputQueue) {
        var rest = byteCount
        queuedBytes -= byteCount
        while rest > 0 {
            let count = min(rest, chunks[firstChunk].count)
            output.append(chunks[firstChunk].buffer, offset: chunks[firstChunk].offset, count: count)
            rest -= count
            chunks[firstChunk].offset += count
            chunks[firstChunk].count -= count
            if chunks[firstChunk].count == 0 { firstChunk += 1 }
        }
        if firstChunk == chunks.count {
            chunks.removeAll(keepingCapacity: true)
            firstChunk = 0
        } else if firstChunk >= 64 {
            chunks.removeFirst(firstChunk)
            firstChunk = 0
        }
    }
}
