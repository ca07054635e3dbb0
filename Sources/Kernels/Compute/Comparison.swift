import Columns
import Memory

/// Names the comparisons of two values.
package enum ComparisonOperator: UInt8, Sendable {
    case equal, notEqual, less, lessEqual, greater, greaterEqual

    /// Says whether an order (negative, zero, positive) satisfies the comparison.
    @inline(__always)
    package func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessEqual: order <= 0
        case .greater: order > 0
        case .greaterEqual: order >= 0
        }
    }
}

/// Compares vectors of one type row by row; the result is boolean, null where either side is. Operands are
/// flat or constant, not both constant and none a null constant.
package enum Comparison {
    /// Returns whether each row of `a` stands to the same row of `b` as the operator says.
    package static func evaluate(_ op: ComparisonOperator, _ a: Vector, _ b: Vector, count: Int) -> Vector {
        let buffer = Buffer(byteCount: max(count, 16))
        let out = buffer.pointer(as: UInt8.self)
        switch a.type.physical {
        case .null: break
        case .bool: integers(UInt8.self, op, a, b, count, out)
        case .int8: integers(Int8.self, op, a, b, count, out)
        case .int16: integers(Int16.self, op, a, b, count, out)
        case .int32: integers(Int32.self, op, a, b, count, out)
        case .int64: integers(Int64.self, op, a, b, count, out)
        case .int128: integers(Int128.self, op, a, b, count, out)
        case .float: floats(Float.self, op, a, b, count, out)
        case .double: floats(Double.self, op, a, b, count, out)
        case .view: views(op, a, b, count, out)
        case .list, .structure:
            var i = 0
            while i < count {
                out[i] = op.holds(Comparing.compareRows(a, i, b, i)) ? 1 : 0
                i &+= 1
            }
        }
        return .flat(.boolean, count: count, values: buffer, validity: Loops.validity([a, b]))
    }

    @inline(__always)
    private static func integers<T: Comparable>(
        _ element: T.Type, _ op: ComparisonOperator, _ a: Vector, _ b: Vector, _ count: Int,
        _ out: UnsafeMutablePointer<UInt8>
    ) {
        switch op {
        case .equal: Loops.binary(a, b, count, out) { (x: T, y: T) in x == y ? 1 : 0 }
        case .notEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in x != y ? 1 : 0 }
        case .less: Loops.binary(a, b, count, out) { (x: T, y: T) in x < y ? 1 : 0 }
        case .lessEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in x <= y ? 1 : 0 }
        case .greater: Loops.binary(a, b, count, out) { (x: T, y: T) in x > y ? 1 : 0 }
        case .greaterEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in x >= y ? 1 : 0 }
        }
    }

    /// NaN equals NaN and is greater than any number.
    @inline(__always)
    private static func floats<T: BinaryFloatingPoint>(
        _ element: T.Type, _ op: ComparisonOperator, _ a: Vector, _ b: Vector, _ count: Int,
        _ out: UnsafeMutablePointer<UInt8>
    ) {
        switch op {
        case .equal: Loops.binary(a, b, count, out) { (x: T, y: T) in same(x, y) ? 1 : 0 }
        case .notEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in same(x, y) ? 0 : 1 }
        case .less: Loops.binary(a, b, count, out) { (x: T, y: T) in below(x, y) ? 1 : 0 }
        case .lessEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in below(y, x) ? 0 : 1 }
        case .greater: Loops.binary(a, b, count, out) { (x: T, y: T) in below(y, x) ? 1 : 0 }
        case .greaterEqual: Loops.binary(a, b, count, out) { (x: T, y: T) in below(x, y) ? 0 : 1 }
        }
    }

    @inline(__always)
    private static func same<T: FloatingPoint>(_ x: T, _ y: T) -> Bool { (x == y) != ((x != x) && (y != y)) }

    @inline(__always)
    private static func below<T: FloatingPoint>(_ x: T, _ y: T) -> Bool { (x < y) != ((x == x) && (y != y)) }

    @inline(__always)
    private static func views(
        _ op: ComparisonOperator, _ a: Vector, _ b: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt8>
    ) {
        switch op {
        case .equal: Loops.binary(a, b, count, out) { (x: StringView, y: StringView) in x == y ? 1 : 0 }
        case .notEqual: Loops.binary(a, b, count, out) { (x: StringView, y: StringView) in x == y ? 0 : 1 }
        default:
            Loops.binary(a, b, count, out) { (x: StringView, y: StringView) in
                op.holds(StringView.compare(x, y)) ? 1 : 0
            }
        }
    }

    /// Returns the null-safe equality (`<=>`): never null, true for two nulls.
    package static func nullSafeEqual(_ a: Vector, _ b: Vector, count: Int) -> Vector {
        let buffer = Buffer(byteCount: max(count, 16))
        let out = buffer.pointer(as: UInt8.self)
        let rows = Selecting.all(count)
        Comparing.equalRows([a], rows.rows, [b], rows.rows, count: count, into: out)
        return .flat(.boolean, count: count, values: buffer)
    }
}
