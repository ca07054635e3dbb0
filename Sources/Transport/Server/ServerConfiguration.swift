import Vocabulary

/// Says how a server listens and what it bears.
package struct ServerConfiguration: Sendable {
    /// Address and port; port 0 takes a free one.
    package var listen: String
    /// Nil: cleartext HTTP/2 by prior knowledge.
    package var tls: TLSFiles?
    package var limits: SessionLimits
    package var timeouts: ServerTimeouts
    /// Event loops, a thread each.
    package var loopCount: Int
    /// Connections held at once; when one more comes, the one that is idle for longest makes room, of the
    /// host that has most; when none is idle the new one is closed.
    package var connectionCount: Int
    /// Most bytes of a request body, unless the handler lifts it for its route.
    package var requestBodyBytes: Int
    /// Whether requests for this `:authority` are served. Others get 421.
    package var serves: @Sendable (_ authority: String) -> Bool
    /// Bytes of unfinished requests and unread answers that all connections may hold together; beyond, the
    /// one that holds most is closed.
    package var heldBytes: Int
    /// Whether answers are memory that is kept anyway, which then does not count.
    package var sharesAnswers: Bool
    /// Writes the answer to what the server itself refuses: its content type and body.
    package var refusal: @Sendable (_ status: Int, EngineError) -> (contentType: String, body: [UInt8])

    package init(
        listen: String, tls: TLSFiles? = nil, limits: SessionLimits = .publicPeers,
        timeouts: ServerTimeouts = .init(), loopCount: Int = 1, connectionCount: Int = 1_024,
        requestBodyBytes: Int = 1 << 20,
        serves: @escaping @Sendable (_ authority: String) -> Bool = { _ in true },
        heldBytes: Int = 128 << 20, sharesAnswers: Bool = false,
        refusal: @escaping @Sendable (_ status: Int, EngineError) -> (contentType: String, body: [UInt8]) = {
            _, error in ("text/plain; charset=utf-8", Array((error.message + "\n").utf8))
        }
    ) {
        self.listen = listen
        self.tls = tls
        self.limits = limits
        self.timeouts = timeouts
        self.loopCount = max(1, loopCount)
        self.connectionCount = connectionCount
        self.requestBodyBytes = requestBodyBytes
        self.serves = serves
        self.heldBytes = heldBytes
        self.sharesAnswers = sharesAnswers
        self.refusal = refusal
    }
}

/// Names how long a server waits for what, seconds.
package struct ServerTimeouts: Sendable {
    /// For the TLS handshake to end.
    package var handshakeSeconds = 10.0
    /// For the client's settings after the handshake, and for a header block that began to end.
    package var headersSeconds = 10.0
    /// How often a bounded body's speed is judged; it must have brought `bodyBytesPerSecond` since.
    package var bodySeconds = 10.0
    package var bodyBytesPerSecond = 1_024.0
    /// For a peer to take bytes from a full socket.
    package var stuckSeconds = 60.0
    /// For a peer to open a stream's window that it keeps shut while data waits; nil waits for ever.
    package var shutWindowSeconds: Double? = 600
    /// For a new stream on a connection that has none.
    package var idleSeconds = 120.0

    package init() {}

    /// How often deadlines are looked at.
    var tickSeconds: Double {
        min(1, 0.25 * min(handshakeSeconds, headersSeconds, bodySeconds, stuckSeconds, idleSeconds))
    }
}
