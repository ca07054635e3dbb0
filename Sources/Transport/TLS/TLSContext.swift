import COpenSSL
import Glibc
import Synchronization
import Vocabulary

/// Holds one loaded set of certificate files; connections keep theirs while newer files are loaded beside it.
///
/// `@unchecked Sendable`: an `SSL_CTX` is reference-counted and, once set up, only read.
final class TLSContext: @unchecked Sendable {
    let handle: OpaquePointer

    /// Loads the files. Throws a `user` error `INVALID_TLS_FILE` that names the file and the problem.
    init(_ files: TLSFiles, isServer: Bool) throws(EngineError) {
        guard let context = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw .internal("OpenSSL gave no context")
        }
        handle = context
        guard openssl_require_tls13(context) == 1 else { throw .internal("OpenSSL has no TLS 1.3") }
        openssl_set_modes(context)
        try loadOwnCertificate(files, isServer: isServer)
        try loadAuthority(files, isServer: isServer)
        if isServer {
            SSL_CTX_set_alpn_select_cb(context, selectHTTP2, nil)
        } else {
            let offered: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]
            SSL_CTX_set_alpn_protos(context, offered, 3)
        }
    }

    deinit { SSL_CTX_free(handle) }

    private func loadOwnCertificate(_ files: TLSFiles, isServer: Bool) throws(EngineError) {
        guard let certificate = files.certificate, let key = files.key else {
            if isServer || files.certificate != nil || files.key != nil {
                throw .user(
                    "INVALID_TLS_FILE", "TLS needs both a certificate and its key",
                    remedy: "Give --tls-cert and --tls-key.")
            }
            return
        }
        guard SSL_CTX_use_certificate_chain_file(handle, certificate) == 1 else {
            throw Self.invalid("certificate", certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.invalid("key", key)
        }
        guard SSL_CTX_check_private_key(handle) == 1 else { throw Self.invalid("key", key) }
    }

    private func loadAuthority(_ files: TLSFiles, isServer: Bool) throws(EngineError) {
        if let authority = files.authority {
            guard SSL_CTX_load_verify_locations(handle, authority, nil) == 1 else {
                throw Self.invalid("authority", authority)
            }
            if isServer { SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(authority)) }
        } else if !isServer {
            SSL_CTX_set_default_verify_paths(handle)
        }
        var mode = SSL_VERIFY_NONE
        if !isServer || files.authority != nil { mode = SSL_VERIFY_PEER }
        if isServer, files.requireClientCertificate { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        SSL_CTX_set_verify(handle, mode, nil)
    }

    private static func invalid(_ what: String, _ path: String) -> EngineError {
        .user(
            "INVALID_TLS_FILE",
            "The \(what) file cannot be used (\(TLSFailure.takeReason() ?? "no PEM")): \(path)",
            remedy: "Check that the file is readable PEM and that key and certificate belong together.")
    }
}

/// Picks `h2` from what the client offers, and refuses the handshake when it is not there (RFC 7301).
private func selectHTTP2(
    _ ssl: OpaquePointer?, _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    var position = 0
    while position < Int(offeredCount) {
        let count = Int(offered[position])
        if count == 2, position + 2 < Int(offeredCount), offered[position + 1] == UInt8(ascii: "h"),
            offered[position + 2] == UInt8(ascii: "2")
        {
            selected?.pointee = offered + position + 1
            selectedCount?.pointee = 2
            return SSL_TLSEXT_ERR_OK
        }
        position += 1 + count
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// Gives the newest valid context of a set of files: they are looked at when a connection is made, at most
/// once a second, and loaded again when one changed. While the new files do not fit together the old context
/// stays.
final class TLSReloader: Sendable {
    private struct State {
        var context: TLSContext
        var stamps: [FileStamp]
        var checked: MonotonicTime
    }

    private static let pollSeconds = 1.0
    private let files: TLSFiles
    private let isServer: Bool
    private let state: Mutex<State>

    init(_ files: TLSFiles, isServer: Bool) throws(EngineError) {
        self.files = files
        self.isServer = isServer
        let stamps = files.paths.map { FileStamp($0) }
        state = Mutex(
            State(context: try TLSContext(files, isServer: isServer), stamps: stamps, checked: .now))
    }

    func current() -> TLSContext {
        state.withLock { state in
            let now = MonotonicTime.now
            if now.seconds(since: state.checked) < Self.pollSeconds { return state.context }
            state.checked = now
            let stamps = files.paths.map { FileStamp($0) }
            if stamps != state.stamps, let fresh = try? TLSContext(files, isServer: isServer) {
                state.context = fresh
                state.stamps = stamps
            }
            return state.context
        }
    }
}
