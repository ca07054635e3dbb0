import COpenSSL

/// Says who the peer proved to be, from its verified certificate.
package struct PeerIdentity: Sendable, Hashable {
    /// The certificate's DNS and URI names and addresses (subject alternative names).
    package var alternativeNames: [String]
    /// The subject on one line, for logs.
    package var subject: String

    package init(alternativeNames: [String], subject: String) {
        self.alternativeNames = alternativeNames
        self.subject = subject
    }

    /// Reads the peer's certificate; nil when it showed none.
    init?(_ ssl: OpaquePointer) {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        self.init(certificate: certificate)
    }

    /// Reads the first certificate of a PEM file: what a node with it proves to be. Returns nil where there
    /// is none; opening the port tells why.
    package init?(certificateFile path: String) {
        guard let file = BIO_new_file(path, "r") else { return nil }
        defer { BIO_free(file) }
        guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else { return nil }
        defer { X509_free(certificate) }
        self.init(certificate: certificate)
    }

    private init(certificate: OpaquePointer) {
        var line = [CChar](repeating: 0, count: 512)
        X509_NAME_oneline(X509_get_subject_name(certificate), &line, Int32(line.count))
        subject = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        alternativeNames = Self.names(of: certificate)
    }

    private static func names(of certificate: OpaquePointer) -> [String] {
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(list) }
        var names: [String] = []
        for index in 0..<max(0, openssl_name_count(list)) {
            var isAddress: Int32 = 0
            var text: UnsafePointer<UInt8>?
            let count = openssl_name_text(openssl_name_at(list, index), &isAddress, &text)
            guard count >= 0, let text else { continue }
            let bytes = UnsafeBufferPointer(start: text, count: Int(count))
            names.append(isAddress == 0 ? String(decoding: bytes, as: UTF8.self) : address(bytes))
        }
        return names
    }

    private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
        return stride(from: 0, to: bytes.count - 1, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}
