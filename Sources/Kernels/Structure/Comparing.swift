import Columns
import Memory

#if canImport(Glibc)
    import Glibc
#endif

/// Compares rows of vectors of one type: equality for hash tables, order for sorts.
package enum Comparing {
    /// Clears `matches[i]` where row `aRows[i]` of `a` differs from row `bRows[i]` of `b` and leaves it
    /// otherwise, so that calls for several key columns add up; the caller sets `matches` to 1 first. Nulls
    /// are equal to each other, NaN to NaN, −0.0 to 0.0. Both vectors have the same physical type, in any
    /// form.
    package static func equalRows(
        _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector, _ bRows: UnsafePointer<UInt32>, count: Int,
        into matches: UnsafeMutablePointer<UInt8>
    ) {
        if a.type == .null && b.type == .null { return }
        if a.hasNulls || b.hasNulls || a.type == .null || b.type == .null {
            equalNullableRows(a, aRows, b, bRows, count, matches)
            return
        }
        equalValues(a, aRows, b, bRows, count, matches)
    }

    /// Sets `matches[i]` to 1 where all columns of row `aRows[i]` equal those of row `bRows[i]`, else to 0.
    package static func equalRows(
        _ a: [Vector], _ aRows: UnsafePointer<UInt32>, _ b: [Vector], _ bRows: UnsafePointer<UInt32>,
        count: Int,
        into matches: UnsafeMutablePointer<UInt8>
    ) {
        memset(matches, 1, count)
        for (x, y) in zip(a, b) { equalRows(x, aRows, y, bRows, count: count, into: matches) }
    }

    /// Returns a byte for each of the first `count` rows: 1 where all columns equal those of the row before,
    /// else 0. That of the first row is 0.
    package static func equalNeighbours(_ columns: [Vector], count: Int) -> Buffer {
        let matches = Buffer(byteCount: max(count, 16))
        let out = matches.pointer(as: UInt8.self)
        out[0] = 0
        if count < 2 { return matches }
        let numbers = Buffer(byteCount: count * 4)
        let rows = numbers.pointer(as: UInt32.self)
        var row = 0
        while row < count {
            rows[row] = UInt32(truncatingIfNeeded: row)
            row &+= 1
        }
        equalRows(columns, rows, columns, rows + 1, count: count - 1, into: out + 1)
        return matches
    }

    /// Compares only the pairs in which both rows are not null, and settles the others.
    private static func equalNullableRows(
        _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector, _ bRows: UnsafePointer<UInt32>,
        _ count: Int,
        _ matches: UnsafeMutablePointer<UInt8>
    ) {
        let scratch = Buffer(byteCount: max(count * 13, 16))
        let x = scratch.pointer(as: UInt32.self)
        let y = x + count
        let at = y + count
        let found = UnsafeMutableRawPointer(at + count).assumingMemoryBound(to: UInt8.self)
        var n = 0
        var i = 0
        while i < count {
            let aNull = a.isNull(Int(aRows[i]))
            let bNull = b.isNull(Int(bRows[i]))
            if aNull != bNull { matches[i] = 0 }
            if !aNull && !bNull {
                x[n] = aRows[i]
                y[n] = bRows[i]
                at[n] = UInt32(truncatingIfNeeded: i)
                n &+= 1
            }
            i &+= 1
        }
        if n == 0 { return }
        memset(found, 1, n)
        equalValues(a, x, b, y, n, found)
        i = 0
        while i < n {
            matches[Int(at[i])] &= found[i]
            i &+= 1
        }
    }

    private static func equalValues(
        _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector, _ bRows: UnsafePointer<UInt32>,
        _ count: Int,
        _ matches: UnsafeMutablePointer<UInt8>
    ) {
        let (left, leftRows, leftOwner) = resolved(a, aRows, count)
        let (right, rightRows, rightOwner) = resolved(b, bRows, count)
        switch left.type.physical {
        case .null: break
        case .bool, .int8: equal(UInt8.self, left, leftRows, right, rightRows, count, matches)
        case .int16: equal(Int16.self, left, leftRows, right, rightRows, count, matches)
        case .int32: equal(Int32.self, left, leftRows, right, rightRows, count, matches)
        case .int64: equal(Int64.self, left, leftRows, right, rightRows, count, matches)
        case .int128: equal(SIMD2<UInt64>.self, left, leftRows, right, rightRows, count, matches)
        case .float: equalFloating(Float.self, left, leftRows, right, rightRows, count, matches)
        case .double: equalFloating(Double.self, left, leftRows, right, rightRows, count, matches)
        case .view: equalViews(left, leftRows, right, rightRows, count, matches)
        case .list, .structure:
            var i = 0
            while i < count {
                if matches[i] != 0, compareRows(left, Int(leftRows[i]), right, Int(rightRows[i])) != 0 {
                    matches[i] = 0
                }
                i &+= 1
            }
        }
        withExtendedLifetime((leftOwner, rightOwner)) {}
    }

    /// Returns the vector that holds the values and the row numbers in it: dictionary entries for codes, row
    /// 0 for constants.
    private static func resolved(
        _ vector: Vector, _ rows: UnsafePointer<UInt32>, _ count: Int
    ) -> (Vector, UnsafePointer<UInt32>, Buffer?) {
        switch vector.form {
        case .flat:
            return (vector, rows, nil)
        case .constant:
            let zeros = Buffer.zeroed(byteCount: max(count * 4, 4))
            return (vector, UnsafePointer(zeros.pointer(as: UInt32.self)), zeros)
        case .dictionary:
            guard let values = vector.values, let dictionary = vector.dictionary else {
                return (vector, rows, nil)
            }
            let codes = GatherLoops.gather(width: 4, values, rows, count)
            return (dictionary, UnsafePointer(codes.pointer(as: UInt32.self)), codes)
        }
    }

    @inline(__always)
    private static func equal<T: BitwiseCopyable & Equatable>(
        _ type: T.Type, _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector,
        _ bRows: UnsafePointer<UInt32>,
        _ count: Int, _ matches: UnsafeMutablePointer<UInt8>
    ) {
        let x = UnsafePointer(a.pointer(as: T.self))
        let y = UnsafePointer(b.pointer(as: T.self))
        var i = 0
        while i < count {
            let same: UInt8 = x[Int(aRows[i])] == y[Int(bRows[i])] ? 1 : 0
            matches[i] &= same
            i &+= 1
        }
    }

    @inline(__always)
    private static func equalFloating<T: BinaryFloatingPoint & BitwiseCopyable>(
        _ type: T.Type, _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector,
        _ bRows: UnsafePointer<UInt32>,
        _ count: Int, _ matches: UnsafeMutablePointer<UInt8>
    ) {
        let x = UnsafePointer(a.pointer(as: T.self))
        let y = UnsafePointer(b.pointer(as: T.self))
        var i = 0
        while i < count {
            let (p, q) = (x[Int(aRows[i])], y[Int(bRows[i])])
            if !(p == q || (p != p && q != q)) { matches[i] = 0 }
            i &+= 1
        }
    }

    private static func equalViews(
        _ a: Vector, _ aRows: UnsafePointer<UInt32>, _ b: Vector, _ bRows: UnsafePointer<UInt32>,
        _ count: Int,
        _ matches: UnsafeMutablePointer<UInt8>
    ) {
        let x = UnsafePointer(a.pointer(as: StringView.self))
        let y = UnsafePointer(b.pointer(as: StringView.self))
        var i = 0
        while i < count {
            if matches[i] != 0, !(x[Int(aRows[i])] == y[Int(bRows[i])]) { matches[i] = 0 }
            i &+= 1
        }
    }

    /// Compares two single rows as Spark orders values: negative, zero or positive. Null is less than any
    /// value, NaN greater than any number, −0.0 equal to 0.0; strings by bytes; arrays and structures member
    /// by member.
    package static func compareRows(_ a: Vector, _ i: Int, _ b: Vector, _ j: Int) -> Int {
        let aNull = a.isNull(i)
        let bNull = b.isNull(j)
        if aNull || bNull { return aNull == bNull ? 0 : (aNull ? -1 : 1) }
        if a.form == .dictionary, let dictionary = a.dictionary {
            return compareRows(dictionary, Int(a.codes[i]), b, j)
        }
        if b.form == .dictionary, let dictionary = b.dictionary {
            return compareRows(a, i, dictionary, Int(b.codes[j]))
        }
        let p = a.form == .constant ? 0 : i
        let q = b.form == .constant ? 0 : j
        switch a.type.physical {
        case .null: return 0
        case .bool: return order(a.pointer(as: UInt8.self)[p], b.pointer(as: UInt8.self)[q])
        case .int8: return order(a.pointer(as: Int8.self)[p], b.pointer(as: Int8.self)[q])
        case .int16: return order(a.pointer(as: Int16.self)[p], b.pointer(as: Int16.self)[q])
        case .int32: return order(a.pointer(as: Int32.self)[p], b.pointer(as: Int32.self)[q])
        case .int64: return order(a.pointer(as: Int64.self)[p], b.pointer(as: Int64.self)[q])
        case .int128: return order(a.pointer(as: Int128.self)[p], b.pointer(as: Int128.self)[q])
        case .float: return orderFloating(a.pointer(as: Float.self)[p], b.pointer(as: Float.self)[q])
        case .double: return orderFloating(a.pointer(as: Double.self)[p], b.pointer(as: Double.self)[q])
        case .view:
            return StringView.compare(a.pointer(as: StringView.self)[p], b.pointer(as: StringView.self)[q])
        case .list: return compareLists(a, p, b, q)
        case .structure:
            for (x, y) in zip(a.children, b.children) {
                let result = compareRows(x, p, y, q)
                if result != 0 { return result }
            }
            return 0
        }
    }

    private static func compareLists(_ a: Vector, _ p: Int, _ b: Vector, _ q: Int) -> Int {
        let (aStart, bStart) = (Int(a.offsets[p]), Int(b.offsets[q]))
        let (aCount, bCount) = (Int(a.offsets[p + 1]) - aStart, Int(b.offsets[q + 1]) - bStart)
        for k in 0..<min(aCount, bCount) {
            for (x, y) in zip(a.children, b.children) {
                let result = compareRows(x, aStart + k, y, bStart + k)
                if result != 0 { return result }
            }
        }
        return aCount - bCount
    }

    @inline(__always)
    private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : (a == b ? 0 : 1) }

    /// Orders floating-point numbers with NaN last and equal to itself.
    @inline(__always)
    package static func orderFloating<T: FloatingPoint>(_ a: T, _ b: T) -> Int {
        if a < b { return -1 }
        if a == b { return 0 }
        if a > b { return 1 }
        return a.isNaN ? (b.isNaN ? 0 : 1) : -1
    }
}
