import Synchronization
import Vocabulary

/// Runs tasks that wait for storage on threads of their own. On Swift's own threads, of which there are as
/// many as cores, two publications that wait for a slow store would hold up every actor of the coordinator.
final class StorageThreads: TaskExecutor {
    static let shared = StorageThreads()

    /// Threads at once; further tasks wait for one. A coordinator that starts again may have thousands of
    /// statements to clean.
    static let limit = 32

    private struct Load {
        var threads = 0
        /// In the order in which they came.
        var waiting: [UnownedJob] = []

        /// Returns what a thread does next; without anything it ends.
        mutating func next() -> UnownedJob? {
            if !waiting.isEmpty { return waiting.removeFirst() }
            threads -= 1
            return nil
        }
    }

    private let load = Mutex(Load())

    private init() {}

    func enqueue(_ job: consuming ExecutorJob) {
        let work = UnownedJob(job)
        let starts = load.withLock { load in
            if load.threads == StorageThreads.limit {
                load.waiting.append(work)
                return false
            }
            load.threads += 1
            return true
        }
        if starts { start(with: work) }
    }

    private func start(with first: UnownedJob) {
        do throws(EngineError) {
            try DetachedThread.run {
                var work: UnownedJob? = first
                while let job = work {
                    job.runSynchronously(on: self.asUnownedTaskExecutor())
                    work = self.load.withLock { $0.next() }
                }
            }
        } catch {
            // The system is short of threads: better held up than not done. Threads that run take what waits.
            let left = load.withLock { load in
                load.threads -= 1
                guard load.threads == 0 else { return [UnownedJob]() }
                defer { load.waiting = [] }
                return load.waiting
            }
            for job in [first] + left { globalConcurrentExecutor.enqueue(job) }
        }
    }
}
