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
/// `@unchecked Sendable`: the queue is behind the monitor's lock.
package final class ComputePool: @unchecked Sendable {
    private struct Job {
        let run: TaskRun
        let completion: @Sendable (TaskRun.Step) -> Void
    }

    private let monitor = Monitor()
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

    /// Runs a task to its end and calls `completion`, on a compute thread, with `.finished` or `.failed`.
    package func submit(_ run: TaskRun, completion: @escaping @Sendable (TaskRun.Step) -> Void) {
        enqueue(Job(run: run, completion: completion))
    }

    /// Lets the threads end when they are idle; queued tasks are not run. Returns when all have ended.
    package func stop() {
        monitor.lock()
        stopping = true
        let ending = threads
        threads = []
        monitor.broadcast()
        monitor.unlock()
        for thread in ending { pthread_join(thread, nil) }
    }

    private func enqueue(_ job: Job) {
        monitor.lock()
        queue.append(job)
        monitor.signal()
        monitor.unlock()
    }

    private func take() -> Job? {
        monitor.lock()
        defer { monitor.unlock() }
        while queue.isEmpty, !stopping {
            // The thread that worked last is the one that waits for the rest to be long enough.
            if !hasWorked || busyThreads > 0 {
                monitor.wait()
            } else if hasRested(), hasWorked, busyThreads == 0, queue.isEmpty, !stopping {
                hasWorked = false
                monitor.unlock()
                FreedMemory.giveBack()
                monitor.lock()
            }
        }
        if stopping { return nil }
        hasWorked = true
        busyThreads += 1
        return queue.removeFirst()
    }

    private func stepped() {
        monitor.lock()
        busyThreads -= 1
        monitor.unlock()
    }

    /// Waits for work, but not for longer than `restSeconds`; the lock is held. Tells whether it was so long.
    private func hasRested() -> Bool {
        !monitor.wait(until: Monitor.Deadline(milliseconds: ComputePool.restSeconds * 1000))
    }

    private func work() {
        while let job = take() {
            let step = CrashReport.during(.running(job.run.context.attempt)) {
                FailPoint.pass(.task)
                FailPoint.pass(.tasks)
                return job.run.step()
            }
            switch step {
            case .ready: enqueue(job)
            case .blocked(let wakeup): wakeup.whenSignalled { [self] in enqueue(job) }
            case let end: job.completion(end)
            }
            stepped()
        }
    }
}
