import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOPosix
import Transport
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Serves the page, REST, probes and metrics to people and their tools: HTTP/1.1 in clear text; with a
/// certificate HTTP/1.1 and HTTP/2 over TLS 1.3, as ALPN decides, without asking for a client's certificate.
///
/// ```
/// socket ─▶ [TLS] ─▶ ConnectionGuard ─▶ HTTP/1.1 or HTTP/2 ─▶ ConnectionWatch ─▶ WebResponder ─▶ WebHandler
///           └─────────────── Hummingbird and SwiftNIO ────────────────┘                 (REST, page, probes)
/// ```
package final class WebPort: Sendable {
    /// Says where and how the port listens.
    package struct Configuration: Sendable {
        /// `host:port`; port 0 takes a free one.
        package var listen: String
        /// PEM files, both or neither; read again when they change.
        package var certificate: String?
        package var key: String?
        /// Hosts that requests may ask for, beside numeric addresses and `localhost`. Nil: no others on a
        /// loopback address, every one beyond.
        package var hosts: [String]?
        package var limits = WebLimits()
        /// Shared with the program's other ports.
        package var longBodies: LongBodies

        package init(
            listen: String, certificate: String? = nil, key: String? = nil, hosts: [String]? = nil,
            connectionCount: Int = WebLimits().connectionCount, longBodies: LongBodies = LongBodies()
        ) {
            limits.connectionCount = connectionCount
            self.longBodies = longBodies
            self.listen = listen
            self.certificate = certificate
            self.key = key
            self.hosts = hosts
        }
    }

    /// The port that is served; of use where port 0 was asked for.
    package let port: Int
    private let running: RunningServer
    private let group: MultiThreadedEventLoopGroup
    private let streams: OpenStreams

    /// Listens and begins to serve. Throws `ADDRESS_IN_USE`, `INVALID_ADDRESS` or `INVALID_TLS_FILE` (user).
    package init(_ configuration: Configuration, handler: any WebHandler) async throws {
        let limits = configuration.limits
        let streams = OpenStreams()
        let responder = WebResponder(
            handler: handler, hosts: ServedHosts(listen: configuration.listen, names: configuration.hosts),
            limits: limits, isSecure: configuration.certificate != nil, streams: streams,
            longBodies: configuration.longBodies)
        let respond: HTTPChannelHandler.Responder = { request, writer, channel in
            try await responder.respond(to: request, writer, on: channel)
        }
        let http1 = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionWatch(limits)],
            idleTimeout: .milliseconds(Int64(limits.idleSeconds * 1000)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                maxHeaderFieldCount: limits.headerFieldCount))
        // One loop for all connections, which `WebConnections` counts on.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = WebConnections(limits)
        self.group = group
        self.streams = streams
        do {
            if let certificate = configuration.certificate, let key = configuration.key {
                let http2 = HTTP2ChannelConfiguration(
                    idleTimeout: .seconds(limits.idleSeconds), gracefulCloseTimeout: .seconds(5),
                    streamConfiguration: http1)
                let certificates = try WebCertificates(
                    certificate: certificate, key: key, configuration: http2, responder: respond)
                running = try await RunningServer(
                    SecureChannel(certificates: certificates, connections: connections),
                    configuration, group)
            } else {
                let channel = HTTP1Channel(responder: respond, configuration: http1)
                running = try await RunningServer(
                    PlainChannel(http1: channel, connections: connections), configuration, group)
            }
        } catch {
            try? await group.shutdownGracefully()
            throw WebPort.explained(error, configuration.listen)
        }
        port = running.port
    }

    /// Takes no more connections, ends streams of events, lets answers under way end for `graceSeconds`, then
    /// closes all.
    package func stop(graceSeconds: Double = 2) async {
        streams.end()
        await running.stop(graceSeconds: graceSeconds)
        try? await group.shutdownGracefully()
    }

    private static func explained(_ error: any Error, _ listen: String) -> any Error {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            EngineError.addressInUse(listen, flag: "web")
        case let error as IOError:
            EngineError.user(
                "INVALID_ADDRESS",
                "The web port cannot listen (\(String(cString: strerror(error.errnoCode)))): \(listen)")
        case is EngineError: error
        default: EngineError.user("INVALID_ADDRESS", "There is no such address here: \(listen)")
        }
    }
}

/// Holds a server of Hummingbird's while it runs.
private struct RunningServer: Sendable {
    let port: Int
    private let serving: Task<Void, Never>
    private let shutDown: @Sendable () async -> Void

    /// Returns once the server listens.
    init(
        _ channel: some ServerChildChannel, _ configuration: WebPort.Configuration,
        _ group: any EventLoopGroup
    ) async throws {
        let origin = try Origin(configuration.listen)
        let quiet = Logger(label: "web") { _ in SwiftLogNoOpLogHandler() }
        let (opened, input) = AsyncThrowingStream<Int, any Error>.makeStream()
        let server = Server(
            childChannelSetup: channel,
            configuration: HummingbirdCore.ServerConfiguration(
                address: .hostname(origin.host, port: origin.port)),
            onServerRunning: { channel in
                ListeningSockets.closeOnExec()
                input.yield(channel.localAddress?.port ?? origin.port)
                input.finish()
            }, eventLoopGroup: group, logger: quiet)
        serving = Task {
            do { try await server.run() } catch { input.finish(throwing: error) }
            input.finish()
        }
        shutDown = { try? await server.shutdownGracefully() }
        var ports = opened.makeAsyncIterator()
        guard let port = try await ports.next() else {
            throw EngineError.system("SERVER_ENDED", "The web port's server ended as it began")
        }
        self.port = port
    }

    func stop(graceSeconds: Double) async {
        let shutDown = shutDown
        let serving = serving
        let ending = Task { await shutDown() }
        let limit = Task {
            try await Task.sleep(for: .seconds(graceSeconds))
            ending.cancel()
            serving.cancel()
        }
        await serving.value
        limit.cancel()
    }
}
