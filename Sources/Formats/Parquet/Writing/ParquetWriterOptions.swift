import Vocabulary

/// Names the codecs that files are written with, under the names of Spark's `compression` option.
package enum ParquetCompression: String, Sendable, Hashable, CaseIterable {
    case none, snappy, gzip, zstd
    case lz4Raw = "lz4_raw"

    /// Parses the option's value, in any case; `uncompressed` is `none`. `lz4` gives what replaced it,
    /// `lz4_raw`: Hadoop's framing of the old codec is read differently by different readers. Nil when it is
    /// unknown.
    package init?(option: String) {
        switch option.lowercased() {
        case "uncompressed": self = .none
        case "lz4", "lz4raw": self = .lz4Raw
        case let name: self.init(rawValue: name)
        }
    }

    var codec: ParquetCodec {
        switch self {
        case .none: .none
        case .snappy: .snappy
        case .gzip: .gzip
        case .zstd: .zstd
        case .lz4Raw: .lz4Raw
        }
    }
}

/// Holds the sizes and the codec of a Parquet file to write.
package struct ParquetWriterOptions: Sendable, Hashable {
    package var compression: ParquetCompression
    /// A row group ends at this many rows or bytes, whichever comes first.
    package var rowGroupRows: Int
    package var rowGroupBytes: Int
    /// A page ends at about this many bytes before compression, or this many entries.
    package var pageBytes: Int
    package var pageRows: Int
    /// Whether dictionaries are tried, and the most bytes that one may take.
    package var dictionary: Bool
    package var dictionaryBytes: Int

    package init(
        compression: ParquetCompression = .snappy, rowGroupRows: Int = 1 << 20,
        rowGroupBytes: Int = 128 << 20,
        pageBytes: Int = 1 << 20, pageRows: Int = 1 << 17, dictionary: Bool = true,
        dictionaryBytes: Int = 1 << 20
    ) {
        self.compression = compression
        self.rowGroupRows = rowGroupRows
        self.rowGroupBytes = rowGroupBytes
        self.pageBytes = pageBytes
        self.pageRows = pageRows
        self.dictionary = dictionary
        self.dictionaryBytes = dictionaryBytes
    }
}
