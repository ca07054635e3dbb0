import Columns
import Functions
import Kernels
import Memory
import Plans
import Shuffle
import Vocabulary

/// Computes window functions over sorted rows. Whole partitions are computed together: rows are held until a
/// partition ends and enough of them are there. A partition that memory has no room for goes to disk, and
/// its rows are read again while the functions pass over them.
///
///     holding ──enough rows, a partition has ended──▶ giving ──all given──▶ holding
///      │  └──input finished──▶ giving the rest ──▶ finished
///      └──one partition, memory is short──▶ storing ──it has ended──▶ reading ──all given──▶ holding
final class WindowOperator: Operator {
    /// Rows that are gathered before their whole partitions are computed.
    static let chunkRows = 65_536
    /// Bytes that are held however short memory is.
    static let leastBytes = 1 << 20

    private let plan: PhysicalWindow
    private let input: any Operator
    private let context: TaskContext
    /// The partition's values, to tell partitions apart.
    private let partitionKeys: Evaluator
    /// The order's values, then those that the calls need.
    private let evaluator: Evaluator
    private let calls: [WindowArguments]
    private let layout: PartitionLayout
    private let reservation: Reservation
    /// Bytes that computing takes for each row beside the row: results, frames, and values.
    private let resultBytes: Int
    private var held = HeldRows()
    private var threshold = WindowOperator.chunkRows
    private var ready: Batch?
    private var given = 0
    private var isInputFinished = false
    /// The partition that goes to disk, and its values.
    private var storing: (partition: PartitionOnDisk, key: [Vector])?
    private var reading: PartitionReader?
    /// Rows that come after the partition on disk.
    private var following: Batch?

    init(_ plan: PhysicalWindow, input: any Operator, context: TaskContext) throws {
        self.plan = plan
        self.input = input
        self.context = context
        var expressions = plan.order.map(\.expression)
        calls = plan.calls.map { WindowArguments($0, expressions: &expressions) }
        partitionKeys = try Evaluator(plan.partition, settings: context.settings)
        evaluator = try Evaluator(expressions, settings: context.settings)
        layout = PartitionLayout(input: plan.input.schema, expressions: expressions)
        reservation = context.reservation(for: "Window")
        resultBytes =
            plan.calls.reduce(8) { $0 + $1.type.physical.width + 12 }
            + layout.computed.reduce(0) { $0 + expressions[$1].type.physical.width }
    }

    func next() throws -> Pull {
        while true {
            if let batch = nextReady() { return .batch(batch) }
            if let batch = try reading?.next() {
                give(batch)
                continue
            }
            reading = nil
            if let batch = following {
                following = nil
                try take(batch)
                continue
            }
            if isInputFinished {
                if held.count == 0, storing == nil { return .finished }
                try finish()
                continue
            }
            let pull = try input.next()
            switch pull {
            case .blocked: return pull
            case .finished: isInputFinished = true
            case .batch(let batch):
                try context.checkCancelled()
                try take(batch)
            }
        }
    }

    private func nextReady() -> Batch? {
        guard let batch = ready else { return nil }
        let count = min(Limits.batchRows, batch.count - given)
        given += count
        if given == batch.count {
            ready = nil
            _ = reservation.tryResize(to: min(reservation.bytes, held.bytes))
        }
        return batch.sliced(from: given - count, count: count)
    }

    private func give(_ batch: Batch) {
        ready = batch
        given = 0
    }

    private func take(_ batch: Batch) throws {
        if storing != nil { try store(batch) } else { try hold(batch) }
    }

    private func finish() throws {
        if let partition = storing?.partition { return try beginReading(partition) }
        try compute(isLast: true)
    }

    // MARK: - In memory

    private func hold(_ batch: Batch) throws {
        held.append(batch)
        // Computing puts the rows together in one batch beside those that are held.
        let wanted = held.bytes + held.rowBytes + held.count * resultBytes
        let isShort = !reservation.tryResize(to: wanted) && held.bytes >= WindowOperator.leastBytes
        if isShort, let key = try onlyPartition() { return try beginStoring(key) }
        if isShort || held.count >= threshold && !plan.partition.isEmpty { try compute(isLast: false) }
    }

    /// Returns the values of the partition that all held rows belong to, or nil where they are of several.
    private func onlyPartition() throws -> [Vector]? {
        guard let first = held.batches.first, let last = held.batches.last else { return nil }
        let begin = try partitionKeys.evaluate(first.sliced(from: 0, count: 1))
        let end = try partitionKeys.evaluate(last.sliced(from: last.count - 1, count: 1))
        return WindowChunk.isSame(begin, 0, end, 0) ? end : nil
    }

    /// Computes the held rows up to the last start of a partition, all of them at the end.
    private func compute(isLast: Bool) throws {
        let rows = held.takeAll()
        var starts = WindowChunk.starts(try partitionKeys.evaluate(rows), count: rows.count)
        threshold = WindowOperator.chunkRows
        if isLast { return try compute(rows, starts) }
        starts.removeLast()
        let end = starts[starts.count - 1]
        if end == 0 {
            threshold = rows.count * 2
            held.append(rows)
        } else {
            held.append(rest(of: rows, from: end))
            try compute(rows.sliced(from: 0, count: end), starts)
        }
    }

    /// Returns the last rows; few of them as a copy, so that they keep neither the other rows in memory nor
    /// the text of these.
    private func rest(of rows: Batch, from: Int) -> Batch {
        let count = rows.count - from
        if count * 4 >= rows.count {
            return rows.sliced(from: from, count: count).compacted()
        }
        let list = Buffer(byteCount: max(count * 4, 4))
        defer { withExtendedLifetime(list) {} }
        let numbers = list.pointer(as: UInt32.self)
        var row = 0
        while row < count {
            numbers[row] = UInt32(truncatingIfNeeded: from &+ row)
            row &+= 1
        }
        return rows.gathered(numbers, count: count).compacted()
    }

    private func compute(_ rows: Batch, _ starts: [Int]) throws {
        let values = try evaluator.evaluate(rows)
        let order = Array(values[0..<plan.order.count])
        let chunk = WindowChunk(count: rows.count, starts: starts, order: order, keys: plan.order)
        var columns = rows.columns
        for call in calls { columns.append(try call.result(values, chunk, context)) }
        give(Batch(columns: columns, count: rows.count))
    }

    // MARK: - On disk

    /// Writes the held rows, all of one partition.
    private func beginStoring(_ key: [Vector]) throws {
        let partition = try PartitionOnDisk(
            layout, order: plan.order.indices.map { layout.positions[$0] }, context: context)
        storing = (partition, key)
        for batch in held.batches { try partition.append(batch, values: try evaluator.evaluate(batch)) }
        held = HeldRows()
        threshold = WindowOperator.chunkRows
        _ = reservation.tryResize(to: 0)
        _ = reservation.tryResize(to: WindowOperator.leastBytes)
    }

    /// Writes the rows of the partition that goes to disk, and keeps those of the next one.
    private func store(_ batch: Batch) throws {
        guard let (partition, key) = storing else { return }
        let keys = try partitionKeys.evaluate(batch)
        var end = batch.count
        if !WindowChunk.isSame(keys, end - 1, key, 0) {
            end = 0
            while WindowChunk.isSame(keys, end, key, 0) { end += 1 }
        }
        if end > 0 {
            let rows = batch.sliced(from: 0, count: end)
            try partition.append(rows, values: try evaluator.evaluate(rows))
        }
        guard end < batch.count else { return }
        following = batch.sliced(from: end, count: batch.count - end)
        try beginReading(partition)
    }

    private func beginReading(_ partition: PartitionOnDisk) throws {
        try partition.finish()
        storing = nil
        reading = PartitionReader(
            partition, try calls.map { try $0.onDisk(partition, order: plan.order, context) },
            order: plan.order.indices.map { layout.positions[$0] })
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
    func result(_ values: [Vector], _ chunk: WindowChunk, _ context: TaskContext) throws -> Vector {
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
        default: return try WindowAggregates.result(call, arguments, frames, chunk, context)
        }
    }

    /// Returns the function over the rows of a partition on disk, which is not empty.
    func onDisk(
        _ partition: PartitionOnDisk, order: [SortKey], _ context: TaskContext
    ) throws -> any DiskWindowFunction {
        let positions = partition.layout.positions
        let columns = call.arguments.indices.map { positions[first + $0] }
        // Numbers that say how to compute are the same in all rows.
        let head = try partition.rows.read(0)
        func number(_ argument: Int, orElse other: Int) -> Int {
            argument < columns.count
                ? Int(truncatingIfNeeded: head.columns[columns[argument]].scalar(at: 0).integerValue) : other
        }
        switch call.function {
        case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
            return DiskRanks(call, buckets: 1)
        case "ntile": return DiskRanks(call, buckets: number(0, orElse: 1))
        case "lag", "lead":
            let hasDefault = columns.count > 2 && call.arguments[2].type != .null
            return DiskNeighbours(
                call, column: columns[0], distance: number(1, orElse: 1),
                default: hasDefault ? columns[2] : nil, context)
        default: break
        }
        let frames = DiskFrames(
            call.frame, partition, keys: order,
            startColumns: call.frame.start.expressions.indices.map { positions[start + $0] },
            endColumns: call.frame.end.expressions.indices.map { positions[end + $0] })
        switch call.function {
        case "first", "last", "any_value", "nth_value":
            let place = call.function == "nth_value" ? number(1, orElse: 1) : 1
            return DiskPicks(call, column: columns[0], place: place, frames, context)
        default: return DiskAggregate(call, columns: columns, frames, context)
        }
    }
}
