import Columns
import Plans
import Shuffle
import Vocabulary

/// Reads what an earlier stage wrote for this task.
final class ShuffleReadOperator: Operator {
    private let stream: any ShuffleStream
    private let context: TaskContext
    private var counted = 0

    init(_ read: ShuffleRead, context: TaskContext) throws {
        guard let outputs = context.inputs[read.stage] else {
            throw EngineError.internal("the task was given no outputs of stage \(read.stage)")
        }
        self.context = context
        let task = context.fragment.taskIndex
        var ordered = false
        let parts: [(output: OutputAddress, partitions: Range<Int>)]
        switch read.mode {
        case .partition: parts = outputs.map { ($0, task..<(task + 1)) }
        case .partitionRanges(let ranges):
            parts = task < ranges.count ? outputs.map { ($0, ranges[task]) } : []
        case .slices(let slices):
            let slice = task < slices.count ? slices[task] : ShuffleSlice(partitions: 0..<0, producers: 0..<0)
            parts = outputs[slice.producers.clamped(to: outputs.indices)].map { ($0, slice.partitions) }
        case .sameTask(let partition):
            parts = task < outputs.count ? [(outputs[task], partition..<(partition + 1))] : []
        case .all(let partition):
            parts = outputs.map { ($0, partition..<(partition + 1)) }
            ordered = true
        }
        stream = context.resources.shuffle.read(parts, schema: read.schema, ordered: ordered)
    }

    func next() throws -> Pull {
        try context.checkCancelled()
        let pull = try stream.next()
        context.counters.bytesIn.add(stream.bytesRead - counted, ordering: .relaxed)
        counted = stream.bytesRead
        if case .batch(let batch) = pull { context.counters.rowsIn.add(batch.count, ordering: .relaxed) }
        return pull
    }
}
