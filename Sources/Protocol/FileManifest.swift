import Vocabulary

/// Lists the files that a task wrote aside, as the commit needs them; travels in `TaskOutput.manifest`.
package struct FileManifest: Sendable, Hashable, WireCodable {
    /// Names one file: its path below the output directory, rows and bytes.
    package struct File: Sendable, Hashable {
        package var relativePath: String
        package var rows: Int
        package var bytes: Int

        package init(relativePath: String, rows: Int, bytes: Int) {
            self.relativePath = relativePath
            self.rows = rows
            self.bytes = bytes
        }
    }

    package var files: [File]

    package init(files: [File]) { self.files = files }

    package func write(to writer: inout WireWriter) {
        writer.unsigned(UInt64(files.count))
        for file in files {
            writer.data(Array(file.relativePath.utf8))
            writer.unsigned(UInt64(file.rows))
            writer.unsigned(UInt64(file.bytes))
        }
    }

    package init(from reader: inout WireReader) throws(EngineError) {
        let count = try reader.unsigned()
        files = []
        for _ in 0..<count {
            let path = String(decoding: try reader.data(), as: UTF8.self)
            let rows = try reader.unsigned()
            let bytes = try reader.unsigned()
            files.append(File(relativePath: path, rows: Int(clamping: rows), bytes: Int(clamping: bytes)))
        }
    }
}
