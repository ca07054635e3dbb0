import COpenSSL
import Glibc
import Vocabulary

/// TLS 1.3 over a socket. Short stretches share a record, so that frame headers cost none of their own.
final class TLSChannel: ByteChannel {
    enum HandshakeStep {
        case done, wantRead, wantWrite
        case failed(EngineError)
    }

    /// Most bytes of one TLS record.
    private static let stagingBytes = 16 << 10

    /// Bytes decrypted at once: they stay in the second-level cache until the session has looked at them.
    private static let readBytes = 256 << 10

    private let ssl: OpaquePointer
    private let transit: RecordTransit
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
        transit = RecordTransit(descriptor: descriptor, peer: peer)
        guard let ssl = SSL_new(context.handle), let bio = transit.makeBIO() else {
            throw .internal("OpenSSL gave no connection")
        }
        SSL_set_bio(ssl, bio, bio)
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
        while true {
            ERR_clear_error()
            let result = SSL_do_handshake(ssl)
            let error = SSL_get_error(ssl, result)
            let reason =
                result == 1 || error == SSL_ERROR_WANT_READ ? nil : TLSFailure.handshake(ssl, peer: peer)
            if case .closed(let lost) = transit.flush(), reason == nil {
                return .failed(lost ?? TLSFailure.handshake(reason: nil, peer: peer))
            }
            if result == 1 { return agreedOnHTTP2() }
            if let reason { return .failed(reason) }
            if transit.hasOutbound { return .wantWrite }
            switch transit.fill() {
            case .bytes: continue
            case .wouldBlock: return .wantRead
            case .closed(let lost): return .failed(lost ?? TLSFailure.handshake(reason: nil, peer: peer))
            }
        }
    }

    private func agreedOnHTTP2() -> HandshakeStep {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        if let name, count == 2, name[0] == UInt8(ascii: "h"), name[1] == UInt8(ascii: "2") { return .done }
        return .failed(
            TLSFailure.handshake(reason: "the peer does not agree on HTTP/2 (ALPN h2)", peer: peer))
    }

    var mayHoldBytes: Bool { transit.hasInbound || SSL_has_pending(ssl) != 0 }
    var holdsUnsentBytes: Bool { stagedFirst < stagedEnd || transit.hasOutbound }

    /// Reads records until enough are there or the socket is empty. The end, or an error, met after some
    /// bytes is met again by the next read.
    func read(into target: UnsafeMutableRawBufferPointer) -> ChannelResult {
        var done = 0
        let limit = min(target.count, Self.readBytes)
        ERR_clear_error()
        while let base = target.baseAddress, done < limit {
            let count = SSL_read(ssl, base + done, Int32(limit - done))
            if count > 0 {
                done += Int(count)
                hasReceived = true
                continue
            }
            let result = failure(count, keepsReason: done > 0)
            guard case .wouldBlock = result else { return done > 0 ? .bytes(done) : result }
            switch transit.fill() {
            case .bytes: continue
            case .wouldBlock: return done > 0 ? .bytes(done) : .wouldBlock
            case .closed(let error): return done > 0 ? .bytes(done) : .closed(lostEarly ?? error)
            }
        }
        return .bytes(done)
    }

    /// The error of a peer that closed before it sent anything; nil later.
    private var lostEarly: EngineError? { hasReceived ? nil : TLSFailure.handshake(reason: nil, peer: peer) }

    func write(from queue: OutputQueue) -> ChannelResult {
        if transit.hasOutbound {
            let result = transit.flush()
            if transit.hasOutbound { return result }
            if case .closed = result { return result }
        }
        ERR_clear_error()
        while let (source, count) = nextPlain(queue), !transit.isFull {
            let written = SSL_write(ssl, source, Int32(clamping: count))
            if written > 0 {
                didWrite(Int(written), queue)
                continue
            }
            guard case .wouldBlock = failure(written, keepsReason: false) else { return .closed(lostWrite) }
            if !transit.hasOutbound { return .wouldBlock }
            break
        }
        return transit.flush()
    }

    /// What is encrypted next: a long stretch straight from its buffer, or short ones gathered into one
    /// record. A write that OpenSSL wants repeated meets the same bytes again.
    private func nextPlain(_ queue: OutputQueue) -> (UnsafeRawPointer, Int)? {
        if stagedFirst == stagedEnd {
            if let front = queue.front, front.count >= Self.stagingBytes, let base = front.baseAddress {
                return (base, front.count)
            }
            stagedFirst = 0
            stagedEnd = queue.drain(into: staging)
            if stagedEnd == 0 { return nil }
        }
        return staging.baseAddress.map { (UnsafeRawPointer($0 + stagedFirst), stagedEnd - stagedFirst) }
    }

    private func didWrite(_ count: Int, _ queue: OutputQueue) {
        if stagedFirst < stagedEnd { stagedFirst += count } else { queue.consume(count) }
    }

    private var lostWrite: EngineError { .connectionLost(peer, "TLS refused to write") }

    /// Says what a call that did not succeed means; `keepsReason` leaves OpenSSL's errors for a second look.
    private func failure(_ result: Int32, keepsReason: Bool) -> ChannelResult {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .closed(nil)
        default:
            let reason = keepsReason ? nil : TLSFailure.takeReason()
            // In TLS 1.3 a client learns of its refusal only after its own side of the handshake is done.
            if !hasReceived { return .closed(TLSFailure.handshake(reason: reason, peer: peer)) }
            return .closed(.connectionLost(peer, reason ?? "TLS failed"))
        }
    }

    /// Tells the peer that no more bytes come.
    func shutDown() {
        ERR_clear_error()
        SSL_shutdown(ssl)
        _ = transit.flush()
    }
}
