import Columns
import Foundation
import Memory
import Storage
import Testing
import Vocabulary

@testable import Formats

/// Makes a folder that is removed with the last reference.
final class ScratchFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "millrace-formats-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Runs a Python program in the test environment and returns what it prints.
func runPython(_ program: String, _ arguments: [String] = []) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let process = Process()
    process.executableURL = root.appendingPathComponent(".deps/venv/bin/python")
    process.arguments = ["-c", program] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
        Issue.record("python: \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: text, as: UTF8.self)
}

/// Reads a file whole, as one list of scalars for each column.
func readAll(
    _ path: String, columns: [Int]? = nil, predicates: [ColumnPredicate] = [], batchRows: Int = 1000
) throws -> (schema: Schema, columns: [[Scalar]]) {
    let file = try ParquetFile(source: LocalFileSource(path: path))
    let wanted = columns ?? Array(0..<file.schema.count)
    let reader = ParquetReader(file: file, columns: wanted, predicates: predicates, batchRows: batchRows)
    var result = Array(repeating: [Scalar](), count: wanted.count)
    while let batch = try reader.next() {
        for (i, vector) in batch.columns.enumerated() {
            #expect(vector.count == batch.count)
            for row in 0..<batch.count { result[i].append(vector.scalar(at: row)) }
        }
    }
    return (file.schema, result)
}

@Suite("Parquet, written and read back")
struct ParquetRoundTripTests {
    static let types: [DataType] = [
        .boolean, .int8, .int16, .int32, .int64, .float, .double, .decimal(precision: 7, scale: 2),
        .decimal(precision: 15, scale: 2), .decimal(precision: 30, scale: 5), .string, .binary, .date,
        .timestamp,
        .timestampNTZ, .time(precision: 6), .time(precision: 2),
        .array(.time(precision: 3), containsNull: true),
        .array(.int32, containsNull: true), .array(.array(.string, containsNull: true), containsNull: true),
        .structure([Field("a", .int64), Field("b", .string), Field("c", .array(.double, containsNull: true))]
        ),
        .map(key: .string, value: .int32, valueContainsNull: true),
        .map(key: .int32, value: .structure([Field("x", .date)]), valueContainsNull: true),
    ]

    /// A value of a type by a seed; the same for the same seed.
    static func value(_ type: DataType, _ seed: Int) -> Scalar {
        switch type {
        // The last three are not written to Parquet.
        case .null, .calendarInterval, .variant, .unsupported: .null
        case .time: .integer(Int64(seed % 86_400) * 1_000_000_000 + Int64(seed % 90) * 1_000)
        case .boolean: .boolean(seed % 3 == 0)
        case .int8, .int16, .int32, .int64, .date, .timestamp, .timestampNTZ, .yearMonthInterval,
            .dayTimeInterval:
            .integer(Int64(seed % 100) - 50)
        case .float: .float(Float(seed) / 4)
        case .double: .double(Double(seed) * 1.5 - 7)
        case .decimal(let precision, _): .decimal(precision > 18 ? Int128(seed) << 70 : Int128(seed) - 40)
        case .string:
            .string(seed % 7 == 0 ? "" : "value \(seed % 37) " + String(repeating: "é", count: seed % 9))
        case .binary: .binary([UInt8](repeating: UInt8(seed % 256), count: seed % 20))
        case .array(let element, _):
            .array((0..<(seed % 4)).map { $0 == 2 ? .null : value(element, seed + $0) })
        case .structure(let fields):
            .structure(fields.enumerated().map { ($0 + seed) % 5 == 0 ? .null : value($1.type, seed + $0) })
        case .map(let key, let item, _):
            .map(
                keys: (0..<(seed % 3)).map { value(key, seed + $0) },
                values: (0..<(seed % 3)).map { $0 == 1 ? .null : value(item, seed + $0) })
        }
    }

    @Test("every type comes back as it was written", arguments: types, [0, 3, 1])
    func roundTrip(type: DataType, nullEvery: Int) throws {
        let folder = try ScratchFolder()
        for compression in ParquetCompression.allCases {
            let path = folder.file("\(compression.rawValue).parquet")
            let options = ParquetWriterOptions(
                compression: compression, rowGroupRows: 2000, pageBytes: 4000, pageRows: 700)
            let writer = try ParquetWriter(
                sink: LocalFileSink(path: path, durable: false), schema: Schema([Field("c", type)]),
                options: options)
            var expected: [Scalar] = []
            for batch in 0..<5 {
                let rows = (0..<999).map { row -> Scalar in
                    nullEvery > 0 && row % nullEvery == 0 ? .null : Self.value(type, batch * 1000 + row)
                }
                expected += rows
                try writer.write(Batch(columns: [Vector.of(type, rows)], count: rows.count))
            }
            let result = try writer.finish()
            #expect(result.rowCount == expected.count)
            let back = try readAll(path)
            #expect(back.schema[0].type == type)
            #expect(back.columns[0] == expected)
        }
    }
}
