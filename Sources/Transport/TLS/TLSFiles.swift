import Vocabulary

/// Names the PEM files of one end: its certificate chain and key, and whom it trusts.
package struct TLSFiles: Sendable, Hashable {
    /// Certificate chain, the own certificate first. Nil on a client that shows none.
    package var certificate: String?
    package var key: String?
    /// Authorities that the peer's certificate must come from. Nil: a client trusts the system's, a server
    /// asks for no certificate.
    package var authority: String?
    /// Whether a server refuses clients without a certificate of `authority`.
    package var requireClientCertificate: Bool

    package init(
        certificate: String? = nil, key: String? = nil, authority: String? = nil,
        requireClientCertificate: Bool? = nil
    ) {
        self.certificate = certificate
        self.key = key
        self.authority = authority
        self.requireClientCertificate = requireClientCertificate ?? (authority != nil)
    }

    /// Throws `INVALID_TLS_FILE` (user), which names the file, where a server could not use them.
    package func check() throws(EngineError) { _ = try TLSContext(self, isServer: true) }

    var paths: [String] { [certificate, key, authority].compactMap { $0 } }
}
