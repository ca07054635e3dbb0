import Vocabulary

/// Holds both directions of one open stream for its connection. Owned by the connection's loop.
final class StreamExchange {
    let link: StreamLink
    let body: BodyStream
    let writer: BodyWriter
    /// Hears the response's head (client).
    var onHead: (([HeaderField]) -> Void)?
    /// When the peer last sent body, and how much it had sent when that was last judged.
    var judgedAt: MonotonicTime
    var judgedBytes = 0
    /// Bytes of the body that count as held by the connection.
    var heldBytes = 0
    /// When body last left for a peer that keeps its window shut.
    var sentAt: MonotonicTime

    init(link: StreamLink, body: BodyStream, writer: BodyWriter, now: MonotonicTime) {
        self.link = link
        self.body = body
        self.writer = writer
        judgedAt = now
        sentAt = now
    }

    /// Tells both halves that the stream is over.
    func close(_ error: EngineError?) {
        link.connection = nil
        if let error {
            body.finish(failure: error)
        } else if !body.isFinished {
            body.finish(failure: .system("STREAM_CLOSED", "The stream was closed before the body's end"))
        }
        writer.close(error)
    }
}
