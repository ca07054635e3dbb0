import Columns
import Functions
import Memory
import Plans

/// Evaluates the two sides of a join's ranges. A value that cannot be computed is no failure here: it may be
/// of a row whose pairs another condition drops, so that pairs are looked at one by one.
final class RangeMatcher {
    private let ranges: [BuildRange]
    private let buildValues: Evaluator
    private let probeValues: Evaluator

    /// Rows that share a key from which on, on the average, their order pays.
    static let leastSharing = 8.0

    /// Prepares the ranges of a join; nil when it has none.
    init?(_ ranges: [JoinRange], buildIsRight: Bool, settings: SessionSettings) throws {
        if ranges.isEmpty { return nil }
        self.ranges = ranges.map { BuildRange($0, buildIsRight: buildIsRight) }
        buildValues = try Evaluator(self.ranges.map(\.build), settings: settings)
        probeValues = try Evaluator(self.ranges.map(\.probe), settings: settings)
    }

    /// Puts rows in order whose memory is accounted for; nil for few rows.
    func index(of rows: Batch) -> RangeIndex? {
        guard rows.count >= RangeIndex.leastRows, let values = try? buildValues.evaluate(rows) else {
            return nil
        }
        return RangeIndex(rowCount: rows.count, values: values, ranges: ranges, groups: nil, budget: nil)
    }

    /// Puts the rows of a table in order; nil where few share a key, or memory is short.
    func index(of table: JoinTable, budget: MemoryBudget) -> RangeIndex? {
        let count = table.rows.count
        guard !table.keysAreUnique, count >= RangeIndex.leastRows, budget.tryTake(count * 8) else {
            return nil
        }
        defer { budget.giveBack(count * 8) }
        let groups = JoinGroups(table)
        guard groups.sharing >= RangeMatcher.leastSharing,
            let values = try? buildValues.evaluate(table.rows)
        else { return nil }
        return RangeIndex(
            rowCount: count, values: values, ranges: ranges, groups: groups, budget: budget)
    }

    /// Searches for a probe batch. `heads`: a build row with the key of each probe row, plus 1; nil where
    /// there are no keys.
    func cursor(_ index: RangeIndex, _ batch: Batch, heads: UnsafePointer<UInt32>?) -> RangeCursor? {
        guard let values = try? probeValues.evaluate(batch) else { return nil }
        return RangeCursor(index, values, count: batch.count, heads: heads)
    }
}
