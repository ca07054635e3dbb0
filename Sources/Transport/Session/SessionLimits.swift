/// Names every bound that one HTTP/2 session keeps towards its peer.
package struct SessionLimits: Sendable {
    /// Most bytes of a header list, counted as RFC 9113 §6.5.2 does.
    package var headerListBytes = 32 << 10
    /// Most fields in a header list.
    package var headerFieldCount = 100
    /// Most CONTINUATION frames that one header block may take.
    package var continuationCount = 8
    /// Most streams that the peer may hold open at once.
    package var concurrentStreams = 100
    /// Bytes that the peer may send on one stream before the consumer takes some.
    package var streamWindowBytes = 1 << 20
    /// Bytes that the peer may send on the connection before they were taken off the socket.
    package var connectionWindowBytes = 16 << 20
    /// Largest frame that the peer may send, bytes; at least 16,384.
    package var frameBytes = 1 << 20
    /// Streams that the peer may cancel (RST_STREAM received).
    package var resets = RateLimit(burst: 200, perSecond: 50)
    /// Streams that we have to cancel for errors of the peer (RST_STREAM sent).
    package var provokedResets = RateLimit(burst: 100, perSecond: 10)
    /// PING frames received.
    package var pings = RateLimit(burst: 100, perSecond: 10)
    /// SETTINGS frames received.
    package var settings = RateLimit(burst: 100, perSecond: 10)
    /// Frames without effect received: DATA without payload, PRIORITY, unasked acknowledgements, unknown
    /// types, and WINDOW_UPDATE beyond ten for each DATA frame sent.
    package var idleFrames = RateLimit(burst: 1000, perSecond: 100)

    package init() {}

    /// Limits towards anyone who can reach the port.
    package static let publicPeers = SessionLimits()

    /// Limits between a cluster's own nodes, which cancel many streams and move bulk data.
    package static let clusterPeers: SessionLimits = {
        var limits = SessionLimits()
        limits.resets = RateLimit(burst: 10_000, perSecond: 1_000)
        limits.streamWindowBytes = 4 << 20
        limits.concurrentStreams = 1_000
        return limits
    }()
}

/// Error codes of RFC 9113 §7 that this room sends or reads.
package enum StreamErrorCode {
    package static let noError: UInt32 = 0x0
    package static let protocolError: UInt32 = 0x1
    package static let internalError: UInt32 = 0x2
    package static let flowControlError: UInt32 = 0x3
    package static let refusedStream: UInt32 = 0x7
    package static let cancel: UInt32 = 0x8
    package static let enhanceYourCalm: UInt32 = 0xb
}
