import Columns
import Memory

/// Knows which integers are among the keys of a join, exactly: a bit for each from the least to the
/// greatest. Sixteen or thirty-two times smaller than an index of rows, so that it stays in a near cache
/// while a scan asks for each of its rows.
///
/// `@unchecked Sendable`: written only while it is made.
final class KeySet: @unchecked Sendable {
    private let base: Int64
    private let span: Int
    private let words: Buffer

    /// Most keys between the least and the greatest, and most of them for each row of the table.
    private static let spanLimit = 32 << 20
    private static let freeSpan = 1 << 20
    private static let spanPerRow = 64

    /// Makes the set of a column's values but null; nil for types that are no integers, and for keys that
    /// lie far apart.
    static func make(_ source: Vector, count: Int) -> KeySet? {
        guard DenseIndex.supports(source.type), count > 0 else { return nil }
        let column = source.flattened()
        let range = DenseIndex.range(
            column, count: count, spanLimit: spanLimit, freeSpan: freeSpan, spanPerRow: spanPerRow)
        guard let (low, span) = range else { return nil }
        let set = KeySet(base: low, span: span)
        switch column.type.physical {
        case .int8: set.fill(Int8.self, column, count)
        case .int16: set.fill(Int16.self, column, count)
        case .int32: set.fill(Int32.self, column, count)
        default: set.fill(Int64.self, column, count)
        }
        return set
    }

    private init(base: Int64, span: Int) {
        self.base = base
        self.span = span
        words = Buffer.zeroed(byteCount: (span + 63) / 64 * 8)
    }

    private func fill<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int
    ) {
        let values = column.pointer(as: T.self)
        let bits = words.pointer(as: UInt64.self)
        let validity = column.validity
        var row = 0
        while row < count {
            if validity?.isSet(row) ?? true {
                let at = Int(Int64(values[row]) &- base)
                bits[at &>> 6] |= 1 &<< UInt64(at & 63)
            }
            row &+= 1
        }
    }

    /// Writes the numbers of the rows whose value is in the set, and returns how many they are.
    func select(_ source: Vector, count: Int, into rows: UnsafeMutablePointer<UInt32>) -> Int {
        let column = source.flattened()
        return switch column.type.physical {
        case .int8: select(Int8.self, column, count, rows)
        case .int16: select(Int16.self, column, count, rows)
        case .int32: select(Int32.self, column, count, rows)
        default: select(Int64.self, column, count, rows)
        }
    }

    private func select<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int, _ rows: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let values = column.pointer(as: T.self)
        let bits = words.pointer(as: UInt64.self)
        let (low, width) = (base, UInt64(span))
        var kept = 0
        var row = 0
        if let valid = column.validity?.words {
            while row < count {
                let bit = KeySet.bit(Int64(values[row]) &- low, width, bits)
                rows[kept] = UInt32(truncatingIfNeeded: row)
                kept &+= Int(truncatingIfNeeded: bit & (valid[row &>> 6] &>> UInt64(row & 63)))
                row &+= 1
            }
            return kept
        }
        while row < count {
            let bit = KeySet.bit(Int64(values[row]) &- low, width, bits)
            rows[kept] = UInt32(truncatingIfNeeded: row)
            kept &+= Int(truncatingIfNeeded: bit)
            row &+= 1
        }
        return kept
    }

    /// Returns 1 for a key of the set and 0 for any other, without a branch.
    @inline(__always)
    private static func bit(_ key: Int64, _ width: UInt64, _ bits: UnsafePointer<UInt64>) -> UInt64 {
        let at = UInt64(bitPattern: key)
        let inside: UInt64 = at < width ? 1 : 0
        let place = at < width ? at : 0
        return (bits[Int(truncatingIfNeeded: place &>> 6)] &>> (place & 63)) & inside
    }
}
