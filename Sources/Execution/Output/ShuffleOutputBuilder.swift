import Columns
import Formats
import Kernels
import Memory
import Shuffle
import Vocabulary

/// Gathers a task's partitions: batches by reference when the readers share the process, else column blocks,
/// in memory while they fit in the budget and in one file beyond.
///
///     by reference ──no memory──▶ blocks in the file
///     blocks in memory ──no memory──▶ blocks in the file
///
/// One thread at a time.
final class ShuffleOutputBuilder {
    private struct Partition {
        /// Rows that are not encoded.
        var batches: [Batch] = []
        var pendingRows = 0
        /// Bytes of those rows: of memory that they alone take, and with their text, as a block holds it.
        var ownBytes = 0
        var pendingBytes = 0
        var blocks: [Buffer] = []
        var ranges: [Range<Int>] = []
        var rows = 0
        var bytes = 0
    }

    private let attempt: AttemptID
    private let schema: Schema
    private let resources: WorkerResources
    private let meter: TaskMeter
    private let encoder: ColumnBlockEncoder
    private let memory: OutputMemory
    private var partitions: [Partition]
    private var file: SpillFile?
    /// Whether rows are encoded: from the start, or since memory ran short.
    private var encodes: Bool
    /// Memory taken for rows that are not encoded, and for blocks.
    private var pendingBytes = 0
    private var blockBytes = 0
    /// String memory: partitions share it that are dealt from one batch. It is given back when no partition
    /// has rows that are not encoded, at the latest when `pendingLimitBytes` have been taken.
    private var shared = SharedBytes()
    /// Partitions that have rows which are not encoded.
    private var waitingPartitions = 0
    /// Bytes of rows not encoded, over all partitions and with the text that they share, at which all are.
    private let pendingLimitBytes: Int

    /// Rows and bytes at which a partition's rows become a block.
    static let blockRows = 65_536
    static let blockTargetBytes = 1 << 20
    /// Most and least that `pendingLimitBytes` is; between them it is a part of the worker's budget.
    static let pendingBytesRange = (4 << 20)...(64 << 20)
    static let pendingShare = 16

    init(attempt: AttemptID, schema: Schema, partitions: Int, resources: WorkerResources, meter: TaskMeter) {
        self.attempt = attempt
        self.schema = schema
        self.resources = resources
        self.meter = meter
        encoder = ColumnBlockEncoder(schema: schema)
        memory = OutputMemory(budget: resources.budget)
        self.partitions = Array(repeating: Partition(), count: partitions)
        encodes = resources.encodesShuffle
        let range = Self.pendingBytesRange
        pendingLimitBytes = min(
            max(resources.budget.limitBytes / Self.pendingShare, range.lowerBound), range.upperBound)
    }

    /// Appends a batch to a partition. Throws `SPILL_FAILED` (system).
    func add(_ batch: Batch, to partition: Int) throws {
        let ownBytes = batch.ownBytes
        let bytes = ownBytes + shared.newBytes(of: batch)
        let hasMemory = memory.tryGrow(by: bytes)
        if partitions[partition].batches.isEmpty { waitingPartitions += 1 }
        if hasMemory {
            pendingBytes += bytes
            partitions[partition].ownBytes += ownBytes
        }
        partitions[partition].batches.append(batch)
        partitions[partition].rows += batch.count
        partitions[partition].pendingRows += batch.count
        partitions[partition].pendingBytes += ownBytes + batch.textBytes
        if !encodes { partitions[partition].bytes += ownBytes }
        if !hasMemory { return try spill() }
        guard encodes else { return }
        if partitions[partition].pendingRows >= Self.blockRows
            || partitions[partition].pendingBytes >= Self.blockTargetBytes
        {
            try encode(partition)
        }
        if pendingBytes >= pendingLimitBytes { try encodeAll() }
    }

    // MARK: - Encoding

    /// Turns a partition's rows into blocks, and gives back what no rows take any more.
    private func encode(_ index: Int) throws {
        let batches = partitions[index].batches
        guard !batches.isEmpty else { return }
        for batch in pieces(Concat.batches(batches), bytes: partitions[index].pendingBytes) {
            for block in try encoder.encode(batch) { try keep(block, in: index) }
        }
        waitingPartitions -= 1
        giveBack(waitingPartitions == 0 ? pendingBytes : partitions[index].ownBytes)
        if waitingPartitions == 0 { shared.forget() }
        partitions[index].batches = []
        partitions[index].pendingRows = 0
        partitions[index].ownBytes = 0
        partitions[index].pendingBytes = 0
    }

    private func giveBack(_ bytes: Int) {
        memory.shrink(by: bytes)
        pendingBytes -= bytes
    }

    /// Cuts a batch of about so many bytes so that each piece has a good size for a block.
    private func pieces(_ batch: Batch, bytes: Int) -> [Batch] {
        let byRows = (batch.count + Self.blockRows - 1) / Self.blockRows
        let pieceCount = min(max(byRows, bytes / (2 * Self.blockTargetBytes)), batch.count)
        if pieceCount <= 1 { return [batch] }
        let size = (batch.count + pieceCount - 1) / pieceCount
        return stride(from: 0, to: batch.count, by: size).map { from in
            batch.sliced(from: from, count: min(size, batch.count - from))
        }
    }

    private func keep(_ block: Buffer, in index: Int) throws {
        partitions[index].bytes += block.byteCount
        if file == nil, memory.tryGrow(by: block.byteCount) {
            blockBytes += block.byteCount
            partitions[index].blocks.append(block)
            return
        }
        try moveBlocks()
        partitions[index].ranges.append(try append(block))
    }

    private func encodeAll() throws {
        for index in partitions.indices { try encode(index) }
    }

    // MARK: - Spilling

    /// Encodes all rows and moves all blocks to the file: memory has run short.
    private func spill() throws {
        if !encodes {
            encodes = true
            for index in partitions.indices { partitions[index].bytes = 0 }
        }
        try moveBlocks()
        try encodeAll()
    }

    /// Moves the blocks in memory to the file, partition by partition.
    private func moveBlocks() throws {
        if file == nil { file = try SpillFile(directory: resources.spillDirectory) }
        guard blockBytes > 0 else { return }
        for index in partitions.indices {
            for block in partitions[index].blocks { partitions[index].ranges.append(try append(block)) }
            partitions[index].blocks = []
        }
        memory.shrink(by: blockBytes)
        blockBytes = 0
    }

    private func append(_ block: Buffer) throws -> Range<Int> {
        guard let file else { throw EngineError.internal("a shuffle output was spilled without a file") }
        meter.spillBytes.add(block.byteCount, ordering: .relaxed)
        return try file.append(block.bytes)
    }

    // MARK: - End

    /// Returns the whole output; the builder may not be used afterwards.
    func finish() throws -> ShuffleOutput {
        if encodes { try encodeAll() }
        let data: [PartitionData] = partitions.map { partition in
            if let file { return .file(file, partition.ranges) }
            return encodes ? .blocks(partition.blocks) : .batches(partition.batches)
        }
        return ShuffleOutput(
            attempt: attempt, schema: schema, partitions: data, partitionRows: partitions.map(\.rows),
            partitionBytes: partitions.map(\.bytes), memory: memory)
    }

    /// Forgets everything.
    func abort() {
        partitions = []
        file = nil
        shared.forget()
        giveBack(pendingBytes)
        memory.shrink(by: blockBytes)
        blockBytes = 0
    }
}
