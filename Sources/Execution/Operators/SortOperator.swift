import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Sorts all rows of the task; with a limit it keeps only as many as it needs (top-N). What does not fit in
/// memory goes to disk in sorted runs, which are merged.
///
///     holding ──input finished──▶ giving what is held, sorted ───────────▶ finished
///        │ ▲                                                                   ▲
///        ▼ │ memory is short                                                   │
///     writing a run ──input finished──▶ merging the runs ──────────────────────┘
final class SortOperator: Operator {
    private enum Phase { case holding, giving(Batch, order: Buffer, count: Int), merging, finished }

    private let input: any Operator
    private let context: TaskContext
    private let keys: [SortKey]
    private let evaluator: Evaluator
    private let limit: Int?
    private let reservation: Reservation
    private let runs: SortedRuns
    /// Bytes that sorting takes for each row beside the row: its key, and two lists of keys and row numbers.
    private let entryBytes: Int
    private var held = HeldRows()
    private var phase = Phase.holding
    private var given = 0
    /// Merged rows, of which `given` were given.
    private var merged: Batch?

    /// Rows beyond the limit that a top-N gathers before it drops the surplus.
    static let topSlackRows = 65_536
    /// Bytes that are held however short memory is: shorter runs would be too many.
    static let leastRunBytes = 2 << 20

    init(_ keys: [SortKey], limit: Int?, schema: Schema, input: any Operator, context: TaskContext) throws {
        self.keys = keys
        self.limit = limit
        self.input = input
        self.context = context
        evaluator = try Evaluator(keys.map(\.expression), settings: context.settings)
        reservation = context.reservation(for: "Sort")
        runs = SortedRuns(keys, schema: schema, limit: limit, context: context)
        entryBytes =
            SortKeyEncoder(
                types: keys.map(\.expression.type), ascending: keys.map(\.ascending),
                nullsFirst: keys.map(\.nullsFirst)
            ).entryBytes
    }

    func next() throws -> Pull {
        while true {
            switch phase {
            case .finished: return .finished
            case .holding:
                let pull = try input.next()
                switch pull {
                case .blocked: return pull
                case .batch(let batch): try hold(batch)
                case .finished: try begin()
                }
            case .giving(let rows, let order, let total):
                let count = min(Limits.batchRows, total - given)
                guard count > 0 else {
                    phase = .finished
                    continue
                }
                let next = rows.gathered(order.pointer(as: UInt32.self) + given, count: count)
                given += count
                return .batch(next)
            case .merging:
                if let batch = try nextMerged() { return .batch(batch) }
                phase = .finished
                _ = reservation.tryResize(to: 0)
            }
        }
    }

    private func hold(_ batch: Batch) throws {
        try context.checkCancelled()
        held.append(batch)
        if let limit, held.count > limit + max(limit, SortOperator.topSlackRows) {
            let (rows, _, order, count) = try sort()
            let kept = rows.gathered(order.pointer(as: UInt32.self), count: count)
            held.append(kept.compacted())
        }
        // Sorting puts the rows together in one batch beside those that are held.
        let wanted = held.bytes + held.rowBytes + held.count * entryBytes
        if !reservation.tryResize(to: wanted), held.bytes >= SortOperator.leastRunBytes { try writeRun() }
    }

    /// Returns the held rows as one batch with their keys, the order of the first `count` of them, and
    /// forgets them.
    private func sort() throws -> (rows: Batch, keys: [Vector], order: Buffer, count: Int) {
        let rows = held.takeAll()
        let values = try evaluator.evaluate(rows)
        let order = SortKeys.sortedRows(
            columns: values, ascending: keys.map(\.ascending), nullsFirst: keys.map(\.nullsFirst),
            count: rows.count, limit: limit)
        return (rows, values, order, min(limit ?? rows.count, rows.count))
    }

    private func writeRun() throws {
        let (rows, values, order, count) = try sort()
        try runs.append(rows, keys: values, order: order.pointer(as: UInt32.self), count: count)
        _ = reservation.tryResize(to: 0)
    }

    /// Begins to give rows.
    private func begin() throws {
        if runs.isEmpty {
            guard held.count > 0 else {
                phase = .finished
                return
            }
            let (rows, _, order, count) = try sort()
            phase = .giving(rows, order: order, count: count)
            return
        }
        if held.count > 0 { try writeRun() }
        // The merge takes this much whether it is granted or not: it has to end.
        _ = reservation.tryResize(to: SortedRuns.fanIn * SortedRuns.blockBytes)
        phase = .merging
    }

    private func nextMerged() throws -> Batch? {
        if merged.map({ $0.count == given }) ?? true {
            merged = try runs.next()
            given = 0
        }
        guard let rows = merged else { return nil }
        let count = min(Limits.batchRows, rows.count - given)
        given += count
        return rows.sliced(from: given - count, count: count)
    }
}
