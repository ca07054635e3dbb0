extension ParquetMetadata {
    /// Writes the footer's `FileMetaData` structure.
    func write(to writer: inout ThriftWriter) {
        writer.structureElement { writer in
            writer.int32(1, Int(version))
            writer.list(2, .structure, count: schema.count)
            for element in schema { element.write(to: &writer) }
            writer.int64(3, rowCount)
            writer.list(4, .structure, count: rowGroups.count)
            for (ordinal, group) in rowGroups.enumerated() { group.write(to: &writer, ordinal: ordinal) }
            if !keyValues.isEmpty {
                writer.list(5, .structure, count: keyValues.count)
                for (key, value) in keyValues.sorted(by: { $0.key < $1.key }) {
                    writer.structureElement { pair in
                        pair.string(1, key)
                        pair.string(2, value)
                    }
                }
            }
            if let createdBy { writer.string(6, createdBy) }
            let leafCount = schema.count { $0.physical != nil }
            // Every column sorts by its type: the statistics' bounds may be relied on.
            writer.list(7, .structure, count: leafCount)
            for _ in 0..<leafCount { writer.structureElement { $0.structure(1) } }
        }
    }
}

extension ParquetSchemaElement {
    fileprivate func write(to writer: inout ThriftWriter) {
        writer.structureElement { writer in
            if let physical { writer.int32(1, Int(physical.rawValue)) }
            if physical == .fixedByteArray { writer.int32(2, length) }
            if !isRoot { writer.int32(3, Int(repetition.rawValue)) }
            writer.string(4, name)
            if physical == nil { writer.int32(5, childCount) }
            if let converted = logical.converted { writer.int32(6, converted) }
            if case .decimal(let precision, let scale) = logical {
                writer.int32(7, scale)
                writer.int32(8, precision)
            }
            logical.write(to: &writer)
        }
    }
}

extension ParquetLogicalType {
    /// The older annotation that says the same, for readers that know only that.
    fileprivate var converted: Int? {
        switch self {
        case .string: 0
        case .map: 1
        case .list: 3
        case .decimal: 5
        case .date: 6
        case .timestamp(.microseconds, adjustedToUTC: true): 10
        case .integer(bits: let bits, signed: true): 15 + bits.trailingZeroBitCount - 3
        default: nil
        }
    }

    fileprivate func write(to writer: inout ThriftWriter) {
        let simple: [ParquetLogicalType: Int] = [.string: 1, .map: 2, .list: 3, .date: 6, .unknown: 11]
        switch self {
        case .decimal(let precision, let scale):
            writer.structure(10) { union in
                union.structure(5) { decimal in
                    decimal.int32(1, scale)
                    decimal.int32(2, precision)
                }
            }
        case .time:
            writer.structure(10) { union in
                union.structure(7) { time in
                    time.boolean(1, false)
                    time.structure(2) { $0.structure(2) }
                }
            }
        case .timestamp(_, let adjusted):
            writer.structure(10) { union in
                union.structure(8) { timestamp in
                    timestamp.boolean(1, adjusted)
                    timestamp.structure(2) { $0.structure(2) }
                }
            }
        case .integer(let bits, let signed):
            writer.structure(10) { union in
                union.structure(10) { integer in
                    integer.byte(1, UInt8(bits))
                    integer.boolean(2, signed)
                }
            }
        default:
            if let id = simple[self] { writer.structure(10) { $0.structure(id) } }
        }
    }
}

extension ParquetRowGroupMetadata {
    fileprivate func write(to writer: inout ThriftWriter, ordinal: Int) {
        writer.structureElement { writer in
            writer.list(1, .structure, count: columns.count)
            for chunk in columns {
                writer.structureElement { column in
                    column.int64(2, chunk.startOffset)
                    column.structure(3) { chunk.write(to: &$0) }
                }
            }
            writer.int64(2, byteCount)
            writer.int64(3, rowCount)
            if let first = columns.first { writer.int64(5, first.startOffset) }
            writer.int64(6, columns.reduce(0) { $0 + $1.compressedBytes })
        }
    }
}

extension ParquetColumnChunk {
    fileprivate func write(to writer: inout ThriftWriter) {
        writer.int32(1, Int(physical.rawValue))
        writer.list(2, .int32, count: encodings.count)
        for encoding in encodings { writer.element(encoding) }
        writer.list(3, .binary, count: path.count)
        for part in path { writer.element(part.utf8) }
        writer.int32(4, Int(codec.rawValue))
        writer.int64(5, valueCount)
        writer.int64(6, uncompressedBytes)
        writer.int64(7, compressedBytes)
        writer.int64(9, dataPageOffset)
        if let dictionaryPageOffset { writer.int64(11, dictionaryPageOffset) }
        if let statistics { writer.structure(12) { statistics.write(to: &$0) } }
    }
}

extension ParquetRawStatistics {
    fileprivate func write(to writer: inout ThriftWriter) {
        if let nullCount { writer.int64(3, nullCount) }
        if let distinctCount { writer.int64(4, distinctCount) }
        if let greatest { writer.binary(5, greatest) }
        if let least { writer.binary(6, least) }
        if greatest != nil { writer.boolean(7, greatestIsExact) }
        if least != nil { writer.boolean(8, leastIsExact) }
    }
}
