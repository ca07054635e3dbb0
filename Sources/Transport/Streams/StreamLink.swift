/// Leads from a stream's two halves, which any thread may hold, to its connection, which only its loop may
/// touch.
///
/// `@unchecked Sendable`: `connection` and `streamID` belong to the loop's thread.
final class StreamLink: @unchecked Sendable {
    let loop: EventLoop
    /// Nil before the stream is opened and after it is closed.
    var connection: HTTPConnection?
    var streamID: Int32 = 0

    init(loop: EventLoop) { self.loop = loop }

    /// Runs `body` on the loop with the connection, when the stream is open then.
    func withConnection(_ body: @escaping @Sendable (HTTPConnection, Int32) -> Void) {
        loop.execute { [self] in
            if let connection { body(connection, streamID) }
        }
    }
}
