import Glibc
import Memory
import Synchronization
import Vocabulary

/// Sends requests over one HTTP/2 connection an origin, which it makes when needed and keeps.
///
/// Thread-safe. Errors are typed: `CONNECTION_REFUSED`, `CONNECTION_LOST`, `TLS_HANDSHAKE_FAILED`,
/// `UNKNOWN_HOST`, `CONNECT_TIMEOUT`, `REQUEST_TIMEOUT`, `STREAM_RESET`, `CANCELLED`, all `system`.
package final class HTTPClient: Sendable {
    private let configuration: ClientConfiguration
    private let loops: [EventLoop]
    private let pools: [OriginPool]
    private let isStopped = Atomic<Bool>(false)

    /// Throws `INVALID_TLS_FILE` (`user`), or a `system` error when the system gives no thread.
    package init(configuration: ClientConfiguration = .init()) throws(EngineError) {
        self.configuration = configuration
        var reloader: TLSReloader?
        if let files = configuration.tls { reloader = try TLSReloader(files, isServer: false) }
        var loops: [EventLoop] = []
        do throws(EngineError) {
            for index in 0..<configuration.loopCount {
                loops.append(try EventLoop(name: "http-client-\(index)"))
            }
        } catch {
            for loop in loops { loop.stop() }
            throw error
        }
        self.loops = loops
        pools = loops.map { OriginPool(loop: $0, configuration: configuration, reloader: reloader) }
    }

    deinit { stop() }

    /// Closes every connection; requests under way end with `CONNECTION_LOST`.
    package func stop() {
        if isStopped.exchange(true, ordering: .acquiringAndReleasing) { return }
        for pool in pools { pool.loop.execute { pool.closeAll() } }
        for loop in loops { loop.stop() }
    }

    /// Opens a stream and returns at once; what goes wrong shows in the stream. With `hasBody`, write to and
    /// end its `writer`. `windowBytes` is what the server may send ahead of `body`'s consumer.
    package func open(
        _ origin: Origin, method: String, path: String, headers: [HeaderField] = [], hasBody: Bool = false,
        windowBytes: Int? = nil
    ) -> ClientStream {
        var fields = [
            HeaderField(":method", method),
            HeaderField(":scheme", configuration.tls == nil ? "http" : "https"),
            HeaderField(":authority", origin.description), HeaderField(":path", path),
        ]
        if !configuration.userAgent.isEmpty {
            fields.append(HeaderField("user-agent", configuration.userAgent))
        }
        let pool = pools[Int(UInt(bitPattern: origin.hashValue) % UInt(pools.count))]
        let stream = ClientStream(
            link: StreamLink(loop: pool.loop), fields: fields + headers, hasBody: hasBody,
            windowBytes: windowBytes)
        if isStopped.load(ordering: .acquiring) {
            stream.close(.connectionLost(origin.description, "the client was stopped"))
        } else {
            pool.loop.execute { pool.open(stream, to: origin) }
        }
        return stream
    }

    /// Sends a request and returns when the response's head is there; its body is read from the response.
    /// Throws `REQUEST_TIMEOUT` when head and body took longer than `timeoutSeconds`.
    package func request(
        _ origin: Origin, method: String = "GET", path: String, headers: [HeaderField] = [],
        body: [UInt8] = [],
        timeoutSeconds: Double? = nil
    ) async throws(EngineError) -> Response {
        let stream = start(origin, method, path, headers, body, timeoutSeconds)
        let head = try await stream.head()
        return Response(status: head.status, headers: head.headers, body: stream.body)
    }

    private func start(
        _ origin: Origin, _ method: String, _ path: String, _ headers: [HeaderField], _ body: [UInt8],
        _ timeoutSeconds: Double?
    ) -> ClientStream {
        let stream = open(origin, method: method, path: path, headers: headers, hasBody: !body.isEmpty)
        if !body.isEmpty {
            stream.writer.write(copying: body)
            stream.writer.end()
        }
        if let timeoutSeconds {
            let loop = stream.link.loop
            let timer = loop.schedule(seconds: timeoutSeconds) {
                let what = "\(method) \(path) took longer than \(timeoutSeconds) s"
                stream.fail(.system("REQUEST_TIMEOUT", "The request to \(origin) was given up: \(what)"))
            }
            stream.writer.onClose { _ in loop.cancel(timer) }
        }
        return stream
    }
}
