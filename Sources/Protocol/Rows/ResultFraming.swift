import Columns
import Formats
import Memory
import Vocabulary

/// Frames the rows of a result as `application/vnd.millrace.blocks`.
///
///     magic "MRRS", version UInt8 = 1
///     head: its count of bytes (UInt32), names and types as `Schema+Wire` writes them, and the session's
///     zone,
///         left out when that is UTC
///     column blocks one after the other, each with its own header that says its size
///     end: 40 bytes of zero, so that a stream that broke off is told from one that ended
///
/// All numbers are little endian.
package enum ResultFraming {
    package static let contentType = "application/vnd.millrace.blocks"
    static let magic: [UInt8] = Array("MRRS".utf8) + [1]
    /// Bytes of a head that a reader takes: a schema is never larger.
    static let schemaLimitBytes = 16 << 20

    /// Returns what comes before the first block.
    package static func head(_ schema: Schema, timeZone: String = "UTC") -> [UInt8] {
        var writer = WireWriter()
        schema.write(to: &writer)
        if timeZone != "UTC" { writer.data(Array(timeZone.utf8)) }
        let body = writer.bytes
        let count = UInt32(body.count)
        return magic + (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) } + body
    }

    /// What comes after the last block.
    package static let end = [UInt8](repeating: 0, count: ColumnBlockDecoder.headerBytes)
}

/// Takes the bytes of a framed result in any pieces and gives its schema and batches.
package struct ResultParser {
    private var pending: [UInt8] = []
    private var start = 0
    private var decoder: ColumnBlockDecoder?
    package private(set) var schema: Schema?
    /// The session's zone, once the schema is read.
    package private(set) var timeZone = "UTC"
    package private(set) var isEnded = false

    package init() {}

    /// Adds bytes that arrived.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            pending.removeFirst(start)
            start = 0
        }
        pending.append(contentsOf: bytes)
    }

    /// Reads the schema once its bytes are there; returns nil before. Throws `CORRUPT_MESSAGE`.
    package mutating func readSchema() throws(EngineError) -> Schema? {
        if let schema { return schema }
        let fixed = ResultFraming.magic.count + 4
        guard pending.count - start >= fixed else { return nil }
        guard Array(pending[start..<start + 5]) == ResultFraming.magic else {
            throw .system(
                "CORRUPT_MESSAGE", "The coordinator's answer is no stream of rows that this version reads",
                remedy: "Run the same version of etl-submit and etl-coordinator.")
        }
        var count = 0
        for i in 0..<4 { count |= Int(pending[start + 5 + i]) << (8 * i) }
        guard count <= ResultFraming.schemaLimitBytes else {
            throw .system("CORRUPT_MESSAGE", "The coordinator's answer declares too large a schema")
        }
        guard pending.count - start >= fixed + count else { return nil }
        var reader = WireReader(Array(pending[start + fixed..<start + fixed + count]))
        let schema = try Schema(from: &reader)
        if !reader.isAtEnd { timeZone = String(decoding: try reader.data(), as: UTF8.self) }
        self.schema = schema
        decoder = ColumnBlockDecoder(schema: schema)
        start += fixed + count
        return schema
    }

    /// Returns the next batch whose bytes are complete, or nil. Throws `CORRUPT_BLOCK`.
    package mutating func next() throws(EngineError) -> Batch? {
        guard let decoder, !isEnded else { return nil }
        let headerBytes = ColumnBlockDecoder.headerBytes
        guard pending.count - start >= headerBytes else { return nil }
        if pending[start..<start + headerBytes].allSatisfy({ $0 == 0 }) {
            isEnded = true
            return nil
        }
        let from = start
        let result: Result<(Batch, Int)?, EngineError> = pending.withUnsafeBytes { raw in
            Result { () throws(EngineError) in
                let rest = UnsafeRawBufferPointer(rebasing: raw[from...])
                let size = try ColumnBlockDecoder.blockBytes(header: rest)
                if rest.count < size { return nil }
                return (try decoder.decode(UnsafeRawBufferPointer(rebasing: rest[..<size])), size)
            }
        }
        guard let (batch, size) = try result.get() else { return nil }
        start += size
        return batch
    }
}
