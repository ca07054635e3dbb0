import Columns
import Memory

/// Finds groups or rows by integer keys that lie close together: an array indexed by key minus the least key.
final class DenseIndex {
    private let physical: PhysicalType
    private(set) var base: Int64 = 0
    private(set) var entries: Buffer
    /// Number of keys that `entries` covers; each entry is a number + 1, or 0.
    private(set) var span = 0

    /// Most keys that an array may cover.
    static let spanLimit = 16 << 20
    /// Spans up to this need no proof that they are well filled.
    static let freeSpan = 1 << 16
    /// Keys covered for each group seen, at most.
    static let spanPerRow = 16

    init(_ type: DataType) {
        physical = type.physical
        entries = Buffer.zeroed(byteCount: 0)
    }

    static func supports(_ type: DataType) -> Bool {
        switch type.physical {
        case .int8, .int16, .int32, .int64: true
        default: false
        }
    }

    var byteCount: Int { entries.byteCount }

    /// Widens the index so that it covers the column's keys and says whether it could: not when they lie too
    /// far apart for `groups`.
    func cover(_ column: Vector, count: Int, groups: Int) -> Bool {
        guard count > 0, let (low, high) = DenseIndex.bounds(column, count: count) else { return true }
        if span > 0, low >= base, high <= base &+ Int64(span &- 1) { return true }
        let newLow = span == 0 ? low : min(low, base)
        let newHigh = span == 0 ? high : max(high, base &+ Int64(span &- 1))
        let (width, overflow) = newHigh.subtractingReportingOverflow(newLow)
        if overflow || width >= Int64(DenseIndex.spanLimit) { return false }
        let needed = Int(width) + 1
        if needed > DenseIndex.freeSpan, needed > DenseIndex.spanPerRow * (groups + count) { return false }
        // Slack at both ends, so that slowly widening keys do not copy each time.
        let slack = min(needed / 2, DenseIndex.spanLimit - needed)
        let (slackBase, slackOverflow) = newLow.subtractingReportingOverflow(Int64(slack / 2))
        let start = span == 0 || slackOverflow || newLow == base ? newLow : slackBase
        grow(base: start, span: Int(newHigh &- start) + 1 + slack / 2)
        return true
    }

    private func grow(base newBase: Int64, span newSpan: Int) {
        if span > 0, newBase == base, newSpan > span {
            Buffer.grow(&entries, to: newSpan * 4, used: span * 4, zeroing: true)
            span = newSpan
            return
        }
        let grown = Buffer.zeroed(byteCount: newSpan * 4)
        if span > 0 {
            let offset = Int(base &- newBase)
            (grown.base + offset * 4).copyMemory(
                from: entries.base, byteCount: min(span, newSpan - offset) * 4)
        }
        entries = grown
        base = newBase
        span = newSpan
    }

    /// Returns the least key and the number of keys from it to the greatest, or nil when all rows are null or
    /// the keys lie too far apart: more than `spanLimit`, or more than `freeSpan` and than `spanPerRow` for
    /// each row.
    static func range(
        _ column: Vector, count: Int, spanLimit: Int = DenseIndex.spanLimit,
        freeSpan: Int = DenseIndex.freeSpan, spanPerRow: Int = DenseIndex.spanPerRow
    ) -> (base: Int64, span: Int)? {
        guard let (low, high) = bounds(column, count: count) else { return nil }
        let (width, overflow) = high.subtractingReportingOverflow(low)
        if overflow || width >= Int64(spanLimit) { return nil }
        let span = Int(width) + 1
        if span > freeSpan, span > spanPerRow * count { return nil }
        return (low, span)
    }

    /// Returns the least and the greatest key of the rows that are not null, or nil when all are.
    static func bounds(_ column: Vector, count: Int) -> (Int64, Int64)? {
        switch column.type.physical {
        case .int8: bounds(Int8.self, column, count)
        case .int16: bounds(Int16.self, column, count)
        case .int32: bounds(Int32.self, column, count)
        default: bounds(Int64.self, column, count)
        }
    }

    private static func bounds<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int
    ) -> (Int64, Int64)? {
        let values = column.pointer(as: T.self)
        var low = T.max
        var high = T.min
        var row = 0
        if let validity = column.validity {
            while row < count {
                if validity.isSet(row) {
                    low = min(low, values[row])
                    high = max(high, values[row])
                }
                row &+= 1
            }
            if low > high { return nil }
        } else {
            while row < count {
                low = values[row] < low ? values[row] : low
                high = values[row] > high ? values[row] : high
                row &+= 1
            }
        }
        return (Int64(low), Int64(high))
    }

    /// Finds or makes the group of each row that is not null; null rows get any number. Returns the new
    /// number of groups. `keys` has room for the keys of `count` new groups, one word each.
    func assign(
        _ column: Vector, count: Int, groupCount: Int, keys: UnsafeMutablePointer<UInt64>,
        into groups: UnsafeMutablePointer<UInt32>
    ) -> Int {
        switch physical {
        case .int8: assign(Int8.self, column, count, groupCount, keys, groups)
        case .int16: assign(Int16.self, column, count, groupCount, keys, groups)
        case .int32: assign(Int32.self, column, count, groupCount, keys, groups)
        default: assign(Int64.self, column, count, groupCount, keys, groups)
        }
    }

    private func assign<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ column: Vector, _ count: Int, _ groupCount: Int,
        _ keys: UnsafeMutablePointer<UInt64>,
        _ groups: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let values = column.pointer(as: T.self)
        let table = entries.pointer(as: UInt32.self)
        let low = base
        var next = groupCount
        let validity = column.validity
        var row = 0
        while row < count {
            if let validity, !validity.isSet(row) {
                row &+= 1
                continue
            }
            let at = Int(Int64(values[row]) &- low)
            let entry = table[at]
            if entry == 0 {
                keys[next] = UInt64(truncatingIfNeeded: T.Magnitude(truncatingIfNeeded: values[row]))
                next &+= 1
                table[at] = UInt32(truncatingIfNeeded: next)
                groups[row] = UInt32(truncatingIfNeeded: next &- 1)
            } else {
                groups[row] = entry &- 1
            }
            row &+= 1
        }
        return next
    }
}
