import Vocabulary

/// Names how Parquet stores the values of a leaf column.
enum ParquetPhysicalType: Int32 {
    case boolean = 0, int32 = 1, int64 = 2, int96 = 3, float = 4, double = 5, byteArray = 6, fixedByteArray =
        7
}

/// Names how often a schema element may stand in its parent.
enum ParquetRepetition: Int32 { case required = 0, optional = 1, repeated = 2 }

/// Names how the values of a page are laid out.
enum ParquetEncoding: Int32 {
    case plain = 0, plainDictionary = 2, rle = 3, bitPacked = 4, deltaBinaryPacked = 5, deltaLengthByteArray =
        6
    case deltaByteArray = 7, rleDictionary = 8, byteStreamSplit = 9
}

/// Names how the bytes of pages are compressed.
enum ParquetCodec: Int32 {
    case none = 0, snappy = 1, gzip = 2, lzo = 3, brotli = 4, lz4 = 5, zstd = 6, lz4Raw = 7
}

/// Names a unit of time of a logical type.
enum ParquetTimeUnit { case milliseconds, microseconds, nanoseconds }

/// Says what the values of a column mean: the union `LogicalType`, with the older `ConvertedType` folded into
/// it.
enum ParquetLogicalType: Hashable {
    case none, string, map, list, enumeration, date, json, bson, uuid, float16, unknown, interval
    case decimal(precision: Int, scale: Int)
    case time(ParquetTimeUnit)
    case timestamp(ParquetTimeUnit, adjustedToUTC: Bool)
    case integer(bits: Int, signed: Bool)
    /// An annotation that this reader does not know, by its number.
    case other(Int)
}

/// Describes one node of the schema, in depth-first order as the footer lists them.
struct ParquetSchemaElement {
    var physical: ParquetPhysicalType?
    /// Bytes of a fixed-length value.
    var length = 0
    var repetition = ParquetRepetition.required
    var name = ""
    var childCount = 0
    var logical = ParquetLogicalType.none
    /// Whether this is the schema itself, which has no repetition.
    var isRoot = false
}

/// Holds a column chunk's or page's statistics as stored.
struct ParquetRawStatistics {
    var least: [UInt8]?
    var greatest: [UInt8]?
    /// Bounds of an older form, sorted as signed bytes: right for numbers only.
    var legacyLeast: [UInt8]?
    var legacyGreatest: [UInt8]?
    var nullCount: Int?
    var distinctCount: Int?
    var leastIsExact = true
    var greatestIsExact = true
}

/// Tells where a column's values of one row group lie.
struct ParquetColumnChunk {
    var physical = ParquetPhysicalType.boolean
    var path: [String] = []
    var codec = ParquetCodec.none
    var valueCount = 0
    var uncompressedBytes = 0
    var compressedBytes = 0
    var dataPageOffset = 0
    var dictionaryPageOffset: Int?
    var statistics: ParquetRawStatistics?
    /// Where the column's Bloom filter begins in the file.
    var bloomFilterOffset: Int?
    var encodings: [Int32] = []

    /// Position of the first page, the dictionary where there is one.
    var startOffset: Int {
        guard let dictionary = dictionaryPageOffset, dictionary > 0, dictionary < dataPageOffset else {
            return dataPageOffset
        }
        return dictionary
    }
}

/// Describes a row group as the footer does.
struct ParquetRowGroupMetadata {
    var columns: [ParquetColumnChunk] = []
    var byteCount = 0
    var rowCount = 0
}

/// Holds a file's footer.
struct ParquetMetadata {
    var version: Int32 = 0
    var schema: [ParquetSchemaElement] = []
    var rowCount = 0
    var rowGroups: [ParquetRowGroupMetadata] = []
    var keyValues: [String: String] = [:]
    var createdBy: String?
}
