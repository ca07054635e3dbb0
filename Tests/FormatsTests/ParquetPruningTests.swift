import Columns
import Foundation
import Storage
import Testing
import Vocabulary

@testable import Formats

/// Returns the Python program that makes small files for the tests of this folder.
func smallParquetMaker() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("Oracle/parquet_small.py"), encoding: .utf8)
}

/// Counts the row groups that statistics rule out, in files that pyarrow writes.
@Suite("Row groups left out by statistics")
struct ParquetPruningTests {
    /// The value that row 1,234 has in each column, which lies in the thirteenth of twenty row groups.
    private static let values: [(name: String, value: Scalar)] = [
        ("i", .integer(1234)), ("l", .integer(12_340_000_000_000)), ("u", .integer(1234)),
        ("f", .float(308.5)),
        ("d", .double(308.5)), ("c", .decimal(123_400)), ("e", .decimal(123_400)), ("s", .string("001234")),
        ("t", .integer(18_262 + 1234)), ("m", .integer((18_262 * 24 + 1234) * 3_600_000_000)),
        ("n", .integer(1234)),
    ]

    @Test(
        "each comparison reads only the row groups that can hold its rows",
        arguments: ["plain", "integer", "bare"])
    func counts(name: String) throws {
        let folder = try ScratchFolder()
        _ = try runPython(smallParquetMaker(), ["pruning", folder.path])
        let file = try ParquetFile(source: LocalFileSource(path: folder.file("\(name).parquet")))
        #expect(file.rowGroups.count == 20)
        let has = name != "bare"
        for (column, value) in Self.values {
            let position = try #require(file.schema.index(of: column))
            // Row groups 0 to 9 of column n hold nulls only, which no comparison is true for.
            let nulls = column == "n" ? 10 : 0
            // Arrow's bounds leave out NaN, which is greater than any number.
            let above = column == "f" || column == "d" ? 0 : 12
            let expected: [(ColumnPredicate.Operation, Int)] = [
                (.equal, 19), (.in, 19), (.less, 7 + nulls), (.lessOrEqual, 7 + nulls), (.greater, above),
                (.greaterOrEqual, above), (.isNull, column == "n" ? 10 : 20), (.isNotNull, nulls),
            ]
            for (operation, pruned) in expected {
                let reader = ParquetReader(
                    file: file, columns: [position],
                    predicates: [ColumnPredicate(column: position, operation: operation, values: [value])])
                #expect(reader.prunedRowGroups == (has ? pruned : 0), "\(column) \(operation)")
                var rows = 0
                while let batch = try reader.next() { rows += batch.count }
                #expect(rows == 2_000 - 100 * reader.prunedRowGroups)
            }
        }
    }
}
