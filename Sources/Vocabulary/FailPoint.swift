import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Kills this process, as a crash would, when it comes to a chosen place for the k-th time; for tests of
/// recovery. Nothing happens unless a program arms it, which no flag and no job can do.
///
/// ```
/// append ─▶ (rows inserted) ─▶ commit ─▶ (durable) ─▶ committed ─▶ send, sync, rename, …
/// ```
package enum FailPoint {
    /// Names the places, each before what it is called after.
    package enum Place: String, Sendable, CaseIterable {
        /// A transaction of the fact log begins.
        case append
        /// The transaction's records are written, and are about to be made durable.
        case commit
        /// They are durable, and nothing follows from them yet.
        case committed
        /// A file or directory is about to be made durable.
        case sync
        /// A file or directory is about to get its final name.
        case rename
        /// A message to a worker is about to be handed to its connection.
        case send
        /// A block of an output is about to be sent to its reader.
        case serve
        /// A statement is planned: the process traps there.
        case plan
        /// A task's step runs: the process traps there.
        case task
        /// A task's step runs: so many threads wait for each other there, and then trap together.
        case tasks
        /// What a client sent is read: the process traps there.
        case read
        /// A pipeline is read or run: the process traps there.
        case pipeline

        /// Whether the process traps there instead of being killed.
        fileprivate var traps: Bool {
            switch self {
            case .plan, .task, .tasks, .read, .pipeline: true
            case .append, .commit, .committed, .sync, .rename, .send, .serve: false
            }
        }
    }

    /// What the variable of the environment is called that programs arm it by.
    package static let variable = "MILLRACE_FAIL_POINT"

    private struct State {
        var place: Place?
        var left = 0
        var passed: @Sendable (Place) -> Void = { _ in }
    }

    private static let isArmed = Atomic<Bool>(false)
    private static let state = Mutex(State())

    /// Arms by a text: `append:3` kills at the third append; `trace` kills never. `passed` is told of every
    /// place that the process comes to. Throws `USAGE` for another text.
    package static func arm(
        _ text: String, passed: @escaping @Sendable (Place) -> Void = { _ in }
    ) throws(EngineError) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        var new = State(passed: passed)
        if text != "trace" {
            guard parts.count == 2, let place = Place(rawValue: parts[0]), let count = Int(parts[1]),
                count > 0
            else {
                throw .user(
                    "USAGE", "\(variable) names no place of failure: \(text)",
                    remedy: "Write PLACE:COUNT with one of "
                        + "\(Place.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            (new.place, new.left) = (place, count)
        }
        state.withLock { $0 = new }
        isArmed.store(true, ordering: .sequentiallyConsistent)
    }

    /// Says that the process has come to a place; the last call of its life when it is the chosen one.
    package static func pass(_ place: Place) {
        guard isArmed.load(ordering: .relaxed) else { return }
        let traps = state.withLock { state in
            state.passed(place)
            guard state.place == place else { return false }
            state.left -= 1
            if place == .tasks || (state.left == 0 && place.traps) { return true }
            if state.left == 0 {
                kill(getpid(), SIGKILL)
                // The signal is on its way; no other thread may pass a place meanwhile, nor this one.
                while true { pause() }
            }
            return false
        }
        if traps, place == .tasks { while state.withLock({ $0.left > 0 }) { sched_yield() } }
        if traps { fatalError("the point of failure is reached: \(place.rawValue)") }
    }
}
