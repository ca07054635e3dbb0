import Synchronization
import Vocabulary

/// Keeps objects of jobs, such as open connections, until their job ends. Thread-safe.
package final class JobHolds: Sendable {
    private let held = Mutex<[JobID: [any AnyObject & Sendable]]>([:])

    init() {}

    func add(_ object: any AnyObject & Sendable, to job: JobID) {
        held.withLock { $0[job, default: []].append(object) }
    }

    /// Lets go of what a job holds, on a thread of its own, as closing may wait for the network.
    package func drop(_ job: JobID) {
        guard let objects = held.withLock({ $0.removeValue(forKey: job) }) else { return }
        // Without a thread they are closed here.
        try? DetachedThread.run { withExtendedLifetime(objects) {} }
    }
}
