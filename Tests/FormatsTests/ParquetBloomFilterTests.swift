import Columns
import Foundation
import Storage
import Testing
import Vocabulary

@testable import Formats

/// Looks values up in the Bloom filters of files that pyarrow writes.
@Suite("Row groups left out by Bloom filters")
struct ParquetBloomFilterTests {
    /// Three row groups of multiples of 10: of those whose tenth leaves 0, 1 and 2 when divided by three.
    private static let maker = """
        import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
        ids = [n * 10 for group in range(3) for n in range(3000) if n % 3 == group]
        day = datetime.date(2020, 1, 1)
        table = pa.table({
            "i": pa.array(ids, pa.int32()), "l": pa.array([n << 33 for n in ids], pa.int64()),
            "s": ["a long enough text of more than 32 bytes, %06d" % n for n in ids],
            "b": pa.array([b"%06d" % n for n in ids], pa.binary()),
            "d": [day + datetime.timedelta(n // 10) for n in ids],
            "x": [n / 4 for n in ids]})
        pq.write_table(table, sys.argv[1] + "/bloom.parquet", row_group_size=1000,
            bloom_filter_options={name: {"ndv": 1000, "fpp": 0.001} for name in ["i", "l", "s", "b", "d"]})
        """

    private func held(_ file: ParquetFile, _ name: String, _ values: [Scalar]) throws -> [Int] {
        let column = try #require(file.schema.index(of: name))
        let asked = ColumnPredicate(
            column: column, operation: values.count == 1 ? .equal : .in, values: values)
        return try file.rowGroups.indices.filter { group in
            #expect(file.mayMatch([asked], rowGroup: group), "statistics rule out \(values) of \(name)")
            return try file.mayHold([asked], rowGroup: group)
        }
    }

    @Test("a value is found in its row group, and one that lies between others in none")
    func lookups() throws {
        let folder = try ScratchFolder()
        _ = try runPython(Self.maker, [folder.path])
        let file = try ParquetFile(source: LocalFileSource(path: folder.file("bloom.parquet")))
        #expect(file.rowGroups.count == 3)
        func digits(_ n: Int) -> String { String(String(n + 1_000_000).dropFirst()) }
        let columns: [(name: String, value: (Int) -> Scalar)] = [
            ("i", { .integer(Int64($0)) }), ("l", { .integer(Int64($0) << 33) }),
            ("s", { .string("a long enough text of more than 32 bytes, " + digits($0)) }),
            ("b", { .binary(Array(digits($0).utf8)) }),
        ]
        for (name, value) in columns {
            var wrong = 0
            for n in 1000..<1300 {
                let found = try held(file, name, [value(n * 10)])
                #expect(found.contains(n % 3), "\(n * 10) of \(name)")
                wrong += found.count - 1
                wrong += try held(file, name, [value(n * 10 + 1)]).count
            }
            // One in a thousand of 1,500 lookups is to be expected.
            #expect(wrong < 20, "\(wrong) of \(name)")
            #expect(try held(file, name, [value(15_000), value(15_001), value(15_010)]).count == 2)
        }
        #expect(try held(file, "d", [.integer(18_262 + 1500)]).contains(0))
        #expect(try held(file, "x", [.double(3750.5)]).count == 3, "no filter, no answer")
    }

    @Test("a filter that is cut short or damaged rules nothing out")
    func damage() throws {
        let folder = try ScratchFolder()
        for (number, bytes) in [[], [0x15], [UInt8](repeating: 0xFF, count: 400)].enumerated() {
            let path = folder.file("\(number)")
            try Data([0] + bytes).write(to: URL(fileURLWithPath: path))
            let source = try LocalFileSource(path: path)
            #expect(try ParquetBloomFilter(source, at: 1) == nil)
            #expect(try ParquetBloomFilter(source, at: 1 << 40) == nil)
            #expect(try ParquetBloomFilter(source, at: -1) == nil)
        }
    }

    @Test("the hash is XXH64's", arguments: [("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B)])
    func hash(text: String, wanted: UInt64) {
        #expect(XXHash64.hash(Array(text.utf8)) == wanted)
    }
}
