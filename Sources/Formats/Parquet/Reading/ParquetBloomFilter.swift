import Columns
import Vocabulary

/// Tells which values a column chunk cannot hold: a split block Bloom filter over XXH64 hashes.
///
///     block = hash's high half, scaled to the number of blocks
///     ┌──────────┬──────────┬── … ──┬──────────┐
///     │ word 0   │ word 1   │       │ word 7   │   one bit of each, by the hash's low half and a salt
///     └──────────┴──────────┴── … ──┴──────────┘
///
/// Source: https://github.com/apache/parquet-format/blob/master/BloomFilter.md
struct ParquetBloomFilter {
    private let words: [UInt32]

    private static let salts: [UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947,
        0x5c6b_fb31,
    ]
    /// Bytes of a header at most, and of the bits behind it.
    private static let headerBytes = 256
    private static let largest = 128 << 20

    /// Reads the filter at `offset`; nil for one that is damaged or of another kind. Throws what the source
    /// does.
    init?(_ source: any ByteSource, at offset: Int) throws(EngineError) {
        guard offset > 0, offset < source.byteCount else { return nil }
        let head = try Self.read(source, offset, min(Self.headerBytes, source.byteCount - offset))
        guard let (size, start) = Self.header(head), size > 0, size <= Self.largest, size % 32 == 0,
            offset + start + size <= source.byteCount
        else { return nil }
        let bits = try Self.read(source, offset + start, size)
        words = stride(from: 0, to: size, by: 4).map { at in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bits[at + $1]) << UInt32($1 * 8) }
        }
    }

    private static func read(
        _ source: any ByteSource, _ offset: Int, _ count: Int
    ) throws(EngineError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { buffer.deallocate() }
        try source.readFully(at: offset, into: buffer)
        return Array(buffer)
    }

    /// Returns the number of bytes of the bits and where they begin.
    private static func header(_ bytes: [UInt8]) -> (size: Int, start: Int)? {
        bytes.withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            var size = 0
            // Each is a union whose first member is the one that there is: blocks, XXH64, no compression.
            var known = 0
            do throws(EngineError) {
                try reader.structure { (reader, id, kind) throws(EngineError) in
                    switch (id, kind) {
                    case (1, .int32): size = try reader.int()
                    case (2, .structure), (3, .structure), (4, .structure):
                        try reader.structure { (reader, member, kind) throws(EngineError) in
                            if member == 1 { known += 1 }
                            try reader.skip(kind)
                        }
                    default: try reader.skip(kind)
                    }
                }
            } catch { return nil }
            return known == 3 ? (size, reader.consumed) : nil
        }
    }

    /// Says whether a value with this hash may be in the chunk.
    func mayHold(hash: UInt64) -> Bool {
        let block = Int(((hash >> 32) * UInt64(words.count / 8)) >> 32)
        let low = UInt32(truncatingIfNeeded: hash)
        return Self.salts.indices.allSatisfy { at in
            words[block * 8 + at] & (1 << ((low &* Self.salts[at]) >> 27)) != 0
        }
    }
}

extension ParquetFile {
    /// Values that are looked up in a filter at most; with more, some are often there.
    private static let askedValues = 64

    /// Says whether a row group may hold rows for which all `predicates` are true, as far as the Bloom
    /// filters of its columns tell. Reads them from the file.
    package func mayHold(_ predicates: [ColumnPredicate], rowGroup: Int) throws(EngineError) -> Bool {
        for predicate in predicates
        where [.equal, .in].contains(predicate.operation) && predicate.values.count <= Self.askedValues {
            guard case .leaf(let leaf) = nodes[predicate.column],
                let offset = metadata.rowGroups[rowGroup].columns[leaf.index].bloomFilterOffset
            else { continue }
            let hashes = predicate.values.compactMap { leaf.hash(of: $0) }
            if hashes.count < predicate.values.count { continue }
            guard let filter = try ParquetBloomFilter(source, at: offset) else { continue }
            if !hashes.contains(where: filter.mayHold) { return false }
        }
        return true
    }
}

extension ParquetLeaf {
    /// Returns the hash of a value as it is stored; nil where it is stored in another form.
    fileprivate func hash(of value: Scalar) -> UInt64? {
        if early != nil { return nil }
        switch (value, physical, conversion) {
        case (.integer(let number), .int32, .none), (.integer(let number), .int32, .int32ToInt8),
            (.integer(let number), .int32, .int32ToInt16):
            return XXHash64.hash((0..<4).map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) })
        case (.integer(let number), .int64, .none):
            return XXHash64.hash((0..<8).map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) })
        case (.string(let text), .byteArray, .none): return XXHash64.hash(Array(text.utf8))
        case (.binary(let bytes), .byteArray, .none): return XXHash64.hash(bytes)
        default: return nil
        }
    }
}
