import Columns
import Formats
import Storage
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Holds a directory for files on their way to a warehouse. It goes when its owner lets go of it.
final class UploadFolder {
    let path: String

    /// Makes a directory below one that is there, or is made too. Throws `system` errors.
    init(below directory: String) throws(EngineError) {
        try LocalDirectory.create(directory)
        var template = Array("\(LocalDirectory.resolved(directory))/upload-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .fileSystem("create", directory) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? LocalDirectory.remove(path) }

    /// Begins a Parquet file.
    func parquet(_ name: String, _ schema: Schema) throws(EngineError) -> ParquetWriter {
        try ParquetWriter(
            sink: LocalFileSink(path: path + "/" + name, durable: false), schema: schema,
            options: ParquetWriterOptions(rowGroupBytes: UploadFolder.rowGroupBytes))
    }

    func remove(_ name: String) { unlink(path + "/" + name) }

    /// What a writer holds in memory before it goes to the file.
    private static let rowGroupBytes = 32 << 20
}
