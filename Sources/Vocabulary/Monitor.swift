#if canImport(Glibc)
    import Glibc
#endif

/// Guards state that threads wait on: a POSIX mutex with a condition. `Mutex` is lighter where nobody waits.
///
/// **Invariant:** what it guards is touched, and `wait` is called, only between `lock` and `unlock`.
/// `@unchecked Sendable`: both pointers never change, and what they point at is made for many threads.
package final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(mutex, nil)
        // Deadlines go by the monotonic clock: a wall clock that is set must neither end nor prolong a wait.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func lock() { pthread_mutex_lock(mutex) }
    package func unlock() { pthread_mutex_unlock(mutex) }

    /// Runs `body` with the lock held.
    package func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Gives the lock up until another thread signals, or for no reason: look again at what was waited for.
    package func wait() { pthread_cond_wait(condition, mutex) }

    /// Does the same until `deadline` at the latest; false once that has passed.
    package func wait(until deadline: Deadline) -> Bool {
        var end = deadline.time
        return pthread_cond_timedwait(condition, mutex, &end) != ETIMEDOUT
    }

    /// Wakes one of the threads that wait.
    package func signal() { pthread_cond_signal(condition) }
    /// Wakes all threads that wait.
    package func broadcast() { pthread_cond_broadcast(condition) }

    /// Names a time of the machine's monotonic clock until which a thread waits.
    package struct Deadline {
        fileprivate var time = timespec()

        /// So long from now.
        package init(milliseconds: Int) {
            clock_gettime(CLOCK_MONOTONIC, &time)
            time.tv_nsec += (milliseconds % 1000) * 1_000_000
            time.tv_sec += milliseconds / 1000 + time.tv_nsec / 1_000_000_000
            time.tv_nsec %= 1_000_000_000
        }
    }
}
