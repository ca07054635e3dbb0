import Columns
import Memory

/// Sorts rows by key columns.
package enum SortKeys {
    /// Bytes of a string that rows are sorted by; those that agree in so many are compared as a whole.
    package static let textBytes = 512

    /// Returns the row numbers (UInt32, `min(limit, count)` of them) in the order of the columns. The sort is
    /// stable.
    package static func sortedRows(
        columns: [Vector], ascending: [Bool], nullsFirst: [Bool], count: Int, limit: Int? = nil
    ) -> Buffer {
        var kept: [Int] = []
        var vectors: [Vector] = []
        for (i, column) in columns.enumerated() where column.form != .constant && column.type != .null {
            kept.append(i)
            vectors.append(ranked(column, count))
        }
        let wanted = min(limit ?? count, count)
        if vectors.isEmpty || count == 0 { return identity(wanted) }
        let encoder = SortKeyEncoder(
            types: vectors.map(\.type), ascending: kept.map { ascending[$0] },
            nullsFirst: kept.map { nullsFirst[$0] },
            mayBeNull: vectors.map(\.hasNulls))
        let block = encoder.encode(vectors, count: count)
        return sortedRows(block, limit: wanted)
    }

    /// Returns the row numbers of a block of keys in order, at most `limit` of them.
    package static func sortedRows(_ block: SortKeyBlock, limit: Int) -> Buffer {
        let sorter = RowSorter(block)
        let candidates = limit < block.count / 4 ? sorter.smallest(limit) : sorter.all()
        let entries = candidates.entries.pointer(as: SortEntry.self)
        sorter.sort(entries, candidates.count)
        let result = Buffer(byteCount: limit * 4)
        let out = result.pointer(as: UInt32.self)
        var i = 0
        while i < limit {
            out[i] = entries[i].row
            i &+= 1
        }
        return result
    }

    private static func identity(_ count: Int) -> Buffer {
        let result = Buffer(byteCount: count * 4)
        let out = result.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            out[i] = UInt32(truncatingIfNeeded: i)
            i &+= 1
        }
        return result
    }

    /// Replaces the codes of a small dictionary by the ranks of its entries: exact keys of four bytes.
    private static func ranked(_ vector: Vector, _ count: Int) -> Vector {
        guard vector.form == .dictionary, let dictionary = vector.dictionary, dictionary.count <= count / 2
        else {
            return vector
        }
        let order = sortedRows(
            columns: [dictionary], ascending: [true], nullsFirst: [true], count: dictionary.count)
        let sorted = order.pointer(as: UInt32.self)
        let ranks = Buffer(byteCount: dictionary.count * 4)
        let rank = ranks.pointer(as: UInt32.self)
        var next: UInt32 = 0
        for i in 0..<dictionary.count {
            if i > 0, Comparing.compareRows(dictionary, Int(sorted[i]), dictionary, Int(sorted[i - 1])) != 0 {
                next += 1
            }
            rank[Int(sorted[i])] = next
        }
        let codes = vector.pointer(as: UInt32.self)
        let values = GatherLoops.gather(width: 4, ranks, codes, count)
        return .flat(.int32, count: count, values: values, validity: vector.validity)
    }
}
