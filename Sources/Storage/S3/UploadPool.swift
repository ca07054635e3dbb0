import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Sends parts and commits on threads of its own, so that tasks go on computing meanwhile.
///
/// `@unchecked Sendable`: the queue and the counts are behind a POSIX mutex with a condition.
final class UploadPool: @unchecked Sendable {
    static let shared = UploadPool(threadLimit: 16)

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let threadLimit: Int
    private var queue: [@Sendable () -> Void] = []
    private var threadCount = 0
    private var idleCount = 0

    /// The pool lives as long as the process: its threads, made when needed, wait for more.
    private init(threadLimit: Int) {
        self.threadLimit = threadLimit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    /// Runs `work` on a thread of the pool, in order of submission.
    func submit(_ work: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        queue.append(work)
        if idleCount < queue.count, threadCount < threadLimit, startThread() { threadCount += 1 }
        let hasThread = threadCount > 0
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
        // Without any thread the caller does the work; the system is short of something.
        if !hasThread { runOne() }
    }

    private func startThread() -> Bool {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let pool = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let pool = Unmanaged<UploadPool>.fromOpaque(argument).takeRetainedValue()
                while true { pool.waitAndRun() }
            }, pool.toOpaque())
        if status != 0 { pool.release() }
        return status == 0
    }

    private func waitAndRun() {
        pthread_mutex_lock(mutex)
        idleCount += 1
        while queue.isEmpty { pthread_cond_wait(condition, mutex) }
        idleCount -= 1
        let work = queue.removeFirst()
        pthread_mutex_unlock(mutex)
        work()
    }

    private func runOne() {
        pthread_mutex_lock(mutex)
        let work = queue.isEmpty ? nil : queue.removeFirst()
        pthread_mutex_unlock(mutex)
        work?()
    }
}

/// Counts requests that are under way, and keeps their results and the first error.
///
/// `@unchecked Sendable`: everything is behind a POSIX mutex with a condition.
final class RequestsUnderWay<Result: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count = 0
    private var results: [Result] = []
    private var error: EngineError?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Starts a request once fewer than `limit` are under way. Throws when an earlier one has failed.
    func start(
        limit: Int, _ request: @escaping @Sendable () throws(EngineError) -> Result
    ) throws(EngineError) {
        pthread_mutex_lock(mutex)
        while count >= limit, error == nil { pthread_cond_wait(condition, mutex) }
        let failed = error
        if failed == nil { count += 1 }
        pthread_mutex_unlock(mutex)
        if let failed { throw failed }
        UploadPool.shared.submit {
            do throws(EngineError) {
                self.ended(try request(), nil)
            } catch {
                self.ended(nil, error)
            }
        }
    }

    private func ended(_ result: Result?, _ failure: EngineError?) {
        pthread_mutex_lock(mutex)
        count -= 1
        if let result { results.append(result) }
        if error == nil { error = failure }
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until none is under way, and returns all results, in no order. Throws the first error.
    func finish() throws(EngineError) -> [Result] {
        pthread_mutex_lock(mutex)
        while count > 0 { pthread_cond_wait(condition, mutex) }
        let (all, failed) = (results, error)
        pthread_mutex_unlock(mutex)
        if let failed { throw failed }
        return all
    }
}
