import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Computes window functions over sorted rows. Whole partitions are computed together: rows are held until a
/// partition ends and enough of them are there.
///
///     holding ──enough rows, a partition has ended──▶ giving ──all given──▶ holding
///        └──input finished──▶ giving the rest ──▶ finished
final class WindowOperator: Operator {
    /// Rows that are gathered before their whole partitions are computed.
    static let chunkRows = 65_536

    private let plan: PhysicalWindow
    private let input: any Operator
    private let context: TaskContext
    private let evaluator: Evaluator
    private let calls: [WindowArguments]
    private let reservation: Reservation
    private var held: [Batch] = []
    private var heldRows = 0
    private var threshold = WindowOperator.chunkRows
    private var ready: Batch?
    private var given = 0
    private var isFinished = false

    init(_ plan: PhysicalWindow, input: any Operator, context: TaskContext) throws {
        self.plan = plan
        self.input = input
        self.context = context
        var expressions = plan.partition + plan.order.map(\.expression)
        calls = plan.calls.map { WindowArguments($0, expressions: &expressions) }
        evaluator = try Evaluator(expressions, settings: context.settings)
        reservation = Reservation(context.resources.budget, owner: "Window")
    }

    func next() throws -> Pull {
        while true {
            if let ready {
                let count = min(Limits.batchRows, ready.count - given)
                if count > 0 {
                    given += count
                    return .batch(ready.sliced(from: given - count, count: count))
                }
                self.ready = nil
            }
            if isFinished { return .finished }
            let pull = try input.next()
            switch pull {
            case .blocked: return pull
            case .finished:
                isFinished = true
                if heldRows > 0 { try compute(isLast: true) }
            case .batch(let batch):
                try context.checkCancelled()
                held.append(batch)
                heldRows += batch.count
                try reservation.resize(to: reservation.bytes + batch.ownBytes)
                if heldRows >= threshold, !plan.partition.isEmpty { try compute(isLast: false) }
            }
        }
    }

    /// Computes the held rows up to the last start of a partition, all of them at the end.
    private func compute(isLast: Bool) throws {
        let rows = Concat.batches(held)
        let keyCount = plan.partition.count
        var starts = WindowChunk.starts(
            keyCount == 0 ? [] : try evaluator.evaluate(rows).prefix(keyCount).map { $0 }, count: rows.count)
        if !isLast {
            starts.removeLast()
            let end = starts[starts.count - 1]
            held = [rows]
            if end == 0 {
                threshold = rows.count * 2
                return
            }
            held = [rows.sliced(from: end, count: rows.count - end)]
            heldRows = rows.count - end
            try give(rows.sliced(from: 0, count: end), starts)
        } else {
            held = []
            heldRows = 0
            try give(rows, starts)
        }
        threshold = WindowOperator.chunkRows
        try reservation.resize(to: held.reduce(0) { $0 + $1.ownBytes } + (ready?.ownBytes ?? 0))
    }

    private func give(_ rows: Batch, _ starts: [Int]) throws {
        let values = try evaluator.evaluate(rows)
        let first = plan.partition.count
        let order = Array(values[first..<(first + plan.order.count)])
        let chunk = WindowChunk(count: rows.count, starts: starts, order: order, keys: plan.order)
        var columns = rows.columns
        for call in calls { columns.append(try call.result(values, chunk)) }
        ready = Batch(columns: columns, count: rows.count)
        given = 0
    }
}

/// Places the arguments of one window function, and the values of its frame, among the operator's
/// expressions.
struct WindowArguments {
    let call: WindowCall
    private let first: Int
    private let start: Int
    private let end: Int

    init(_ call: WindowCall, expressions: inout [Expression]) {
        self.call = call
        first = expressions.count
        expressions += call.arguments
        start = expressions.count
        expressions += call.frame.start.expressions
        end = expressions.count
        expressions += call.frame.end.expressions
    }

    /// Returns the function's value for each row of the chunk.
    func result(_ values: [Vector], _ chunk: WindowChunk) throws -> Vector {
        let arguments = Array(values[first..<(first + call.arguments.count)])
        switch call.function {
        case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
            return WindowRanks.result(call, chunk)
        case "ntile":
            let buckets = arguments[0].scalar(at: 0)
            return WindowRanks.tiles(Int(truncatingIfNeeded: buckets.integerValue), chunk)
        case "lag", "lead": return WindowPicks.neighbour(call, arguments, chunk)
        default: break
        }
        let frames = WindowFrames(
            call.frame, chunk,
            start: call.frame.start.expressions.isEmpty ? nil : (values[start], values[start + 1]),
            end: call.frame.end.expressions.isEmpty ? nil : (values[end], values[end + 1]))
        switch call.function {
        case "first", "last", "any_value", "nth_value":
            return WindowPicks.result(call, arguments, frames, chunk)
        default: return try WindowAggregates.result(call, arguments, frames, chunk)
        }
    }
}
