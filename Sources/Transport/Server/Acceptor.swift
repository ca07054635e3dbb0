import CEpoll
import Glibc
import Synchronization
import Vocabulary

/// Accepts connections on the first loop and spreads them over all.
///
/// `@unchecked Sendable`: `state` has its mutex; the other mutable fields belong to the first loop's thread.
final class Acceptor: EventHandler, @unchecked Sendable {
    private struct State {
        var connections: [ObjectIdentifier: ServerConnection] = [:]
        /// How many of them each host has.
        var counts: [String: Int] = [:]
        var isStopping = false
        var drained: Latch?

        mutating func insert(_ connection: ServerConnection) {
            connections[ObjectIdentifier(connection)] = connection
            counts[connection.host, default: 0] += 1
        }

        mutating func remove(_ connection: ServerConnection) {
            guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
            let count = counts[connection.host, default: 1] - 1
            counts[connection.host] = count > 0 ? count : nil
        }
    }

    /// How long accepting pauses when the process has no more descriptors.
    private static let pauseSeconds = 0.1

    private let descriptor: Int32
    private let configuration: ServerConfiguration
    private let reloader: TLSReloader?
    private let handler: any RequestHandler
    private let loops: [EventLoop]
    private let state = Mutex(State())
    private var nextLoop = 0
    private let load: ServerLoad

    init(
        descriptor: Int32, configuration: ServerConfiguration, reloader: TLSReloader?,
        handler: any RequestHandler, loops: [EventLoop]
    ) {
        self.descriptor = descriptor
        self.configuration = configuration
        self.reloader = reloader
        self.handler = handler
        self.loops = loops
        load = ServerLoad(limitBytes: configuration.heldBytes)
    }

    var connectionCount: Int { state.withLock { $0.connections.count } }

    func begin() {
        loops[0].execute { [self] in loops[0].register(descriptor, self, readable: true, writable: false) }
    }

    func ready(readable: Bool, writable: Bool) {
        while true {
            var storage = sockaddr_in6()
            var count = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let accepted = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    epoll_accept(descriptor, address, &count)
                }
            }
            if accepted < 0 {
                if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS { pause() }
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            let peer = withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Self.text($0, count) }
            }
            add(accepted, peer: peer)
        }
    }

    private func pause() {
        loops[0].modify(descriptor, readable: false, writable: false)
        loops[0].schedule(seconds: Self.pauseSeconds) { [self] in
            if !state.withLock({ $0.isStopping }) {
                loops[0].modify(descriptor, readable: true, writable: false)
            }
        }
    }

    private static func text(_ address: UnsafePointer<sockaddr>, _ count: socklen_t) -> String {
        var host = [CChar](repeating: 0, count: 64)
        var service = [CChar](repeating: 0, count: 16)
        let flags = NI_NUMERICHOST | NI_NUMERICSERV
        let result = getnameinfo(
            address, count, &host, socklen_t(host.count), &service, socklen_t(service.count), flags)
        if result != 0 { return "an unknown address" }
        let parts = [host, service].map { text in
            String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return Origin(host: parts[0], port: Int(parts[1]) ?? 0).description
    }

    private func add(_ accepted: Int32, peer: String) {
        let loop = loops[nextLoop % loops.count]
        nextLoop += 1
        let mayServe = hasRoom()
        let connection: ServerConnection? = try? ServerConnection(
            loop: loop, descriptor: accepted, peer: peer, configuration: configuration,
            context: reloader?.current(), handler: handler, load: load,
            onOverload: { [weak self] in self?.closeHeaviest() },
            onClosed: { [weak self] in self?.remove($0) })
        guard mayServe, let connection else {
            close(accepted)
            return
        }
        state.withLock { $0.insert(connection) }
        loop.execute { connection.begin() }
    }

    /// Says whether one more connection may be held; the one that is idle for longest may have to go for it.
    private func hasRoom() -> Bool {
        let (isStopping, connections) = state.withLock { state in
            let isFull = state.connections.count >= configuration.connectionCount
            return (state.isStopping, isFull ? Array(state.connections.values) : [])
        }
        if isStopping { return false }
        if connections.isEmpty { return true }
        guard let oldest = idlest(connections) else { return false }
        // It is out at once: the next to come must not find the same one.
        remove(oldest)
        oldest.loop.execute { [self] in
            // A request that came meanwhile is served.
            if !oldest.closeIdle() { state.withLock { $0.insert(oldest) } }
        }
        return true
    }

    /// Returns the connection that is idle for longest among those of the host that has most, so that one
    /// that opens a thousand cannot have those of others closed; or of the host with the next most.
    private func idlest(_ connections: [ServerConnection]) -> ServerConnection? {
        let counts = state.withLock { $0.counts }
        for (host, _) in counts.sorted(by: { $0.value > $1.value }) {
            let idle = connections.compactMap { connection in
                connection.host == host ? connection.idleStart.map { (connection, $0) } : nil
            }
            if let oldest = idle.min(by: { $0.1 < $1.1 })?.0 { return oldest }
        }
        return nil
    }

    private func closeHeaviest() {
        let connections = state.withLock { Array($0.connections.values) }
        guard let heaviest = connections.max(by: { $0.held < $1.held }) else { return load.didShed() }
        heaviest.loop.execute { [load] in
            heaviest.shed()
            load.didShed()
        }
    }

    private func remove(_ connection: ServerConnection) {
        let drained = state.withLock { state in
            state.remove(connection)
            return state.isStopping && state.connections.isEmpty ? state.drained : nil
        }
        drained?.open()
    }

    /// Closes the listening socket and asks every connection to end after its streams; opens `drained` after
    /// the last.
    func stop(_ drained: Latch) {
        let (wasStopping, connections) = state.withLock { state in
            let wasStopping = state.isStopping
            state.isStopping = true
            state.drained = drained
            return (wasStopping, Array(state.connections.values))
        }
        if !wasStopping {
            loops[0].execute { [self] in
                loops[0].unregister(descriptor)
                close(descriptor)
            }
        }
        if connections.isEmpty { drained.open() }
        for connection in connections { connection.loop.execute { connection.shutDown() } }
    }

    func closeAll() {
        for connection in state.withLock({ Array($0.connections.values) }) {
            connection.loop.execute { connection.close(nil) }
        }
    }
}
