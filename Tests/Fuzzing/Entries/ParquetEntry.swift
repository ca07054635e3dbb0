import Columns
import Formats
import Memory
import SampleRows
import Vocabulary

/// Takes a Parquet file: reads its footer, statistics, Bloom filters and pages, all rows and some of them,
/// which must be the same rows.
enum ParquetEntry {
    static let target = FuzzTarget(
        name: "parquet", maximalBytes: 24_000, memoryBytes: 1536 << 20, words: ["PAR1"], seeds: seeds,
        take: take)

    /// Columns that are read of one file.
    private static let columnLimit = 64

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        let file = try ParquetFile(source: InputSource(bytes, name: "input.parquet"))
        let columns = Array(file.schema.fields.indices.prefix(columnLimit))
        for column in columns {
            _ = file.statistics(column: column)
            for group in file.rowGroups.indices.prefix(8) {
                _ = file.statistics(column: column, rowGroup: group)
                for value: Scalar in [.integer(7), .string("text 3"), .double(0.5), .decimal(5)] {
                    let predicates = [
                        ColumnPredicate(column: column, operation: .equal, values: [value]),
                        ColumnPredicate(column: column, operation: .less, values: [value]),
                    ]
                    _ = file.mayMatch(predicates, rowGroup: group)
                    try attempt { _ = try file.mayHold(predicates, rowGroup: group) }
                }
            }
        }
        var whole = RowTexts()
        let isWhole = try attempt { try whole.read(ParquetReader(file: file, columns: columns)) }

        let near = file.reading(InputSource(bytes, name: "input.parquet", isNear: true))
        let sieve = Sieve(columnCount: columns.count)
        var some = RowTexts()
        let isSome = try attempt {
            let reader = ParquetReader(file: near, columns: columns, filter: sieve, batchRows: 50)
            while reader.scannedRows < RowTexts.limit, let batch = try reader.next() {
                try some.append(batch)
            }
        }
        guard isWhole, whole.isComplete else { return }
        try require(isSome, "some rows cannot be read, and all can")
        let expected = sieve.passed.filter { $0 < whole.rows.count }.map { whole.rows[$0] }
        try require(some.rows == expected, "some rows differ from the same ones among all")
    }

    /// Lets a pattern of rows pass in two steps: whole batches, stretches and single rows.
    private final class Sieve: DecodeFilter {
        /// Numbers of the rows that passed, over the whole file.
        private(set) var passed: [Int] = []
        private let columnCount: Int
        private var rowCount = 0
        private var current: [Int] = []

        init(columnCount: Int) { self.columnCount = columnCount }

        func begin() -> [[Int]] { columnCount > 1 ? [[0], [1]] : [Array(0..<columnCount)] }

        func select(_ batch: Batch, step: Int) throws -> Selection {
            if step == 0 {
                current = Array(rowCount..<rowCount + batch.count)
                rowCount += batch.count
            }
            try require(batch.count == current.count, "a filter's batch has \(batch.count) rows")
            let kept = current.indices.filter { place in
                let row = current[place]
                if row / 50 % 4 == 3 { return false }
                return step == 0 ? row / 50 % 4 == 2 || row % 3 != 0 : row % 5 != 0
            }
            current = kept.map { current[$0] }
            if step == begin().count - 1 { passed += current }
            let rows = Buffer(byteCount: max(1, kept.count) * 4)
            for (i, place) in kept.enumerated() { rows.pointer(as: UInt32.self)[i] = UInt32(place) }
            return Selection(rows: rows.pointer(as: UInt32.self), count: kept.count, owner: rows)
        }
    }

    // MARK: seeds

    /// Returns files of our own writer, one for each codec, with and without dictionaries.
    private static func seeds() throws -> [[UInt8]] {
        try ParquetCompression.allCases.enumerated().map { place, codec in
            let sink = SeedSink()
            let options = ParquetWriterOptions(
                compression: codec, rowGroupRows: 90, pageBytes: 400, dictionary: place % 2 == 0)
            let batch = SampleRows.batch(rowCount: 120)
            let writer = try ParquetWriter(sink: sink, schema: SampleRows.schema, options: options)
            try writer.write(batch)
            _ = try writer.finish()
            return sink.bytes
        }
    }
}
