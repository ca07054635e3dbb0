import Columns
import Execution
import Formats
import Kernels
import Memory
import Plans
import Synchronization
import Vocabulary

/// Holds the rows of a source as JSON lines in a file without a name, so that the source is read once: its
/// schema is inferred over all rows, and the rows are then read by the engine's own JSON reader.
///
/// `@unchecked Sendable`: one thread lands rows; afterwards only positional reads.
final class LandedRows: ByteSource, @unchecked Sendable {
    let name: String
    private let file: SpillFile
    private var pending: [UInt8] = []
    private(set) var rowCount = 0
    /// What to do about a row that cannot be read.
    var remedy = "Declare the column that it does not fit with another data_type."

    /// Bytes that are gathered before they are written.
    private static let chunkBytes = 1 << 20

    /// `directory` is the worker's for what does not fit in memory.
    init(_ name: String, directory: String) throws(EngineError) {
        // The reader takes the ending of a name for a compression.
        self.name = "the rows of \(name)"
        file = try SpillFile(directory: directory)
    }

    /// Appends a value of a document as one line; what is no object becomes the column `value`.
    func append(_ value: Range<Int>, of document: JSONDocument) throws(EngineError) {
        let isObject = document.kind(value) == .object
        if !isObject { pending += Array("{\"value\":".utf8) }
        let start = pending.count
        pending += document.bytes[value]
        // Line breaks stand only between tokens: in strings JSON allows none.
        for at in start..<pending.count where pending[at] == 10 || pending[at] == 13 { pending[at] = 32 }
        if !isObject { pending.append(UInt8(ascii: "}")) }
        pending.append(10)
        rowCount += 1
        try flush(beyond: LandedRows.chunkBytes)
    }

    /// Appends text that is JSON lines already.
    func append(lines: UnsafeRawBufferPointer) throws(EngineError) {
        try flush(beyond: 0)
        _ = try file.append(lines)
    }

    /// Ends the landing.
    func finish() throws(EngineError) { try flush(beyond: 0) }

    private func flush(beyond limit: Int) throws(EngineError) {
        guard pending.count > limit else { return }
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        let written: Result<Range<Int>, EngineError> = bytes.withUnsafeBytes { piece in
            do throws(EngineError) { return .success(try file.append(piece)) } catch {
                return .failure(error)
            }
        }
        _ = try written.get()
    }

    var byteCount: Int { file.byteCount }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        try file.read(at: offset, into: buffer)
    }

    // MARK: rows

    /// A record that does not fit fails the read: nothing is dropped silently.
    private func options(_ zone: Zone) throws(EngineError) -> JSONOptions {
        try JSONOptions(["mode": "FAILFAST"], zone: zone)
    }

    /// Infers the schema over all rows. Throws `SOURCE_EMPTY` when there are none.
    func schema(_ zone: Zone) throws(EngineError) -> Schema {
        let inference = JSONSchemaInference(
            options: try options(zone), sample: InferenceSample(looksAtAll: true))
        let schema: Schema
        do throws(EngineError) { schema = try inference.infer([self]) } catch { throw explained(error) }
        guard !schema.fields.isEmpty else {
            throw .user(
                "SOURCE_EMPTY",
                "The source gave no rows with columns, so that the table's are not known: \(name)",
                remedy: "Give the columns: CREATE TEMPORARY VIEW name (id BIGINT, …) USING ….")
        }
        return schema
    }

    /// Opens the rows as columns; `count` counts the bytes that are read.
    func open(_ schema: Schema, _ zone: Zone, _ count: ByteCount) throws(EngineError) -> JSONReader {
        try JSONReader(
            source: CountedRows(self, count), range: 0..<byteCount, schema: schema,
            options: try options(zone))
    }

    /// Returns an error of the engine's reader in words of the source: nobody chose a mode of reading.
    func explained(_ error: EngineError) -> EngineError {
        guard error.code == "MALFORMED_RECORD_IN_PARSING" else { return error }
        let message = error.message.replacing(
            "does not fit the schema (mode FAILFAST)", with: "is no JSON, or does not fit the columns")
        return .data(error.code, message, remedy: remedy)
    }
}

/// Counts the bytes that one reader reads. Thread-safe.
final class ByteCount: Sendable {
    private let bytes = Atomic<Int>(0)
    var value: Int { bytes.load(ordering: .relaxed) }
    func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
}

/// Is landed rows for one reader, whose bytes are counted.
private final class CountedRows: ByteSource {
    private let rows: LandedRows
    private let count: ByteCount

    init(_ rows: LandedRows, _ count: ByteCount) {
        self.rows = rows
        self.count = count
    }

    var name: String { rows.name }
    var byteCount: Int { rows.byteCount }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        let got = try rows.read(at: offset, into: buffer)
        count.add(got)
        return got
    }
}

/// Finds the landed rows of this worker's jobs. Each lives as long as its job holds it. Thread-safe.
final class LandedStore: Sendable {
    private struct Entry: Sendable {
        weak var rows: LandedRows?
    }
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// Keeps rows for a task of the same job; `context` holds them until the job ends.
    func keep(_ rows: LandedRows, _ context: ConnectorContext) -> [UInt8] {
        let token = (0..<16).map { _ in UInt8.random(in: 0...255) }
        entries.withLock { table in
            table = table.filter { $0.value.rows != nil }
            table[token] = Entry(rows: rows)
        }
        context.holdForJob(rows)
        return token
    }

    /// Returns the rows of a token; nil when they landed on another worker, or before a restart.
    func rows(_ token: [UInt8]) -> LandedRows? { entries.withLock { $0[token]?.rows } }
}
