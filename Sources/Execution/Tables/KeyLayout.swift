import Columns
import Memory

/// Lays the key columns of a row out in 64-bit words, so that equal keys are equal words (but for long
/// strings, whose last word is an address).
///
///     word 0 …      the narrow columns packed together: null bits first, then values of 1, 2, 4 bytes
///     then          each 8-byte column a word, each 16-byte column (int128, view) two
///
/// Null values are zero words. A single column has no null bits: its null rows are for the table to tell
/// apart, so that a number is one word. Floats are normalised: -0.0 is 0.0, every NaN is one NaN.
struct KeyLayout {
    /// Where a column's value lies within the row, bytes.
    struct Slot {
        let physical: PhysicalType
        let byteOffset: Int
    }

    let types: [DataType]
    let slots: [Slot]
    /// 64-bit words a row.
    let wordCount: Int
    /// Positions of the columns that hold views.
    let viewColumns: [Int]
    /// Bytes of null bits at the start of a row.
    let nullBytes: Int

    init(types: [DataType]) {
        self.types = types
        nullBytes = types.count == 1 ? 0 : (types.count + 7) / 8
        var offset = nullBytes
        var slots = [Slot?](repeating: nil, count: types.count)
        for width in [1, 2, 4, 8, 16] {
            for (i, type) in types.enumerated() where KeyLayout.keyWidth(type) == width {
                let alignment = min(width, 8)
                offset = (offset + alignment - 1) / alignment * alignment
                slots[i] = Slot(physical: type.physical, byteOffset: offset)
                offset += width
            }
        }
        self.slots = slots.map { $0 ?? Slot(physical: .null, byteOffset: 0) }
        wordCount = max(1, (offset + 7) / 8)
        viewColumns = types.indices.filter { types[$0].physical == .view }
    }

    /// Bytes of a key value; 0 for types that keys of this layout cannot hold (void needs none).
    static func keyWidth(_ type: DataType) -> Int {
        switch type.physical {
        case .null, .list, .structure: 0
        default: type.physical.width
        }
    }

    /// Says whether keys of these types can be laid out; nested keys cannot.
    static func supports(_ types: [DataType]) -> Bool {
        types.allSatisfy { $0.physical != .list && $0.physical != .structure }
    }

    /// Writes the keys of `count` rows into `words` (count × wordCount, any content before).
    func encode(_ columns: [Vector], count: Int, into words: UnsafeMutablePointer<UInt64>) {
        words.update(repeating: 0, count: count &* wordCount)
        let raw = UnsafeMutableRawPointer(words)
        for (i, column) in columns.enumerated() {
            encodeValues(column, slots[i], count: count, into: raw)
            markNulls(column, i, count: count, into: raw)
        }
    }

    private func markNulls(_ column: Vector, _ index: Int, count: Int, into raw: UnsafeMutableRawPointer) {
        guard let validity = column.validity else { return }
        let stride = wordCount &* 8
        let bits = raw.assumingMemoryBound(to: UInt8.self) + (index >> 3)
        let mark: UInt8 = nullBytes == 0 ? 0 : 1 << UInt8(index & 7)
        let width = slots[index].physical.width
        let value = raw + slots[index].byteOffset
        let isConstant = column.form == .constant
        let valid = validity.words
        var row = 0
        while row < count {
            if isConstant || (valid[row >> 6] >> UInt64(row & 63)) & 1 == 0 {
                bits[row &* stride] |= mark
                (value + row &* stride).initializeMemory(as: UInt8.self, repeating: 0, count: width)
            }
            row &+= 1
        }
    }

    private func encodeValues(_ column: Vector, _ slot: Slot, count: Int, into raw: UnsafeMutableRawPointer) {
        let target = raw + slot.byteOffset
        switch slot.physical {
        case .bool, .int8: scatter(UInt8.self, column, count, target)
        case .int16: scatter(UInt16.self, column, count, target)
        case .int32: scatter(UInt32.self, column, count, target)
        case .int64: scatter(UInt64.self, column, count, target)
        case .float: scatterFloat(column, count, target)
        case .double: scatterDouble(column, count, target)
        case .int128, .view: scatterPairs(column, count, target)
        case .null, .list, .structure: break
        }
    }

    private func scatter<T: BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int, _ target: UnsafeMutableRawPointer
    ) {
        let stride = wordCount &* 8
        var row = 0
        switch column.form {
        case .flat:
            let values = column.pointer(as: T.self)
            while row < count {
                (target + row &* stride).storeBytes(of: values[row], as: T.self)
                row &+= 1
            }
        case .constant:
            let value = column.pointer(as: T.self)[0]
            while row < count {
                (target + row &* stride).storeBytes(of: value, as: T.self)
                row &+= 1
            }
        case .dictionary:
            let codes = column.codes
            let values = column.dictionary.unsafelyUnwrapped.pointer(as: T.self)
            while row < count {
                (target + row &* stride).storeBytes(of: values[Int(codes[row])], as: T.self)
                row &+= 1
            }
        }
    }

    private func scatterPairs(_ column: Vector, _ count: Int, _ target: UnsafeMutableRawPointer) {
        let stride = wordCount &* 8
        var row = 0
        let source = column.form == .dictionary ? column.dictionary.unsafelyUnwrapped : column
        let values = source.pointer(as: (UInt64, UInt64).self)
        let codes = column.form == .dictionary ? column.codes : nil
        let step = column.form == .constant ? 0 : 1
        while row < count {
            let at = codes.map { Int($0[row]) } ?? row &* step
            let place = (target + row &* stride).assumingMemoryBound(to: UInt64.self)
            let pair = values[at]
            place[0] = pair.0
            place[1] = pair.1
            row &+= 1
        }
    }

    private func scatterFloat(_ column: Vector, _ count: Int, _ target: UnsafeMutableRawPointer) {
        scatter(UInt32.self, column, count, target)
        let stride = wordCount &* 8
        var row = 0
        while row < count {
            let place = (target + row &* stride).assumingMemoryBound(to: Float.self)
            if place[0] == 0 { place[0] = 0 }
            if place[0].isNaN { place[0] = .nan }
            row &+= 1
        }
    }

    private func scatterDouble(_ column: Vector, _ count: Int, _ target: UnsafeMutableRawPointer) {
        scatter(UInt64.self, column, count, target)
        let stride = wordCount &* 8
        var row = 0
        while row < count {
            let place = (target + row &* stride).assumingMemoryBound(to: Double.self)
            if place[0] == 0 { place[0] = 0 }
            if place[0].isNaN { place[0] = .nan }
            row &+= 1
        }
    }
}
