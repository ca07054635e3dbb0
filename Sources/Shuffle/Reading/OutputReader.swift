import Columns
import Formats
import Memory
import Vocabulary

/// Walks through partitions of an output of this process: batches by reference, blocks decoded on the
/// caller's thread. One thread at a time.
final class OutputReader {
    private let output: ShuffleOutput
    private let decoder: ColumnBlockDecoder
    private var partitions: Range<Int>
    /// Position in the partition that is read: of a batch or a block.
    private var index = 0
    private(set) var bytesRead = 0

    init(_ output: ShuffleOutput, partitions: Range<Int>, schema: Schema) {
        self.output = output
        self.partitions = partitions.clamped(to: 0..<output.partitions.count)
        decoder = ColumnBlockDecoder(schema: schema)
    }

    /// Returns the next batch, or nil at the end. Throws `FetchFailure` for a block that is damaged even when
    /// read twice.
    func next() throws -> Batch? {
        while let partition = partitions.first {
            switch output.partitions[partition] {
            case .batches(let batches):
                if index == 0 { bytesRead += output.partitionBytes[partition] }
                if index < batches.count {
                    index += 1
                    return batches[index - 1]
                }
            case .blocks(let blocks):
                if index < blocks.count {
                    index += 1
                    bytesRead += blocks[index - 1].byteCount
                    return try decode { blocks[index - 1] }
                }
            case .file(let file, let ranges):
                if index < ranges.count {
                    index += 1
                    bytesRead += ranges[index - 1].count
                    return try decode { try file.block(ranges[index - 1]) }
                }
            }
            partitions = (partition + 1)..<partitions.upperBound
            index = 0
        }
        return nil
    }

    private func decode(_ read: () throws -> Buffer) throws -> Batch {
        if let batch = try? decoder.decode(try read()) { return batch }
        do {
            return try decoder.decode(try read())
        } catch let error as EngineError {
            throw FetchFailure(producer: output.attempt, error: error)
        }
    }
}

extension SpillFile {
    /// Reads a stretch of the file into new memory.
    func block(_ range: Range<Int>) throws(EngineError) -> Buffer {
        let buffer = Buffer(byteCount: range.count)
        try readFully(at: range.lowerBound, into: buffer.mutableBytes)
        return buffer
    }
}

extension FetchFailure {
    /// Says that the process that should hold an output does not.
    static func missing(_ attempt: AttemptID, at address: String) -> FetchFailure {
        FetchFailure(
            producer: attempt,
            error: .system(
                "SHUFFLE_OUTPUT_MISSING", "The output of task \(attempt) is no longer on worker \(address)"))
    }

    /// Says that what lies under an output's name is another output.
    static func mismatched(_ address: OutputAddress) -> FetchFailure {
        FetchFailure(
            producer: address.attempt,
            error: .system(
                "SHUFFLE_OUTPUT_CHANGED",
                "The output of task \(address.attempt) on worker \(address.address) is not what "
                    + "its task reported"
            ))
    }
}
