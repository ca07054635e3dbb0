import Columns
import Formats
import Memory
import Plans
import Shuffle
import Synchronization
import Testing
import Vocabulary

@testable import Execution

/// Files are written with little memory: row groups and files end early, and every row is in one of them.
@Suite("Writing files")
struct FileSinkTests {
    /// Keeps the files that tasks write.
    private final class Files: FileAccess {
        private let written = Mutex<[String: [UInt8]]>([:])
        var all: [String: [UInt8]] { written.withLock { $0 } }

        func open(_ path: String) throws(EngineError) -> any ByteSource { Source(all[path] ?? []) }
        func create(
            _ relativePath: String, write: FileWrite, job: String, attempt: AttemptID
        ) throws(EngineError) -> any ByteSink { Sink(relativePath, self) }
        func discard(_ attempt: AttemptID) {}
        func keep(_ path: String, _ bytes: [UInt8]) { written.withLock { $0[path] = bytes } }
    }

    private final class Sink: ByteSink {
        let name: String
        private let files: Files
        private var bytes: [UInt8] = []
        var byteCount: Int { bytes.count }

        init(_ name: String, _ files: Files) {
            self.name = name
            self.files = files
        }

        func write(_ data: UnsafeRawBufferPointer) throws(EngineError) { bytes.append(contentsOf: data) }
        func finish() throws(EngineError) { files.keep(name, bytes) }
        func abort() {}
    }

    private final class Source: ByteSource {
        let name = "memory"
        private let bytes: [UInt8]
        var byteCount: Int { bytes.count }

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
            let count = max(0, min(buffer.count, bytes.count - offset))
            buffer.copyBytes(from: bytes[offset..<(offset + count)])
            return count
        }
    }

    private static let schema = Schema([Field("folder", .int32), Field("number", .int64)])
    private static let rowCount = 1_200_000

    /// Writes rows, a number of each in 40 folders where `isPartitioned`, and returns the numbers that the
    /// files have, how many row groups these have, and the most memory that was taken.
    private func write(memoryBytes: Int, isPartitioned: Bool) throws
        -> (numbers: [Int64], groups: Int, files: Int, mostBytes: Int)
    {
        let (files, store) = (Files(), ShuffleStore())
        let resources = WorkerResources(
            budget: MemoryBudget(limitBytes: memoryBytes), store: store,
            shuffle: LocalShuffleSource(store: store), spillDirectory: "/tmp", encodesShuffle: false,
            files: files)
        let sink = try FileSink(
            FileWrite(
                path: "out", format: .parquet, mode: .overwrite,
                partitionColumns: isPartitioned ? [0] : [], options: ["compression": "none"],
                schema: Self.schema), context: ShortMemory.context(resources))
        var most = 0
        for first in stride(from: 0, to: Self.rowCount, by: 4000) {
            let rows = first..<(first + 4000)
            // Without a pattern, so that the files are as large as the numbers.
            let numbers = rows.map { Scalar.integer(Int64($0) &* 0x2545_F491_4F6C_DD1D) }
            try sink.write(
                Batch(
                    columns: [
                        .of(.int32, rows.map { .integer(Int64($0 % 40)) }), .of(.int64, numbers),
                    ], count: 4000))
            most = max(most, resources.budget.usedBytes)
        }
        let result = try sink.finish()
        sink.abort()
        #expect(resources.budget.usedBytes == 0)
        #expect(result.rows == Self.rowCount && result.files.count == files.all.count)
        var found: [Int64] = []
        var groups = 0
        for bytes in files.all.values {
            let file = try ParquetFile(source: Source(bytes))
            groups += file.rowGroups.count
            let reader = ParquetReader(file: file, columns: [file.schema.count - 1])
            while let batch = try reader.next() {
                let column = batch.columns[0].flattened()
                withExtendedLifetime(column) {
                    let values = column.pointer(as: Int64.self)
                    for row in 0..<batch.count { found.append(values[row]) }
                }
            }
        }
        return (found.sorted(), groups, files.all.count, most)
    }

    @Test("Parquet files take the memory that there is, and end row groups early where it is short")
    func parquet() throws {
        let ample = try write(memoryBytes: 1 << 30, isPartitioned: false)
        #expect(ample.files == 1 && ample.groups == 2 && ample.mostBytes > 8_000_000)
        let short = try write(memoryBytes: 5_000_000, isPartitioned: false)
        #expect(short.files == 1 && short.groups > 2 && short.mostBytes <= 5_000_000)
        #expect(short.numbers.count == ample.numbers.count)
        let different = zip(short.numbers, ample.numbers).first { $0 != $1 }
        #expect(different == nil)
    }

    @Test("the files of many folders share the memory, and the largest end early where it is short")
    func partitioned() throws {
        let ample = try write(memoryBytes: 1 << 30, isPartitioned: true)
        #expect(ample.files == 40 && ample.mostBytes > 8_000_000)
        let short = try write(memoryBytes: 5_000_000, isPartitioned: true)
        #expect(short.groups > 40 && short.mostBytes <= 5_000_000)
        let same = short.numbers == ample.numbers
        #expect(same)
    }
}
