import Columns
import Formats
import Kernels
import Memory

/// Drops rows that a join above would drop: those whose key, or one column of whose key, is not in its table
/// (sideways information passing). Turns itself off when it keeps most rows. Used by one thread.
package final class JoinKeyFilter {
    /// What is asked, made at the first batch: a filter that reaches no scan costs nothing.
    private enum Test { case unmade, table, set(KeySet), none }

    private let table: JoinTable
    /// The one key column that is looked at; nil: the whole key.
    private let key: Int?
    private var test = Test.unmade
    private let scratch = JoinScratch()
    private var heads = Buffer(byteCount: 0)
    private var rowsIn = 0
    private var rowsKept = 0

    /// Keys that are listed for statistics and Bloom filters; of more, the least and the greatest are told.
    private static let listedKeys = 64
    /// Rows after which the filter judges itself.
    private static let judgedRows = 32_768
    /// Greatest share of rows kept with which looking twice into the table pays, by what is asked.
    private static let setShare = 0.7
    private static let denseShare = 0.5
    private static let hashedShare = 0.3

    /// Filters by the whole key, or by the key column `key` alone.
    init(_ table: JoinTable, key: Int? = nil) {
        self.table = table
        self.key = key
    }

    /// Whether the filter drops enough rows to be worth its lookups.
    var pays: Bool {
        let most: Double
        switch test {
        case .unmade: return true
        case .none: return false
        case .set: most = JoinKeyFilter.setShare
        case .table: most = table.isDense ? JoinKeyFilter.denseShare : JoinKeyFilter.hashedShare
        }
        return rowsIn < JoinKeyFilter.judgedRows || Double(rowsKept) <= most * Double(rowsIn)
    }

    /// Time for a row beside that of decoding a number, about.
    var cost: Double {
        switch test {
        case .unmade: key != nil || table.keyCount == 1 ? 1 : 6
        case .set, .none: 1
        case .table: table.isDense ? 2 : 6
        }
    }

    /// The one key that is looked at; nil where there are several.
    private var single: Int? { key ?? (table.keyCount == 1 ? 0 : nil) }

    /// Whether rows can be asked about, not files alone.
    var selectsRows: Bool { key.map { DenseIndex.supports(table.keyType($0)) } ?? true }

    /// Says whether the value may be a key of the table.
    func mayHold(_ value: Literal) -> Bool {
        guard let single else { return true }
        return table.mayHold(value, key: single)
    }

    /// Returns what the table's keys say of a column that is compared with them, for statistics to be held
    /// against.
    func predicates(column: Int) -> [ColumnPredicate] {
        guard let single else { return [] }
        if let values = table.values(key: single, limit: JoinKeyFilter.listedKeys) {
            return [ColumnPredicate(column: column, operation: .in, values: values)]
        }
        guard let bounds = table.bounds(key: single) else { return [] }
        return [
            ColumnPredicate(column: column, operation: .greaterOrEqual, values: [bounds.least]),
            ColumnPredicate(column: column, operation: .lessOrEqual, values: [bounds.greatest]),
        ]
    }

    private func prepare() {
        if key != nil || table.keyCount == 1, let set = table.keySet(key ?? 0) {
            test = .set(set)
        } else {
            test = key == nil ? .table : .none
        }
    }

    /// Returns the rows of `keys`, vectors of `count` rows, that may be in the table.
    func select(_ keys: [Vector], count: Int) -> Selection {
        if case .unmade = test { prepare() }
        let picked = Buffer(byteCount: max(count, 1) * 4)
        let rows = picked.pointer(as: UInt32.self)
        var kept = 0
        switch test {
        case .unmade, .none: return Selecting.all(count)
        case .set(let set): kept = set.select(keys[0], count: count, into: rows)
        case .table: kept = selectFromTable(keys, count: count, into: rows)
        }
        rowsIn += count
        rowsKept += kept
        return Selection(rows: rows, count: kept, owner: picked)
    }

    private func selectFromTable(
        _ keys: [Vector], count: Int, into rows: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if heads.byteCount < count * 4 { heads = Buffer(byteCount: count * 4) }
        let head = heads.pointer(as: UInt32.self)
        table.findHeads(keys, count: count, scratch: scratch, into: head)
        var kept = 0
        var row = 0
        while row < count {
            rows[kept] = UInt32(truncatingIfNeeded: row)
            kept &+= head[row] == 0 ? 0 : 1
            row &+= 1
        }
        return kept
    }
}
