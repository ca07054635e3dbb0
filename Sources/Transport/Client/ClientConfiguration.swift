/// Says how a client connects and what it bears.
package struct ClientConfiguration: Sendable {
    /// Nil: cleartext HTTP/2 by prior knowledge.
    package var tls: TLSFiles?
    /// The role that servers' certificates must name, such as `etl-worker`, alone or with a domain
    /// (`etl-worker.etl.svc`); nil: the host of the origin. Of use where servers are reached by addresses
    /// that no certificate lists.
    package var serverName: String?
    package var limits: SessionLimits
    /// For the connection and the TLS handshake to stand, seconds.
    package var connectSeconds: Double
    /// Sends a PING when nothing came for so long, and gives the connection up after twice that; nil never
    /// does.
    package var keepAliveSeconds: Double?
    /// Event loops, a thread each; an origin stays with one.
    package var loopCount: Int
    /// Sent as `user-agent`; empty sends none.
    package var userAgent: String

    package init(
        tls: TLSFiles? = nil, serverName: String? = nil, limits: SessionLimits = .clusterPeers,
        connectSeconds: Double = 5,
        keepAliveSeconds: Double? = nil, loopCount: Int = 1, userAgent: String = "millrace"
    ) {
        self.tls = tls
        self.serverName = serverName
        self.limits = limits
        self.connectSeconds = connectSeconds
        self.keepAliveSeconds = keepAliveSeconds
        self.loopCount = max(1, loopCount)
        self.userAgent = userAgent
    }
}
