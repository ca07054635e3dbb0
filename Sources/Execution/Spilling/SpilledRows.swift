import Columns
import Formats
import Memory

/// Tells where rows of one schema lie in a spill file, block by block, in order.
struct SpilledRows: Sendable {
    let file: SpillFile
    var ranges: [Range<Int>] = []
    var rowCount = 0
}

/// Writes an operator's rows to spill files as column blocks, and reads them back. One task.
final class RowSpiller {
    private let context: TaskContext
    private let encoder: ColumnBlockEncoder
    private let decoder: ColumnBlockDecoder

    init(schema: Schema, context: TaskContext) {
        self.context = context
        encoder = ColumnBlockEncoder(schema: schema)
        decoder = ColumnBlockDecoder(schema: schema)
    }

    /// Creates a file without a name in the worker's spill directory. Throws `SPILL_FAILED`.
    func makeFile() throws -> SpillFile { try SpillFile(directory: context.resources.spillDirectory) }

    /// Appends a batch to `rows`. Throws `SPILL_FAILED`.
    func append(_ batch: Batch, to rows: inout SpilledRows) throws {
        try context.checkCancelled()
        for block in try encoder.encode(batch) {
            rows.ranges.append(try rows.file.append(block.bytes))
            context.counters.spillBytes.add(block.byteCount, ordering: .relaxed)
            context.meters?.current.spillBytes += block.byteCount
        }
        rows.rowCount += batch.count
    }

    /// Reads the block at a position of `rows`. Throws `SPILL_FAILED`, and `CORRUPT_BLOCK` when the disk
    /// gives other bytes than it was given.
    func read(_ rows: SpilledRows, block: Int) throws -> Batch {
        try context.checkCancelled()
        let range = rows.ranges[block]
        let buffer = Buffer(byteCount: range.count)
        try rows.file.readFully(at: range.lowerBound, into: buffer.mutableBytes)
        return try decoder.decode(buffer)
    }
}
