import Columns
import Kernels
import Memory
import Plans

/// Says how the values of a join's build side are bounded by those of its probe side.
struct BuildRange {
    /// Over the build side's columns, and over the probe side's.
    var build: Expression
    var probe: Expression
    /// How the build value stands to the probe value.
    var order: JoinRange.Order

    init(_ range: JoinRange, buildIsRight: Bool) {
        build = buildIsRight ? range.right : range.left
        probe = buildIsRight ? range.left : range.right
        order = buildIsRight ? range.order.mirrored : range.order
    }
}

/// Turns the values of a range's two sides into numbers, so that a pair is in the range where the build row's
/// number is not below the probe row's.
///
/// Numbers, dates and times are their own 64-bit sort keys, NaN above all; for strings and wide decimals a
/// build row's number is its rank, found for a probe row by a binary search. Where the build value must be
/// the smaller one, all bits are inverted.
struct RangeKey {
    private let encoder: SortKeyEncoder
    private let isBelow: Bool
    private let isStrict: Bool
    /// The build rows' values and their order; nil where the sort key is the number.
    private let ranked: (values: SortKeyBlock, order: Buffer)?
    /// Number of each build row.
    let numbers: Buffer

    /// Numbers `count` build values, none of which is null.
    init(_ values: Vector, count: Int, _ order: JoinRange.Order) {
        encoder = SortKeyEncoder(
            types: [values.type], ascending: [true], nullsFirst: [true], mayBeNull: [false])
        isBelow = order.isBelow
        isStrict = order == .less || order == .greater
        let block = encoder.encode([values], count: count)
        numbers = Buffer(byteCount: max(count, 1) * 8)
        let out = numbers.pointer(as: Int64.self)
        let flip: Int64 = order.isBelow ? -1 : 0
        if encoder.isExact, encoder.wordCount == 1 {
            ranked = nil
            RangeKey.signed(block.words.pointer(as: UInt64.self), count, flip, out)
        } else {
            let sorted = SortKeys.sortedRows(block, limit: count)
            ranked = (block, sorted)
            let rows = sorted.pointer(as: UInt32.self)
            var i = 0
            while i < count {
                out[Int(rows[i])] = Int64(i) ^ flip
                i &+= 1
            }
        }
    }

    /// Bytes that the key keeps for each row but its number.
    var keptBytesPerRow: Int { ranked == nil ? 0 : 4 + encoder.wordCount * 8 }

    private static func signed(
        _ words: UnsafePointer<UInt64>, _ count: Int, _ flip: Int64, _ out: UnsafeMutablePointer<Int64>
    ) {
        var i = 0
        while i < count {
            out[i] = Int64(bitPattern: words[i] ^ (1 &<< 63)) ^ flip
            i &+= 1
        }
    }

    /// Writes the number from which on build rows are in the range of each probe row, and clears `isOpen`
    /// for probe rows that are in range with none: a null, or more than the greatest.
    func bounds(
        _ values: Vector, count: Int, into out: UnsafeMutablePointer<Int64>,
        isOpen: UnsafeMutablePointer<UInt8>
    ) {
        let block = encoder.encode([values], count: count)
        if let ranked {
            rank(block, count, ranked, out)
        } else {
            RangeKey.signed(block.words.pointer(as: UInt64.self), count, isBelow ? -1 : 0, out)
            if isStrict { RangeKey.step(out, count, isOpen) }
        }
        if values.hasNulls {
            var i = 0
            while i < count {
                if values.isNull(i) { isOpen[i] = 0 }
                i &+= 1
            }
        }
    }

    private static func step(
        _ out: UnsafeMutablePointer<Int64>, _ count: Int, _ isOpen: UnsafeMutablePointer<UInt8>
    ) {
        var i = 0
        while i < count {
            if out[i] == .max { isOpen[i] = 0 } else { out[i] &+= 1 }
            i &+= 1
        }
    }

    private func rank(
        _ block: SortKeyBlock, _ count: Int, _ ranked: (values: SortKeyBlock, order: Buffer),
        _ out: UnsafeMutablePointer<Int64>
    ) {
        let rows = ranked.order.pointer(as: UInt32.self)
        // The first build row that is not below the value or, where equal ones are below it too, above it.
        let isAbove = isStrict != isBelow
        var i = 0
        while i < count {
            var (low, high) = (0, ranked.values.count)
            while low < high {
                let middle = low &+ (high &- low) / 2
                let order = ranked.values.compare(Int(rows[middle]), block, i)
                if order < 0 || (isAbove && order == 0) { low = middle &+ 1 } else { high = middle }
            }
            out[i] = isBelow ? ~(Int64(low) &- 1) : Int64(low)
            i &+= 1
        }
    }
}
