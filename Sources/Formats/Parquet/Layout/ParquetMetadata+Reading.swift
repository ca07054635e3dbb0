import Vocabulary

extension ParquetMetadata {
    /// Reads the `FileMetaData` structure of the format's `parquet.thrift`.
    init(reading reader: inout ThriftReader) throws(EngineError) {
        self.init()
        var metadata = ParquetMetadata()
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): metadata.version = try reader.int32()
            case (2, .list):
                metadata.schema = try reader.list { (r) throws(EngineError) in
                    try ParquetSchemaElement(reading: &r)
                }
            case (3, .int64): metadata.rowCount = try reader.int()
            case (4, .list):
                metadata.rowGroups = try reader.list { (r) throws(EngineError) in
                    try ParquetRowGroupMetadata(reading: &r)
                }
            case (5, .list):
                let pairs = try reader.list { (r) throws(EngineError) in try readKeyValue(&r) }
                for (key, value) in pairs { metadata.keyValues[key] = value }
            case (6, .binary): metadata.createdBy = try reader.string()
            default: try reader.skip(kind)
            }
        }
        self = metadata
    }
}

private func readKeyValue(_ reader: inout ThriftReader) throws(EngineError) -> (String, String) {
    var pair = ("", "")
    try reader.structure { (reader, id, kind) throws(EngineError) in
        switch (id, kind) {
        case (1, .binary): pair.0 = try reader.string()
        case (2, .binary): pair.1 = try reader.string()
        default: try reader.skip(kind)
        }
    }
    return pair
}

extension ParquetSchemaElement {
    fileprivate init(reading reader: inout ThriftReader) throws(EngineError) {
        var element = ParquetSchemaElement()
        var converted: Int32?
        var (precision, scale) = (0, 0)
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32):
                let raw = try reader.int32()
                guard let physical = ParquetPhysicalType(rawValue: raw) else {
                    throw .data("FAILED_READ_FILE", "The Parquet schema has an unknown physical type: \(raw)")
                }
                element.physical = physical
            case (2, .int32): element.length = try reader.int()
            case (3, .int32):
                element.repetition = ParquetRepetition(rawValue: try reader.int32()) ?? .required
            case (4, .binary): element.name = try reader.string()
            case (5, .int32): element.childCount = try reader.int()
            case (6, .int32): converted = try reader.int32()
            case (7, .int32): scale = try reader.int()
            case (8, .int32): precision = try reader.int()
            case (10, .structure): element.logical = try readLogicalType(&reader)
            default: try reader.skip(kind)
            }
        }
        if element.logical == .none, let converted {
            element.logical = logicalType(converted: converted, precision: precision, scale: scale)
        }
        self = element
    }
}

/// Translates the older annotation.
private func logicalType(converted: Int32, precision: Int, scale: Int) -> ParquetLogicalType {
    switch converted {
    case 0: .string
    case 1, 2: .map
    case 3: .list
    case 4: .enumeration
    case 5: .decimal(precision: precision, scale: scale)
    case 6: .date
    case 7: .time(.milliseconds)
    case 8: .time(.microseconds)
    case 9: .timestamp(.milliseconds, adjustedToUTC: true)
    case 10: .timestamp(.microseconds, adjustedToUTC: true)
    case 11...14: .integer(bits: 8 << Int(converted - 11), signed: false)
    case 15...18: .integer(bits: 8 << Int(converted - 15), signed: true)
    case 19: .json
    case 20: .bson
    case 21: .interval
    default: .other(Int(converted))
    }
}

private func readLogicalType(_ reader: inout ThriftReader) throws(EngineError) -> ParquetLogicalType {
    var result = ParquetLogicalType.none
    try reader.structure { (reader, id, kind) throws(EngineError) in
        guard kind == .structure else { return try reader.skip(kind) }
        switch id {
        case 5:
            var (precision, scale) = (0, 0)
            try reader.structure { (reader, id, kind) throws(EngineError) in
                switch (id, kind) {
                case (1, .int32): scale = try reader.int()
                case (2, .int32): precision = try reader.int()
                default: try reader.skip(kind)
                }
            }
            result = .decimal(precision: precision, scale: scale)
        case 7, 8:
            let (unit, adjusted) = try readTime(&reader)
            result = id == 7 ? .time(unit) : .timestamp(unit, adjustedToUTC: adjusted)
        case 10: result = try readInteger(&reader)
        default:
            try reader.skip(kind)
            let simple: [Int: ParquetLogicalType] = [
                1: .string, 2: .map, 3: .list, 4: .enumeration, 6: .date, 11: .unknown, 12: .json, 13: .bson,
                14: .uuid, 15: .float16,
            ]
            result = simple[id] ?? .other(id)
        }
    }
    return result
}

private func readTime(_ reader: inout ThriftReader) throws(EngineError) -> (ParquetTimeUnit, Bool) {
    var unit = ParquetTimeUnit.microseconds
    var adjusted = false
    try reader.structure { (reader, id, kind) throws(EngineError) in
        switch (id, kind) {
        case (1, .yes): adjusted = true
        case (1, .no): adjusted = false
        case (2, .structure):
            try reader.structure { (reader, id, kind) throws(EngineError) in
                unit = id == 1 ? .milliseconds : id == 2 ? .microseconds : .nanoseconds
                try reader.skip(kind)
            }
        default: try reader.skip(kind)
        }
    }
    return (unit, adjusted)
}

private func readInteger(_ reader: inout ThriftReader) throws(EngineError) -> ParquetLogicalType {
    var bits = 32
    var signed = true
    try reader.structure { (reader, id, kind) throws(EngineError) in
        switch (id, kind) {
        case (1, .byte): bits = try reader.byteValue()
        case (2, .yes): signed = true
        case (2, .no): signed = false
        default: try reader.skip(kind)
        }
    }
    return .integer(bits: bits, signed: signed)
}

extension ParquetRowGroupMetadata {
    fileprivate init(reading reader: inout ThriftReader) throws(EngineError) {
        var group = ParquetRowGroupMetadata()
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .list):
                group.columns = try reader.list { (r) throws(EngineError) in
                    try ParquetColumnChunk(reading: &r)
                }
            case (2, .int64): group.byteCount = try reader.int()
            case (3, .int64): group.rowCount = try reader.int()
            default: try reader.skip(kind)
            }
        }
        self = group
    }
}

extension ParquetColumnChunk {
    fileprivate init(reading reader: inout ThriftReader) throws(EngineError) {
        var chunk = ParquetColumnChunk()
        try reader.structure { (reader, id, kind) throws(EngineError) in
            if id == 3, kind == .structure {
                try chunk.readMetadata(&reader)
            } else {
                try reader.skip(kind)
            }
        }
        self = chunk
    }

    private mutating func readMetadata(_ reader: inout ThriftReader) throws(EngineError) {
        var chunk = self
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .int32): chunk.physical = ParquetPhysicalType(rawValue: try reader.int32()) ?? .boolean
            case (2, .list): chunk.encodings = try reader.list { (r) throws(EngineError) in try r.int32() }
            case (3, .list): chunk.path = try reader.list { (r) throws(EngineError) in try r.string() }
            case (4, .int32):
                let raw = try reader.int32()
                guard let codec = ParquetCodec(rawValue: raw) else {
                    throw .data(
                        "FAILED_READ_FILE", "The Parquet file uses an unknown compression codec: \(raw)")
                }
                chunk.codec = codec
            case (5, .int64): chunk.valueCount = try reader.int()
            case (6, .int64): chunk.uncompressedBytes = try reader.int()
            case (7, .int64): chunk.compressedBytes = try reader.int()
            case (9, .int64): chunk.dataPageOffset = try reader.int()
            case (11, .int64): chunk.dictionaryPageOffset = try reader.int()
            case (12, .structure): chunk.statistics = try ParquetRawStatistics(reading: &reader)
            case (14, .int64): chunk.bloomFilterOffset = try reader.int()
            default: try reader.skip(kind)
            }
        }
        self = chunk
    }
}

extension ParquetRawStatistics {
    init(reading reader: inout ThriftReader) throws(EngineError) {
        var statistics = ParquetRawStatistics()
        try reader.structure { (reader, id, kind) throws(EngineError) in
            switch (id, kind) {
            case (1, .binary): statistics.legacyGreatest = Array(try reader.binary())
            case (2, .binary): statistics.legacyLeast = Array(try reader.binary())
            case (3, .int64): statistics.nullCount = try reader.int()
            case (4, .int64): statistics.distinctCount = try reader.int()
            case (5, .binary): statistics.greatest = Array(try reader.binary())
            case (6, .binary): statistics.least = Array(try reader.binary())
            case (7, .no): statistics.greatestIsExact = false
            case (8, .no): statistics.leastIsExact = false
            default: try reader.skip(kind)
            }
        }
        self = statistics
    }
}
