import Columns
import Memory
import Testing
import Vocabulary

@testable import Formats

/// Reads lines and documents that take more memory than a reader has for nothing.
@Suite("Long lines", .serialized)
struct LongLineTests {
    private static let megabyte = 1 << 20

    private static func memory(_ megabytes: Int) -> (budget: MemoryBudget, memory: CountedMemory) {
        let budget = MemoryBudget(limitBytes: megabytes * megabyte)
        return (budget, CountedMemory(budget, owner: "Reading a file"))
    }

    private static let fields = [Field("a", DataType.string), Field("b", .string)]

    /// Makes the reader of a format over a text of `megabytes`, whose last line is a short one.
    private static func reader(
        _ format: String, _ megabytes: Int, _ memory: CountedMemory
    ) throws -> any BatchStream {
        let long = String(repeating: "0123456789abcdef", count: megabytes * megabyte / 16)
        var options: [String: String] = [:]
        let text: String
        switch format {
        case "csv": text = "\(long),x\ny,z\n"
        case "json": text = "{\"a\": \"\(long)\", \"b\": \"x\"}\n{\"a\": \"y\", \"b\": \"z\"}\n"
        case "escapes": text = "{\"a\": \"\(long)\\n\", \"b\": \"x\"}\n{\"a\": \"y\", \"b\": \"z\"}\n"
        case "document":
            options["multiline"] = "true"
            text = "[{\"a\": \"\(long)\", \"b\": \"x\"},\n {\"a\": \"y\", \"b\": \"z\"}]"
        default: text = "\(long)\nz\n"
        }
        let source = MemorySource(text)
        let range = 0..<source.byteCount
        if format == "csv" {
            return try CSVReader(
                source: source, range: range, schema: Schema(fields), columns: [0, 1],
                options: CSVOptions(options), memory: memory)
        }
        if format == "text" {
            return try TextLineReader(source: source, range: range, fields: [fields[0]], memory: memory)
        }
        return try JSONReader(
            source: source, range: range, schema: Schema(fields), options: JSONOptions(options),
            memory: memory)
    }

    @Test(
        "take memory of the budget while their rows live, or fail before with what to change",
        arguments: ["csv", "json", "escapes", "document", "text"])
    func counted(format: String) throws {
        let (budget, memory) = Self.memory(160)
        var rowCount = 0
        do {
            let reader = try Self.reader(format, 20, memory)
            var mostBytes = 0
            while let batch = try reader.next() {
                mostBytes = max(mostBytes, budget.usedBytes)
                rowCount += batch.count
            }
            #expect(mostBytes >= 20 * Self.megabyte, "\(mostBytes)")
        }
        #expect(rowCount == 2)
        #expect(budget.usedBytes == 0)
        let short = Self.memory(40)
        let error = #expect(throws: EngineError.self) {
            let reader = try Self.reader(format, 20, short.memory)
            while try reader.next() != nil {}
        }
        #expect(error?.code == "OUT_OF_MEMORY", "\(String(describing: error))")
        #expect(error?.message.contains("Reading a file needs") == true)
        #expect(error?.remedy?.contains("--memory") == true)
        #expect(short.budget.usedBytes == 0)
        // Short ones need none of it.
        let none = Self.memory(0)
        let reader = try Self.reader(format, 0, none.memory)
        var rows = 0
        while let batch = try reader.next() { rows += batch.count }
        #expect(rows == 2)
    }

    @Test("that are no UTF-8, or do not fit the schema, are counted while they are mended")
    func mended() throws {
        func read(_ memory: CountedMemory) throws -> [[Scalar]] {
            var bytes = [UInt8](repeating: 0x78, count: 20 * Self.megabyte)
            bytes[7] = 0xFF
            bytes += Array(",1\ny,z\n".utf8)
            let source = MemorySource(bytes)
            let schema = [Field("a", DataType.string), Field("n", .int32), Field("_corrupt_record", .string)]
            var all: [[Scalar]] = []
            let reader = try CSVReader(
                source: source, range: 0..<source.byteCount, schema: Schema(schema), columns: [1, 2],
                options: CSVOptions([:]), memory: memory)
            while let batch = try reader.next() {
                for row in 0..<batch.count { all.append(batch.columns.map { $0.scalar(at: row) }) }
            }
            return all
        }
        let ample = Self.memory(300)
        let rows = try read(ample.memory)
        #expect(rows == [[.integer(1), .null], [.null, .string("y,z")]])
        let short = Self.memory(80)
        let error = #expect(throws: EngineError.self) { try read(short.memory) }
        #expect(error?.code == "OUT_OF_MEMORY")
        #expect(ample.budget.usedBytes == 0 && short.budget.usedBytes == 0)
    }

    @Test("with millions of fields have as much room for their places as they need")
    func fields() throws {
        let text = String(repeating: ",", count: 3 * Self.megabyte) + "\na,b\n"
        let source = MemorySource(text)
        func count(_ megabytes: Int) throws -> Int {
            let reader = try CSVReader(
                source: source, range: 0..<source.byteCount, schema: Schema(Self.fields), columns: [0, 1],
                options: CSVOptions([:]), memory: Self.memory(megabytes).memory)
            var count = 0
            while let batch = try reader.next() { count += batch.count }
            return count
        }
        #expect(try count(64) == 2)
        let error = #expect(throws: EngineError.self) { try count(40) }
        #expect(error?.code == "OUT_OF_MEMORY")
    }
}
