import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import Transport

/// Knows the connections of one port, and which one goes when there are too many: the one that is idle for
/// longest, of the host that has most, so that one that opens a thousand cannot have those of others closed,
/// nor keep Kubernetes' probes out. When none is idle the new one is closed.
final class WebConnections: Sendable {
    private struct Entry: Sendable {
        let channel: any Channel
        let own: ConnectionGuard
    }

    private let limits: WebLimits
    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    init(_ limits: WebLimits) { self.limits = limits }

    /// Makes the guard of a new connection. Runs on the event loop, which all connections share.
    func guardian(of channel: any Channel, isSecure: Bool) -> ConnectionGuard {
        let host = channel.remoteAddress?.ipAddress ?? ""
        let own = ConnectionGuard(limits, host: host, isSecure: isSecure)
        let idlest: Entry? = entries.withLock { entries in
            guard entries.count >= limits.connectionCount else { return nil }
            guard let (key, entry) = WebConnections.idlest(entries) else {
                own.isRefused = true
                return nil
            }
            // It is out at once: the next to come must not find the same one.
            entries[key] = nil
            return entry
        }
        idlest?.channel.close(promise: nil)
        if own.isRefused { return own }
        let key = ObjectIdentifier(own)
        entries.withLock { $0[key] = Entry(channel: channel, own: own) }
        own.whenGone = { [weak self] in self?.forget(key) }
        return own
    }

    private func forget(_ key: ObjectIdentifier) { entries.withLock { $0[key] = nil } }

    private static func idlest(
        _ entries: [ObjectIdentifier: Entry]
    ) -> (key: ObjectIdentifier, value: Entry)? {
        let hosts = Dictionary(grouping: entries, by: { $0.value.own.host })
        for host in hosts.values.sorted(by: { $0.count > $1.count }) {
            let idle = host.filter { $0.value.own.idleSince != nil }
            let first = idle.min { a, b in
                guard let from = a.value.own.idleSince, let to = b.value.own.idleSince else { return false }
                return from < to
            }
            if let first { return first }
        }
        return nil
    }
}

/// Takes each new connection in clear text and hands it to HTTP/1.1.
struct PlainChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let http1: HTTP1Channel
    let connections: WebConnections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            let own = connections.guardian(of: channel, isSecure: false)
            try channel.pipeline.syncOperations.addHandler(own, position: .first)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return http1.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await http1.handle(value: value, logger: logger) }
}
