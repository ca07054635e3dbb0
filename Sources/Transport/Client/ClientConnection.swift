import Glibc
import Vocabulary

/// Connects to one origin and carries its requests.
///
/// `@unchecked Sendable`: as `HTTPConnection`, the loop's thread owns it.
final class ClientConnection: HTTPConnection, @unchecked Sendable {
    private let origin: Origin
    private let configuration: ClientConfiguration
    private let onOpened: (ClientConnection) -> Void
    private let onUnusable: (ClientConnection, EngineError?) -> Void
    private var isUsable = true

    init(
        loop: EventLoop, descriptor: Int32, origin: Origin, configuration: ClientConfiguration,
        context: TLSContext?, onOpened: @escaping (ClientConnection) -> Void,
        onUnusable: @escaping (ClientConnection, EngineError?) -> Void
    ) throws(EngineError) {
        self.origin = origin
        self.configuration = configuration
        self.onOpened = onOpened
        self.onUnusable = onUnusable
        let peer = origin.description
        var tls: TLSChannel?
        if let context {
            tls = try TLSChannel(
                context, descriptor: descriptor, isServer: false,
                hostName: configuration.serverName == nil ? origin.host : nil, peer: peer)
        }
        let session = try HTTPSession(role: .client, limits: configuration.limits)
        super.init(
            loop: loop, descriptor: descriptor, session: session, peer: peer, tls: tls, phase: .connecting)
    }

    override func connected() {
        var code: Int32 = 0
        var count = socklen_t(4)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &count)
        if code != 0 { return close(.connectFailed(origin, code)) }
        watchWrites(false)
        if tls == nil { return becomeOpen() }
        phase = .handshaking
        continueHandshake()
    }

    override func didOpen() {
        // Before a byte of HTTP/2 is sent.
        if let role = configuration.serverName, let tls {
            let names = tls.identity?.alternativeNames ?? []
            if !names.contains(where: { $0 == role || $0.hasPrefix(role + ".") }) {
                return close(.misnamed(peer, role, names))
            }
        }
        pump()
        if phase != .open { return }
        onOpened(self)
        scheduleKeepAlive()
    }

    override func didClose(_ error: EngineError?) { becomeUnusable(error) }

    override func session(_ session: HTTPSession, goAwayWith errorCode: UInt32, lastStream: Int32) {
        becomeUnusable(nil)
    }

    private func becomeUnusable(_ error: EngineError?) {
        if !isUsable { return }
        isUsable = false
        onUnusable(self, error)
    }

    /// Sends a request; its stream is closed with the error if that cannot be.
    func open(_ stream: ClientStream) {
        if stream.isCancelled { return }
        do throws(EngineError) {
            if phase != .open { throw .connectionLost(peer, "it was closed before the request was sent") }
            let id = try session.submitRequest(
                stream.fields, hasBody: stream.hasBody, windowBytes: stream.windowBytes)
            stream.link.connection = self
            stream.link.streamID = id
            let exchange = StreamExchange(
                link: stream.link, body: stream.body, writer: stream.writer, now: .now)
            exchange.onHead = { fields in
                let status = fields[":status"].flatMap { Int($0) } ?? 0
                stream.answer(.success(ResponseHead(status: status, headers: fields.withoutPseudoFields)))
            }
            exchanges[id] = exchange
            stream.writer.onClose { error in
                stream.answer(
                    .failure(error ?? .system("STREAM_CLOSED", "The stream was closed without a response")))
            }
            stream.writer.flush()
            schedulePump()
        } catch {
            stream.close(error)
        }
    }

    override func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool) {
        exchanges[stream]?.onHead?(head)
    }

    // MARK: keep-alive

    private func scheduleKeepAlive() {
        guard let seconds = configuration.keepAliveSeconds else { return }
        loop.schedule(seconds: seconds / 2) { [weak self] in
            guard let self, phase == .open else { return }
            let silence = MonotonicTime.now.seconds(since: lastReceived)
            if silence > 2 * seconds { return close(.connectionLost(peer, "it gives no sign of life")) }
            if silence > seconds {
                session.ping()
                pump()
            }
            scheduleKeepAlive()
        }
    }
}

extension EngineError {
    static func misnamed(_ peer: String, _ role: String, _ names: [String]) -> EngineError {
        .system(
            TLSFailure.handshakeCode,
            "The certificate of \(peer) does not name \(role) among its alternative names: "
                + names.joined(separator: ", "),
            remedy: "Issue it with \(role), or that with a domain, as alternative name.")
    }

    static func connectFailed(_ origin: Origin, _ code: Int32) -> EngineError {
        if code == ECONNREFUSED {
            return .system(
                "CONNECTION_REFUSED", "Nothing listens on \(origin)",
                remedy: "Check the address and that the program there runs.")
        }
        return .connectionLost(origin.description, code)
    }
}
