import CEpoll
import Glibc

/// Lets a thread wait until another one opens it; open stays open.
///
/// `@unchecked Sendable`: the semaphore is made for several threads and is never moved.
package final class Latch: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    package init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Opens the latch. Safe from any thread, and more than once.
    package func open() { sem_post(semaphore) }

    /// Waits until the latch is open.
    package func wait() {
        while sem_wait(semaphore) != 0 {}
        sem_post(semaphore)
    }

    /// Waits up to `seconds` and says whether the latch is open.
    package func wait(seconds: Double) -> Bool {
        var limit = timespec()
        let due = MonotonicTime.now.after(seconds: seconds).nanoseconds
        limit.tv_sec = Int(due / 1_000_000_000)
        limit.tv_nsec = Int(due % 1_000_000_000)
        while epoll_wait_semaphore(semaphore, &limit) != 0 {
            if errno != EINTR { return false }
        }
        sem_post(semaphore)
        return true
    }
}
