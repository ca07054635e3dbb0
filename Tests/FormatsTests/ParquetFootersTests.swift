import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Formats

@Suite("Footers of Parquet files that are kept")
struct ParquetFootersTests {
    /// Counts how often the bytes of a file are read.
    private final class Source: ByteSource {
        let bytes: [UInt8]
        let stamp: UInt64
        let reads = Mutex(0)
        var name: String { "kept.parquet" }
        var byteCount: Int { bytes.count }

        init(_ bytes: [UInt8], stamp: UInt64) { (self.bytes, self.stamp) = (bytes, stamp) }

        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
            reads.withLock { $0 += 1 }
            let count = min(buffer.count, bytes.count - offset)
            buffer.copyBytes(from: bytes[offset..<offset + count])
            return count
        }
    }

    @Test("a footer is read once, and again when the file was written anew")
    func stamps() throws {
        let bytes = try smallParquetFile()
        let footers = ParquetFooters()
        let first = Source(bytes, stamp: 1)
        let second = Source(bytes, stamp: 1)
        let rewritten = Source(bytes, stamp: 2)
        let rows = try footers.file(at: "a", first).rowCount
        #expect(rows == 2_000)
        #expect(first.reads.withLock { $0 } > 0)
        let again = try footers.file(at: "a", second)
        #expect(again.rowCount == rows)
        #expect(again.source === second, "pages come from the file that was opened now")
        #expect(second.reads.withLock { $0 } == 0)
        _ = try footers.file(at: "a", rewritten)
        #expect(rewritten.reads.withLock { $0 } > 0)
        let elsewhere = Source(bytes, stamp: 1)
        _ = try footers.file(at: "b", elsewhere)
        #expect(elsewhere.reads.withLock { $0 } > 0)
    }

    @Test("a source that cannot tell whether it was written anew is read each time")
    func unknown() throws {
        let bytes = try smallParquetFile()
        let footers = ParquetFooters()
        for _ in 0..<2 {
            let source = Source(bytes, stamp: 0)
            _ = try footers.file(at: "a", source)
            #expect(source.reads.withLock { $0 } > 0)
        }
    }

    @Test("the oldest are forgotten first")
    func bound() throws {
        let bytes = try smallParquetFile()
        let footers = ParquetFooters()
        for number in 0...256 { _ = try footers.file(at: "\(number)", Source(bytes, stamp: 1)) }
        let oldest = Source(bytes, stamp: 1)
        let newest = Source(bytes, stamp: 1)
        _ = try footers.file(at: "256", newest)
        #expect(newest.reads.withLock { $0 } == 0)
        _ = try footers.file(at: "0", oldest)
        #expect(oldest.reads.withLock { $0 } > 0)
    }

    private func smallParquetFile() throws -> [UInt8] {
        let folder = try ScratchFolder()
        _ = try runPython(smallParquetMaker(), ["pruning", folder.path])
        return try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.file("integer.parquet"))))
    }
}
