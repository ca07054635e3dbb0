import Columns
import Memory
import Vocabulary

/// Tells where one producer task's output lies.
package struct OutputAddress: Sendable, Hashable {
    package var attempt: AttemptID
    /// `host:port` of the worker that holds it.
    package var address: String
    /// Checksum that its producer reported.
    package var checksum: UInt64
    /// Id by which clients know the job, under which shared storage has a copy; nil when it has none.
    package var copyOfJob: String?
    /// Whether the worker is gone, so that only the copy is left.
    package var isWorkerGone: Bool

    package init(
        attempt: AttemptID, address: String, checksum: UInt64 = 0, copyOfJob: String? = nil,
        isWorkerGone: Bool = false
    ) {
        self.attempt = attempt
        self.address = address
        self.checksum = checksum
        self.copyOfJob = copyOfJob
        self.isWorkerGone = isWorkerGone
    }
}

/// Reports that an output could not be had; the scheduler runs its producer again.
package struct FetchFailure: Error, Sendable {
    package var producer: AttemptID
    package var error: EngineError

    package init(producer: AttemptID, error: EngineError) {
        self.producer = producer
        self.error = error
    }
}

/// Yields the batches of a shuffle read. Used by one thread at a time.
package protocol ShuffleStream: AnyObject {
    /// Returns the next batch, or that there is none yet, or the end. Throws `FetchFailure`.
    func next() throws -> Pull
    /// Encoded bytes read so far.
    var bytesRead: Int { get }
}

/// Reads producer outputs, wherever they lie.
package protocol ShuffleSource: Sendable {
    /// Begins to read the given partitions of each output. With `ordered`, batches come in the order of the
    /// list and of the partitions; else as they arrive.
    func read(_ parts: [(output: OutputAddress, partitions: Range<Int>)], schema: Schema, ordered: Bool)
        -> any ShuffleStream

    /// Begins to copy whole outputs from the worker at their address, which leaves; nil where there is no way
    /// to other workers.
    func copy(_ outputs: [WantedOutput], into place: CopyPlace) -> OutputCopy?
}

/// Names an output to copy, and what is known of it.
package struct WantedOutput: Sendable {
    package var output: OutputAddress
    /// Encoded bytes of each partition, as its producer reported them.
    package var partitionBytes: [Int]

    package init(output: OutputAddress, partitionBytes: [Int]) {
        self.output = output
        self.partitionBytes = partitionBytes
    }
}

/// Says where copies of outputs are held: in memory while it lasts, else in files.
package struct CopyPlace: Sendable {
    package var budget: MemoryBudget
    package var spillDirectory: String

    package init(budget: MemoryBudget, spillDirectory: String) {
        self.budget = budget
        self.spillDirectory = spillDirectory
    }
}
