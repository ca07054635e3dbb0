import Vocabulary

/// Says what a publication does with what is there already.
package enum PublicationMode: UInt8, Sendable, Hashable {
    case append
    /// Replaces the whole output.
    case overwrite
    /// Replaces the partition folders that were written to, and only them.
    case overwritePartitions
}

/// Names a file that a task wrote aside.
package struct StagedFile: Sendable, Hashable {
    /// The attempt that wrote it; the name of its directory.
    package var attempt: String
    /// Where it will be visible, below the output: `key=1/part-….parquet`.
    package var path: String
    package var byteCount: Int
    /// What the file's sink gave.
    package var receipt: [UInt8]

    package init(attempt: String, path: String, byteCount: Int, receipt: [UInt8] = []) {
        self.attempt = attempt
        self.path = path
        self.byteCount = byteCount
        self.receipt = receipt
    }
}

/// Makes a statement's output visible, once the winners among its attempts are known and logged.
///
///     out/_temporary-JOB/ATTEMPT/key=1/part-….parquet      written by tasks
///     out/key=1/part-….parquet, out/_SUCCESS               after publication
///
/// A publication is a list of steps, each of which may be done again after a crash at any point, in order,
/// from the first: what is done already is found done. Until the step that swaps directories the old output
/// is visible, from it on the new one. In S3 files are uploaded to where they will be visible, and completed
/// by the publication; see `Publication+S3.swift`. Used by one thread at a time.
package struct Publication: Sendable {
    let output: String
    let job: String
    let mode: PublicationMode
    let files: [StagedFile]
    let isDurable: Bool
    let tree: LocalTree

    /// `output` is the directory as the user wrote it; `job` is unique to the statement. `isDurable`: local
    /// directories are on the device before this goes on, so that a crash of the machine leaves the old
    /// output or the new one; for files that were made durable themselves. `tree`: what may be changed of a
    /// local output.
    package init(
        output: String, job: String, mode: PublicationMode, files: [StagedFile], isDurable: Bool = true,
        tree: LocalTree = .whole
    ) {
        self.output = Publication.trimmed(output)
        self.job = job
        self.mode = mode
        self.files = files
        self.isDurable = isDurable
        self.tree = tree
    }

    static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The directory that holds all that a statement's attempts write.
    static func stagingDirectory(output: String, job: String) -> String {
        trimmed(output) + "/_temporary-" + job
    }

    /// Creates a file of an attempt, aside of what is visible.
    package static func create(
        output: String, job: String, attempt: String, path: String, durable: Bool = true,
        tree: LocalTree = .whole
    ) throws(EngineError) -> any ByteSink {
        switch StoragePath(output).scheme {
        case .local: break
        case .s3:
            return try create(output: output, job: job, attempt: attempt, path: path, in: FileSystems.s3())
        default: throw .cannotWrite(output)
        }
        let staged = stagingDirectory(output: output, job: job) + "/" + attempt + "/" + path
        return try LocalFileSystem(tree: tree).create(staged, durable: durable)
    }

    /// Makes the files visible, and what they replace invisible. Idempotent.
    package func publish() throws(EngineError) {
        switch StoragePath(output).scheme {
        case .local: for step in localSteps { try step.perform() }
        case .s3: try publish(in: try FileSystems.s3())
        default: throw .cannotWrite(output)
        }
    }

    /// Removes all that the statement's attempts wrote aside, and the output directory if it was made for
    /// them only. Idempotent; does nothing to published files.
    package static func discard(
        output: String, job: String, tree: LocalTree = .whole
    ) throws(EngineError) {
        switch StoragePath(output).scheme {
        case .local: break
        case .s3: return try abortUploads(output: trimmed(output), job: job, in: try FileSystems.s3())
        // Nothing was written there.
        default: return
        }
        let directory = try tree.place(of: StoragePath(trimmed(output)).path)
        try LocalDirectory.remove(stagingDirectory(output: directory, job: job), in: tree)
        LocalDirectory.removeIfEmpty(directory, in: tree)
    }

    /// Removes what one attempt wrote aside, and the directories above it that were made for it only: after
    /// its statement is over nobody else would. Idempotent.
    package static func discard(
        output: String, job: String, attempt: String, tree: LocalTree = .whole
    ) throws(EngineError) {
        switch StoragePath(output).scheme {
        case .local: break
        case .s3: return try abortUploads(job: job, attempt: attempt, in: try FileSystems.s3())
        default: return
        }
        let directory = try tree.place(of: StoragePath(trimmed(output)).path)
        let staging = stagingDirectory(output: directory, job: job)
        try LocalDirectory.remove(staging + "/" + attempt, in: tree)
        LocalDirectory.removeIfEmpty(staging, in: tree)
        LocalDirectory.removeIfEmpty(directory, in: tree)
    }
}
