import Memory
import Shuffle
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Runs tasks on its own threads, one thread a slot. Threads wait only for work, never for the network: a
/// blocked task leaves its thread and comes back when it is woken.
///
/// `@unchecked Sendable`: the queue is behind a POSIX mutex with a condition.
package final class ComputePool: @unchecked Sendable {
    private struct Job {
        let run: TaskRun
        let completion: @Sendable (TaskRun.Step) -> Void
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [Job] = []
    private var stopping = false
    /// Threads that run a task's step now.
    private var busyThreads = 0
    /// Whether memory was used since the pool last gave back what is free.
    private var hasWorked = false
    private var threads: [pthread_t] = []

    /// Bytes of stack for each thread: deep expressions recurse.
    private static let stackBytes = 16 << 20
    /// After so many seconds without work on any thread the process gives free memory back.
    private static let restSeconds = 5

    /// Starts `threadCount` threads.
    package init(threadCount: Int) {
        FreedMemory.keep()
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, ComputePool.stackBytes)
        for _ in 0..<max(1, threadCount) {
            var thread = pthread_t()
            let pool = Unmanaged.passRetained(self)
            let status = pthread_create(
                &thread, &attributes,
                { argument in
                    guard let argument else { return nil }
                    let pool = Unmanaged<ComputePool>.fromOpaque(argument).takeRetainedValue()
                    pool.work()
                    return nil
                }, pool.toOpaque())
            if status == 0 { threads.append(thread) } else { pool.release() }
        }
        pthread_attr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs a task to its end and calls `completion`, on a compute thread, with `.finished` or `.failed`.
    package func submit(_ run: TaskRun, completion: @escaping @Sendable (TaskRun.Step) -> Void) {
        enqueue(Job(run: run, completion: completion))
    }

    /// Lets the threads end when they are idle; queued tasks are not run. Returns when all have ended.
    package func stop() {
        pthread_mutex_lock(mutex)
        stopping = true
        let ending = threads
        threads = []
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        for thread in ending { pthread_join(thread, nil) }
    }

    private func enqueue(_ job: Job) {
        pthread_mutex_lock(mutex)
        queue.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    private func take() -> Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while queue.isEmpty, !stopping {
            // The thread that worked last is the one that waits for the rest to be long enough.
            if !hasWorked || busyThreads > 0 {
                pthread_cond_wait(condition, mutex)
            } else if rest() == ETIMEDOUT, hasWorked, busyThreads == 0, queue.isEmpty, !stopping {
                hasWorked = false
                pthread_mutex_unlock(mutex)
                FreedMemory.giveBack()
                pthread_mutex_lock(mutex)
            }
        }
        if stopping { return nil }
        hasWorked = true
        busyThreads += 1
        return queue.removeFirst()
    }

    private func stepped() {
        pthread_mutex_lock(mutex)
        busyThreads -= 1
        pthread_mutex_unlock(mutex)
    }

    /// Waits for work, but not for longer than `restSeconds`; the mutex is held. Returns the system's answer.
    private func rest() -> Int32 {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        end.tv_sec += ComputePool.restSeconds
        return pthread_cond_timedwait(condition, mutex, &end)
    }

    private func work() {
        while let job = take() {
            switch job.run.step() {
            case .ready: enqueue(job)
            case .blocked(let wakeup): wakeup.whenSignalled { [self] in enqueue(job) }
            case let end: job.completion(end)
            }
            stepped()
        }
    }
}
