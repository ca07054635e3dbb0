import Columns
import Memory
import Plans
import Shuffle
import Vocabulary

/// Gives the numbers of a range, this task's part of them.
final class RangeOperator: Operator {
    private let range: NumberRange
    /// Whether somebody reads the numbers, or only how many there are.
    private let hasColumn: Bool
    private let context: TaskContext
    private var rest: Range<Int64>

    init(_ range: NumberRange, schema: Schema, tasks: Int, context: TaskContext) {
        self.range = range
        self.context = context
        hasColumn = schema.count > 0
        rest = range.positions(task: context.fragment.taskIndex, of: tasks)
    }

    func next() throws -> Pull {
        try context.checkCancelled()
        let count = min(Limits.batchRows, rest.count)
        guard count > 0 else { return .finished }
        // Rows that are made come in as those that are read do: they show how far the stage is.
        context.counters.rowsIn.add(count, ordering: .relaxed)
        let first = range.number(at: rest.lowerBound)
        rest = (rest.lowerBound + Int64(count))..<rest.upperBound
        if !hasColumn { return .batch(Batch(columns: [], count: count)) }
        let values = Buffer(byteCount: count * 8)
        let numbers = values.pointer(as: Int64.self)
        let step = range.step
        var number = first
        var at = 0
        while at < count {
            numbers[at] = number
            number = number &+ step
            at &+= 1
        }
        return .batch(Batch(columns: [.flat(.int64, count: count, values: values)], count: count))
    }
}
