import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Sorts all rows of the task; with a limit it keeps only as many as it needs (top-N).
final class SortOperator: Operator {
    private let input: any Operator
    private let context: TaskContext
    private let keys: [SortKey]
    private let evaluator: Evaluator
    private let limit: Int?
    private let reservation: Reservation
    private var held: [Batch] = []
    private var heldRows = 0
    private var sorted: (rows: Batch, order: Buffer, count: Int)?
    private var given = 0

    /// Rows beyond the limit that a top-N gathers before it drops the surplus.
    static let topSlackRows = 65_536

    init(_ keys: [SortKey], limit: Int?, input: any Operator, context: TaskContext) throws {
        self.keys = keys
        self.limit = limit
        self.input = input
        self.context = context
        evaluator = try Evaluator(keys.map(\.expression), settings: context.settings)
        reservation = Reservation(context.resources.budget, owner: "Sort")
    }

    func next() throws -> Pull {
        while sorted == nil {
            let pull = try input.next()
            switch pull {
            case .blocked: return pull
            case .batch(let batch): try hold(batch)
            case .finished: try sort()
            }
        }
        guard let (rows, order, total) = sorted else { return .finished }
        let count = min(Limits.batchRows, total - given)
        guard count > 0 else { return .finished }
        let next = rows.gathered(order.pointer(as: UInt32.self) + given, count: count)
        given += count
        return .batch(next)
    }

    private func hold(_ batch: Batch) throws {
        try context.checkCancelled()
        held.append(batch)
        heldRows += batch.count
        if let limit, heldRows > limit + max(limit, SortOperator.topSlackRows) {
            try sort()
            if let (rows, order, count) = sorted {
                let kept = rows.gathered(order.pointer(as: UInt32.self), count: count)
                held = [Batch(columns: kept.columns.map { $0.compacted() }, count: count)]
                heldRows = count
            }
            sorted = nil
        }
        if limit == nil {
            try reservation.resize(to: reservation.bytes + batch.ownBytes)
        }
    }

    private func sort() throws {
        guard heldRows > 0 else {
            sorted = (Batch(columns: [], count: 0), Buffer(byteCount: 0), 0)
            return
        }
        let rows = Concat.batches(held)
        held = []
        let values = try evaluator.evaluate(rows)
        let order = SortKeys.sortedRows(
            columns: values, ascending: keys.map(\.ascending), nullsFirst: keys.map(\.nullsFirst),
            count: rows.count,
            limit: limit)
        sorted = (rows, order, min(limit ?? rows.count, rows.count))
    }
}
