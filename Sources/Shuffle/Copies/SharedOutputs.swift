import Memory
import Storage
import Vocabulary

/// Keeps copies of task outputs in storage that all workers and the coordinator share: an object for each
/// output, in a directory for each job. Thread-safe; calls wait for the storage.
///
///     STORAGE/_millrace/shuffle/JOB/JOB.STATEMENT.STAGE.TASK-EPOCH-NUMBER      see `CopyLayout`
package struct SharedOutputs: Sendable {
    private let storage: String
    private let base: String

    /// `storage`: the whole path or URL of the storage.
    package init(storage: String) {
        self.storage = storage
        base = storage + (storage.hasSuffix("/") ? "" : "/") + "_millrace/shuffle/"
    }

    /// Reaches the storage: on a file system what is below it, wherever links lead that somebody makes there.
    private func files() throws(EngineError) -> any FileSystem {
        let location = StoragePath(base)
        if location.scheme != .local { return try FileSystems.of(base) }
        return LocalFileSystem(tree: LocalTree(below: storage))
    }

    private func directory(_ job: String) -> String { base + job }

    func path(_ attempt: AttemptID, of job: String) -> String {
        directory(job) + "/" + attempt.description.map { $0 == "@" ? "-" : String($0) }.joined()
    }

    /// Writes a copy of an output of the job with this id; whole when this returns. Throws errors of the
    /// storage, and `system` ones for an output that cannot be read.
    package func write(_ output: ShuffleOutput, job: String) throws(EngineError) {
        let path = path(output.attempt, of: job)
        let sink = try files().create(path, durable: false)
        do throws(EngineError) {
            try CopyLayout.write(output, to: sink)
            try sink.finish()
        } catch {
            sink.abort()
            throw error
        }
    }

    func open(_ attempt: AttemptID, of job: String) throws(EngineError) -> any ByteSource {
        let path = path(attempt, of: job)
        return try files().open(path)
    }

    /// Deletes all copies of a job's outputs; fine when there are none.
    package func remove(job: String) throws(EngineError) {
        let directory = directory(job)
        try files().remove(directory)
    }
}
