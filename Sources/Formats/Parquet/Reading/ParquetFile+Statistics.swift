import Columns
import Vocabulary

/// Holds what a footer says of a column in one row group. Bounds may lie outside of the values unless they
/// are exact.
package struct ColumnStatistics: Sendable, Hashable {
    /// No value is less; nil when unknown. Strings may be cut short.
    package var least: Scalar?
    /// No value is greater; nil when unknown.
    package var greatest: Scalar?
    package var nullCount: Int?
    package var distinctCount: Int?
    /// Whether both bounds are values of the column.
    package var boundsAreExact: Bool
    /// Whether there may be NaN, the greatest value, beyond the bounds.
    package var mayHoldNaN = false
}

extension ParquetFile {
    /// Returns the statistics of a top-level primitive column in a row group; nil for nested columns and
    /// where the file has none that can be relied on.
    package func statistics(column: Int, rowGroup: Int) -> ColumnStatistics? {
        guard case .leaf(let leaf) = nodes[column],
            let raw = metadata.rowGroups[rowGroup].columns[leaf.index].statistics
        else { return nil }
        let ordersBySign = leaf.physical != .byteArray && leaf.physical != .fixedByteArray
        var least = raw.least ?? (ordersBySign ? raw.legacyLeast : nil)
        var greatest = raw.greatest ?? (ordersBySign ? raw.legacyGreatest : nil)
        // The old fields compared unsigned numbers as signed ones; an INT96 has no defined order.
        if leaf.physical == .int96 || leaf.conversion == .float16 { (least, greatest) = (nil, nil) }
        if raw.least == nil, leaf.conversion == .uint32ToInt64 || leaf.conversion == .uint64ToInt128 {
            (least, greatest) = (nil, nil)
        }
        let isText = leaf.type == .string || leaf.type == .binary
        // A count that cannot be is as good as none; sums of them would overflow.
        let counts = 0...rowGroups[rowGroup].rowCount
        func known(_ count: Int?) -> Int? { count.flatMap { counts.contains($0) ? $0 : nil } }
        return ColumnStatistics(
            least: least.flatMap { leaf.bound($0) }, greatest: greatest.flatMap { leaf.bound($0) },
            nullCount: known(raw.nullCount), distinctCount: known(raw.distinctCount),
            boundsAreExact: raw.leastIsExact && raw.greatestIsExact && !isText && !leaf.type.isFloating,
            mayHoldNaN: leaf.type.isFloating && !boundsTellOfNaN)
    }

    /// Whether the file's writer gives a column with NaN no bounds at all; Arrow, and by the format's rule
    /// others, leave NaN out of them.
    private var boundsTellOfNaN: Bool {
        guard let writer = metadata.createdBy else { return false }
        return ["millrace ", "parquet-mr ", "DuckDB "].contains { writer.hasPrefix($0) }
    }

    /// Puts the statistics of all row groups together.
    func joinedStatistics(column: Int) -> ColumnStatistics? {
        var total: ColumnStatistics?
        for group in rowGroups.indices {
            guard let one = statistics(column: column, rowGroup: group) else { return nil }
            let allNull = one.nullCount == rowGroups[group].rowCount
            guard var sum = total else {
                total = one
                continue
            }
            sum.nullCount = sum.nullCount.flatMap { a in one.nullCount.map { a + $0 } }
            sum.distinctCount = nil
            sum.boundsAreExact = sum.boundsAreExact && one.boundsAreExact
            if !allNull {
                guard let least = one.least, let greatest = one.greatest else {
                    (sum.least, sum.greatest) = (nil, nil)
                    total = sum
                    continue
                }
                if let before = sum.least, least.isLess(than: before) { sum.least = least }
                if let before = sum.greatest, before.isLess(than: greatest) { sum.greatest = greatest }
            }
            total = sum
        }
        return total
    }

    /// Says whether a row group may hold rows for which all `predicates` are true, as far as its statistics
    /// tell.
    package func mayMatch(_ predicates: [ColumnPredicate], rowGroup: Int) -> Bool {
        predicates.allSatisfy { predicate in
            guard let statistics = statistics(column: predicate.column, rowGroup: rowGroup) else {
                return true
            }
            return statistics.mayMatch(predicate, rowCount: rowGroups[rowGroup].rowCount)
        }
    }
}

extension ColumnStatistics {
    /// Says whether a row of `rowCount` may satisfy the predicate.
    func mayMatch(_ predicate: ColumnPredicate, rowCount: Int) -> Bool {
        switch predicate.operation {
        case .isNull: return nullCount != 0
        case .isNotNull: return nullCount != rowCount
        default: if nullCount == rowCount, rowCount > 0 { return false }
        }
        return predicate.values.contains { mayHold(predicate.operation, $0) }
    }

    private func mayHold(_ operation: ColumnPredicate.Operation, _ value: Scalar) -> Bool {
        if mayHoldNaN, operation == .greater || operation == .greaterOrEqual || value.isNaN { return true }
        switch operation {
        case .equal, .in:
            if let least, value.isLess(than: least) { return false }
            if let greatest, greatest.isLess(than: value) { return false }
            return true
        case .less: return least.map { $0.isLess(than: value) || !$0.isComparable(to: value) } ?? true
        case .lessOrEqual: return least.map { !value.isLess(than: $0) } ?? true
        case .greater: return greatest.map { value.isLess(than: $0) || !$0.isComparable(to: value) } ?? true
        case .greaterOrEqual: return greatest.map { !$0.isLess(than: value) } ?? true
        case .isNull, .isNotNull: return true
        }
    }
}

extension Scalar {
    /// Says whether both are of one kind, so that `isLess` means something.
    func isComparable(to other: Scalar) -> Bool {
        switch (self, other) {
        case (.boolean, .boolean), (.integer, .integer), (.decimal, .decimal), (.float, .float),
            (.double, .double),
            (.string, .string), (.binary, .binary):
            true
        default: false
        }
    }

    var isNaN: Bool {
        switch self {
        case .float(let number): number.isNaN
        case .double(let number): number.isNaN
        default: false
        }
    }

    /// Orders as Spark does: NaN above all numbers, strings by bytes. False when the kinds differ.
    func isLess(than other: Scalar) -> Bool {
        switch (self, other) {
        case (.boolean(let a), .boolean(let b)): !a && b
        case (.integer(let a), .integer(let b)): a < b
        case (.decimal(let a), .decimal(let b)): a < b
        case (.float(let a), .float(let b)): a < b || (b.isNaN && !a.isNaN)
        case (.double(let a), .double(let b)): a < b || (b.isNaN && !a.isNaN)
        case (.string(let a), .string(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.binary(let a), .binary(let b)): a.lexicographicallyPrecedes(b)
        default: false
        }
    }
}

extension ParquetLeaf {
    /// Decodes a bound of the statistics, a plain value without length; nil when it is malformed or no use
    /// (NaN).
    fileprivate func bound(_ bytes: [UInt8]) -> Scalar? {
        switch type {
        case .string: return String(validating: bytes, as: UTF8.self).map { .string($0) }
        case .binary: return .binary(bytes)
        case .unsupported: return nil
        case .boolean: return bytes.count == 1 ? .boolean(bytes[0] != 0) : nil
        default: break
        }
        let width = ValueConversion.storedWidth(of: self)
        if physical != .byteArray, bytes.count != width { return nil }
        // 32 bytes: room for the decoders to read past the value.
        var padded = bytes + [UInt8](repeating: 0, count: 32)
        var result: Int128 = 0
        let fits = padded.withUnsafeMutableBufferPointer { input -> Bool in
            guard let base = input.baseAddress else { return false }
            return withUnsafeMutableBytes(of: &result) { out -> Bool in
                guard let target = out.baseAddress else { return false }
                switch conversion {
                case .bytesToInt64, .bigEndianToInt64:
                    return ValueConversion.bigEndianToInt64.convert(
                        base, count: 1, width: bytes.count, to: target)
                case .bytesToInt128, .bigEndianToInt128:
                    return ValueConversion.bigEndianToInt128.convert(
                        base, count: 1, width: bytes.count, to: target)
                default: return conversion.convert(base, count: 1, width: width, to: target)
                }
            }
        }
        guard fits else { return nil }
        guard let early, case .integer(let number)? = scalar(result) else { return scalar(result) }
        return early.bound(number, of: self).map { .integer($0) }
    }

    /// Takes the low bytes of `raw` as a value of the leaf's type.
    private func scalar(_ raw: Int128) -> Scalar? {
        switch type.physical {
        case .int8: .integer(Int64(Int8(truncatingIfNeeded: raw)))
        case .int16: .integer(Int64(Int16(truncatingIfNeeded: raw)))
        case .int32: .integer(Int64(Int32(truncatingIfNeeded: raw)))
        case .int64:
            type.isDecimal
                ? .decimal(Int128(Int64(truncatingIfNeeded: raw))) : .integer(Int64(truncatingIfNeeded: raw))
        case .int128: .decimal(raw)
        case .float:
            Float(bitPattern: UInt32(truncatingIfNeeded: raw)).isNaN
                ? nil : .float(Float(bitPattern: UInt32(truncatingIfNeeded: raw)))
        case .double:
            Double(bitPattern: UInt64(truncatingIfNeeded: raw)).isNaN
                ? nil : .double(Double(bitPattern: UInt64(truncatingIfNeeded: raw)))
        default: nil
        }
    }
}
