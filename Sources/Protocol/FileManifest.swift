import Vocabulary

/// Lists the files that a task wrote aside, as the commit needs them; travels in `TaskOutput.manifest`.
package struct FileManifest: Sendable, Hashable, WireCodable {
    package var files: [WrittenFile]

    package init(files: [WrittenFile]) { self.files = files }

    /// Stands where the first form has its count, before the version.
    private static let versioned = UInt64.max

    /// Writes the first form, which has no receipts, wherever it says all, so that a release before this one
    /// understands it:
    ///
    ///     count, files                   path rows bytes
    ///     versioned, 2, count, files     path rows bytes receipt
    package func write(to writer: inout WireWriter) {
        let hasReceipts = files.contains { !$0.receipt.isEmpty }
        if hasReceipts {
            writer.unsigned(FileManifest.versioned)
            writer.unsigned(2)
        }
        writer.unsigned(UInt64(files.count))
        for file in files {
            writer.data(Array(file.relativePath.utf8))
            writer.unsigned(UInt64(file.rows))
            writer.unsigned(UInt64(file.bytes))
            if hasReceipts { writer.data(file.receipt) }
        }
    }

    package init(from reader: inout WireReader) throws(EngineError) {
        var count = try reader.unsigned()
        let hasReceipts = count == FileManifest.versioned
        if hasReceipts {
            let version = try reader.unsigned()
            if version != 2 { throw WireReader.unknownTag(version, of: "FileManifest") }
            count = try reader.unsigned()
        }
        files = []
        for _ in 0..<count {
            let path = String(decoding: try reader.data(), as: UTF8.self)
            let rows = try reader.unsigned()
            let bytes = try reader.unsigned()
            let receipt = hasReceipts ? Array(try reader.data()) : []
            files.append(
                WrittenFile(
                    relativePath: path, rows: Int(clamping: rows), bytes: Int(clamping: bytes),
                    receipt: receipt))
        }
    }
}
