import Columns
import Foundation
import Memory
import Storage
import Testing
import Vocabulary

@testable import Formats

/// Files of a few bytes that become hundreds of megabytes.
@Suite("Files that inflate to much")
struct InflationTests {
    /// Makes `page.parquet`, a text of 96 MiB; `runs.parquet`, an array of four million equal numbers in one
    /// row; and `dictionary.parquet`, where the text is in a dictionary.
    private static let maker = """
        import sys, pyarrow as pa, pyarrow.parquet as pq
        folder = sys.argv[1]
        text = "a" * (96 << 20)
        plain = pa.table({"t": pa.array([text])})
        pq.write_table(plain, folder + "/page.parquet", compression="zstd", use_dictionary=False)
        pq.write_table(plain, folder + "/dictionary.parquet", compression="zstd",
            dictionary_pagesize_limit=1 << 30)
        numbers = pa.array([[7] * 4_000_000], pa.list_(pa.int64()))
        pq.write_table(pa.table({"n": numbers}), folder + "/runs.parquet", compression="none",
            data_page_size=1 << 30, write_statistics=False)
        """

    private static func budget(_ mebibytes: Int) -> MemoryBudget { MemoryBudget(limitBytes: mebibytes << 20) }

    private static func batch(_ path: String, _ budget: MemoryBudget?) throws -> Batch? {
        let file = try ParquetFile(source: LocalFileSource(path: path))
        return try ParquetReader(
            file: file, columns: [0], memory: CountedMemory(budget, owner: "Reading \(path)")
        ).next()
    }

    @Test(
        "a Parquet page, a dictionary and runs of a nested column take memory of the budget, or fail before")
    func parquet() throws {
        let folder = try ScratchFolder()
        _ = try runPython(Self.maker, [folder.path])
        for (name, mostFileBytes) in [("page", 1 << 20), ("dictionary", 1 << 20), ("runs", 1 << 20)] {
            let path = folder.file(name + ".parquet")
            let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            #expect(size < mostFileBytes, "\(name) has \(size) bytes")
            let short = Self.budget(64)
            let error = #expect(throws: EngineError.self, "\(name)") { try Self.batch(path, short) }
            #expect(error?.code == "OUT_OF_MEMORY", "\(name): \(String(describing: error))")
            #expect(error?.message.contains(path) == true)
            #expect(short.usedBytes == 0, "all is given back")
            let ample = Self.budget(1024)
            try withExtendedLifetime(try #require(try Self.batch(path, ample))) { batch in
                #expect(batch.count == 1)
                #expect(ample.usedBytes >= 30 << 20, "\(name): \(ample.usedBytes) while its rows are held")
            }
            #expect(ample.usedBytes == 0)
            #expect(try Self.batch(path, nil)?.count == 1)
        }
    }

    @Test("an Avro block takes memory of the budget as it inflates, or fails before")
    func avro() throws {
        for codec in [AvroCodec.deflate, .snappy, .zstandard] {
            let text = GrowingBytes(capacity: 48 << 20)
            for _ in 0..<(40 << 10) {
                [UInt8](repeating: 97, count: 1024).withUnsafeBytes {
                    text.append($0.baseAddress!, $0.count)
                }
            }
            let packed = GrowingBytes(capacity: 1 << 20)
            try codec.deflate(text, to: packed)
            let input = Buffer(byteCount: packed.count + 64)
            input.base.copyMemory(from: packed.base, byteCount: packed.count)
            let short = Self.budget(32)
            let error = #expect(throws: EngineError.self) {
                try codec.inflate(
                    input, byteCount: packed.count, counted: CountedMemory(short, owner: "Reading f").count())
            }
            #expect(error?.code == "OUT_OF_MEMORY", "\(codec)")
            #expect(short.usedBytes == 0)
            let ample = Self.budget(512)
            let counted = CountedMemory(ample, owner: "Reading f").count()
            #expect(try codec.inflate(input, byteCount: packed.count, counted: counted).count == 40 << 20)
            withExtendedLifetime(counted) { #expect(ample.usedBytes >= 40 << 20) }
        }
    }

    @Test("what is small is not counted")
    func small() throws {
        let budget = Self.budget(1)
        let memory = CountedMemory(budget, owner: "f")
        #expect(try memory.buffer(byteCount: 16 << 20).byteCount == 16 << 20 && budget.usedBytes == 0)
        let counted = memory.count()
        try counted.hold(16 << 20)
        #expect(throws: EngineError.self) { try counted.hold((16 << 20) + 1) }
        #expect(budget.usedBytes == 0)
    }
}
