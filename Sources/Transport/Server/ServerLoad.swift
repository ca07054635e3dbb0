import Synchronization

/// Counts what a server's connections hold in memory for their peers: requests that came in part, answers
/// that are not read. Each connection's own bounds let it hold megabytes; this bounds a thousand of them.
final class ServerLoad: Sendable {
    private let limitBytes: Int
    private let total = Atomic<Int>(0)
    private let isShedding = Atomic<Bool>(false)

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Adds what a connection holds more, or less, than before. True when all hold too much now: the caller
    /// has the heaviest closed, and `didShed` called then.
    func add(_ byteCount: Int) -> Bool {
        if byteCount == 0 { return false }
        let now = total.wrappingAdd(byteCount, ordering: .relaxed).newValue
        guard byteCount > 0, now > limitBytes else { return false }
        return !isShedding.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// Notes that the connection is closed, so that the next one may be.
    func didShed() { isShedding.store(false, ordering: .releasing) }
}
