import Columns
import Memory
import Shuffle
import Vocabulary

/// Gathers a task's partitions: batches by reference when the readers share the process, else column blocks,
/// in memory while they fit in the budget and in one file beyond.
final class ShuffleOutputBuilder {
    private let attempt: AttemptID
    private let schema: Schema
    private let resources: WorkerResources
    private var batches: [[Batch]]
    private var rows: [Int]
    private var bytes: [Int]

    init(attempt: AttemptID, schema: Schema, partitions: Int, resources: WorkerResources) throws {
        self.attempt = attempt
        self.schema = schema
        self.resources = resources
        batches = Array(repeating: [], count: partitions)
        rows = Array(repeating: 0, count: partitions)
        bytes = Array(repeating: 0, count: partitions)
    }

    /// Appends a batch to a partition.
    func add(_ batch: Batch, to partition: Int) throws {
        batches[partition].append(batch)
        rows[partition] += batch.count
        bytes[partition] += batch.columns.reduce(0) { $0 + $1.ownBytes }
    }

    /// Returns the whole output; the builder may not be used afterwards.
    func finish() throws -> ShuffleOutput {
        ShuffleOutput(
            attempt: attempt, schema: schema, partitions: batches.map { .batches($0) }, partitionRows: rows,
            partitionBytes: bytes)
    }

    /// Forgets everything.
    func abort() { batches = [] }
}
