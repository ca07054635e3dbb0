import Columns
import Kernels
import Memory

/// Drops rows that a join above would drop: those whose key is not in its table (sideways information
/// passing). Turns itself off when it keeps most rows. Used by one thread.
package final class JoinKeyFilter {
    private let table: JoinTable
    private let scratch = JoinScratch()
    private var heads = Buffer(byteCount: 0)
    private var rowsIn = 0
    private var rowsKept = 0

    /// Rows after which the filter judges itself.
    private static let judgedRows = 32_768
    /// Greatest share of rows kept with which looking twice into the table pays, by the table's kind.
    private static let denseShare = 0.5
    private static let hashedShare = 0.3

    init(_ table: JoinTable) { self.table = table }

    /// Whether the filter drops enough rows to be worth its lookups.
    var pays: Bool {
        let share = table.isDense ? JoinKeyFilter.denseShare : JoinKeyFilter.hashedShare
        return rowsIn < JoinKeyFilter.judgedRows || Double(rowsKept) <= share * Double(rowsIn)
    }

    /// Returns the rows of `keys`, vectors of `count` rows, that are in the table.
    func select(_ keys: [Vector], count: Int) -> Selection {
        if heads.byteCount < count * 4 { heads = Buffer(byteCount: count * 4) }
        let head = heads.pointer(as: UInt32.self)
        table.findHeads(keys, count: count, scratch: scratch, into: head)
        let picked = Buffer(byteCount: max(count, 1) * 4)
        let rows = picked.pointer(as: UInt32.self)
        var kept = 0
        var row = 0
        while row < count {
            rows[kept] = UInt32(truncatingIfNeeded: row)
            kept &+= head[row] == 0 ? 0 : 1
            row &+= 1
        }
        rowsIn += count
        rowsKept += kept
        return Selection(rows: rows, count: kept, owner: picked)
    }
}
