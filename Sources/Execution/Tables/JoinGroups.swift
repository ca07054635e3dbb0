import Columns
import Memory

/// Tells rows of a join's table apart by their keys.
struct JoinGroups {
    /// Group of each row; rows with a null key are groups of their own that nobody asks for.
    let ofRow: Buffer
    /// First place of each group in an order by groups, and the end of the last.
    let starts: Buffer
    let groupCount: Int
    /// Rows that have the key of a row, by the average of all rows.
    let sharing: Double

    /// Follows the chains of equal keys.
    init(_ table: JoinTable) {
        let count = table.rows.count
        ofRow = Buffer.zeroed(byteCount: max(count, 1) * 4)
        let group = ofRow.pointer(as: UInt32.self)
        let chain = table.chain
        var found: UInt32 = 0
        var squares = 0.0
        var row = 0
        while row < count {
            if group[row] == 0 {
                found &+= 1
                var size = 0
                var next = UInt32(truncatingIfNeeded: row &+ 1)
                while next != 0 {
                    group[Int(next) - 1] = found
                    size &+= 1
                    next = chain[Int(next) - 1]
                }
                squares += Double(size) * Double(size)
            }
            row &+= 1
        }
        row = 0
        while row < count {
            group[row] &-= 1
            row &+= 1
        }
        groupCount = Int(found)
        starts = Buffer.zeroed(byteCount: (Int(found) + 1) * 4)
        sharing = squares / Double(max(count, 1))
    }

    /// Says where groups start in an order of `count` rows: those of `known`, or the first ones.
    func count(_ known: Selection?, _ count: Int) {
        let group = ofRow.pointer(as: UInt32.self)
        let start = starts.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            start[Int(group[known.map { Int($0.rows[i]) } ?? i]) + 1] &+= 1
            i &+= 1
        }
        i = 0
        while i < groupCount {
            start[i + 1] &+= start[i]
            i &+= 1
        }
    }
}
