import Columns
import Memory
import Testing
import Vocabulary

@testable import Formats

/// A column chunk of a file that is near is read through a window that moves on with the pages.
@Suite("Parquet, read through a window")
struct ParquetWindowTests {
    /// Serves bytes and notes the longest read.
    ///
    /// `@unchecked Sendable`: one thread reads.
    private final class Source: ByteSource, @unchecked Sendable {
        let name = "memory"
        let isNear: Bool
        private let bytes: [UInt8]
        private(set) var longestRead = 0
        var byteCount: Int { bytes.count }

        init(_ bytes: [UInt8], isNear: Bool) {
            self.bytes = bytes
            self.isNear = isNear
        }

        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
            let count = max(0, min(buffer.count, bytes.count - offset))
            buffer.copyBytes(from: bytes[offset..<(offset + count)])
            longestRead = max(longestRead, count)
            return count
        }
    }

    private static let schema = Schema([
        Field("number", .int64), Field("text", .string), Field("list", .array(.int64, containsNull: true)),
    ])

    /// Rows whose columns take several windows; some of the texts alone take more than one.
    private static func file(_ compression: ParquetCompression, pageBytes: Int) throws -> [UInt8] {
        let sink = MemorySink()
        let options = ParquetWriterOptions(compression: compression, pageBytes: pageBytes, dictionary: false)
        let writer = try ParquetWriter(sink: sink, schema: schema, options: options)
        for first in stride(from: 0, to: 280_000, by: 4000) {
            let rows = first..<(first + 4000)
            func mixed(_ row: Int) -> Scalar { .integer(Int64(row) &* 0x2545_F491_4F6C_DD1D) }
            let texts = rows.map { row -> Scalar in
                if row == 200_000 { return .string(String(repeating: "long \(row) ", count: 300_000)) }
                return row % 7 == 0 ? .null : .string("text \(row &* 7919 % 99_991)")
            }
            try writer.write(
                Batch(
                    columns: [
                        .of(.int64, rows.map { mixed($0) }), .of(.string, texts),
                        .of(
                            schema[2].type,
                            rows.map { row in .array((0..<(row % 3)).map { mixed(row + $0) }) }),
                    ], count: 4000))
        }
        _ = try writer.finish()
        return sink.bytes
    }

    private static func read(_ source: Source) throws -> [[Scalar]] {
        try rows(of: ParquetReader(file: try ParquetFile(source: source), columns: [0, 1, 2]))
    }

    @Test(
        "gives the rows that reading in one piece gives, in smaller pieces",
        arguments: zip([ParquetCompression.none, .snappy], [3 << 20, 64 << 10]))
    func windows(compression: ParquetCompression, pageBytes: Int) throws {
        let bytes = try Self.file(compression, pageBytes: pageBytes)
        let (near, far) = (Source(bytes, isNear: true), Source(bytes, isNear: false))
        let rows = try Self.read(near)
        #expect(rows.count == 280_000)
        #expect(try rows == Self.read(far))
        #expect(far.longestRead > 2 * PageStream.windowBytes)
        if pageBytes < PageStream.windowBytes, compression == .snappy {
            #expect(near.longestRead <= 2 * PageStream.windowBytes)
        }
    }

    @Test("a batch of wide rows has fewer of them")
    func wideRows() throws {
        let sink = MemorySink()
        let schema = Schema([Field("number", .int64), Field("text", .string)])
        let writer = try ParquetWriter(
            sink: sink, schema: schema,
            options: ParquetWriterOptions(compression: .snappy, dictionary: false))
        for first in stride(from: 0, to: 2000, by: 500) {
            let rows = first..<(first + 500)
            let texts = rows.map { Scalar.string(String(repeating: "row \($0) ", count: 4000)) }
            try writer.write(
                Batch(
                    columns: [.of(.int64, rows.map { .integer(Int64($0)) }), .of(.string, texts)], count: 500)
            )
        }
        _ = try writer.finish()
        let file = try ParquetFile(source: Source(sink.bytes, isNear: true))
        func counts(_ columns: [Int]) throws -> [Int] {
            let reader = ParquetReader(file: file, columns: columns)
            var counts: [Int] = []
            while let batch = try reader.next() { counts.append(batch.count) }
            return counts
        }
        // Some 35 kB a row.
        let wide = try counts([0, 1])
        #expect(wide.reduce(0, +) == 2000 && wide.allSatisfy { $0 <= 300 }, "\(wide)")
        let narrow = try counts([0])
        #expect(narrow.count == file.rowGroups.count && narrow.reduce(0, +) == 2000, "\(narrow)")
    }
}
