import Execution
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Lets a connector's thread wait for an answer, and stop waiting when its task is cancelled. Thread-safe.
///
/// `@unchecked Sendable`: the value is behind the monitor's lock.
final class Waiting<Value: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var value: Value?

    init() {}

    /// Gives the answer; the first one counts.
    func give(_ given: Value) {
        monitor.locked { if value == nil { value = given } }
        monitor.broadcast()
    }

    /// Returns the answer, or nil after `milliseconds`.
    func wait(milliseconds: Int) -> Value? {
        let end = Monitor.Deadline(milliseconds: milliseconds)
        return monitor.locked {
            while value == nil, monitor.wait(until: end) {}
            return value
        }
    }
}

/// Says whether what a connector does is still wanted: by its task, and by the reader that it does it for.
struct Wanted: Sendable {
    /// How often a waiting thread looks.
    static let pollMilliseconds = 50

    private let isStopped: @Sendable () -> Bool

    init(_ isStopped: @escaping @Sendable () -> Bool) { self.isStopped = isStopped }

    /// Throws `TASK_CANCELLED` when it is not.
    func check() throws(EngineError) {
        if isStopped() { throw .system("TASK_CANCELLED", "The task was cancelled") }
    }

    /// Waits; returns early by throwing when nobody wants it any more.
    func sleep(milliseconds: Int) throws(EngineError) {
        var rest = milliseconds
        while rest > 0 {
            try check()
            let piece = min(rest, Wanted.pollMilliseconds)
            usleep(UInt32(piece * 1000))
            rest -= piece
        }
        try check()
    }
}
