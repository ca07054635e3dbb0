import Columns
import Memory
import Plans
import Shuffle
import Synchronization
import Vocabulary

/// Carries what the operators of one task share. One task, one thread at a time; flags and counters are
/// atomic.
package final class TaskContext: Sendable {
    package let attempt: AttemptID
    /// The job's id as users know it; part of the names of files.
    package let jobID: String
    package let fragment: TaskFragment
    /// Outputs of each producer stage, in the order of its tasks.
    package let inputs: [StageID: [OutputAddress]]
    package let resources: WorkerResources
    package let counters = TaskMeter()
    /// What each operator did; nil where nobody asked.
    let meters: OperatorMeters?
    private let cancelled = Atomic<Bool>(false)
    private let waiter = Mutex<(@Sendable () -> Void)?>(nil)

    package init(
        attempt: AttemptID, jobID: String, fragment: TaskFragment, inputs: [StageID: [OutputAddress]],
        resources: WorkerResources
    ) {
        self.attempt = attempt
        self.jobID = jobID
        self.fragment = fragment
        self.inputs = inputs
        self.resources = resources
        meters = fragment.measuresOperators ? OperatorMeters(operators: fragment.plan.nodeCount) : nil
    }

    /// Returns a reservation of the worker's memory for the operator that runs now; `owner` names it where
    /// there is none.
    func reservation(for owner: String) -> Reservation {
        Reservation(resources.budget, owner: owner, meter: meters?.current.memory)
    }

    /// What each operator did; see `TaskResult.operators`.
    var operatorFigures: [OperatorFigures] {
        meters?.figures(
            rows: counters.rowsOut.load(ordering: .relaxed),
            spillBytes: counters.spillBytes.load(ordering: .relaxed)) ?? []
    }

    package var settings: SessionSettings {
        var settings = fragment.settings
        settings.taskIndex = Int(attempt.task.index)
        return settings
    }

    /// Asks the task to stop at its next batch; wakes it where it waits for a connector.
    package func cancel() {
        cancelled.store(true, ordering: .sequentiallyConsistent)
        waiter.withLock { $0 }?()
    }

    /// Calls `wake` when the task is cancelled, at once if it was; the one before is forgotten.
    func onCancel(_ wake: @escaping @Sendable () -> Void) {
        waiter.withLock { $0 = wake }
        if cancelled.load(ordering: .sequentiallyConsistent) { wake() }
    }

    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Throws when the task was cancelled. Called once per batch by operators that loop over their input.
    package func checkCancelled() throws(EngineError) {
        if isCancelled { throw .system("TASK_CANCELLED", "The task was cancelled") }
    }
}

/// Holds what all tasks of one worker share.
package final class WorkerResources: Sendable {
    package let budget: MemoryBudget
    package let store: ShuffleStore
    package let shuffle: any ShuffleSource
    package let sharedBuilds = SharedBuilds()
    package let spillDirectory: String
    /// Whether outputs are encoded when written (readers are other processes) or handed over by reference.
    package let encodesShuffle: Bool
    /// Creates files for a job's tasks.
    package let files: any FileAccess
    /// Reads files for a job's tasks.
    package let readers: FileReaders
    package let connectors: ConnectorRegistry
    package let secrets: SecretResolver
    package let holds = JobHolds()

    package init(
        budget: MemoryBudget, store: ShuffleStore, shuffle: any ShuffleSource, spillDirectory: String,
        encodesShuffle: Bool, files: any FileAccess, connectors: ConnectorRegistry = ConnectorRegistry(),
        secrets: SecretResolver = SecretResolver()
    ) {
        self.budget = budget
        self.store = store
        self.shuffle = shuffle
        self.spillDirectory = spillDirectory
        self.encodesShuffle = encodesShuffle
        self.files = files
        self.connectors = connectors
        self.secrets = secrets
        readers = FileReaders(files: files)
        let builds = sharedBuilds
        budget.whenShort { [weak builds] in builds?.dropUnused() ?? false }
    }
}

/// Counts what a task read and wrote; read by the heartbeat while the task runs.
package final class TaskMeter: Sendable {
    package let rowsIn = Atomic<Int>(0)
    package let rowsOut = Atomic<Int>(0)
    package let bytesIn = Atomic<Int>(0)
    package let bytesOut = Atomic<Int>(0)
    package let spillBytes = Atomic<Int>(0)
    /// Parts of files that the keys of joins ruled out.
    package let skippedParts = Atomic<Int>(0)

    init() {}
}
