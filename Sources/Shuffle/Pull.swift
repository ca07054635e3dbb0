import Columns
import Synchronization

/// Answers a request for the next batch without ever blocking the thread.
package enum Pull {
    case batch(Batch)
    /// Nothing yet: ask again after the wake-up was signalled.
    case blocked(Wakeup)
    case finished
}

/// Tells a waiting task, once, that it can go on. Thread-safe: its state is behind a mutex.
package final class Wakeup: Sendable {
    private struct State {
        var signalled = false
        var waiters: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Calls all waiters; later waiters are called at once.
    package func signal() {
        let waiters = state.withLock { state in
            state.signalled = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Calls `waiter` when the signal comes, or at once if it came already.
    package func whenSignalled(_ waiter: @escaping @Sendable () -> Void) {
        let already = state.withLock { state in
            if !state.signalled { state.waiters.append(waiter) }
            return state.signalled
        }
        if already { waiter() }
    }
}
