import Vocabulary

/// Describes one page; the union of the format's data (version 1 and 2), dictionary and index page headers.
struct PageHeader {
    enum Kind: Int32 { case data = 0, index = 1, dictionary = 2, dataV2 = 3 }

    var kind = Kind.index
    var uncompressedBytes = 0
    var compressedBytes = 0
    /// Values including nulls.
    var valueCount = 0
    var encoding: ParquetEncoding?
    var definitionEncoding: ParquetEncoding? = .rle
    var repetitionEncoding: ParquetEncoding? = .rle
    /// Version 2 only: bytes of the levels that stand uncompressed before the values.
    var definitionBytes = 0
    var repetitionBytes = 0
    var nullCount: Int?
    var isCompressed = true

    init() {}

    init(reading reader: inout ThriftReader) throws(EngineError) {
        var header = PageHeader()
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): header.kind = Kind(rawValue: try reader.int32()) ?? .index
            case (2, .int32): header.uncompressedBytes = try reader.int()
            case (3, .int32): header.compressedBytes = try reader.int()
            case (5, .structure): try header.readData(&reader)
            case (7, .structure): try header.readDictionary(&reader)
            case (8, .structure): try header.readDataV2(&reader)
            default: try reader.skip(kind)
            }
        }
        self = header
        if uncompressedBytes < 0 || compressedBytes < 0 || valueCount < 0 || definitionBytes < 0
            || repetitionBytes < 0
        {
            throw .data("FAILED_READ_FILE", "A Parquet page has a negative size")
        }
    }

    private mutating func readData(_ reader: inout ThriftReader) throws(EngineError) {
        var header = self
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): header.valueCount = try reader.int()
            case (2, .int32): header.encoding = ParquetEncoding(rawValue: try reader.int32())
            case (3, .int32): header.definitionEncoding = ParquetEncoding(rawValue: try reader.int32())
            case (4, .int32): header.repetitionEncoding = ParquetEncoding(rawValue: try reader.int32())
            default: try reader.skip(kind)
            }
        }
        self = header
    }

    private mutating func readDictionary(_ reader: inout ThriftReader) throws(EngineError) {
        var header = self
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): header.valueCount = try reader.int()
            case (2, .int32): header.encoding = ParquetEncoding(rawValue: try reader.int32())
            default: try reader.skip(kind)
            }
        }
        self = header
    }

    private mutating func readDataV2(_ reader: inout ThriftReader) throws(EngineError) {
        var header = self
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): header.valueCount = try reader.int()
            case (2, .int32): header.nullCount = try reader.int()
            case (4, .int32): header.encoding = ParquetEncoding(rawValue: try reader.int32())
            case (5, .int32): header.definitionBytes = try reader.int()
            case (6, .int32): header.repetitionBytes = try reader.int()
            case (7, .no): header.isCompressed = false
            default: try reader.skip(kind)
            }
        }
        self = header
    }
}
