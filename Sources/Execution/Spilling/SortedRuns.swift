import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Keeps sorted stretches of rows ("runs") in spill files and merges them: an external merge sort (Knuth, The
/// Art of Computer Programming, volume 3, 5.4.1).
///
///     rows ──memory short──▶ sorted, written as a run ─┐
///     rows ──memory short──▶ sorted, written as a run ─┼──▶ merged by blocks, in order
///     rows ──input finished─▶ sorted, written as a run ┘
///
/// A row of a run has the columns of the input and, after them, the values of the sort keys that are
/// computed: they are computed once. Rows with equal keys keep their order, so that the result does not
/// depend on when memory ran short. Used by one thread.
final class SortedRuns {
    /// Runs that are merged at once; more of them are merged into longer ones first.
    static let fanIn = 48
    /// Bytes of rows in a block, about: the memory of a merge is that for each run, twice.
    static let blockBytes = 192 << 10

    private let keys: [SortKey]
    private let columnCount: Int
    private let limit: Int?
    private let spiller: RowSpiller
    /// For each key its position among a run's columns.
    private let keyColumns: [Int]
    private let encoder: SortKeyEncoder
    private let context: TaskContext
    private var runs: [SpilledRows] = []
    private var file: SpillFile?
    private var merge: RunMerge?
    private var given = 0

    init(_ keys: [SortKey], schema: Schema, limit: Int?, context: TaskContext) {
        self.keys = keys
        self.limit = limit
        self.context = context
        columnCount = schema.count
        var fields = schema.fields
        keyColumns = keys.map { key in
            if let position = key.expression.inputPosition { return position }
            fields.append(Field("key\(fields.count)", key.expression.type))
            return fields.count - 1
        }
        spiller = RowSpiller(schema: Schema(fields), context: context)
        encoder = SortKeyEncoder(
            types: keys.map(\.expression.type), ascending: keys.map(\.ascending),
            nullsFirst: keys.map(\.nullsFirst))
    }

    var isEmpty: Bool { runs.isEmpty }

    /// Writes `count` rows, in the order that `order` gives, as a run. `values`: the keys of all rows.
    func append(_ rows: Batch, keys values: [Vector], order: UnsafePointer<UInt32>, count: Int) throws {
        let wide = Batch(
            columns: rows.columns + zip(keyColumns, values).filter { $0.0 >= columnCount }.map(\.1),
            count: rows.count)
        var run = SpilledRows(file: try currentFile())
        let size = SortedRuns.rowsPerBlock(wide)
        var from = 0
        while from < count {
            let piece = wide.gathered(order + from, count: min(size, count - from))
            try spiller.append(piece, to: &run)
            from += piece.count
        }
        runs.append(run)
    }

    private func currentFile() throws -> SpillFile {
        if let file { return file }
        let made = try spiller.makeFile()
        file = made
        return made
    }

    private static func rowsPerBlock(_ rows: Batch) -> Int {
        var held = HeldRows()
        held.append(rows)
        let rowBytes = max(1, held.bytes / max(rows.count, 1))
        return min(max(blockBytes / rowBytes, 1), 8192)
    }

    /// Returns the next rows in order, with the input's columns, or nil after the last. The first call ends
    /// the writing of runs.
    func next() throws -> Batch? {
        if merge == nil {
            try shorten()
            merge = makeMerge(runs[...])
            runs = []
            file = nil
        }
        guard let merge, given < limit ?? .max, let rows = try merge.next() else { return nil }
        let count = min(rows.count, (limit ?? .max) - given)
        given += count
        let kept = count == rows.count ? rows : rows.sliced(from: 0, count: count)
        return Batch(columns: Array(kept.columns.prefix(columnCount)), count: count)
    }

    private func makeMerge(_ runs: ArraySlice<SpilledRows>) -> RunMerge {
        RunMerge(
            runs, keyColumns: keyColumns, encoder: encoder, keys: keys, spiller: spiller)
    }

    /// Merges neighbouring runs into longer ones until all can be merged at once.
    private func shorten() throws {
        while runs.count > SortedRuns.fanIn {
            let file = try spiller.makeFile()
            var longer: [SpilledRows] = []
            var from = 0
            while from < runs.count {
                let part = runs[from..<min(from + SortedRuns.fanIn, runs.count)]
                let merge = makeMerge(part)
                var run = SpilledRows(file: file)
                while run.rowCount < limit ?? .max, let rows = try merge.next() {
                    try appendPieces(rows, to: &run)
                }
                longer.append(run)
                from += part.count
            }
            runs = longer
        }
    }

    private func appendPieces(_ rows: Batch, to run: inout SpilledRows) throws {
        let size = SortedRuns.rowsPerBlock(rows)
        var from = 0
        while from < rows.count {
            let piece = rows.sliced(from: from, count: min(size, rows.count - from))
            try spiller.append(piece, to: &run)
            from += piece.count
        }
    }
}

/// Merges runs: of each the next block is in memory. In every round the rows that no block to come can
/// precede are put in order together: those up to the least of the blocks' last rows. That empties at least
/// one block.
///
///     run 0   ▓▓▓▓▓▓▓▓░░      ▓ up to the bound: sorted and given now
///     run 1   ▓▓▓▓▓│          │ bound: the least last row
///     run 2   ▓▓░░░░░░░
final class RunMerge {
    /// The place in one run.
    private final class Cursor {
        let rows: SpilledRows
        var nextBlock = 0
        var batch: Batch
        var keys: SortKeyBlock
        var position = 0

        init(_ rows: SpilledRows, _ batch: Batch, _ keys: SortKeyBlock) {
            self.rows = rows
            self.batch = batch
            self.keys = keys
        }
    }

    private let keyColumns: [Int]
    private let encoder: SortKeyEncoder
    private let sortKeys: [SortKey]
    private let spiller: RowSpiller
    private var waiting: ArraySlice<SpilledRows>
    /// In the order of the runs.
    private var cursors: [Cursor] = []

    init(
        _ runs: ArraySlice<SpilledRows>, keyColumns: [Int], encoder: SortKeyEncoder, keys: [SortKey],
        spiller: RowSpiller
    ) {
        waiting = runs
        self.keyColumns = keyColumns
        self.encoder = encoder
        sortKeys = keys
        self.spiller = spiller
    }

    /// Returns the next rows in order, or nil after the last.
    func next() throws -> Batch? {
        while let rows = waiting.popFirst() {
            if rows.ranges.isEmpty { continue }
            let batch = try spiller.read(rows, block: 0)
            let cursor = Cursor(rows, batch, encode(batch))
            cursor.nextBlock = 1
            cursors.append(cursor)
        }
        try refill()
        guard !cursors.isEmpty else { return nil }
        if cursors.count == 1 { return takePiece(cursors[0], upTo: cursors[0].batch.count) }
        var least = 0
        for place in 1..<cursors.count where isBefore(place, least) { least = place }
        let bound = cursors[least]
        var pieces: [Batch] = []
        for (place, cursor) in cursors.enumerated() {
            let end =
                place == least
                ? cursor.batch.count : end(of: cursor, bound, includesEqual: place < least)
            if end > cursor.position { pieces.append(takePiece(cursor, upTo: end)) }
        }
        return pieces.count == 1 ? pieces[0] : ordered(Concat.batches(pieces))
    }

    private func encode(_ batch: Batch) -> SortKeyBlock {
        encoder.encode(keyColumns.map { batch.columns[$0] }, count: batch.count)
    }

    /// Reads the next block of each run whose block is used up; runs without one are done.
    private func refill() throws {
        for cursor in cursors where cursor.position == cursor.batch.count {
            guard cursor.nextBlock < cursor.rows.ranges.count else { continue }
            cursor.batch = try spiller.read(cursor.rows, block: cursor.nextBlock)
            cursor.keys = encode(cursor.batch)
            cursor.nextBlock += 1
            cursor.position = 0
        }
        cursors.removeAll { $0.position == $0.batch.count }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        let (x, y) = (cursors[a], cursors[b])
        return x.keys.compare(x.batch.count - 1, y.keys, y.batch.count - 1) < 0
    }

    /// Returns the end of the rows that come before the last row of `bound`. An earlier run's rows come
    /// before their equals, a later run's after them.
    private func end(of cursor: Cursor, _ bound: Cursor, includesEqual: Bool) -> Int {
        var (low, high) = (cursor.position, cursor.batch.count)
        while low < high {
            let middle = (low + high) / 2
            let order = cursor.keys.compare(middle, bound.keys, bound.batch.count - 1)
            if order < 0 || includesEqual && order == 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func takePiece(_ cursor: Cursor, upTo end: Int) -> Batch {
        let from = cursor.position
        cursor.position = end
        if from == 0, end == cursor.batch.count { return cursor.batch }
        return cursor.batch.sliced(from: from, count: end - from)
    }

    private func ordered(_ rows: Batch) -> Batch {
        let order = SortKeys.sortedRows(
            columns: keyColumns.map { rows.columns[$0] }, ascending: sortKeys.map(\.ascending),
            nullsFirst: sortKeys.map(\.nullsFirst), count: rows.count)
        return rows.gathered(order.pointer(as: UInt32.self), count: rows.count)
    }
}
