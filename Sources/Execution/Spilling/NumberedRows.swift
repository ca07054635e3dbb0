import Columns
import Kernels
import Memory

/// Keeps rows in a spill file so that each can be found again by its number. One task.
final class NumberedRows {
    private let spiller: RowSpiller
    private var rows: SpilledRows
    /// Number of the first row of each block, then the number of rows.
    private(set) var starts = [0]

    /// Creates an empty file. Throws `SPILL_FAILED`.
    init(schema: Schema, context: TaskContext) throws {
        spiller = RowSpiller(schema: schema, context: context)
        rows = SpilledRows(file: try spiller.makeFile())
    }

    var count: Int { starts[blockCount] }
    var blockCount: Int { starts.count - 1 }

    /// Appends a batch as one block, or as several where one would be too large. Throws `SPILL_FAILED`.
    func append(_ batch: Batch) throws {
        let known = rows.ranges.count
        try spiller.append(batch, to: &rows)
        var end = count
        if rows.ranges.count == known + 1 {
            starts.append(end + batch.count)
            return
        }
        // The rows of each block are told by the block alone.
        for block in known..<rows.ranges.count {
            end += try spiller.read(rows, block: block).count
            starts.append(end)
        }
    }

    /// Returns the block that holds a row.
    func block(of row: Int) -> Int {
        var (low, high) = (0, blockCount - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= row { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Reads a block. Throws `SPILL_FAILED` and `CORRUPT_BLOCK`.
    func read(_ block: Int) throws -> Batch { try spiller.read(rows, block: block) }
}

/// Stands at one block of numbered rows and moves to others, best forwards. One task.
final class RowCursor {
    private let rows: NumberedRows
    private var block = -1
    /// The rows of the block are `first..<end`.
    private(set) var first = 0
    private(set) var end = 0
    private var batch = Batch(columns: [], count: 0)
    private var flat: [Int: Vector] = [:]

    init(_ rows: NumberedRows) { self.rows = rows }

    /// Moves to the block that holds `row`, one of the rows.
    func move(to row: Int) throws {
        if row >= first, row < end { return }
        block = row == end ? block + 1 : rows.block(of: row)
        flat = [:]
        batch = try rows.read(block)
        first = rows.starts[block]
        end = rows.starts[block + 1]
    }

    /// Returns a column of the block, flat.
    func column(_ position: Int) -> Vector {
        if let known = flat[position] { return known }
        let made = batch.columns[position].flattened()
        flat[position] = made
        return made
    }

    /// Returns the column's values at `places`, in that order; a negative place gives null.
    func gather(_ column: Int, _ type: DataType, at places: UnsafePointer<Int>, count: Int) throws -> Vector {
        let list = Buffer(byteCount: max(count * 4, 4))
        defer { withExtendedLifetime(list) {} }
        let local = list.pointer(as: Int32.self)
        var pieces: [Vector] = []
        var from = 0
        while from < count {
            var row = from
            while row < count, places[row] < 0 { row &+= 1 }
            if row == count { break }
            try move(to: places[row])
            row = from
            while row < count, places[row] < 0 || places[row] >= first && places[row] < end {
                local[row] = Int32(truncatingIfNeeded: max(places[row] &- first, -1))
                row &+= 1
            }
            pieces.append(self.column(column).gatheredNullable(local + from, count: row - from))
            from = row
        }
        if from < count { pieces.append(.nulls(type, count: count - from)) }
        return pieces.count == 1 ? pieces[0] : Concat.vectors(pieces).flattened()
    }
}
