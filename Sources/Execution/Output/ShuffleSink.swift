import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Deals a task's rows out to partitions and hands them to the worker's shuffle store.
final class ShuffleSink: TaskSink {
    private let context: TaskContext
    private let builder: ShuffleOutputBuilder
    private let partitionCount: Int
    private let partitioner: (any Partitioner)?
    private let sampler: KeySampler?
    private var held: [Batch] = []
    private var heldRows = 0
    private var heldBytes = 0
    /// Bytes of rows, with their text, that are dealt out at once at most: a small part of what the worker
    /// has.
    private let mostHeldBytes: Int

    /// Rows per partition that are gathered before a batch is dealt out, so that partitions get whole
    /// batches.
    static let gatheredRows = 1024
    /// Most rows gathered.
    static let mostGatheredRows = 131_072

    init(_ partitioning: Partitioning, schema: Schema, bounds: Batch?, context: TaskContext) throws {
        self.context = context
        mostHeldBytes = max(1 << 20, context.resources.budget.limitBytes / 64)
        partitionCount = partitioning.partitionCount
        builder = ShuffleOutputBuilder(
            attempt: context.attempt, schema: schema, partitions: partitionCount,
            resources: context.resources, meter: context.counters)
        var sampler: KeySampler?
        switch partitioning {
        case .hash(let keys, let count):
            partitioner =
                count == 1 ? nil : try HashPartitioner(keys, partitions: count, settings: context.settings)
        case .range(let keys, let count, _):
            partitioner =
                count == 1 ? nil : try RangePartitioner(keys, bounds: bounds, settings: context.settings)
        case .roundRobin(let count):
            partitioner =
                count == 1 ? nil : RoundRobinPartitioner(partitions: count, first: context.fragment.taskIndex)
        case .rowsAndSample(let keys):
            partitioner = nil
            sampler = try KeySampler(keys, settings: context.settings)
        case .broadcast, .single, .shared: partitioner = nil
        }
        self.sampler = sampler
    }

    func write(_ batch: Batch) throws {
        context.counters.rowsOut.add(batch.count, ordering: .relaxed)
        guard partitioner != nil else {
            if let sample = try sampler?.sample(batch) { try builder.add(sample, to: 1) }
            return try builder.add(batch, to: 0)
        }
        held.append(batch)
        heldRows += batch.count
        heldBytes += batch.ownBytes + batch.textBytes
        let enough = min(partitionCount * ShuffleSink.gatheredRows, ShuffleSink.mostGatheredRows)
        if heldRows >= enough || heldBytes >= mostHeldBytes { try deal() }
    }

    private func deal() throws {
        guard let partitioner, heldRows > 0 else { return }
        let batch = held.count == 1 ? held[0] : Concat.batches(held)
        held = []
        heldRows = 0
        heldBytes = 0
        let count = batch.count
        let assigned = Buffer(byteCount: count * 4)
        let partitionOfRow = assigned.pointer(as: UInt32.self)
        try partitioner.assign(batch, into: partitionOfRow)
        try RowsByGroup(partitionOfRow, count: count, groupCount: partitionCount).forEach {
            partition, rows, size in
            try builder.add(size == count ? batch : batch.gathered(rows, count: size), to: partition)
        }
    }

    func finish() throws -> TaskResult {
        try deal()
        let output = try builder.finish()
        context.resources.store.put(output)
        context.counters.bytesOut.add(output.byteCount, ordering: .relaxed)
        return TaskResult(
            rows: output.rowCount, bytes: output.byteCount, partitionBytes: output.partitionBytes,
            checksum: output.checksum)
    }

    func abort() {
        held = []
        builder.abort()
    }
}

/// Takes evenly spread rows of a task's output, as the values of its sort keys.
final class KeySampler {
    private let evaluator: Evaluator

    /// One row of this many is taken, and at least one of each batch.
    static let spacing = 256

    init(_ keys: [SortKey], settings: SessionSettings) throws {
        evaluator = try Evaluator(keys.map(\.expression), settings: settings)
    }

    func sample(_ batch: Batch) throws -> Batch {
        let count = (batch.count + KeySampler.spacing - 1) / KeySampler.spacing
        let picked = Buffer(byteCount: count * 4)
        let rows = picked.pointer(as: UInt32.self)
        for i in 0..<count { rows[i] = UInt32(i * KeySampler.spacing) }
        let sample = batch.gathered(rows, count: count)
        return Batch(columns: try evaluator.evaluate(sample), count: count)
    }
}
