import Columns
import Kernels
import Memory
import Plans

/// Finds the rows of a join's build side that are in range of a probe row, without looking at the others.
///
///     places, ascending by group, then by the first range's number:
///       group 0                 group 1
///     | row 7 | row 2 | row 9 | row 4 | …     first range: the places of the group from a binary search on
///       └──── maximum tree over the second range's numbers: of these places, those that are not below
///
/// Where both ranges bound the same build value, its places are one stretch and need no tree. Rows with a
/// null in a range are in none. Made once, then only read.
///
/// Source: priority search trees (McCreight, 1985), with a tree of maxima in the place of the heap.
///
/// `@unchecked Sendable`: written only by `init`.
final class RangeIndex: @unchecked Sendable {
    let keys: [RangeKey]
    /// Number of places.
    let count: Int
    /// Build row at each place.
    let rows: Buffer
    /// The first range's number at each place, behind one number that is in no place.
    private let firsts: Buffer
    /// Over the second range's numbers; nil where it needs none.
    let seconds: MaximumTree?
    /// Whether the second range bounds the same build value as the first from the other side.
    let isBand: Bool
    private let groups: JoinGroups?
    private let reservation: Reservation?

    /// Bytes that an index takes for each row while it is made, about.
    static let bytesPerRow = 88
    /// Fewer rows are as quickly compared one by one.
    static let leastRows = 8

    /// Puts rows in order; nil when memory is short. `values`: the ranges' build values of the rows;
    /// `groups`: which of them have equal keys; `budget`: what memory is taken from, nil when it is already.
    init?(
        rowCount: Int, values: [Vector], ranges: [BuildRange], groups: JoinGroups?, budget: MemoryBudget?
    ) {
        reservation = budget.map { Reservation($0, owner: "The sorted rows of a range join") }
        if reservation?.tryResize(to: rowCount * RangeIndex.bytesPerRow) == false { return nil }
        let known = RangeIndex.rowsWithoutNulls(values, rowCount)
        let size = known?.count ?? rowCount
        let made = zip(values, ranges).map { value, range in
            RangeKey(known.map { value.gathered($0) } ?? value, count: size, range.order)
        }
        isBand =
            ranges.count == 2 && ranges[0].build == ranges[1].build
            && ranges[0].order.isBelow != ranges[1].order.isBelow
        count = size
        keys = made
        self.groups = groups
        let order = RangeIndex.order(made[0].numbers, size, known, groups)
        rows = Buffer(byteCount: max(size, 1) * 4)
        firsts = Buffer(byteCount: (size + 1) * 8)
        let from = order.pointer(as: UInt32.self)
        RangeIndex.place(made[0].numbers, from, size, firsts.pointer(as: Int64.self) + 1)
        let out = rows.pointer(as: UInt32.self)
        var place = 0
        while place < size {
            out[place] = known?.rows[Int(from[place])] ?? from[place]
            place &+= 1
        }
        firsts.pointer(as: Int64.self)[0] = .min
        seconds =
            ranges.count < 2 || isBand
            ? nil
            : MaximumTree(count: size) { RangeIndex.place(made[1].numbers, from, size, $0) }
        let kept = made.reduce(24) { $0 + 8 + $1.keptBytesPerRow } + (groups == nil ? 0 : 8)
        _ = reservation?.tryResize(to: min(rowCount * RangeIndex.bytesPerRow, size * kept))
    }

    private static func place(
        _ numbers: Buffer, _ order: UnsafePointer<UInt32>, _ count: Int, _ out: UnsafeMutablePointer<Int64>
    ) {
        let number = numbers.pointer(as: Int64.self)
        var i = 0
        while i < count {
            out[i] = number[Int(order[i])]
            i &+= 1
        }
    }

    /// Rows that have all values; nil: all rows.
    private static func rowsWithoutNulls(_ values: [Vector], _ count: Int) -> Selection? {
        guard let valid = JoinTable.validity(values, count: count) else { return nil }
        let picked = Buffer(byteCount: max(count, 1) * 4)
        let out = picked.pointer(as: UInt32.self)
        var (row, kept) = (0, 0)
        while row < count {
            out[kept] = UInt32(truncatingIfNeeded: row)
            kept &+= valid.isSet(row) ? 1 : 0
            row &+= 1
        }
        return Selection(rows: out, count: kept, owner: picked)
    }

    /// Positions in the known rows by group, then by number.
    private static func order(_ numbers: Buffer, _ count: Int, _ known: Selection?, _ groups: JoinGroups?)
        -> Buffer
    {
        let sorted = SortKeys.sortedRows(
            columns: [.flat(.int64, count: count, values: numbers)], ascending: [true], nullsFirst: [true],
            count: count)
        guard let groups else { return sorted }
        let group = groups.ofRow.pointer(as: UInt32.self)
        let from = sorted.pointer(as: UInt32.self)
        let dealt = Buffer(byteCount: max(count, 1) * 4)
        let out = dealt.pointer(as: UInt32.self)
        groups.count(known, count)
        let ends = Buffer.copying(groups.starts.bytes)
        let next = ends.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            let at = Int(from[i])
            let own = Int(group[known.map { Int($0.rows[at]) } ?? at])
            out[Int(next[own])] = from[i]
            next[own] &+= 1
            i &+= 1
        }
        return dealt
    }

    // MARK: - Searching

    /// Places of the rows that share the key of a build row, by its number + 1; none for 0.
    @inline(__always)
    func places(ofHead head: UInt32) -> (from: UInt32, to: UInt32) {
        if head == 0 { return (0, 0) }
        guard let groups else { return (0, UInt32(truncatingIfNeeded: count)) }
        let starts = groups.starts.pointer(as: UInt32.self)
        let group = Int(groups.ofRow.pointer(as: UInt32.self)[Int(head) - 1])
        return (starts[group], starts[group + 1])
    }

    /// Moves each of `count` places forward to the first one, of `lengths` from it on, whose number is not
    /// below the wanted one. All searches go step by step side by side, to wait for memory together.
    func search(
        _ wanted: UnsafePointer<Int64>, count: Int, places: UnsafeMutablePointer<UInt32>,
        lengths: UnsafeMutablePointer<UInt32>
    ) {
        let numbers = UnsafePointer(firsts.pointer(as: Int64.self))
        var longest: UInt32 = 0
        var i = 0
        while i < count {
            longest = max(longest, lengths[i])
            i &+= 1
        }
        while longest > 1 {
            i = 0
            while i < count {
                let half = lengths[i] &>> 1
                // The number before place + half; where that is no step, any.
                let isBelow: UInt32 = numbers[Int(places[i] &+ half)] < wanted[i] ? 1 : 0
                places[i] &+= isBelow &* half
                lengths[i] &-= half
                i &+= 1
            }
            longest &-= longest &>> 1
        }
        i = 0
        while i < count {
            let isBelow: UInt32 = numbers[Int(places[i] &+ min(1, lengths[i]))] < wanted[i] ? 1 : 0
            places[i] &+= isBelow & lengths[i]
            i &+= 1
        }
    }
}
