import Columns
import Kernels
import SampleRows
import SeededRandom
import Testing
import Vocabulary

@testable import Formats

/// Damages ORC files of every codec: reading must end with a `data` error or with whole columns, and take no
/// more memory than the file could need.
@Suite("ORC files that are damaged", .serialized)
struct ORCDamageTests {
    private static let schema = Schema(SampleRows.schema.fields + [Field("clock", .timestampNTZ)])
    private static let rowCount = 150

    private static func orc(_ codec: ORCCompression) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = try ORCWriter(sink: sink, schema: schema, compression: codec, zone: .utc)
        try writer.write(SampleRows.batch(schema, rowCount: rowCount))
        try writer.finish()
        return sink.bytes
    }

    private func stream(_ bytes: [UInt8]) throws -> any BatchStream {
        try ORCReader(source: MemorySource(bytes), stripes: 0..<100, zone: .utc, batchRows: 64)
    }

    private func read(_ bytes: [UInt8], _ what: String) -> Int? {
        DamagedFile.read(what) { try stream(bytes) }
    }

    @Test("thousands of damaged files give an error or whole columns, and take little memory")
    func damage() throws {
        let files = try ORCCompression.allCases.map(Self.orc)
        let before = DamagedFile.residentBytes()
        var dice = SplitMix(state: 20_261)
        var errors = 0
        for seed in 0..<3_000 {
            let number = dice.roll(files.count)
            if read(DamagedFile.damaged(files[number], &dice), "seed \(seed) of file \(number)") == nil {
                errors += 1
            }
        }
        #expect(errors > 500, "the damage is to be found")
        #expect(DamagedFile.residentBytes() - before < 256 << 20)
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
        let batch = SampleRows.batch(Self.schema, rowCount: Self.rowCount)
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
