import Columns
import Kernels
import Memory

/// Finds the greatest or least of several numbers row by row, where none is null.
enum Extremes {
    /// Returns the greatest (1) or least (−1), of equal ones the first; nil for other types, and where there
    /// are nulls.
    static func numbers(_ parts: [Vector], _ type: DataType, count: Int, _ sign: Int) -> Vector? {
        let fits = parts.allSatisfy { $0.type.physical == type.physical && !$0.hasNulls && $0.values != nil }
        guard fits, OrderKey.isKnown(type), type.physical != .bool else { return nil }
        let flat = parts.map { $0.form == .dictionary ? $0.flattened() : $0 }
        switch type.physical {
        case .int8: return extreme(Int8.self, flat, type, count) { sign > 0 ? $1 > $0 : $1 < $0 }
        case .int16: return extreme(Int16.self, flat, type, count) { sign > 0 ? $1 > $0 : $1 < $0 }
        case .int32: return extreme(Int32.self, flat, type, count) { sign > 0 ? $1 > $0 : $1 < $0 }
        case .int64: return extreme(Int64.self, flat, type, count) { sign > 0 ? $1 > $0 : $1 < $0 }
        case .float: return extreme(Float.self, flat, type, count) { isBeyond($0, $1, sign) }
        case .double: return extreme(Double.self, flat, type, count) { isBeyond($0, $1, sign) }
        default: return nil
        }
    }

    /// Not a number counts as the greatest.
    @inline(__always)
    private static func isBeyond<T: FloatingPoint>(_ best: T, _ value: T, _ sign: Int) -> Bool {
        sign > 0
            ? value > best || value.isNaN && !best.isNaN
            : value < best || best.isNaN && !value.isNaN
    }

    @inline(__always)
    private static func extreme<T>(
        _ element: T.Type, _ parts: [Vector], _ type: DataType, _ count: Int, _ isBeyond: (T, T) -> Bool
    ) -> Vector {
        let buffer = Buffer(byteCount: max(count * MemoryLayout<T>.stride, 16))
        let out = buffer.pointer(as: T.self)
        for (number, part) in parts.enumerated() {
            let values = part.pointer(as: T.self)
            let step = part.form == .constant ? 0 : 1
            var row = 0
            while row < count {
                let value = values[row &* step]
                if number == 0 || isBeyond(out[row], value) { out[row] = value }
                row &+= 1
            }
        }
        return .flat(type, count: count, values: buffer)
    }
}
