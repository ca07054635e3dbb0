import Columns

/// Reads one value of a variant: Parquet's variant encoding, as Spark writes it, the metadata in front.
///
///     variant    | metadata | value |
///     metadata   | header 1: version 1, width of numbers | count | count + 1 offsets | names |
///     value      | header 1: kind 2 bits, information 6 bits | content |
///     object     content: | count | ids of names, in the order of the names | count + 1 offsets | values |
///     array      content: | count | count + 1 offsets | values |
///
/// Numbers are little-endian. Reads never leave the bytes: what lies beyond counts as zero, or as null.
/// Source: parquet-format, VariantEncoding.md; Spark's `VariantUtil`.
package struct VariantValue {
    /// Names what a value is.
    package enum Content {
        case null
        case boolean(Bool)
        case integer(Int64)
        case float(Float)
        case double(Double)
        /// An unscaled value and its scale, zeros at the end removed.
        case decimal(Int128, scale: Int)
        /// Days since 1970.
        case date(Int64)
        /// Microseconds since 1970.
        case timestamp(Int64)
        case timestampNTZ(Int64)
        case string(UnsafeRawBufferPointer)
        case binary(UnsafeRawBufferPointer)
        case object(count: Int)
        case array(count: Int)
    }

    /// The whole variant.
    private let bytes: UnsafeRawBufferPointer
    private let at: Int

    /// Takes a whole variant, which must live as long as this and what is read from it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        at = Self.metadataBytes(bytes)
    }

    private init(_ bytes: UnsafeRawBufferPointer, at: Int) {
        self.bytes = bytes
        self.at = at
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ at: Int, _ width: Int) -> Int {
        guard at >= 0, width >= 0, at <= bytes.count - width else { return 0 }
        var value = 0
        for place in 0..<width { value |= Int(bytes[at + place]) << (8 * place) }
        return value
    }

    private static func metadataBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        let width = (number(bytes, 0, 1) >> 6) + 1
        let count = number(bytes, 1, width)
        let names = 1 + width * (count + 2)
        return names + number(bytes, 1 + width * (count + 1), width)
    }

    private func number(_ offset: Int, _ width: Int) -> Int { Self.number(bytes, at + offset, width) }

    /// A signed number of `width` bytes, 16 at most.
    private func signed(_ offset: Int, _ width: Int) -> Int128 {
        guard at + offset <= bytes.count - width, width > 0 else { return 0 }
        var value: Int128 = 0
        for place in 0..<width { value |= Int128(bytes[at + offset + place]) << Int128(8 * place) }
        let unused = Int128(128 - 8 * width)
        return (value << unused) >> unused
    }

    private func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        let start = at + offset
        guard start >= 0, count >= 0, start <= bytes.count - count else { return .init(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
    }

    /// What the value is.
    package var content: Content {
        let header = number(0, 1)
        let information = header >> 2
        switch header & 3 {
        case 0: return primitive(information)
        case 1: return .string(part(1, information))
        case 2: return .object(count: layout.count)
        default: return .array(count: layout.count)
        }
    }

    private func primitive(_ kind: Int) -> Content {
        switch kind {
        case 1: return .boolean(true)
        case 2: return .boolean(false)
        case 3...6: return .integer(Int64(truncatingIfNeeded: signed(1, 1 << (kind - 3))))
        case 7: return .double(Double(bitPattern: UInt64(truncatingIfNeeded: signed(1, 8))))
        case 8...10: return Self.decimal(signed(2, 4 << (kind - 8)), scale: min(number(1, 1), 38))
        case 11: return .date(Int64(truncatingIfNeeded: signed(1, 4)))
        case 12: return .timestamp(Int64(truncatingIfNeeded: signed(1, 8)))
        case 13: return .timestampNTZ(Int64(truncatingIfNeeded: signed(1, 8)))
        case 14: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: signed(1, 4))))
        case 15: return .binary(part(5, number(1, 4)))
        case 16: return .string(part(5, number(1, 4)))
        default: return .null
        }
    }

    private static func decimal(_ unscaled: Int128, scale: Int) -> Content {
        var (value, scale) = (unscaled, scale)
        while scale > 0, value % 10 == 0 {
            value /= 10
            scale -= 1
        }
        return .decimal(value, scale: scale)
    }

    // MARK: Objects and arrays

    /// Where the parts of an object or array lie, from the value's header on.
    private struct Layout {
        var count: Int
        var ids: Int
        var idWidth: Int
        var offsets: Int
        var offsetWidth: Int
        var values: Int
    }

    private var layout: Layout {
        let information = number(0, 1) >> 2
        let isObject = number(0, 1) & 3 == 2
        let countWidth = (information >> (isObject ? 4 : 2)) & 1 == 1 ? 4 : 1
        // Every element takes at least its offset: more than there are bytes is damage.
        let count = min(number(1, countWidth), bytes.count)
        let offsetWidth = information & 3 + 1
        let idWidth = isObject ? (information >> 2) & 3 + 1 : 0
        let ids = 1 + countWidth
        let offsets = ids + count * idWidth
        return Layout(
            count: count, ids: ids, idWidth: idWidth, offsets: offsets, offsetWidth: offsetWidth,
            values: offsets + (count + 1) * offsetWidth)
    }

    private func child(_ place: Int, _ layout: Layout) -> VariantValue {
        let offset = number(layout.offsets + place * layout.offsetWidth, layout.offsetWidth)
        return VariantValue(bytes, at: at + layout.values + offset)
    }

    /// Returns the elements of an array, or the members' values of an object in the order of their names.
    package var children: [VariantValue] {
        let layout = layout
        return (0..<layout.count).map { child($0, layout) }
    }

    /// Returns the members of an object in the order of their names; none for other values.
    package var members: [(name: String, value: VariantValue)] {
        guard number(0, 1) & 3 == 2 else { return [] }
        let layout = layout
        return (0..<layout.count).map { place in
            (name(number(layout.ids + place * layout.idWidth, layout.idWidth)), child(place, layout))
        }
    }

    private func name(_ id: Int) -> String {
        let width = (Self.number(bytes, 0, 1) >> 6) + 1
        let count = Self.number(bytes, 1, width)
        guard id < count else { return "" }
        let names = 1 + width * (count + 2)
        let start = names + Self.number(bytes, 1 + width * (id + 1), width)
        let end = names + Self.number(bytes, 1 + width * (id + 2), width)
        guard start <= end, end <= bytes.count else { return "" }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Returns an object's member of a name; nil for other values and where there is none.
    package func member(_ name: String) -> VariantValue? { members.first { $0.name == name }?.value }

    /// Returns an array's element by its 0-based place; nil for other values and outside.
    package func element(_ place: Int) -> VariantValue? {
        guard number(0, 1) & 3 == 3 else { return nil }
        let layout = layout
        return place >= 0 && place < layout.count ? child(place, layout) : nil
    }
}
