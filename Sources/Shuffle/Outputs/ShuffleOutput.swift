import Columns
import Memory
import Vocabulary

/// Holds one partition of a task's output.
package enum PartitionData: Sendable {
    /// Rows as they came, handed over by reference inside the process.
    case batches([Batch])
    /// Encoded column blocks, ready to be sent.
    case blocks([Buffer])
    /// Encoded column blocks in the output's file: where each one lies.
    case file(SpillFile, [Range<Int>])
}

/// Tells where one encoded block lies.
enum BlockPlace {
    case memory(Buffer)
    case file(SpillFile, Range<Int>)

    var byteCount: Int {
        switch self {
        case .memory(let buffer): buffer.byteCount
        case .file(_, let range): range.count
        }
    }
}

/// Holds all that one attempt of a task wrote for its readers. Does not change after it was made.
package final class ShuffleOutput: Sendable {
    package let attempt: AttemptID
    package let schema: Schema
    package let partitions: [PartitionData]
    /// Rows of each partition; empty for an output that another worker made.
    package let partitionRows: [Int]
    /// Bytes of each partition: encoded where it is encoded, else as retained in memory.
    package let partitionBytes: [Int]
    /// Checksum over the sizes of all partitions and blocks: a reader knows by it that it reads this output.
    package let checksum: UInt64
    /// Memory of the output, given back to the budget with it.
    private let memory: OutputMemory?

    package init(
        attempt: AttemptID, schema: Schema, partitions: [PartitionData], partitionRows: [Int],
        partitionBytes: [Int], memory: OutputMemory? = nil
    ) {
        self.attempt = attempt
        self.schema = schema
        self.partitions = partitions
        self.partitionRows = partitionRows
        self.partitionBytes = partitionBytes
        self.memory = memory
        var hash = SizeHash()
        for (index, partition) in partitions.enumerated() {
            hash.add(partitionRows[index])
            hash.add(partitionBytes[index])
            switch partition {
            case .batches: break
            case .blocks(let blocks): for block in blocks { hash.add(block.byteCount) }
            case .file(_, let ranges): for range in ranges { hash.add(range.count) }
            }
        }
        checksum = hash.value
    }

    /// Holds an output that another worker made, under the checksum that its producer reported.
    init(
        adopted output: OutputAddress, partitions: [PartitionData], partitionBytes: [Int],
        memory: OutputMemory?
    ) {
        attempt = output.attempt
        checksum = output.checksum
        schema = Schema([])
        self.partitions = partitions
        partitionRows = []
        self.partitionBytes = partitionBytes
        self.memory = memory
    }

    package var rowCount: Int { partitionRows.reduce(0, +) }
    package var byteCount: Int { partitionBytes.reduce(0, +) }

    /// Returns where the encoded blocks of some partitions lie, in order. Throws when partitions are held as
    /// batches, or there are no such partitions.
    func places(of range: Range<Int>) throws(EngineError) -> [BlockPlace] {
        guard range.upperBound <= partitions.count else {
            throw .internal("partitions \(range) of \(partitions.count) of output \(attempt) were asked for")
        }
        var places: [BlockPlace] = []
        for partition in partitions[range] {
            switch partition {
            case .batches(let batches):
                if batches.isEmpty { continue }
                throw .internal("output \(attempt) is held by reference and cannot be sent")
            case .blocks(let blocks): for block in blocks { places.append(.memory(block)) }
            case .file(let file, let ranges): for range in ranges { places.append(.file(file, range)) }
            }
        }
        return places
    }
}

/// Folds sizes into 64 bits; never 0, which stands for no checksum. FNV-1a over whole words.
struct SizeHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ size: Int) {
        value = (value ^ UInt64(bitPattern: Int64(size))) &* 0x100_0000_01B3
        value ^= value >> 32
        if value == 0 { value = 1 }
    }
}
