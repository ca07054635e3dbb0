import Glibc
import Vocabulary

/// Keeps one loop's connections, one an origin, and the requests that wait for a connection to stand.
///
///     absent ──▶ connecting (requests wait) ──▶ open ──▶ absent (closed, or the server goes away)
///
/// `@unchecked Sendable`: every field belongs to the loop's thread.
final class OriginPool: @unchecked Sendable {
    private final class Attempt {
        var waiting: [ClientStream] = []
        var connection: ClientConnection?
        var isOver = false
    }

    private enum Entry {
        case connecting(Attempt)
        case open(ClientConnection)
    }

    let loop: EventLoop
    private let configuration: ClientConfiguration
    private let reloader: TLSReloader?
    private var entries: [Origin: Entry] = [:]
    /// Connections that take no new requests and still carry some.
    private var leaving: [ObjectIdentifier: ClientConnection] = [:]

    init(loop: EventLoop, configuration: ClientConfiguration, reloader: TLSReloader?) {
        self.loop = loop
        self.configuration = configuration
        self.reloader = reloader
    }

    /// Sends the request now, or as soon as its connection stands.
    func open(_ stream: ClientStream, to origin: Origin) {
        switch entries[origin] {
        case .open(let connection): connection.open(stream)
        case .connecting(let attempt): attempt.waiting.append(stream)
        case nil:
            let attempt = Attempt()
            attempt.waiting.append(stream)
            entries[origin] = .connecting(attempt)
            connect(attempt, to: origin)
        }
    }

    func closeAll() {
        let error = EngineError.connectionLost("the server", "the client was stopped")
        let all = entries
        for (origin, entry) in all {
            switch entry {
            case .open(let connection): connection.close(error)
            case .connecting(let attempt): fail(attempt, origin, error)
            }
        }
        for connection in leaving.values { connection.close(error) }
    }

    // MARK: connecting

    private func connect(_ attempt: Attempt, to origin: Origin) {
        loop.schedule(seconds: configuration.connectSeconds) { [self, box = LoopOwned(attempt)] in
            let why = "No connection with \(origin) within \(configuration.connectSeconds) s"
            fail(
                box.value, origin,
                .system("CONNECT_TIMEOUT", why, remedy: "Check the address, the network and its firewall."))
        }
        if SocketAddress.isNumeric(origin.host) {
            do throws(EngineError) {
                tryNext(try SocketAddress.resolve(origin)[...], attempt, origin)
            } catch {
                fail(attempt, origin, error)
            }
            return
        }
        resolveAside(attempt, origin)
    }

    /// Looks a name up on a thread of its own, because that blocks.
    private func resolveAside(_ attempt: Attempt, _ origin: Origin) {
        let box = LoopOwned(attempt)
        do throws(EngineError) {
            try DetachedThread.run { [self] in
                let result = Result { () throws(EngineError) in try SocketAddress.resolve(origin) }
                loop.execute { [self] in
                    switch result {
                    case .success(let addresses): tryNext(addresses[...], box.value, origin)
                    case .failure(let error): fail(box.value, origin, error)
                    }
                }
            }
        } catch {
            fail(attempt, origin, error)
        }
    }

    private func tryNext(_ addresses: ArraySlice<SocketAddress>, _ attempt: Attempt, _ origin: Origin) {
        if attempt.isOver { return }
        guard let address = addresses.first else {
            return fail(attempt, origin, .connectFailed(origin, EADDRNOTAVAIL))
        }
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return fail(attempt, origin, .outOfResources("a socket", errno)) }
        let rest = addresses.dropFirst()
        if address.withPointer({ Glibc.connect(descriptor, $0, $1) }) != 0, errno != EINPROGRESS {
            let code = errno
            close(descriptor)
            return rest.isEmpty
                ? fail(attempt, origin, .connectFailed(origin, code)) : tryNext(rest, attempt, origin)
        }
        do throws(EngineError) {
            let connection = try ClientConnection(
                loop: loop, descriptor: descriptor, origin: origin, configuration: configuration,
                context: reloader?.current(),
                onOpened: { [self] in opened($0, attempt, origin) },
                onUnusable: { [self] in unusable($0, $1, attempt, origin, rest) })
            attempt.connection = connection
            connection.begin()
        } catch {
            close(descriptor)
            fail(attempt, origin, error)
        }
    }

    private func opened(_ connection: ClientConnection, _ attempt: Attempt, _ origin: Origin) {
        if attempt.isOver { return }
        attempt.isOver = true
        attempt.connection = nil
        entries[origin] = .open(connection)
        let waiting = attempt.waiting
        attempt.waiting = []
        for stream in waiting { connection.open(stream) }
    }

    private func unusable(
        _ connection: ClientConnection, _ error: EngineError?, _ attempt: Attempt, _ origin: Origin,
        _ rest: ArraySlice<SocketAddress>
    ) {
        if !attempt.isOver {
            attempt.connection = nil
            let mayTryNext = error?.code != TLSFailure.handshakeCode && !rest.isEmpty
            if mayTryNext { return tryNext(rest, attempt, origin) }
            return fail(attempt, origin, error ?? .connectionLost(origin.description, "the peer closed it"))
        }
        if case .open(let known) = entries[origin], known === connection { entries[origin] = nil }
        leaving = leaving.filter { $0.value.phase != .closed }
        if connection.phase != .closed { leaving[ObjectIdentifier(connection)] = connection }
    }

    private func fail(_ attempt: Attempt, _ origin: Origin, _ error: EngineError) {
        if attempt.isOver { return }
        attempt.isOver = true
        if case .connecting(let known) = entries[origin], known === attempt { entries[origin] = nil }
        attempt.connection?.close(error)
        attempt.connection = nil
        let waiting = attempt.waiting
        attempt.waiting = []
        for stream in waiting { stream.close(error) }
    }
}

/// Carries a loop's own object through closures that come back to that loop.
///
/// `@unchecked Sendable`: only the loop's thread looks inside.
private struct LoopOwned<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
