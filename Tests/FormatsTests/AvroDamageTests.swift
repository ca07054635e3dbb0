import Columns
import Kernels
import SampleRows
import SeededRandom
import Testing
import Vocabulary

@testable import Formats

/// Damages Avro files of every codec at seeded places: reading must end with a `data` error or with
/// whole columns, and take no more memory than the file could need.
@Suite("Avro files that are damaged", .serialized)
struct AvroDamageTests {
    private static let schema = Schema(SampleRows.common)
    private static let rowCount = 150

    private static func avro(_ codec: String) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = try AvroWriter(
            sink: sink, schema: schema, options: AvroWriterOptions(["compression": codec]))
        try writer.write(SampleRows.batch(schema, rowCount: rowCount))
        try writer.finish()
        return sink.bytes
    }

    private func stream(_ bytes: [UInt8], range: Range<Int>? = nil) throws -> any BatchStream {
        try AvroReader(source: MemorySource(bytes), range: range ?? 0..<bytes.count, batchRows: 64)
    }

    private func read(_ bytes: [UInt8], _ what: String) -> Int? {
        DamagedFile.read(what) { try stream(bytes) }
    }

    private static let codecs = ["uncompressed", "deflate", "snappy", "zstandard"]

    @Test("hundreds of damaged files give an error or whole columns, and take little memory")
    func damage() throws {
        let files = try Self.codecs.map(Self.avro)
        for (number, bytes) in files.enumerated() {
            #expect(read(bytes, Self.codecs[number]) == Self.rowCount)
        }
        let before = DamagedFile.residentBytes()
        var dice = SplitMix(state: 20_261)
        var errors = 0
        for seed in 0..<1_500 {
            let number = dice.roll(files.count)
            let what = "seed \(seed) of \(Self.codecs[number])"
            if read(DamagedFile.damaged(files[number], &dice), what) == nil { errors += 1 }
        }
        #expect(errors > 300, "the damage is to be found")
        #expect(DamagedFile.residentBytes() - before < 256 << 20)
    }

    @Test(
        "a file that is cut off at any byte gives an error or the blocks before",
        arguments: AvroDamageTests.codecs)
    func cut(codec: String) throws {
        let bytes = try Self.avro(codec)
        let head = try AvroFile(source: MemorySource(bytes)).headBytes
        // All about the head's end and the file's; of the rest some will do.
        for count in 0..<bytes.count
        where count % 37 == 0 || abs(count - head) < 40 || count > bytes.count - 60 {
            let rows = read(Array(bytes.prefix(count)), "\(count) bytes of \(codec)")
            // The file has one block: all that is shorter but the head alone is damaged.
            #expect(rows == (count == head ? 0 : nil), "\(count) bytes of \(codec)")
        }
    }

    @Test(
        "a byte that is changed anywhere gives an error or whole columns", arguments: AvroDamageTests.codecs)
    func changed(codec: String) throws {
        let bytes = try Self.avro(codec)
        // The beginning and the end tell most; of the middle some will do.
        for place in bytes.indices where place < 60 || place > bytes.count - 60 || place % 37 == 0 {
            for value in [bytes[place] ^ 1, bytes[place] ^ 0x80, 0xFF] {
                var changed = bytes
                changed[place] = value
                _ = read(changed, "byte \(place) of \(codec) is \(value)")
            }
        }
    }

    @Test("what is written is what is read, row for row", arguments: AvroDamageTests.codecs)
    func roundTrip(codec: String) throws {
        let batch = SampleRows.batch(Self.schema, rowCount: Self.rowCount)
        let wanted = (0..<Self.rowCount).map { row in batch.columns.map { $0.scalar(at: row) } }
        #expect(try rows(of: stream(try Self.avro(codec))) == wanted)
    }

    @Test("ranges of an Avro file give each record once, wherever they are cut")
    func ranges() throws {
        let sink = MemorySink()
        let schema = Schema([Field("id", .int64), Field("text", .string)])
        let writer = try AvroWriter(sink: sink, schema: schema, options: AvroWriterOptions([:]))
        let count = 20_000
        for start in stride(from: 0, to: count, by: 1000) {
            let ids = (start..<(start + 1000)).map { Scalar.integer(Int64($0)) }
            let texts = ids.map { id in Scalar.string("\(id) of many records") }
            try writer.write(Batch(columns: [.of(.int64, ids), .of(.string, texts)], count: 1000))
        }
        try writer.finish()
        let size = sink.bytes.count
        for part in [size, size / 2, size / 7, 10_001, 1_777] {
            var found: [Int64] = []
            for start in stride(from: 0, to: size, by: part) {
                let reader = try AvroReader(
                    source: MemorySource(sink.bytes), range: start..<min(size, start + part),
                    wanted: [Field("id", .int64)])
                for row in try rows(of: reader) {
                    if case .integer(let id) = row[0] { found.append(id) }
                }
            }
            #expect(found == (0..<Int64(count)).map { $0 }, "ranges of \(part) bytes")
        }
    }
}
