import Columns
import Vocabulary

/// Names the file formats that can be read and written.
package enum FileFormat: String, Hashable, Sendable, CaseIterable {
    case parquet, orc, avro, csv, json, text

    /// Says whether files tell their columns themselves.
    package var hasSchema: Bool { self == .parquet || self == .orc || self == .avro }
}

/// Names one file of a relation, with what the catalog knows of it.
package struct FileEntry: Hashable, Sendable {
    package var path: String
    package var byteCount: Int
    /// Values of the `key=value` folders above the file, in the order of the relation's partition columns.
    package var partitionValues: [Literal]
    /// Rows, when the footer tells.
    package var rowCount: Int?
    /// When the file was last written, in microseconds since 1970, where that is known. Only for planning.
    package var modifiedMicroseconds: Int64?

    package init(path: String, byteCount: Int, partitionValues: [Literal] = [], rowCount: Int? = nil) {
        self.path = path
        self.byteCount = byteCount
        self.partitionValues = partitionValues
        self.rowCount = rowCount
    }
}

/// Describes files that are read as one relation: the data columns first, then the partition columns.
package struct FileRelation: Hashable, Sendable {
    package var format: FileFormat
    package var files: [FileEntry]
    /// Columns that are inside the files.
    package var dataSchema: Schema
    /// Columns that come from folder names.
    package var partitionSchema: Schema
    /// Reader options under Spark's names, lower case.
    package var options: [String: String]
    /// As the user named it, for plans and messages.
    package var name: String

    package init(
        format: FileFormat, files: [FileEntry], dataSchema: Schema, partitionSchema: Schema = Schema([]),
        options: [String: String] = [:], name: String
    ) {
        self.format = format
        self.files = files
        self.dataSchema = dataSchema
        self.partitionSchema = partitionSchema
        self.options = options
        self.name = name
    }

    /// Begins the names of options that say, as a text, what a column holds in files that lack it; the
    /// column's name in lower case follows.
    package static let earlierValueOption = "earlier value of "

    /// Names the column of a Parquet relation that no file has: the number of each row in its file, from 0.
    package static let rowIndexColumn = "_metadata.row_index"

    package var schema: Schema { Schema(dataSchema.fields + partitionSchema.fields) }
    package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }
}

/// Names a part of a file that one task reads: bytes of a text or Avro file, row groups of a Parquet file, or
/// stripes of an ORC file.
package struct FileSplit: Hashable, Sendable {
    /// Index into the relation's files.
    package var file: Int
    /// For text: records that begin in [start, end). For Avro: blocks after a mark that begins there. For
    /// Parquet and ORC: row groups or stripes [start, end).
    package var start: Int
    package var end: Int
    /// Bytes to read, for balance and progress.
    package var byteCount: Int

    package init(file: Int, start: Int, end: Int, byteCount: Int) {
        self.file = file
        self.start = start
        self.end = end
        self.byteCount = byteCount
    }
}
