import Columns
import Formats
import Functions
import Kernels
import Plans
import Vocabulary

/// Writes batches to one file of any format. Used by one thread at a time.
protocol FileWriter: AnyObject {
    /// Bytes so far, those still gathered included.
    var byteCount: Int { get }
    /// Bytes of memory that what is not written out yet takes.
    var memoryBytes: Int { get }
    func write(_ batch: Batch) throws
    /// Ends the file and says what is in it.
    func finish() throws -> WrittenFile
    /// Writes out what is gathered, as far as the format allows, and gives its memory back.
    func releaseMemory() throws
    /// Removes what was written.
    func abort()
}

extension FileWriter {
    // Text goes out record by record.
    var memoryBytes: Int { 0 }
    func releaseMemory() throws {}
}

/// Opens writers of every format.
enum FileWriters {
    /// Begins a file. Throws for options that the format does not know.
    static func open(
        _ sink: any ByteSink, relativePath: String, write: FileWrite, schema: Schema,
        settings: SessionSettings
    ) throws -> any FileWriter {
        let zone = try Zone.named(settings.timeZone)
        switch write.format {
        case .parquet: return try ParquetFileWriter(sink, relativePath, write, schema)
        case .orc:
            let writer = try ORCWriter(
                sink: sink, schema: schema,
                compression: ORCCompression(option: write.options["compression"]), zone: zone)
            return RecordFileWriter(sink, relativePath, write: writer.write, finish: writer.finish)
        case .avro:
            let writer = try AvroWriter(sink: sink, schema: schema, options: AvroWriterOptions(write.options))
            return RecordFileWriter(sink, relativePath, write: writer.write, finish: writer.finish)
        case .csv:
            let writer = try CSVWriter(
                sink: sink, schema: schema,
                options: CSVWriterOptions(write.options, zone: zone, times: times(write, zone)))
            return RecordFileWriter(sink, relativePath, write: writer.write, finish: writer.finish)
        case .json:
            let writer = try JSONLinesWriter(
                sink: sink, schema: schema,
                options: JSONWriterOptions(write.options, zone: zone, times: times(write, zone)))
            return RecordFileWriter(sink, relativePath, write: writer.write, finish: writer.finish)
        case .text:
            let writer = try TextLineWriter(sink: sink, schema: schema, options: write.options)
            return RecordFileWriter(sink, relativePath, write: writer.write, finish: writer.finish)
        }
    }

    /// Returns how times are written in text files, where the options say so.
    private static func times(_ write: FileWrite, _ zone: Zone) throws(EngineError) -> TimeTexts {
        let writers = try TimePatternWriters(write.options, zone: zone)
        return TimeTexts(
            date: writers.date, timestamp: writers.timestamp, timestampNTZ: writers.timestampNTZ)
    }
}

/// Writes a Parquet file.
private final class ParquetFileWriter: FileWriter {
    private let writer: ParquetWriter
    private let sink: any ByteSink
    private let relativePath: String

    init(_ sink: any ByteSink, _ relativePath: String, _ write: FileWrite, _ schema: Schema) throws {
        self.relativePath = relativePath
        self.sink = sink
        let name = write.options["compression"] ?? "snappy"
        guard let compression = ParquetCompression(option: name) else {
            let known = ParquetCompression.allCases.map(\.rawValue)
            throw EngineError.user(
                "CODEC_NOT_AVAILABLE", "Parquet files cannot be written with compression \(name)",
                remedy: "Use one of: \(known.joined(separator: ", ")).")
        }
        writer = try ParquetWriter(
            sink: sink, schema: schema, options: ParquetWriterOptions(compression: compression))
    }

    var byteCount: Int { writer.byteCount }
    var memoryBytes: Int { writer.memoryBytes }
    func write(_ batch: Batch) throws { try writer.write(batch) }
    func releaseMemory() throws { try writer.releaseMemory() }
    func abort() { writer.abort() }

    func finish() throws -> WrittenFile {
        let end = try writer.finish()
        return WrittenFile(
            relativePath: relativePath, rows: end.rowCount, bytes: end.byteCount, receipt: sink.receipt)
    }
}

/// Writes a file whose writer counts neither rows nor bytes.
private final class RecordFileWriter: FileWriter {
    private let sink: any ByteSink
    private let relativePath: String
    private let writeBatch: (Batch) throws -> Void
    private let finishFile: () throws -> Void
    private var rows = 0

    init(
        _ sink: any ByteSink, _ relativePath: String, write: @escaping (Batch) throws -> Void,
        finish: @escaping () throws -> Void
    ) {
        self.sink = sink
        self.relativePath = relativePath
        writeBatch = write
        finishFile = finish
    }

    var byteCount: Int { sink.byteCount }
    func abort() { sink.abort() }

    func write(_ batch: Batch) throws {
        rows += batch.count
        try writeBatch(batch)
    }

    func finish() throws -> WrittenFile {
        try finishFile()
        return WrittenFile(
            relativePath: relativePath, rows: rows, bytes: sink.byteCount, receipt: sink.receipt)
    }
}
