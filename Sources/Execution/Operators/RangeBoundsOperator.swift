import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle

/// Gives, from sampled sort keys, the rows that bound `partitions` ranges of about equal size.
final class RangeBoundsOperator: Operator {
    private let input: any Operator
    private let keys: [SortKey]
    private let partitions: Int
    private let evaluator: Evaluator
    private var held: [Batch] = []
    private var isFinished = false

    init(_ keys: [SortKey], partitions: Int, input: any Operator, context: TaskContext) throws {
        self.input = input
        self.keys = keys
        self.partitions = partitions
        evaluator = try Evaluator(keys.map(\.expression), settings: context.settings)
    }

    func next() throws -> Pull {
        while !isFinished {
            let pull = try input.next()
            switch pull {
            case .blocked: return pull
            case .batch(let batch): held.append(batch)
            case .finished:
                isFinished = true
                if let bounds = try bounds() { return .batch(bounds) }
            }
        }
        return .finished
    }

    private func bounds() throws -> Batch? {
        guard !held.isEmpty, partitions > 1 else { return nil }
        let rows = Concat.batches(held)
        let order = SortKeys.sortedRows(
            columns: try evaluator.evaluate(rows), ascending: keys.map(\.ascending),
            nullsFirst: keys.map(\.nullsFirst), count: rows.count, limit: nil)
        let picked = Buffer(byteCount: partitions * 4)
        for i in 1..<partitions {
            let at = min(rows.count - 1, i * rows.count / partitions)
            picked.pointer(as: UInt32.self)[i - 1] = order.pointer(as: UInt32.self)[at]
        }
        return rows.gathered(picked.pointer(as: UInt32.self), count: partitions - 1)
    }
}
