import Synchronization
import Vocabulary

/// Keeps the outputs of a worker's finished tasks until they are dropped. Thread-safe: one mutex.
package final class ShuffleStore: Sendable {
    private let outputs = Mutex<[AttemptID: ShuffleOutput]>([:])

    package init() {}

    /// Takes in a finished attempt's output; the same attempt again replaces it.
    package func put(_ output: ShuffleOutput) {
        outputs.withLock { $0[output.attempt] = output }
    }

    /// Returns the output of `attempt`, or nil when it was dropped or never here.
    package func output(of attempt: AttemptID) -> ShuffleOutput? {
        outputs.withLock { $0[attempt] }
    }

    /// Forgets outputs.
    package func drop(_ attempts: [AttemptID]) {
        outputs.withLock { held in
            for attempt in attempts { held[attempt] = nil }
        }
    }

    /// Jobs of which there are outputs.
    package var jobs: Set<JobID> { outputs.withLock { Set($0.keys.map(\.task.stage.job)) } }

    /// Bytes held, encoded or retained.
    package var byteCount: Int { outputs.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } }
}
