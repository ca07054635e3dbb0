import Columns
import Foundation
import Kernels
import SeededRandom
import Testing
import Vocabulary

@testable import Formats

/// Damages ORC files of every codec: reading must end with a `data` error or with whole columns, and take no
/// more memory than the file could need.
@Suite("ORC files that are damaged", .serialized)
struct ORCDamageTests {
    private static let schema = Schema([
        Field("id", .int64), Field("text", .string), Field("flag", .boolean), Field("day", .date),
        Field("amount", .decimal(precision: 20, scale: 2)), Field("at", .timestamp),
        Field("list", .array(.string, containsNull: true)),
        Field("pairs", .map(key: .string, value: .int32, valueContainsNull: true)),
        Field("record", .structure([Field("x", .double), Field("y", .binary)])),
        Field("byte", .int8), Field("short", .int16), Field("f", .float),
        Field("price", .decimal(precision: 9, scale: 2)), Field("clock", .timestampNTZ),
    ])
    private static let rowCount = 150

    private static func batch() -> Batch {
        let columns = schema.fields.enumerated().map { place, field in
            Vector.of(
                field.type,
                (0..<rowCount).map { row in (row + place) % 7 == 0 ? .null : value(field.type, row) })
        }
        return Batch(columns: columns, count: rowCount)
    }

    private static func value(_ type: DataType, _ row: Int) -> Scalar {
        switch type {
        case .boolean: .boolean(row % 2 == 0)
        case .string: .string("text number \(row % 11)")
        case .binary: .binary([UInt8](repeating: 7, count: row % 5))
        case .double: .double(Double(row) / 3)
        case .float: .float(Float(row) / 4)
        case .int8: .integer(Int64(row % 100 - 50))
        case .decimal(let precision, _): .decimal(Int128(row) * (precision > 18 ? 1_000_000_007 : 1009))
        case .timestamp: .integer(Int64(row - 75) * 1_000_000_000_000 + Int64(row) * 1000)
        case .array(let element, _): .array((0..<(row % 4)).map { value(element, $0) })
        case .map(let key, let element, _):
            .map(
                keys: (0..<(row % 3)).map { value(key, $0) },
                values: (0..<(row % 3)).map { value(element, $0) })
        case .structure(let fields): .structure(fields.map { value($0.type, row) })
        default: .integer(Int64(row))
        }
    }

    private static func orc(_ codec: ORCCompression) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = try ORCWriter(sink: sink, schema: schema, compression: codec, zone: .utc)
        try writer.write(batch())
        try writer.finish()
        return sink.bytes
    }

    private func stream(_ bytes: [UInt8]) throws -> any BatchStream {
        try ORCReader(source: MemorySource(bytes), stripes: 0..<100, zone: .utc, batchRows: 64)
    }

    /// Reads everything; returns the rows, or nil for an error of the data.
    private func read(_ bytes: [UInt8], _ what: String) -> Int? {
        do {
            let stream = try stream(bytes)
            var rows = 0
            while rows < 10_000, let batch = try stream.next() {
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

    private func damaged(_ original: [UInt8], _ dice: inout SplitMix) -> [UInt8] {
        var bytes = original
        if dice.roll(10) == 0 { return Array(bytes.prefix(dice.roll(bytes.count))) }
        for _ in 0...dice.roll(4) {
            let at = dice.roll(bytes.count)
            switch dice.roll(4) {
            case 0: bytes[at] ^= 1 << UInt8(dice.roll(8))
            case 1: bytes[at] = UInt8(dice.roll(256))
            case 2: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)]
            default: for place in at..<min(bytes.count, at + 5) { bytes[place] = 0xFF }
            }
        }
        return bytes
    }

    @Test("thousands of damaged files give an error or whole columns, and take little memory")
    func damage() throws {
        let files = try ORCCompression.allCases.map(Self.orc)
        let before = residentBytes()
        var dice = SplitMix(state: 20_261)
        var errors = 0
        for seed in 0..<3_000 {
            let number = dice.roll(files.count)
            if read(damaged(files[number], &dice), "seed \(seed) of file \(number)") == nil { errors += 1 }
        }
        #expect(errors > 500, "the damage is to be found")
        #expect(residentBytes() - before < 256 << 20)
    }

    @Test("a file that is cut off at any byte gives an error", arguments: ORCCompression.allCases)
    func cut(codec: ORCCompression) throws {
        let bytes = try Self.orc(codec)
        for count in 0..<bytes.count {
            #expect(read(Array(bytes.prefix(count)), "\(count) bytes of \(codec)") == nil)
        }
    }

    @Test(
        "a byte that is changed anywhere gives an error or whole columns", arguments: ORCCompression.allCases)
    func changed(codec: ORCCompression) throws {
        let bytes = try Self.orc(codec)
        // The beginning and the end tell most; of the middle some will do.
        for place in bytes.indices where place < 300 || place > bytes.count - 600 || place % 7 == 0 {
            for value in [bytes[place] ^ 1, bytes[place] ^ 0x80, 0xFF] {
                var changed = bytes
                changed[place] = value
                _ = read(changed, "byte \(place) of \(codec) is \(value)")
            }
        }
    }

    @Test("what is written is what is read, row for row", arguments: ORCCompression.allCases)
    func roundTrip(codec: ORCCompression) throws {
        let batch = Self.batch()
        let wanted = (0..<Self.rowCount).map { row in batch.columns.map { $0.scalar(at: row) } }
        let found = try rows(of: stream(try Self.orc(codec)))
        #expect(found.count == wanted.count)
        for (place, field) in Self.schema.fields.enumerated() {
            #expect(found.map { $0[place] } == wanted.map { $0[place] }, "\(field.name)")
        }
    }

    @Test("stripes are ruled out by their statistics")
    func pruning() throws {
        let file = try ORCFile(source: MemorySource(try Self.orc(.zstd)))
        func mayMatch(_ column: String, _ operation: ColumnPredicate.Operation, _ value: Scalar) throws
            -> Bool
        {
            let place = try #require(file.schema.index(of: column))
            let values = operation == .isNull ? [] : [value]
            return file.mayMatch(
                [ColumnPredicate(column: place, operation: operation, values: values)], stripe: 0)
        }
        #expect(try mayMatch("id", .equal, .integer(149)))
        #expect(try !mayMatch("id", .equal, .integer(150)))
        #expect(try !mayMatch("id", .less, .integer(0)))
        #expect(try mayMatch("id", .greater, .integer(148)))
        #expect(try !mayMatch("day", .greater, .integer(149)))
        #expect(try mayMatch("day", .isNull, .null))
        #expect(try mayMatch("text", .equal, .string("text number 3")))
    }
}
