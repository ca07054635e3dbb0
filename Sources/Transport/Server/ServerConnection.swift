import Glibc
import Synchronization
import Vocabulary

/// Serves one client: requests to the handler, and every deadline of `ServerTimeouts`.
///
/// `@unchecked Sendable`: as `HTTPConnection`, the loop's thread owns it.
final class ServerConnection: HTTPConnection, @unchecked Sendable {
    private let configuration: ServerConfiguration
    private let handler: any RequestHandler
    private let load: ServerLoad
    private let onOverload: @Sendable () -> Void
    private let onClosed: @Sendable (ServerConnection) -> Void
    /// The client's address without its port.
    let host: String
    private var identity: PeerIdentity?
    private var idleSince = MonotonicTime.now
    private var receivedBytes = 0
    /// What of `load` is this connection's; written by the loop's thread.
    private let heldBytes = Atomic<Int>(0)
    /// Since when no stream is open, nanoseconds; 0 while one is, or when it is closed. Written by the loop's
    /// thread.
    private let idleNanoseconds = Atomic<UInt64>(0)

    init(
        loop: EventLoop, descriptor: Int32, peer: String, configuration: ServerConfiguration,
        context: TLSContext?, handler: any RequestHandler, load: ServerLoad,
        onOverload: @escaping @Sendable () -> Void,
        onClosed: @escaping @Sendable (ServerConnection) -> Void
    ) throws(EngineError) {
        self.configuration = configuration
        self.handler = handler
        self.load = load
        self.onOverload = onOverload
        host = String(peer[..<(peer.lastIndex(of: ":") ?? peer.endIndex)])
        self.onClosed = onClosed
        var tls: TLSChannel?
        if let context {
            tls = try TLSChannel(context, descriptor: descriptor, isServer: true, hostName: nil, peer: peer)
        }
        let session = try HTTPSession(role: .server, limits: configuration.limits)
        super.init(
            loop: loop, descriptor: descriptor, session: session, peer: peer, tls: tls,
            phase: tls == nil ? .open : .handshaking)
        becomeIdle()
    }

    private func becomeIdle() {
        idleSince = .now
        idleNanoseconds.store(idleSince.nanoseconds, ordering: .relaxed)
    }

    /// Tells, from any thread, since when the connection has no stream; nil while it has one.
    var idleStart: MonotonicTime? {
        let value = idleNanoseconds.load(ordering: .relaxed)
        return value == 0 ? nil : MonotonicTime(nanoseconds: value)
    }

    /// Tells, from any thread, how much the connection holds, bytes.
    var held: Int { heldBytes.load(ordering: .relaxed) }

    override func begin() {
        super.begin()
        scheduleTick()
    }

    override func didOpen() {
        identity = tls?.identity
        becomeIdle()
        pump()
    }

    override func didClose(_ error: EngineError?) {
        idleNanoseconds.store(0, ordering: .relaxed)
        hold(0)
        onClosed(self)
    }

    /// Makes room for a new connection; false when a request came meanwhile.
    func closeIdle() -> Bool {
        if phase == .open, !exchanges.isEmpty { return false }
        if phase == .open {
            session.terminate()
            pump()
        }
        close(nil)
        return true
    }

    /// Ends the connection because it holds more than any other, and all together too much.
    func shed() {
        session.terminate(errorCode: StreamErrorCode.enhanceYourCalm)
        fail(.tooHeavy(peer))
    }

    // MARK: load

    override func didPump() { measure() }

    private func measure() {
        if phase == .closed { return }
        let answers = configuration.sharesAnswers ? 0 : session.queuedBodyBytes + session.output.byteCount
        hold(receivedBytes + answers)
    }

    private func hold(_ byteCount: Int) {
        let before = heldBytes.exchange(byteCount, ordering: .relaxed)
        if load.add(byteCount - before) { onOverload() }
    }

    override func session(_ session: HTTPSession, data: UnsafeRawBufferPointer, of stream: Int32) {
        if let exchange = exchanges[stream], exchange.body.isBounded {
            exchange.heldBytes += data.count
            receivedBytes += data.count
        }
        super.session(session, data: data, of: stream)
    }

    /// Lets running streams end, takes no new ones, and closes after the last.
    func shutDown() {
        if phase != .open { return close(nil) }
        session.shutDown()
        pump()
    }

    // MARK: requests

    override func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool) {
        let link = StreamLink(loop: loop)
        link.connection = self
        link.streamID = stream
        let body = BodyStream(link: link, limitBytes: configuration.requestBodyBytes)
        let writer = BodyWriter(link: link)
        exchanges[stream] = StreamExchange(link: link, body: body, writer: writer, now: .now)
        idleNanoseconds.store(0, ordering: .relaxed)
        let request = Request(head: head, peer: identity, peerAddress: peer, body: body)
        let response = ResponseWriter(body: writer)
        if !configuration.serves(request.authority) {
            let error = EngineError.user(
                "MISDIRECTED_REQUEST", "This port does not serve the host \(request.authority.prefix(200))",
                remedy: "Ask for it by an address, or by a name of the list of hosts that it was given.")
            return refuse(response, 421, error)
        }
        handler.handle(request, response)
    }

    override func session(_ session: HTTPSession, headerListTooLargeOn stream: Int32) {
        if let exchange = exchanges[stream], exchange.writer.hasHead {
            // Trailers, while the answer is under way: there is no status to give any more.
            return session.reset(stream, errorCode: StreamErrorCode.enhanceYourCalm)
        }
        session.submitResponse(stream, [HeaderField(":status", "431")], isEnd: true)
    }

    override func bodyTooLarge(_ exchange: StreamExchange, on stream: Int32) {
        if exchange.body.isFinished { return }
        let error = EngineError.bodyTooLarge(configuration.requestBodyBytes)
        end(exchange, on: stream, 413, error)
    }

    /// Ends an exchange whose body is not waited for any more: with an answer where none was begun.
    private func end(_ exchange: StreamExchange, on stream: Int32, _ status: Int, _ error: EngineError) {
        // First: a handler that hears of the body's end may answer at once, from a thread of its own.
        let isAnswered = exchange.writer.hasHead
        if !isAnswered { refuse(ResponseWriter(body: exchange.writer), status, error) }
        exchange.body.finish(failure: error)
        if isAnswered { session.reset(stream) }
    }

    override func session(_ session: HTTPSession, closed stream: Int32, errorCode: UInt32) {
        receivedBytes -= exchanges[stream]?.heldBytes ?? 0
        super.session(session, closed: stream, errorCode: errorCode)
        if exchanges.isEmpty { becomeIdle() }
    }

    /// How long a client may go on sending a body that no one wants; some lose the answer when reset at once.
    private static let unwantedBodySeconds = 0.5

    override func session(_ session: HTTPSession, answeredEarly stream: Int32) {
        loop.schedule(seconds: Self.unwantedBodySeconds) { [weak self] in
            guard let self, phase == .open, exchanges[stream] != nil else { return }
            self.session.reset(stream, errorCode: StreamErrorCode.noError)
            pump()
        }
    }

    // MARK: deadlines

    private func scheduleTick() {
        if phase == .closed { return }
        loop.schedule(seconds: configuration.timeouts.tickSeconds) { [weak self] in
            self?.tick()
            self?.scheduleTick()
        }
    }

    private func tick() {
        let now = MonotonicTime.now
        let timeouts = configuration.timeouts
        switch phase {
        case .handshaking:
            if now.seconds(since: phaseStarted) > timeouts.handshakeSeconds {
                close(.tooSlow(peer, "the TLS handshake took too long"))
            }
        case .open:
            if let reason = overdue(now, timeouts) { return close(.tooSlow(peer, reason)) }
            if exchanges.isEmpty, now.seconds(since: idleSince) > timeouts.idleSeconds {
                session.terminate()
                return pump()
            }
            for (id, exchange) in exchanges { judge(exchange, id, now, timeouts) }
            pump()
        default: break
        }
    }

    /// Says which bound on the whole connection has passed.
    private func overdue(_ now: MonotonicTime, _ timeouts: ServerTimeouts) -> String? {
        if !hasSettings, now.seconds(since: phaseStarted) > timeouts.headersSeconds {
            return "it sent no HTTP/2 settings"
        }
        if let began = session.openHeaderBlock, now.seconds(since: began) > timeouts.headersSeconds {
            return "a header block took too long"
        }
        let hasOutput = !session.output.isEmpty || channel.holdsUnsentBytes
        if hasOutput, now.seconds(since: lastProgress) > timeouts.stuckSeconds { return "it reads nothing" }
        return nil
    }

    /// Cancels a stream whose bounded body comes too slowly, or whose window stays shut for too long.
    private func judge(
        _ exchange: StreamExchange, _ id: Int32, _ now: MonotonicTime, _ timeouts: ServerTimeouts
    ) {
        if let seconds = timeouts.shutWindowSeconds, session.queuedBytes(id) > 0, !session.hasWindow(id) {
            if now.seconds(since: exchange.sentAt) > seconds { session.reset(id) }
        } else {
            exchange.sentAt = now
        }
        let body = exchange.body
        if body.isFinished || !body.isBounded || body.hasWaitingChunks {
            exchange.judgedAt = now
            return
        }
        let elapsed = now.seconds(since: exchange.judgedAt)
        if elapsed < timeouts.bodySeconds { return }
        let received = body.receivedBytes
        if Double(received - exchange.judgedBytes) < elapsed * timeouts.bodyBytesPerSecond {
            let error = EngineError.tooSlow(peer, "the request's body came too slowly")
            end(exchange, on: id, 408, error)
        }
        exchange.judgedAt = now
        exchange.judgedBytes = received
    }
}

extension ServerConnection {
    /// Answers what the server itself refuses, in the form of the configuration.
    private func refuse(_ response: ResponseWriter, _ status: Int, _ error: EngineError) {
        let answer = configuration.refusal(status, error)
        response.respond(status: status, contentType: answer.contentType, answer.body)
    }
}

extension EngineError {
    static func tooHeavy(_ peer: String) -> EngineError {
        .system(
            "PEER_TOO_HEAVY",
            "The connection with \(peer) was closed: it held more than others, and all together too much")
    }

    static func tooSlow(_ peer: String, _ why: String) -> EngineError {
        .system("PEER_TIMEOUT", "The connection with \(peer) was closed: \(why)")
    }
}
