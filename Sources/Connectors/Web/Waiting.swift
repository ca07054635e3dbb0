import Execution
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Lets a connector's thread wait for an answer, and stop waiting when its task is cancelled. Thread-safe.
///
/// `@unchecked Sendable`: the value is behind the mutex.
final class Waiting<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Gives the answer; the first one counts.
    func give(_ given: Value) {
        pthread_mutex_lock(mutex)
        if value == nil { value = given }
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Returns the answer, or nil after `milliseconds`.
    func wait(milliseconds: Int) -> Value? {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        end.tv_nsec += (milliseconds % 1000) * 1_000_000
        end.tv_sec += milliseconds / 1000 + end.tv_nsec / 1_000_000_000
        end.tv_nsec %= 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while value == nil, pthread_cond_timedwait(changed, mutex, &end) == 0 {}
        return value
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
