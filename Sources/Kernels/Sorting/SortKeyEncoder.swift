import Columns
import Memory

/// Turns the key columns of rows into words that order as the rows do: compare the words of two rows from the
/// first on, as unsigned numbers.
///
/// Layout of a row's key, most significant byte first, each column after the other:
///
///     | null byte, where the column may be null | value: 1, 2, 4, 8 or 16 bytes; strings: their first bytes
///     | … | 0 |
///
/// A descending column's value bytes are inverted. The null byte is 0 for nulls that come first, 1 for
/// values, 2 for nulls that come last. Strings and nested values do not fit: keys end with the first such
/// column, and where they are equal, `isExact` tells whether the rows are; otherwise the whole values decide.
package struct SortKeyEncoder: Sendable {
    struct Column: Sendable {
        var physical: PhysicalType
        var ascending: Bool
        var nullsFirst: Bool
        var mayBeNull: Bool
        /// Bytes of the value in the key.
        var bytes: Int
    }

    let columns: [Column]
    /// 64-bit words per row.
    package let wordCount: Int
    /// The column that rows with equal keys may still differ in, and then in those behind it; nil where they
    /// are equal.
    let undecided: Int?
    /// Bytes of a string that go into the key.
    static let prefixBytes = 8

    /// Prepares keys for columns of these types. Keys of batches are comparable when made by equal encoders.
    package init(types: [DataType], ascending: [Bool], nullsFirst: [Bool], mayBeNull: [Bool]? = nil) {
        let columns = types.indices.map { i in
            let physical = types[i].physical
            let bytes =
                switch physical {
                case .view: SortKeyEncoder.prefixBytes
                case .list, .structure, .null: 0
                default: physical.width
                }
            return Column(
                physical: physical, ascending: ascending[i], nullsFirst: nullsFirst[i],
                mayBeNull: mayBeNull?[i] ?? true, bytes: bytes)
        }
        self.init(columns)
    }

    private init(_ columns: [Column]) {
        self.columns = columns
        // What follows a column that its key does not decide comes after all of that column's bytes.
        let undecided = columns.firstIndex { $0.physical == .view || $0.bytes == 0 && $0.physical != .null }
        self.undecided = undecided
        let total = columns[..<(undecided.map { $0 + 1 } ?? columns.count)].reduce(0) { sum, column in
            sum + column.bytes + (column.mayBeNull ? 1 : 0)
        }
        wordCount = max(1, (total + 7) / 8)
    }

    /// Says whether rows with equal keys are equal.
    package var isExact: Bool { undecided == nil }

    /// Keys of the columns behind the undecided one; nil where there are none.
    var rest: SortKeyEncoder? {
        guard let undecided, undecided + 1 < columns.count else { return nil }
        return SortKeyEncoder(Array(columns[(undecided + 1)...]))
    }

    /// Bytes of a row that sorting takes beside the row: its keys, and two lists of words and row numbers.
    package var entryBytes: Int { wordCount * 8 + 36 + (rest.map { $0.entryBytes - 36 } ?? 0) }

    /// Encodes `count` rows; the result keeps the columns for comparisons that the words do not decide.
    package func encode(_ vectors: [Vector], count: Int) -> SortKeyBlock {
        let words = Buffer.zeroed(byteCount: max(count * wordCount * 8, 16))
        let out = words.pointer(as: UInt64.self)
        var position = 0
        for (i, column) in columns.enumerated() {
            let vector = vectors[i].form == .constant ? vectors[i] : vectors[i].flattened()
            if column.mayBeNull {
                encodeNulls(vector, column, count, out, position)
                position += 1
            }
            encodeValues(vector, column, count, out, position)
            position += column.bytes
            if i == undecided { break }
        }
        return SortKeyBlock(encoder: self, words: words, columns: vectors, count: count)
    }

    private func encodeNulls(
        _ vector: Vector, _ column: Column, _ count: Int, _ out: UnsafeMutablePointer<UInt64>, _ position: Int
    ) {
        let shift = UInt64(56 - (position & 7) * 8)
        let target = out + position / 8
        let nullByte: UInt64 = column.nullsFirst ? 0 : 2
        var i = 0
        while i < count {
            let byte = vector.isNull(i) ? nullByte : 1
            target[i &* wordCount] |= byte &<< shift
            i &+= 1
        }
    }

    private func encodeValues(
        _ vector: Vector, _ column: Column, _ count: Int, _ out: UnsafeMutablePointer<UInt64>, _ position: Int
    ) {
        let sink = KeySink(
            out: out, position: position, stride: wordCount, bytes: column.bytes, invert: !column.ascending,
            validity: vector.validity, isConstant: vector.form == .constant, count: count)
        switch column.physical {
        case .null, .list, .structure: return
        case .bool: sink.put(vector.pointer(as: UInt8.self)) { UInt64($0) }
        case .int8: sink.put(vector.pointer(as: Int8.self)) { UInt64(UInt8(bitPattern: $0) ^ 0x80) }
        case .int16: sink.put(vector.pointer(as: Int16.self)) { UInt64(UInt16(bitPattern: $0) ^ 0x8000) }
        case .int32: sink.put(vector.pointer(as: Int32.self)) { UInt64(UInt32(bitPattern: $0) ^ 0x8000_0000) }
        case .int64: sink.put(vector.pointer(as: Int64.self)) { UInt64(bitPattern: $0) ^ (1 &<< 63) }
        case .float: sink.put(vector.pointer(as: Float.self)) { UInt64(SortKeyEncoder.ordered($0)) }
        case .double: sink.put(vector.pointer(as: Double.self)) { SortKeyEncoder.ordered($0) }
        case .view:
            sink.put(vector.pointer(as: StringView.self)) { SortKeyEncoder.prefix($0) }
        case .int128:
            var high = sink
            high.bytes = 8
            high.put(vector.pointer(as: Int128.self)) { UInt64(truncatingIfNeeded: $0 &>> 64) ^ (1 &<< 63) }
            high.position += 8
            high.put(vector.pointer(as: Int128.self)) { UInt64(truncatingIfNeeded: $0) }
        }
    }

    /// The first eight bytes, the first one most significant.
    @inline(__always)
    static func prefix(_ view: StringView) -> UInt64 {
        if view.isInline { return (view.head &>> 32 | view.tail &<< 32).byteSwapped }
        return view.address.loadUnaligned(as: UInt64.self).byteSwapped
    }

    @inline(__always)
    static func ordered(_ value: Double) -> UInt64 {
        let bits = value == 0 ? 0 : (value != value ? Double.nan.bitPattern : value.bitPattern)
        return bits &>> 63 == 0 ? bits | (1 &<< 63) : ~bits
    }

    @inline(__always)
    static func ordered(_ value: Float) -> UInt32 {
        let bits = value == 0 ? 0 : (value != value ? Float.nan.bitPattern : value.bitPattern)
        return bits &>> 31 == 0 ? bits | (1 &<< 31) : ~bits
    }
}

/// Writes one column's values into the keys at a byte position.
private struct KeySink {
    var out: UnsafeMutablePointer<UInt64>
    var position: Int
    var stride: Int
    var bytes: Int
    var invert: Bool
    var validity: Bitmap?
    var isConstant: Bool
    var count: Int

    /// Writes `encode(values[i])`, a number of `bytes` bytes, for every row that is not null.
    @inline(__always)
    func put<T>(_ values: UnsafePointer<T>, _ encode: (T) -> UInt64) {
        let flip: UInt64 = invert ? (bytes == 8 ? ~0 : (1 &<< UInt64(bytes * 8)) &- 1) : 0
        let step = isConstant ? 0 : 1
        let offset = position & 7
        let target = out + position / 8
        let valid = validity?.words
        // Left-aligned in 64 bits, then split over two words.
        let align = UInt64(64 - bytes * 8)
        let down = UInt64(offset * 8)
        let spills = offset + bytes > 8
        var i = 0
        while i < count {
            let at = i &* step
            if let valid, (valid[at &>> 6] &>> UInt64(at & 63)) & 1 == 0 {
                i &+= 1
                continue
            }
            let value = (encode(values[at]) ^ flip) &<< align
            target[i &* stride] |= value &>> down
            if spills { target[i &* stride &+ 1] |= value &<< (64 &- down) }
            i &+= 1
        }
    }
}

/// Holds the encoded keys of a batch's rows.
///
/// `@unchecked Sendable`: the encoder, its only owner until then, writes it before it is shared; then it is
/// only read.
package final class SortKeyBlock: @unchecked Sendable {
    package let encoder: SortKeyEncoder
    /// `encoder.wordCount` words per row.
    package let words: Buffer
    package let columns: [Vector]
    package let count: Int

    init(encoder: SortKeyEncoder, words: Buffer, columns: [Vector], count: Int) {
        self.encoder = encoder
        self.words = words
        self.columns = columns
        self.count = count
    }

    /// Compares row `i` with row `j` of `other`: negative, zero or positive in sort order.
    package func compare(_ i: Int, _ other: SortKeyBlock, _ j: Int) -> Int {
        let n = encoder.wordCount
        let x = words.pointer(as: UInt64.self) + i * n
        let y = other.words.pointer(as: UInt64.self) + j * n
        var k = 0
        while k < n {
            if x[k] != y[k] { return x[k] < y[k] ? -1 : 1 }
            k &+= 1
        }
        return compareValues(i, other, j)
    }

    /// Compares two rows whose words are equal by their values from the undecided column on.
    func compareValues(_ i: Int, _ other: SortKeyBlock, _ j: Int) -> Int {
        guard var c = encoder.undecided else { return 0 }
        while c < columns.count {
            let column = encoder.columns[c]
            let (a, b) = (columns[c], other.columns[c])
            c &+= 1
            let (aNull, bNull) = (a.isNull(i), b.isNull(j))
            if aNull || bNull {
                if aNull && bNull { continue }
                return aNull == column.nullsFirst ? -1 : 1
            }
            let order = Comparing.compareRows(a, i, b, j)
            if order != 0 { return column.ascending ? order : -order }
        }
        return 0
    }
}
