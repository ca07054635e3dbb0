import Columns
import Vocabulary

/// Tells what a finished file holds.
package struct ParquetWriteResult: Sendable, Hashable {
    package let rowCount: Int
    package let byteCount: Int
}

/// Writes batches as one Parquet file, with Spark's conventions: decimals by precision, timestamps in
/// microseconds, optional columns, three-level lists. Used by one thread at a time; holds one row group's
/// pages in memory.
package final class ParquetWriter {
    package let schema: Schema
    private let sink: any ByteSink
    private let options: ParquetWriterOptions
    private var columns: [ColumnWriter] = []
    private var leaves: [LeafWriter] = []
    private var metadata = ParquetMetadata()
    private var offset = 4
    private var groupRows = 0

    private static let magic: [UInt8] = Array("PAR1".utf8)

    /// Begins a file. Throws a `user` error when a column's type has no form in Parquet.
    package init(sink: any ByteSink, schema: Schema, options: ParquetWriterOptions = .init())
        throws(EngineError)
    {
        self.sink = sink
        self.schema = schema
        self.options = options
        metadata.version = 1
        metadata.createdBy = "millrace version 0.1.0"
        metadata.keyValues[SparkRowMetadata.key] = SparkRowMetadata.text(schema)
        var root = ParquetSchemaElement()
        root.name = "spark_schema"
        root.isRoot = true
        root.childCount = schema.count
        metadata.schema = [root]
        if schema.fields.isEmpty {
            throw .user(
                "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", "A Parquet file needs at least one column")
        }
        for field in schema.fields {
            columns.append(
                try ColumnWriter(field, options: options, schema: &metadata.schema, leaves: &leaves))
        }
        try put(ParquetWriter.magic)
    }

    private func put(_ bytes: [UInt8]) throws(EngineError) {
        let failure: EngineError? = bytes.withUnsafeBytes { buffer in
            do throws(EngineError) {
                try sink.write(buffer)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Appends a batch whose columns have the schema's types.
    package func write(_ batch: Batch) throws(EngineError) {
        if batch.columns.count != columns.count {
            throw .internal("a batch of \(batch.columns.count) columns for a file of \(columns.count)")
        }
        for (column, vector) in zip(columns, batch.columns) { try column.append(vector) }
        groupRows += batch.count
        let bytes = leaves.reduce(0) { $0 + $1.bufferedBytes }
        if groupRows >= options.rowGroupRows || bytes >= options.rowGroupBytes { try finishRowGroup() }
    }

    private func finishRowGroup() throws(EngineError) {
        if groupRows == 0 { return }
        var group = ParquetRowGroupMetadata()
        group.rowCount = groupRows
        for leaf in leaves {
            let chunk = try leaf.finishChunk(to: sink, at: offset)
            offset += chunk.compressedBytes
            group.byteCount += chunk.uncompressedBytes
            group.columns.append(chunk)
        }
        metadata.rowGroups.append(group)
        metadata.rowCount += groupRows
        groupRows = 0
    }

    /// Bytes of memory that the open row group takes, with the work space.
    package var memoryBytes: Int { leaves.reduce(0) { $0 + $1.memoryBytes } }

    /// Ends the open row group early and gives its memory back.
    package func releaseMemory() throws(EngineError) {
        try finishRowGroup()
        for leaf in leaves { leaf.releaseMemory() }
    }

    /// Bytes of finished row groups and, about, of the one that is open: how large the file would be now.
    package var byteCount: Int { offset + leaves.reduce(0) { $0 + $1.bufferedBytes } }
    /// Rows written so far.
    package var rowCount: Int { metadata.rowCount + groupRows }

    /// Writes what is left and the footer, and finishes the sink.
    package func finish() throws(EngineError) -> ParquetWriteResult {
        try finishRowGroup()
        var footer = ThriftWriter()
        metadata.write(to: &footer)
        try put(footer.bytes)
        try put(
            withUnsafeBytes(of: UInt32(footer.bytes.count).littleEndian) { Array($0) } + ParquetWriter.magic)
        let byteCount = offset + footer.bytes.count + 8
        try sink.finish()
        return ParquetWriteResult(rowCount: metadata.rowCount, byteCount: byteCount)
    }

    /// Drops the file.
    package func abort() { sink.abort() }
}
