import Columns
import Kernels
import Vocabulary

/// Says how an Avro file is written, by Spark's names.
package struct AvroWriterOptions: Sendable {
    package var codec: AvroCodec
    /// Name and namespace of the records' type.
    package var recordName = "topLevelRecord"
    package var recordNamespace = ""

    /// Reads options by their lower-case names. Throws `CODEC_NOT_AVAILABLE` or `UNSUPPORTED_FEATURE` (user).
    package init(_ options: [String: String]) throws(EngineError) {
        codec = try AvroCodec(option: options["compression"])
        recordName = options["recordname"] ?? recordName
        recordNamespace = options["recordnamespace"] ?? recordNamespace
        if options["avroschema"] != nil {
            throw .user(
                "UNSUPPORTED_FEATURE.AVRO_SCHEMA", "The option avroSchema is for reading Avro files only",
                remedy: "Cast the columns to the types that the files should have, and leave the option out.")
        }
    }
}

/// Writes batches as one Avro file, with the schema that Spark gives to columns: each may be null. Used by
/// one thread at a time; holds one block in memory.
package final class AvroWriter {
    private let sink: any ByteSink
    private let schema: Schema
    private let codec: AvroCodec
    private let mark: [UInt8]
    private let records = GrowingBytes(capacity: 1 << 16)
    private let packed = GrowingBytes(capacity: 1 << 16)
    private var recordCount = 0

    /// Bytes of records after which a block is written, as by Avro's own library.
    private static let blockBytes = 64 << 10

    /// Begins a file. Throws a `user` error when a column's type or name has no form in Avro.
    package init(sink: any ByteSink, schema: Schema, options: AvroWriterOptions) throws(EngineError) {
        self.sink = sink
        self.schema = schema
        codec = options.codec
        if schema.fields.isEmpty {
            throw .user(
                "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", "An Avro file needs at least one column")
        }
        var random = SystemRandomNumberGenerator()
        mark = (0..<AvroFile.markBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        let text = try AvroSchemaWriter.text(
            of: schema.fields, name: options.recordName, namespace: options.recordNamespace)
        records.append(AvroFile.magic)
        let pairs = [("avro.schema", text), ("avro.codec", codec.fileName)]
        records.putLong(Int64(pairs.count))
        for (name, value) in pairs {
            records.putText(name)
            records.putText(value)
        }
        records.putLong(0)
        records.append(mark)
        try sink.write(records.bytes)
        records.removeAll()
    }

    /// Bytes so far, the block that is open included.
    package var byteCount: Int { sink.byteCount + records.count }

    /// Appends a batch whose columns have the schema's types.
    package func write(_ batch: Batch) throws(EngineError) {
        if batch.columns.count != schema.count {
            throw .internal("a batch of \(batch.columns.count) columns for a file of \(schema.count)")
        }
        let encoders = batch.columns.map { AvroEncoder.make($0.flattened()) }
        for row in 0..<batch.count {
            for encoder in encoders { encoder.write(row, to: records) }
            recordCount += 1
            if records.count >= AvroWriter.blockBytes { try finishBlock() }
        }
    }

    private func finishBlock() throws(EngineError) {
        if recordCount == 0 { return }
        let body = GrowingBytes(capacity: records.count)
        try codec.deflate(records, to: body)
        packed.putLong(Int64(recordCount))
        packed.putLong(Int64(body.count))
        packed.append(UnsafeRawPointer(body.base), body.count)
        packed.append(mark)
        try sink.write(packed.bytes)
        packed.removeAll()
        records.removeAll()
        recordCount = 0
    }

    /// Writes what is left, and finishes the sink.
    package func finish() throws(EngineError) {
        try finishBlock()
        try sink.finish()
    }
}

extension GrowingBytes {
    /// Appends a number as zigzag, seven bits a byte.
    @inline(__always)
    func putLong(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        let out = reserve(10).assumingMemoryBound(to: UInt8.self)
        var count = 0
        while rest >= 0x80 {
            out[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            count &+= 1
        }
        out[count] = UInt8(truncatingIfNeeded: rest)
        commit(count &+ 1)
    }

    func putText(_ text: String) {
        putLong(Int64(text.utf8.count))
        append(Array(text.utf8))
    }
}
