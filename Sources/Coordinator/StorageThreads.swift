import Vocabulary

/// Runs tasks that wait for storage, each on a thread of its own. On Swift's own threads, of which there are
/// as many as cores, two publications that wait for a slow store would hold up every actor of the
/// coordinator.
final class StorageThreads: TaskExecutor {
    static let shared = StorageThreads()

    private init() {}

    func enqueue(_ job: consuming ExecutorJob) {
        let work = UnownedJob(job)
        do throws(EngineError) {
            try DetachedThread.run { work.runSynchronously(on: self.asUnownedTaskExecutor()) }
        } catch {
            // The system is short of threads: better held up than not done.
            globalConcurrentExecutor.enqueue(work)
        }
    }
}
