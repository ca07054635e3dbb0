import Transport
import Vocabulary

/// Holds the PEM files of a node; all three or none.
package struct NodeCertificates: Sendable {
    package var certificate: String
    package var key: String
    package var authority: String

    /// The files as connections take them.
    package var files: TLSFiles { TLSFiles(certificate: certificate, key: key, authority: authority) }

    /// Reads `--tls-cert`, `--tls-key` and `--tls-ca`; nil when none is given. Throws `USAGE` when some are.
    package static func of(_ settings: ProgramSettings) throws(EngineError) -> NodeCertificates? {
        let files = [settings["tls-cert"], settings["tls-key"], settings["tls-ca"]]
        if files.allSatisfy({ $0 == nil }) { return nil }
        guard let certificate = files[0], let key = files[1], let authority = files[2] else {
            throw .user(
                "USAGE", "Mutual TLS needs --tls-cert, --tls-key and --tls-ca together",
                remedy: "Make a trial set with: deploy/certificates DIRECTORY")
        }
        return NodeCertificates(certificate: certificate, key: key, authority: authority)
    }
}
