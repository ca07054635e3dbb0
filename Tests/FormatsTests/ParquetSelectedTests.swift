import Columns
import Foundation
import Memory
import Storage
import Testing
import Vocabulary

@testable import Formats

/// Keeps rows by their number in the file, whatever they hold.
private final class RowNumberFilter: DecodeFilter {
    private let keeps: (Int) -> Bool
    private var row = 0

    init(_ keeps: @escaping (Int) -> Bool) { self.keeps = keeps }

    func begin() -> [[Int]] { [[0]] }

    func select(_ batch: Batch, step: Int) -> Selection {
        let buffer = Buffer(byteCount: max(batch.count, 1) * 4)
        let rows = buffer.pointer(as: UInt32.self)
        var count = 0
        for i in 0..<batch.count where keeps(row + i) {
            rows[count] = UInt32(i)
            count += 1
        }
        row += batch.count
        return Selection(rows: rows, count: count, owner: buffer)
    }
}

@Suite("Parquet, read for selected rows")
struct ParquetSelectedTests {
    private static let program = """
        import decimal, sys, pyarrow as pa, pyarrow.parquet as pq
        n = 20000
        some = lambda make: [None if i % 7 == 3 else make(i) for i in range(n)]
        number = lambda i: (i * 7919) % 10007
        table = pa.table({
            'id': pa.array(range(n), pa.int64()),
            'int': pa.array([number(i) for i in range(n)], pa.int32()),
            'few': pa.array([number(i) % 50 for i in range(n)], pa.int64()),
            'null': pa.array(some(number), pa.int64()),
            'double': pa.array([number(i) / 8 for i in range(n)], pa.float64()),
            'text': pa.array(['text number %d' % (number(i) % 300) for i in range(n)]),
            'bool': pa.array([number(i) % 3 == 0 for i in range(n)]),
            'money': pa.array([decimal.Decimal(number(i)) / 100 for i in range(n)], pa.decimal128(15, 2)),
            'list': pa.array([[i, i + 1][:i % 3] for i in range(n)], pa.list_(pa.int32())),
        })
        pq.write_table(table, sys.argv[1], compression=sys.argv[2], use_dictionary=sys.argv[3] == 'yes',
            data_page_size=8192, row_group_size=9000, store_decimal_as_integer=True)
        """

    @Test(
        "selected rows are those that reading all gives, in every form of page",
        arguments: ["snappy", "none"], ["yes", "no"])
    func selected(compression: String, dictionary: String) throws {
        let folder = try ScratchFolder()
        let path = folder.file("t.parquet")
        _ = try runPython(Self.program, [path, compression, dictionary])
        let whole = try readAll(path).columns
        for (name, keeps) in [
            ("one in 97", { $0 % 97 == 5 }), ("most", { $0 % 5 != 0 }),
            ("a stretch", { (4000..<4100).contains($0) }),
            ("none", { _ in false }),
        ] as [(String, (Int) -> Bool)] {
            let file = try ParquetFile(source: LocalFileSource(path: path))
            let reader = ParquetReader(
                file: file, columns: Array(whole.indices), filter: RowNumberFilter(keeps), batchRows: 512)
            var found = Array(repeating: [Scalar](), count: whole.count)
            while let batch = try reader.next() {
                for (i, vector) in batch.columns.enumerated() {
                    for row in 0..<batch.count { found[i].append(vector.scalar(at: row)) }
                }
            }
            for (i, values) in whole.enumerated() {
                let wanted = values.indices.filter(keeps).map { values[$0] }
                #expect(found[i] == wanted, "column \(file.schema[i].name), \(name)")
            }
        }
    }

    /// Keeps rows by `int`, then of those by `few`, then by `text`, and remembers how many rows each step
    /// saw.
    private final class Steps: DecodeFilter {
        var seen = [0, 0, 0]

        func begin() -> [[Int]] { [[1], [2, 1], [5]] }

        func select(_ batch: Batch, step: Int) -> Selection {
            seen[step] += batch.count
            let rows = Buffer(byteCount: max(batch.count, 1) * 4)
            let numbers = rows.pointer(as: UInt32.self)
            var count = 0
            for row in 0..<batch.count where keeps(batch.columns[0].scalar(at: row), step) {
                numbers[count] = UInt32(row)
                count += 1
            }
            return Selection(rows: numbers, count: count, owner: rows)
        }

        func keeps(_ value: Scalar, _ step: Int) -> Bool {
            switch (step, value) {
            case (0, .integer(let number)): number % 3 != 0
            case (1, .integer(let number)): number < 20
            case (2, .string(let text)): text.hasSuffix("7")
            default: false
            }
        }
    }

    @Test("a filter of several steps keeps the rows that all of them keep, each seeing those before it left")
    func steps() throws {
        let folder = try ScratchFolder()
        let path = folder.file("t.parquet")
        _ = try runPython(Self.program, [path, "snappy", "yes"])
        let whole = try readAll(path).columns
        let filter = Steps()
        let file = try ParquetFile(source: LocalFileSource(path: path))
        let reader = ParquetReader(
            file: file, columns: Array(whole.indices), filter: filter, batchRows: 512)
        var found = Array(repeating: [Scalar](), count: whole.count)
        while let batch = try reader.next() {
            for (i, vector) in batch.columns.enumerated() {
                for row in 0..<batch.count { found[i].append(vector.scalar(at: row)) }
            }
        }
        let all = Array(whole[0].indices)
        let first = all.filter { filter.keeps(whole[1][$0], 0) }
        let second = first.filter { filter.keeps(whole[2][$0], 1) }
        let third = second.filter { filter.keeps(whole[5][$0], 2) }
        #expect(!third.isEmpty)
        #expect(filter.seen == [all.count, first.count, second.count])
        for (i, values) in whole.enumerated() {
            #expect(found[i] == third.map { values[$0] }, "column \(file.schema[i].name)")
        }
    }
}
