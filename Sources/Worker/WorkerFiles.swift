import Execution
import Plans
import Storage
import Synchronization
import Vocabulary

/// Opens and creates the files of jobs through storage, within the paths that are allowed. Thread-safe.
package final class WorkerFiles: FileAccess {
    private struct Staged {
        var output: String
        var job: String
        var tree: LocalTree
    }

    private let rules: PathRules
    private let isDurable: Bool
    /// Where attempts have written aside, for those that must be discarded.
    private let staged = Mutex<[AttemptID: Staged]>([:])

    /// `isDurable`: a finished file is on the device before its task is reported as done.
    package init(rules: PathRules, isDurable: Bool) {
        self.rules = rules
        self.isDurable = isDurable
    }

    package func open(_ path: String) throws(EngineError) -> any ByteSource { try rules.open(path) }

    package func create(
        _ relativePath: String, write: FileWrite, job: String, attempt: AttemptID
    ) throws(EngineError) -> any ByteSink {
        let (output, tree) = (try rules.resolve(write.path), try rules.tree(of: write.path))
        let statement = StagingName.statement(job: job, attempt.task.stage.statement)
        staged.withLock { $0[attempt] = Staged(output: output, job: statement, tree: tree) }
        return try Publication.create(
            output: output, job: statement, attempt: StagingName.attempt(attempt), path: relativePath,
            durable: isDurable, tree: tree)
    }

    package func discard(_ attempt: AttemptID) {
        guard let place = staged.withLock({ $0.removeValue(forKey: attempt) }) else { return }
        // What stays because it cannot be removed is invisible, and goes with the statement's staging
        // directory.
        try? Publication.discard(
            output: place.output, job: place.job, attempt: StagingName.attempt(attempt),
            tree: place.tree)
    }
}
