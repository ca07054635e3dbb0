import COpenSSL
import Glibc
import Vocabulary

/// Turns what OpenSSL says into errors that name the problem of the certificate and what to do about it.
enum TLSFailure {
    static let handshakeCode = "TLS_HANDSHAKE_FAILED"

    /// Takes the thread's oldest OpenSSL error and empties its queue; nil when there was none.
    static func takeReason() -> String? {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return nil }
        // An error of the system carries its number, and no text (ERR_SYSTEM_FLAG of OpenSSL's err.h).
        let systemFlag: UInt = 0x8000_0000
        if code & systemFlag != 0 {
            return String(cString: strerror(Int32(truncatingIfNeeded: code & ~systemFlag)))
        }
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        return "error \(code)"
    }

    /// Describes a failed handshake with `peer`.
    static func handshake(_ ssl: OpaquePointer, peer: String) -> EngineError {
        let reason = takeReason()
        let result = SSL_get_verify_result(ssl)
        if result != Int(X509_V_OK) {
            let problem = String(cString: X509_verify_cert_error_string(result))
            return .system(
                handshakeCode, "The certificate of \(peer) was refused: \(problem)", remedy: remedy(result))
        }
        return handshake(reason: reason, peer: peer)
    }

    /// Describes a handshake that ended for `reason`, an alert of the peer among others.
    static func handshake(reason: String?, peer: String) -> EngineError {
        .system(
            handshakeCode, "No TLS connection with \(peer): \(reason ?? "the peer closed the connection")",
            remedy: remedy(reason ?? ""))
    }

    private static func remedy(_ result: Int) -> String {
        switch Int32(result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            "Renew that certificate; the files are read again without a restart."
        case X509_V_ERR_CERT_NOT_YET_VALID: "Check the clocks of both machines."
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            "Connect by a name that the certificate lists, or issue it with this one as alternative name."
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            "Give the authority that issued it with --tls-ca."
        default: "Check the files given with --tls-cert, --tls-key and --tls-ca on both sides."
        }
    }

    private static func remedy(_ reason: String) -> String {
        if reason.contains("wrong version number") || reason.contains("http request") {
            return "The other side speaks no TLS; start both sides with --tls-cert, or both without."
        }
        if reason.contains("certificate required") || reason.contains("peer did not return a certificate") {
            return "Give a client certificate of the cluster's authority with --tls-cert and --tls-key."
        }
        if reason.contains("certificate expired") {
            return "Renew the certificate given with --tls-cert, or check the clocks of both machines."
        }
        if reason.contains("unknown ca") || reason.contains("bad certificate") {
            return "Issue the certificate by the authority that the other side trusts (--tls-ca)."
        }
        if reason.contains("protocol version") || reason.contains("unsupported protocol") {
            return "Use a client that speaks TLS 1.3."
        }
        return "Check the files given with --tls-cert, --tls-key and --tls-ca on both sides."
    }
}
