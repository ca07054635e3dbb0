import Columns
import Memory
import Vocabulary

/// Tells what the head of an Avro file says: schema, codec, and the mark between its blocks. Holds no file
/// open. Thread-safe: nothing changes after it was made.
///
///     Obj 1 │ map of names and bytes: avro.schema, avro.codec │ mark, 16 bytes
///     number of records │ bytes of the block │ records, compressed together │ mark      … and so on
///
/// The library of C for Avro (avro-c) reads files from their beginning alone, through `FILE`; it has no
/// zstandard, cannot begin at a mark, and gives values one object each. So the format is read here, over the
/// codecs that Parquet has, too.
package final class AvroFile: Sendable {
    package let schema: Schema
    let record: AvroSchema
    let fields: [AvroField]
    let codec: AvroCodec
    let mark: [UInt8]
    /// Where the first block begins, bytes from the beginning.
    let headBytes: Int

    static let magic: [UInt8] = Array("Obj".utf8) + [1]
    static let markBytes = 16
    /// Most bytes of a head; its schema is most of it.
    private static let headLimit = 32 << 20

    /// Reads the head. Throws a `data` error naming the source when it is no Avro file or is damaged.
    package init(source: any ByteSource) throws(EngineError) {
        do throws(EngineError) {
            let head = try AvroFile.head(of: source)
            record = try AvroSchemaText.schema(head.schema)
            guard case .record(let fields) = record.plain else { throw try AvroFile.noRecord(record) }
            self.fields = fields
            schema = try record.columns()
            codec = try AvroCodec(fileName: head.codec)
            mark = head.mark
            headBytes = head.byteCount
        } catch { throw error.naming(source) }
    }

    /// The error that `columns` throws for what is no record.
    private static func noRecord(_ schema: AvroSchema) throws(EngineError) -> EngineError {
        _ = try schema.columns()
        return .internal("an Avro record is none")
    }

    private struct Head {
        var schema: [UInt8] = []
        var codec = ""
        var mark: [UInt8] = []
        var byteCount = 0
    }

    /// Reads more and more of the file until the head is complete.
    private static func head(of source: any ByteSource) throws(EngineError) -> Head {
        var wanted = 64 << 10
        while true {
            let count = min(wanted, source.byteCount)
            let bytes = Buffer(byteCount: max(1, count))
            try source.readFully(at: 0, into: .init(start: bytes.base, count: count))
            // The head is taken out of these bytes by address alone.
            defer { withExtendedLifetime(bytes) {} }
            let given = UnsafeRawBufferPointer(start: bytes.base, count: count)
            if count < 4 || Array(given.prefix(4)) != magic { throw notAvro() }
            do throws(EngineError) { return try head(given) } catch {
                // Cut short by what was read, or by the file itself.
                if count == source.byteCount || wanted >= headLimit { throw error }
            }
            wanted *= 8
        }
    }

    private static func head(_ bytes: UnsafeRawBufferPointer) throws(EngineError) -> Head {
        var head = Head()
        let cursor = AvroCursor(UnsafeRawBufferPointer(rebasing: bytes[4...]))
        while true {
            let number = try cursor.items(areEmpty: false)
            if number == 0 { break }
            for _ in 0..<number {
                let name = String(decoding: try cursor.bytes(), as: UTF8.self)
                let value = try cursor.bytes()
                if name == "avro.schema" { head.schema = Array(value) }
                if name == "avro.codec" { head.codec = String(decoding: value, as: UTF8.self) }
            }
        }
        head.mark = Array(try cursor.take(markBytes))
        head.byteCount = 4 + cursor.at
        if head.schema.isEmpty { throw AvroCursor.damaged("its head has no schema") }
        return head
    }

    private static func notAvro() -> EngineError {
        .data(
            "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "This is no Avro file: it does not begin with Obj",
            remedy: "Check the path and the format: a lone message, without a file's head, is not read.")
    }

    /// Returns the columns of the option `avroSchema`, as a reader wants them.
    package static func columns(ofSchema text: String) throws(EngineError) -> Schema {
        try AvroSchemaText.schema(Array(text.utf8)).columns()
    }

    /// Brings the file's records together with the columns that are wanted, nil for all as they are;
    /// `readerSchema` is the option `avroSchema`. Throws as `AvroResolution` does.
    func resolution(of wanted: [Field]?, readerSchema text: String?) throws(EngineError) -> AvroResolution {
        guard let wanted else { return AvroResolution(all: fields) }
        var readers: [AvroField] = []
        if let text, case .record(let fields) = try AvroSchemaText.schema(Array(text.utf8)).plain {
            readers = fields
        }
        return try AvroResolution(fields, wanted: wanted, reader: readers)
    }
}
