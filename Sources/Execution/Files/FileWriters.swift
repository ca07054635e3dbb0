import Columns
import Formats
import Plans
import Vocabulary

/// Writes batches to one file of any format. Used by one thread at a time.
protocol FileWriter: AnyObject {
    /// Bytes so far, those still gathered included.
    var byteCount: Int { get }
    func write(_ batch: Batch) throws
    /// Ends the file and says what is in it.
    func finish() throws -> WrittenFile
    /// Removes what was written.
    func abort()
}

/// Opens writers of every format.
enum FileWriters {
    /// Begins a file. Throws for options that the format does not know.
    static func open(
        _ sink: any ByteSink, relativePath: String, write: FileWrite, schema: Schema
    ) throws -> any FileWriter {
        switch write.format {
        case .parquet: return try ParquetFileWriter(sink, relativePath, write, schema)
        case .csv, .json, .text:
            throw EngineError.user(
                "UNSUPPORTED_DATASOURCE_FOR_WRITE", "Files of this format cannot be written: \(write.format.rawValue)",
                remedy: "Write USING parquet.")
        }
    }
}

/// Writes a Parquet file.
private final class ParquetFileWriter: FileWriter {
    private let writer: ParquetWriter
    private let relativePath: String

    init(_ sink: any ByteSink, _ relativePath: String, _ write: FileWrite, _ schema: Schema) throws {
        self.relativePath = relativePath
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
    func write(_ batch: Batch) throws { try writer.write(batch) }
    func abort() { writer.abort() }

    func finish() throws -> WrittenFile {
        let end = try writer.finish()
        return WrittenFile(relativePath: relativePath, rows: end.rowCount, bytes: end.byteCount)
    }
}
