import Transport
import Vocabulary

/// Names what a node is to others, as its certificate's alternative names tell: `etl-worker`, or that with a
/// domain, such as `etl-worker.etl.svc`.
package enum NodeRole: String, Sendable {
    case worker = "etl-worker"
    case coordinator = "etl-coordinator"

    /// Throws `USAGE` when a node's own certificate names another role: others would refuse it, and say less
    /// well why.
    package func check(certificate path: String) throws(EngineError) {
        guard let own = PeerIdentity(certificateFile: path), !isProved(by: own) else { return }
        throw .user(
            "USAGE",
            "--tls-cert: the certificate does not name \(rawValue) among its alternative names: \(path)",
            remedy: "Its names are: \(own.alternativeNames.joined(separator: ", ")).")
    }

    /// Whether the peer's certificate names this role.
    package func isProved(by peer: PeerIdentity?) -> Bool {
        guard let peer else { return false }
        return peer.alternativeNames.contains { $0 == rawValue || $0.hasPrefix(rawValue + ".") }
    }
}
