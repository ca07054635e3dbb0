import COpenSSL
import Glibc
import Vocabulary

/// TLS 1.3 over a socket. What is sent is gathered into stretches of many 16 KiB records, so that frame headers cost
/// no record of their own.
final class TLSChannel: ByteChannel {
    enum HandshakeStep { case done, wantRead, wantWrite, failed(EngineError) }

    /// Bytes handed to OpenSSL at once: sixteen full records.
    private static let stagingBytes = 256 << 10

    private let ssl: OpaquePointer
    private let peer: String
    private let staging = UnsafeMutableRawBufferPointer.allocate(
        byteCount: TLSChannel.stagingBytes, alignment: 64)
    private var stagedFirst = 0
    private var stagedEnd = 0
    private var hasReceived = false

    /// Prepares one end; a client checks the peer's certificate against `hostName` (a name or an address).
    init(_ context: TLSContext, descriptor: Int32, isServer: Bool, hostName: String?, peer: String)
        throws(EngineError)
    {
        guard let ssl = SSL_new(context.handle), SSL_set_fd(ssl, descriptor) == 1 else {
            throw .internal("OpenSSL gave no connection")
        }
        self.ssl = ssl
        self.peer = peer
        if isServer {
            SSL_set_accept_state(ssl)
        } else {
            SSL_set_connect_state(ssl)
            if let hostName { expect(hostName) }
        }
    }

    deinit {
        SSL_free(ssl)
        staging.deallocate()
    }

    private func expect(_ hostName: String) {
        if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), hostName) != 1 {
            ERR_clear_error()
            SSL_set1_host(ssl, hostName)
            _ = openssl_set_server_name(ssl, hostName)
        }
    }

    /// Who the peer proved to be; nil when it showed no certificate.
    var identity: PeerIdentity? { PeerIdentity(ssl) }

    func handshake() -> HandshakeStep {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            var name: UnsafePointer<UInt8>?
            var count: UInt32 = 0
            SSL_get0_alpn_selected(ssl, &name, &count)
            if let name, count == 2, name[0] == UInt8(ascii: "h"), name[1] == UInt8(ascii: "2") { return .done }
            return .failed(TLSFailure.handshake(reason: "the peer does not agree on HTTP/2 (ALPN h2)", peer: peer))
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantRead
        case SSL_ERROR_WANT_WRITE: return .wantWrite
        default: return .failed(TLSFailure.handshake(ssl, peer: peer))
        }
    }

    var mayHoldBytes: Bool { SSL_has_pending(ssl) != 0 }
    var holdsUnsentBytes: Bool { stagedFirst < stagedEnd }

    /// Reads records until `target` is full or the socket is empty.
    func read(into target: UnsafeMutableRawBufferPointer) -> ChannelResult {
        var done = 0
        while let base = target.baseAddress, done < target.count {
            ERR_clear_error()
            let count = SSL_read(ssl, base + done, Int32(target.count - done))
            if count > 0 {
                done += Int(count)
                hasReceived = true
                continue
            }
            let result = failure(count)
            // The end, or the error, is met again by the next read.
            return done > 0 ? .bytes(done) : result
        }
        return .bytes(done)
    }

    func write(from queue: OutputQueue) -> ChannelResult {
        if stagedFirst == stagedEnd {
            stagedFirst = 0
            stagedEnd = queue.drain(into: staging)
            if stagedEnd == 0 { return .bytes(0) }
        }
        ERR_clear_error()
        let count = SSL_write(
            ssl, UnsafeRawPointer(staging.baseAddress.unsafelyUnwrapped + stagedFirst),
            Int32(stagedEnd - stagedFirst))
        if count > 0 {
            stagedFirst += Int(count)
            return .bytes(Int(count))
        }
        return failure(count)
    }

    private func failure(_ result: Int32) -> ChannelResult {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .closed(nil)
        case SSL_ERROR_SYSCALL: return .closed(.connectionLost(peer, errno == 0 ? ECONNRESET : errno))
        default:
            let reason = TLSFailure.takeReason()
            // In TLS 1.3 a client learns of its refusal only after its own side of the handshake is done.
            if !hasReceived { return .closed(TLSFailure.handshake(reason: reason, peer: peer)) }
            return .closed(.connectionLost(peer, reason ?? "TLS failed"))
        }
    }

    /// Tells the peer that no more bytes come.
    func shutDown() {
        ERR_clear_error()
        SSL_shutdown(ssl)
    }
}
