import Synchronization

/// Knows the jobs that run now, so that a run can be cancelled.
package final class RunControl: Sendable {
    private struct State {
        var jobs: Set<String> = []
        var failed: [String] = []
        var isCancelled = false
        var warned: Set<String> = []
    }
    private let state = Mutex(State())

    package init() {}

    func begin(_ id: String) { state.withLock { _ = $0.jobs.insert(id) } }
    func end(_ id: String) { state.withLock { _ = $0.jobs.remove(id) } }
    func fail(_ id: String) { state.withLock { $0.failed.append(id) } }
    /// Says whether a warning is a new one: several jobs of a step may have the same.
    func isNew(warning: String) -> Bool { state.withLock { $0.warned.insert(warning).inserted } }
    /// Jobs that are at work, in the order of their ids: that of their submission.
    package var runningJobs: [String] { state.withLock { $0.jobs.sorted() } }
    /// Jobs that failed or were cancelled; parts of them may still be at work for a moment.
    var failedJobs: [String] { state.withLock { $0.failed } }
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Says that nothing more shall run, and returns the ids of the jobs to cancel.
    package func cancel() -> [String] {
        state.withLock {
            $0.isCancelled = true
            return $0.jobs.sorted()
        }
    }
}
