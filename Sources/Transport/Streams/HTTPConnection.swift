import Glibc
import Memory
import Vocabulary

/// Drives one socket: bytes between its channel and its session, and what the session says to the streams'
/// halves. Server and client connections add what differs.
///
///     connecting ──▶ handshaking ──▶ open ──▶ closed
///         └── cleartext ───────────────▲         ▲
///         └──────── failure in any phase ────────┘
///
/// `@unchecked Sendable`: every field belongs to the loop's thread.
class HTTPConnection: EventHandler, SessionDelegate, @unchecked Sendable {
    enum Phase { case connecting, handshaking, open, closed }

    /// Reads per wake-up before other connections of the loop get their turn.
    private static let readsPerTurn = 4
    /// Bytes of frames made ahead of the socket.
    private static let outputBytes = 2 << 20

    let loop: EventLoop
    let descriptor: Int32
    let session: HTTPSession
    let peer: String
    var channel: any ByteChannel
    var tls: TLSChannel?
    var phase: Phase
    var exchanges: [Int32: StreamExchange] = [:]
    var phaseStarted = MonotonicTime.now
    var lastReceived = MonotonicTime.now
    var lastProgress = MonotonicTime.now
    var hasSettings = false
    private var isWatchingWrites = false
    private var isPumpScheduled = false
    private var isPumping = false

    init(
        loop: EventLoop, descriptor: Int32, session: HTTPSession, peer: String, tls: TLSChannel?, phase: Phase
    ) {
        self.loop = loop
        self.descriptor = descriptor
        self.session = session
        self.peer = peer
        self.tls = tls
        self.phase = phase
        channel = tls ?? PlainChannel(descriptor: descriptor, peer: peer)
        session.delegate = self
    }

    /// Begins on the loop's thread.
    func begin() {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        isWatchingWrites = phase == .connecting
        loop.register(descriptor, self, readable: true, writable: isWatchingWrites)
        switch phase {
        case .handshaking: continueHandshake()
        case .open: didOpen()
        default: break
        }
    }

    // MARK: what subclasses add

    /// The session may be used now.
    func didOpen() { pump() }
    /// The socket is gone.
    func didClose(_ error: EngineError?) {}
    func connected() {}
    func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool) {}
    func session(_ session: HTTPSession, headerListTooLargeOn stream: Int32) {
        session.reset(stream, errorCode: StreamErrorCode.enhanceYourCalm)
    }
    func session(_ session: HTTPSession, goAwayWith errorCode: UInt32, lastStream: Int32) {}
    func session(_ session: HTTPSession, answeredEarly stream: Int32) {}
    func bodyTooLarge(_ exchange: StreamExchange, on stream: Int32) {
        session.reset(stream, errorCode: StreamErrorCode.cancel)
    }
    /// Frames were made and sent as far as they could be.
    func didPump() {}
    func sessionReceivedSettings(_ session: HTTPSession) { hasSettings = true }

    // MARK: events of the socket

    func ready(readable: Bool, writable: Bool) {
        switch phase {
        case .connecting: connected()
        case .handshaking: continueHandshake()
        case .open:
            if readable { readSome() }
            if phase == .open { pump() }
        case .closed: break
        }
    }

    func continueHandshake() {
        guard let tls else { return }
        switch tls.handshake() {
        case .wantRead: watchWrites(false)
        case .wantWrite: watchWrites(true)
        case .failed(let error): close(error)
        case .done:
            watchWrites(false)
            becomeOpen()
            if phase == .open, tls.mayHoldBytes { readSome() }
        }
    }

    func becomeOpen() {
        phase = .open
        phaseStarted = .now
        lastProgress = .now
        lastReceived = .now
        didOpen()
    }

    func watchWrites(_ watch: Bool) {
        if watch == isWatchingWrites { return }
        isWatchingWrites = watch
        loop.modify(descriptor, readable: true, writable: watch)
    }

    private func readSome() {
        var turns = 0
        while phase == .open {
            let result = channel.read(into: loop.receiveBuffer)
            switch result {
            case .wouldBlock: return
            case .closed(let error): return close(error)
            case .bytes(let count):
                lastReceived = .now
                let bytes = UnsafeRawBufferPointer(rebasing: loop.receiveBuffer[..<count])
                do throws(EngineError) {
                    try session.receive(bytes, at: lastReceived)
                } catch {
                    return fail(error)
                }
                if tls == nil, count < loop.receiveBuffer.count { return }
            }
            turns += 1
            if turns == Self.readsPerTurn {
                if channel.mayHoldBytes { loop.execute { [self] in resumeReading() } }
                return
            }
        }
    }

    private func resumeReading() {
        if phase == .open { ready(readable: true, writable: false) }
    }

    /// Pumps once, soon: several streams that write in one turn share it.
    func schedulePump() {
        if isPumpScheduled || phase != .open { return }
        isPumpScheduled = true
        loop.execute { [self] in
            isPumpScheduled = false
            pump()
        }
    }

    /// Makes frames and sends them until the socket is full or there are none.
    func pump() {
        if isPumping || phase != .open { return }
        isPumping = true
        defer {
            isPumping = false
            didPump()
        }
        while phase == .open {
            do throws(EngineError) {
                try session.produce(limitBytes: Self.outputBytes)
            } catch {
                return fail(error)
            }
            if session.output.isEmpty, !channel.holdsUnsentBytes {
                watchWrites(false)
                if !session.isAlive { close(nil) }
                return
            }
            switch channel.write(from: session.output) {
            case .bytes: lastProgress = .now
            case .wouldBlock: return watchWrites(true)
            case .closed(let error): return close(error ?? .connectionLost(peer, "the peer closed it"))
            }
        }
    }

    /// Ends after an error of the session: the peer is told why as far as the socket takes it at once.
    func fail(_ error: EngineError) {
        try? session.produce()
        while !session.output.isEmpty || channel.holdsUnsentBytes {
            guard case .bytes(let count) = channel.write(from: session.output), count > 0 else { break }
        }
        close(error)
    }

    /// Closes the socket; streams that still run end with `error`, or as lost.
    func close(_ error: EngineError?) {
        if phase == .closed { return }
        if phase == .open, error == nil { tls?.shutDown() }
        phase = .closed
        loop.unregister(descriptor)
        LingeringClose(descriptor, loop).begin()
        let reason = error ?? .connectionLost(peer, "the peer closed it")
        let open = exchanges
        exchanges = [:]
        for exchange in open.values { exchange.close(reason) }
        didClose(error)
    }

    // MARK: events of the session

    func session(_ session: HTTPSession, data: UnsafeRawBufferPointer, of stream: Int32) {
        guard let exchange = exchanges[stream] else { return session.consume(stream, data.count) }
        if !exchange.body.deliver(data) { bodyTooLarge(exchange, on: stream) }
    }

    func session(_ session: HTTPSession, endOf stream: Int32, trailers: [HeaderField]) {
        exchanges[stream]?.body.finish(trailers: trailers)
    }

    func session(_ session: HTTPSession, sent byteCount: Int, of stream: Int32) {
        guard let exchange = exchanges[stream] else { return }
        exchange.sentAt = lastProgress
        exchange.writer.sent(byteCount)
    }

    func session(_ session: HTTPSession, closed stream: Int32, errorCode: UInt32) {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        exchange.close(errorCode == 0 ? nil : .streamReset(peer, errorCode))
    }
}

extension EngineError {
    static func streamReset(_ peer: String, _ errorCode: UInt32) -> EngineError {
        if errorCode == StreamErrorCode.refusedStream {
            return connectionLost(peer, "it took no more streams; the request was not looked at")
        }
        return .system("STREAM_RESET", "The stream was cancelled by \(peer) or us: \(errorCode.errorName)")
    }
}

extension UInt32 {
    /// The name that RFC 9113 §7 gives an error code.
    fileprivate var errorName: String {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
            "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return Int(self) < names.count ? names[Int(self)] : "0x\(String(self, radix: 16))"
    }
}
