import Transport

/// Names what a node is to others, as its certificate's alternative names tell: `etl-worker`, or that with a
/// domain, such as `etl-worker.etl.svc`.
package enum NodeRole: String, Sendable {
    case worker = "etl-worker"
    case coordinator = "etl-coordinator"

    /// Whether the peer's certificate names this role.
    package func isProved(by peer: PeerIdentity?) -> Bool {
        guard let peer else { return false }
        return peer.alternativeNames.contains { $0 == rawValue || $0.hasPrefix(rawValue + ".") }
    }
}
