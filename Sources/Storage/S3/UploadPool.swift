import Vocabulary

/// Sends parts and commits on threads of its own, so that tasks go on computing meanwhile.
///
/// `@unchecked Sendable`: the queue and the counts are behind the monitor's lock.
final class UploadPool: @unchecked Sendable {
    static let shared = UploadPool(threadLimit: 16)

    private let monitor = Monitor()
    private let threadLimit: Int
    private var queue: [@Sendable () -> Void] = []
    private var threadCount = 0
    private var idleCount = 0

    /// The pool lives as long as the process: its threads, made when needed, wait for more.
    private init(threadLimit: Int) { self.threadLimit = threadLimit }

    /// Runs `work` on a thread of the pool, in order of submission.
    func submit(_ work: @escaping @Sendable () -> Void) {
        monitor.lock()
        queue.append(work)
        if idleCount < queue.count, threadCount < threadLimit, startThread() { threadCount += 1 }
        let hasThread = threadCount > 0
        monitor.signal()
        monitor.unlock()
        // Without any thread the caller does the work; the system is short of something.
        if !hasThread { runOne() }
    }

    private func startThread() -> Bool {
        do throws(EngineError) {
            try DetachedThread.run { while true { self.waitAndRun() } }
            return true
        } catch {
            return false
        }
    }

    private func waitAndRun() {
        monitor.lock()
        idleCount += 1
        while queue.isEmpty { monitor.wait() }
        idleCount -= 1
        let work = queue.removeFirst()
        monitor.unlock()
        work()
    }

    private func runOne() {
        monitor.lock()
        let work = queue.isEmpty ? nil : queue.removeFirst()
        monitor.unlock()
        work?()
    }
}

/// Counts requests that are under way, and keeps their results and the first error.
///
/// `@unchecked Sendable`: everything is behind the monitor's lock.
final class RequestsUnderWay<Result: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var count = 0
    private var results: [Result] = []
    private var error: EngineError?

    init() {}

    /// Starts a request once fewer than `limit` are under way. Throws when an earlier one has failed.
    func start(
        limit: Int, _ request: @escaping @Sendable () throws(EngineError) -> Result
    ) throws(EngineError) {
        monitor.lock()
        while count >= limit, error == nil { monitor.wait() }
        let failed = error
        if failed == nil { count += 1 }
        monitor.unlock()
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
        monitor.lock()
        count -= 1
        if let result { results.append(result) }
        if error == nil { error = failure }
        monitor.broadcast()
        monitor.unlock()
    }

    /// Waits until none is under way, and returns all results, in no order. Throws the first error.
    func finish() throws(EngineError) -> [Result] {
        monitor.lock()
        while count > 0 { monitor.wait() }
        let (all, failed) = (results, error)
        monitor.unlock()
        if let failed { throw failed }
        return all
    }
}
