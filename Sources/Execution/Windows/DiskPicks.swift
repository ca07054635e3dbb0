import Columns
import Kernels
import Memory
import Plans

/// Keeps the values of a column of a partition on disk that are not null, and how many of them are before
/// each block, for functions that pass nulls over.
private final class PresentValues {
    let rows: NumberedRows
    private let column: Int
    private let partition: PartitionOnDisk
    /// For each block the number of values before it; at the end that of all.
    private(set) var before = [0]

    init(_ partition: PartitionOnDisk, column: Int, context: TaskContext) throws {
        self.partition = partition
        self.column = column
        rows = try NumberedRows(schema: Schema([partition.layout.schema[column]]), context: context)
        for block in 0..<partition.rows.blockCount {
            let values = try partition.rows.read(block).columns[column].flattened()
            let present = Selecting.selectTrue(Logic.isNull(values, null: false, count: values.count))
            if present.count > 0 {
                let kept = values.gathered(present.rows, count: present.count)
                try rows.append(Batch(columns: [kept], count: present.count))
            }
            before.append(rows.count)
        }
    }

    /// Counts the values before rows that mostly rise.
    final class Counter {
        private let present: PresentValues
        private let cursor: RowCursor
        /// For each row of the cursor's block the number of values before it.
        private var counts: [Int] = []

        init(_ present: PresentValues) {
            self.present = present
            cursor = RowCursor(present.partition.rows)
        }

        /// Returns how many values are before `row`, which may be one past the last.
        func before(_ row: Int) throws -> Int {
            if row >= present.partition.count { return present.rows.count }
            if row < cursor.first || row >= cursor.end {
                try cursor.move(to: row)
                let values = cursor.column(present.column)
                counts = []
                counts.reserveCapacity(values.count)
                var count = present.before[present.partition.rows.block(of: row)]
                for at in 0..<values.count {
                    counts.append(count)
                    if !values.isNull(at) { count += 1 }
                }
            }
            return counts[row - cursor.first]
        }
    }
}

/// Computes, for a partition on disk, `first`, `last`, `any_value` and `nth_value` of each row's frame.
final class DiskPicks: DiskWindowFunction {
    private let call: WindowCall
    private let column: Int
    private let frames: DiskFrames
    private let context: TaskContext
    private let place: Int
    private var cursor: RowCursor?
    private var counters: (low: PresentValues.Counter, high: PresentValues.Counter)?

    /// `column`: the value's; `place`: which of the frame's values `nth_value` gives, from 1.
    init(_ call: WindowCall, column: Int, place: Int, _ frames: DiskFrames, _ context: TaskContext) {
        self.call = call
        self.column = column
        self.frames = frames
        self.context = context
        self.place = place - 1
    }

    func result(_ block: PartitionBlock) throws -> Vector {
        let type = block.partition.layout.schema[column].type
        if type == .null { return .nulls(call.type, count: block.count) }
        let cursor = try self.cursor ?? begin(block.partition)
        let (lows, highs) = try frames.find(block)
        let (low, high) = (lows.pointer(as: Int.self), highs.pointer(as: Int.self))
        let fromEnd = call.function == "last"
        var row = 0
        while row < block.count {
            if low[row] < high[row] {
                var (from, end) = (low[row], high[row])
                if let counters {
                    (from, end) = (try counters.low.before(from), try counters.high.before(end))
                }
                let at = fromEnd ? end &- 1 : from &+ place
                low[row] = from < end && at < end ? at : -1
            } else {
                low[row] = -1
            }
            row &+= 1
        }
        withExtendedLifetime(highs) {}
        defer { withExtendedLifetime(lows) {} }
        return try cursor.gather(counters == nil ? column : 0, type, at: low, count: block.count)
    }

    private func begin(_ partition: PartitionOnDisk) throws -> RowCursor {
        var rows = partition.rows
        if call.ignoresNulls {
            let present = try PresentValues(partition, column: column, context: context)
            counters = (PresentValues.Counter(present), PresentValues.Counter(present))
            rows = present.rows
        }
        let made = RowCursor(rows)
        cursor = made
        return made
    }
}

/// Computes, for a partition on disk, `lag` and `lead`: the value so many rows before or after, else the
/// default.
final class DiskNeighbours: DiskWindowFunction {
    private let call: WindowCall
    private let column: Int
    /// Column of the default.
    private let other: Int?
    private let context: TaskContext
    /// Rows after the current one; before it when negative.
    private let distance: Int
    private var cursor: RowCursor?
    private var present: (values: PresentValues, counter: PresentValues.Counter)?

    init(_ call: WindowCall, column: Int, distance: Int, default other: Int?, _ context: TaskContext) {
        self.call = call
        self.column = column
        self.other = other
        self.context = context
        self.distance = call.function == "lag" ? 0 &- distance : distance
    }

    func result(_ block: PartitionBlock) throws -> Vector {
        if call.type == .null { return .nulls(.null, count: block.count) }
        let cursor = try self.cursor ?? begin(block.partition)
        let list = Buffer(byteCount: max(block.count * 8, 8))
        defer { withExtendedLifetime(list) {} }
        let places = list.pointer(as: Int.self)
        let total = present?.values.rows.count ?? block.partition.count
        var row = 0
        while row < block.count {
            var at = (block.first &+ row).addingReportingOverflow(distance).partialValue
            if let present {
                at =
                    distance < 0
                    ? try present.counter.before(block.first &+ row) &+ distance
                    : try present.counter.before(block.first &+ row &+ 1) &+ distance &- 1
            }
            places[row] = at >= 0 && at < total ? at : -1
            row &+= 1
        }
        let type = block.partition.layout.schema[column].type
        let found = try cursor.gather(present == nil ? column : 0, type, at: places, count: block.count)
        guard let other else { return found }
        return withDefault(found, block.batch.columns[other], places)
    }

    /// Puts the default where there is no row at the distance.
    private func withDefault(_ found: Vector, _ other: Vector, _ places: UnsafePointer<Int>) -> Vector {
        let count = found.count
        let both = Concat.vectors([found.flattened(), other.flattened()]).flattened()
        let list = Buffer(byteCount: max(count * 4, 4))
        defer { withExtendedLifetime(list) {} }
        let rows = list.pointer(as: UInt32.self)
        var row = 0
        while row < count {
            rows[row] = UInt32(truncatingIfNeeded: places[row] < 0 ? count &+ row : row)
            row &+= 1
        }
        return both.gathered(rows, count: count)
    }

    private func begin(_ partition: PartitionOnDisk) throws -> RowCursor {
        var rows = partition.rows
        if call.ignoresNulls, distance != 0 {
            let values = try PresentValues(partition, column: column, context: context)
            present = (values, PresentValues.Counter(values))
            rows = values.rows
        }
        let made = RowCursor(rows)
        cursor = made
        return made
    }
}
