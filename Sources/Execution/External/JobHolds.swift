import Synchronization
import Vocabulary

/// Keeps objects of jobs, such as open connections, until their job ends. Thread-safe.
package final class JobHolds: Sendable {
    private struct State {
        var objects: [JobID: [any AnyObject & Sendable]] = [:]
        /// Epochs of a log that is lost: attempts of them may still run, and nobody ends their jobs.
        var lostEpochs: Set<UInt32> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Keeps an object for the job of an attempt; not when its coordinator's log is lost.
    package func add(_ object: any AnyObject & Sendable, for attempt: AttemptID) {
        state.withLock { state in
            if state.lostEpochs.contains(attempt.epoch) { return }
            state.objects[attempt.task.stage.job, default: []].append(object)
        }
    }

    /// Lets go of what a job holds.
    package func drop(_ job: JobID) {
        close(state.withLock { $0.objects.removeValue(forKey: job) } ?? [])
    }

    /// Lets go of what all jobs hold: their coordinator's log is lost. `running` still run for it.
    package func dropAll(running: some Sequence<AttemptID>) {
        let epochs = running.map(\.epoch)
        close(
            state.withLock { state in
                state.lostEpochs.formUnion(epochs)
                defer { state.objects = [:] }
                return state.objects.values.flatMap { $0 }
            })
    }

    /// Lets go of objects on a thread of its own, as closing may wait for the network.
    private func close(_ objects: [any AnyObject & Sendable]) {
        if objects.isEmpty { return }
        // Without a thread they are closed here.
        try? DetachedThread.run { withExtendedLifetime(objects) {} }
    }
}
