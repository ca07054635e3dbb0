import Columns
import Memory
import Vocabulary

/// Holds one partition of a task's output.
package enum PartitionData: Sendable {
    /// Rows as they came, handed over by reference inside the process.
    case batches([Batch])
    /// Encoded column blocks, ready to be sent.
    case blocks([Buffer])
    /// Encoded column blocks in a part of the output's file.
    case file(SpillFile, [Range<Int>])
}

/// Holds all that one attempt of a task wrote for its readers. Does not change after it was made.
package final class ShuffleOutput: Sendable {
    package let attempt: AttemptID
    package let schema: Schema
    package let partitions: [PartitionData]
    /// Rows of each partition.
    package let partitionRows: [Int]
    /// Bytes of each partition: encoded where it is encoded, else as retained in memory.
    package let partitionBytes: [Int]

    package init(
        attempt: AttemptID, schema: Schema, partitions: [PartitionData], partitionRows: [Int],
        partitionBytes: [Int]
    ) {
        self.attempt = attempt
        self.schema = schema
        self.partitions = partitions
        self.partitionRows = partitionRows
        self.partitionBytes = partitionBytes
    }

    package var rowCount: Int { partitionRows.reduce(0, +) }
    package var byteCount: Int { partitionBytes.reduce(0, +) }
}
