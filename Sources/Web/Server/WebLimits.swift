import Vocabulary

/// Names what one client of the web port may take, in size and in time.
package struct WebLimits: Sendable {
    /// Bytes of all header fields of a request, and their number; more is answered with 431.
    package var headerBytes = 32 * 1024
    package var headerFieldCount = 100
    /// Connections held at once; for one more the one goes that is idle for longest, of the host that has
    /// most, or the new one where all are at work.
    package var connectionCount = 1024
    /// For the TLS handshake to end.
    package var handshakeSeconds = 10.0
    /// For the head of a request from its first byte on.
    package var headSeconds = 10.0
    /// For the next request, or for the next part of one that began.
    package var idleSeconds = 60.0
    /// A body slower than that, ten seconds after it began, is answered with 408.
    package var bodyBytesPerSecond = 1024.0
    package var bodyGraceSeconds = 10.0
    /// For a client to take bytes while more wait for it.
    package var stuckSeconds = 60.0

    package init() {}
}
