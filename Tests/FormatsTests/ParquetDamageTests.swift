import Columns
import Foundation
import Memory
import Testing
import Vocabulary

@testable import Formats

#if canImport(Glibc)
    import Glibc
#endif

/// Damages files of every encoding and codec at seeded places: reading must end with a `data` error or with
/// as many values as rows, and take no more memory than the file could need.
@Suite("Parquet files that are damaged", .serialized)
struct ParquetDamageTests {
    /// Writes a dozen small files: all types under each encoding, codec and page version.
    private static let maker = """
        import sys, datetime, decimal, pyarrow as pa, pyarrow.parquet as pq
        n = 150
        def some(values): return [None if i % 7 == 3 else v for i, v in enumerate(values)]
        r = range(n)
        flat = pa.table({
            "b": pa.array(some([i % 3 == 0 for i in r])), "i": pa.array(some(list(r)), pa.int32()),
            "l": pa.array([i * 10 ** 12 for i in r], pa.int64()), "f": pa.array(some([i / 7 for i in r]), pa.float32()),
            "d": pa.array(some([i / 7 for i in r])), "s": pa.array(some([f"text {i % 11} {'x' * (i % 20)}" for i in r])),
            "y": pa.array([bytes([i % 256]) * (i % 5) for i in r]), "k": pa.array(some([bytes([i] * 5) for i in r]), pa.binary(5)),
            "e": pa.array(some([decimal.Decimal(i) for i in r]), pa.decimal128(30, 2)),
            "t": pa.array(some([datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=i) for i in r]), pa.timestamp("us"))})
        nested = pa.table({
            "a": pa.array(some([list(range(i % 4)) for i in r]), pa.list_(pa.int32())),
            "m": pa.array(some([[(f"k{j}", j) for j in range(i % 3)] for i in r]), pa.map_(pa.string(), pa.int64())),
            "z": pa.array(some([{"x": [f"v{i}"] * (i % 3), "y": i} for i in r]), pa.struct([("x", pa.list_(pa.string())), ("y", pa.int64())]))})
        delta = {"i": "DELTA_BINARY_PACKED", "l": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "y": "DELTA_LENGTH_BYTE_ARRAY",
                 "t": "DELTA_BINARY_PACKED", "k": "DELTA_BYTE_ARRAY"}
        split = {c: "BYTE_STREAM_SPLIT" for c in ["i", "l", "f", "d", "k", "e"]}
        count = 0
        def write(table, **options):
            global count
            pq.write_table(table, f"{sys.argv[1]}/{count}.parquet", row_group_size=100, data_page_size=300, **options)
            count += 1
        for version in ["1.0", "2.0"]:
            for codec in ["none", "snappy", "zstd"]: write(flat, compression=codec, data_page_version=version)
            for codec in ["gzip", "lz4", "none"]: write(nested, compression=codec, data_page_version=version)
            write(flat, compression="none", use_dictionary=False, data_page_version=version)
            write(flat, compression="none", use_dictionary=False, column_encoding=delta, data_page_version=version)
            write(flat, compression="none", use_dictionary=False, column_encoding=split, data_page_version=version)
        write(flat, compression="none", use_deprecated_int96_timestamps=True)
        print(count)
        """

    private static func files() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        let count = try #require(Int(try runPython(maker, [folder.path]).trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(count == 19)
        return try (0..<count).map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("\($0).parquet")))) }
    }

    /// Reads everything; returns the rows, or nil for an error of the data.
    private func read(_ bytes: [UInt8], _ what: String) -> Int? {
        do {
            let file = try ParquetFile(source: MemorySource(bytes))
            for group in file.rowGroups.indices {
                for column in file.schema.fields.indices { _ = file.statistics(column: column, rowGroup: group) }
            }
            let reader = ParquetReader(file: file, columns: Array(file.schema.fields.indices), batchRows: 64)
            var rows = 0
            while rows < 10_000, let batch = try reader.next() {
                for vector in batch.columns {
                    #expect(vector.count == batch.count, "\(what)")
                    for row in 0..<batch.count { _ = vector.scalar(at: row) }
                }
                rows += batch.count
            }
            return rows
        } catch let error as EngineError {
            #expect(error.blame == .data && !error.message.isEmpty, "\(what): \(error)")
            return nil
        } catch {
            Issue.record("\(what): \(error)")
            return nil
        }
    }

    private func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// A small generator, the same for the same seed (SplitMix64).
    private struct Dice {
        var state: UInt64
        mutating func roll(_ sides: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(max(1, sides)))
        }
    }

    private func damaged(_ original: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = original
        let kind = dice.roll(10)
        if kind == 0 { return Array(bytes.prefix(dice.roll(bytes.count))) }
        if kind == 1 {
            // Cut out of the middle, so that the footer is there but nothing lies where it says.
            let at = 4 + dice.roll(bytes.count - 8)
            bytes.removeSubrange(at..<min(bytes.count - 8, at + 1 + dice.roll(200)))
            return bytes
        }
        // Every other file is damaged in its footer, where few bytes decide much.
        let footer = Int(bytes[bytes.count - 8]) | Int(bytes[bytes.count - 7]) << 8
        let start = kind % 2 == 0 ? max(4, bytes.count - 8 - footer) : 4
        for _ in 0...dice.roll(4) {
            let at = start + dice.roll(bytes.count - start)
            switch dice.roll(4) {
            case 0: bytes[at] ^= 1 << UInt8(dice.roll(8))
            case 1: bytes[at] = UInt8(dice.roll(256))
            case 2: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)]
            default: for i in at..<min(bytes.count, at + 5) { bytes[i] = 0xFF }
            }
        }
        return bytes
    }

    @Test("thousands of damaged files give an error or whole columns, and take little memory")
    func damage() throws {
        let files = try Self.files()
        for (number, bytes) in files.enumerated() { #expect(read(bytes, "file \(number)") == 150) }
        let before = residentBytes()
        var dice = Dice(state: 20_260)
        var errors = 0
        for seed in 0..<6_000 {
            let number = dice.roll(files.count)
            if read(damaged(files[number], &dice), "seed \(seed) of file \(number)") == nil { errors += 1 }
        }
        #expect(errors > 1_000, "the damage is to be found")
        #expect(residentBytes() - before < 256 << 20)
    }
}
