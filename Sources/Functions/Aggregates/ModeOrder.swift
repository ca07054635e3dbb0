import Columns
import Kernels

/// Orders equally frequent values as Spark's `mode` meets them: by their places in its hash table. Source:
/// Spark's `OpenHashSet`, with the hash codes of Java's and Scala's number types.
enum ModeOrder {
    /// Returns the place of a value in a table of `distinct` values.
    static func place(_ values: Vector, _ row: Int, distinct: Int) -> UInt32 {
        var capacity = 64
        while distinct * 10 > capacity * 7 { capacity *= 2 }
        return mixed(hashCode(values, row)) & UInt32(capacity - 1)
    }

    /// Murmur3 of one 32-bit number, seed 0.
    private static func mixed(_ value: UInt32) -> UInt32 {
        var k = value &* 0xcc9e_2d51
        k = (k << 15 | k >> 17) &* 0x1b87_3593
        var h = (k << 13 | k >> 19) &* 5 &+ 0xe654_6b64
        h ^= 4
        h = (h ^ h >> 16) &* 0x85eb_ca6b
        h = (h ^ h >> 13) &* 0xc2b2_ae35
        return h ^ h >> 16
    }

    private static func folded(_ bits: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: bits ^ bits >> 32) }

    private static func hashCode(_ values: Vector, _ row: Int) -> UInt32 {
        let column = Column(values)
        switch values.type {
        case .boolean: return column.integer(row) != 0 ? 1231 : 1237
        case .int64, .timestamp, .timestampNTZ, .time, .dayTimeInterval:
            return folded(UInt64(bitPattern: Int64(column.integer(row))))
        case .int8, .int16, .int32, .date, .yearMonthInterval:
            return UInt32(bitPattern: Int32(truncatingIfNeeded: column.integer(row)))
        case .float: return Float(column.double(row)).bitPattern
        case .double: return folded(column.double(row).bitPattern)
        case .decimal(_, let scale):
            guard case .decimal(let unscaled) = values.scalar(at: row) else { return 0 }
            return decimal(unscaled, scale)
        case .string: return (try? SparkHash.murmur(column, row, seed: 42)) ?? 0
        default: return 0
        }
    }

    /// The hash code of Scala's BigDecimal.
    private static func decimal(_ unscaled: Int128, _ scale: Int) -> UInt32 {
        var (digits, places) = (unscaled, scale)
        while places > 0, digits % 10 == 0 { (digits, places) = (digits / 10, places - 1) }
        if places == 0 {
            if let long = Int64(exactly: digits) {
                return Int32(exactly: long).map { UInt32(bitPattern: $0) }
                    ?? folded(UInt64(bitPattern: long))
            }
            return bigInteger(digits)
        }
        let value = NumberText.double(digits, scale: places)
        var text = "\(value)"
        if text.withUTF8({ NumberText.parseDecimal(UnsafeRawBufferPointer($0), scale: places) }) == digits {
            let short = Float(value)
            return Double(short) == value ? short.bitPattern : folded(value.bitPattern)
        }
        // MurmurHash3.mixLast of the digits' hash code and the number of places.
        var k = UInt32(places) &* 0xcc9e_2d51
        k = (k << 15 | k >> 17) &* 0x1b87_3593
        return bigInteger(digits) ^ k
    }

    /// The hash code of Java's BigInteger: 31-adic over 32-bit digits, times the sign.
    private static func bigInteger(_ value: Int128) -> UInt32 {
        var hash: UInt32 = 0
        for shift in [96, 64, 32, 0] {
            hash = hash &* 31 &+ UInt32(truncatingIfNeeded: value.magnitude >> shift)
        }
        return value < 0 ? 0 &- hash : hash
    }
}
