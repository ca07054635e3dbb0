import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import Synchronization
import Transport
import Vocabulary

/// Takes each new connection with the newest certificate, and hands it to HTTP/2 or HTTP/1.1 as the client
/// and ALPN agree.
struct SecureChannel: ServerChildChannel {
    typealias Value = HTTP2UpgradeChannel.Value

    let certificates: WebCertificates
    let connections: WebConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let value = certificates.current().setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            let own = connections.guardian(of: channel, isSecure: true)
            try pipeline.addHandler(own, position: .after(tls))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return value
    }

    /// Serves a connection; any version of the certificate does, as its handshake has its own.
    func handle(value: Value, logger: Logger) async {
        await certificates.current().handle(value: value, logger: logger)
    }
}

/// Gives the way into TLS with the newest valid certificate: the files are looked at when a connection is
/// made, at most once a second, and read again when one changed. While new files do not fit together the old
/// ones stay in use.
final class WebCertificates: Sendable {
    private struct State {
        var upgrade: HTTP2UpgradeChannel
        var stamps: [FileStamp]
        var checked: ContinuousClock.Instant
    }

    private static let pollInterval = Duration.seconds(1)
    private let paths: [String]
    private let load: @Sendable () throws(EngineError) -> HTTP2UpgradeChannel
    private let state: Mutex<State>

    /// Reads the PEM files. Throws `INVALID_TLS_FILE` (user) that names the files and the problem.
    init(
        certificate: String, key: String, configuration: HTTP2ChannelConfiguration,
        responder: @escaping HTTPChannelHandler.Responder
    ) throws(EngineError) {
        paths = [certificate, key]
        load = { () throws(EngineError) in
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(certificate)
                var tls = TLSConfiguration.makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
                tls.minimumTLSVersion = .tlsv13
                return try HTTP2UpgradeChannel(
                    tlsConfiguration: tls, configuration: configuration, responder: responder)
            } catch {
                throw .user(
                    "INVALID_TLS_FILE",
                    "The web port cannot use the certificate \(certificate) with the key \(key)",
                    remedy: "Check that both are readable PEM files and belong together.")
            }
        }
        let stamps = paths.map { FileStamp($0) }
        state = Mutex(State(upgrade: try load(), stamps: stamps, checked: .now))
    }

    func current() -> HTTP2UpgradeChannel {
        state.withLock { state in
            let now = ContinuousClock.now
            if now - state.checked < WebCertificates.pollInterval { return state.upgrade }
            state.checked = now
            let stamps = paths.map { FileStamp($0) }
            if stamps != state.stamps, let fresh = try? load() {
                state.upgrade = fresh
                state.stamps = stamps
            }
            return state.upgrade
        }
    }
}
