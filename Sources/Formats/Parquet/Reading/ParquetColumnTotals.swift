import Synchronization

/// Holds what the row groups of a file say together of each column, found when it is first asked for: planning
/// asks again and again, and a file may have thousands of row groups. Thread-safe.
final class ParquetColumnTotals: Sendable {
    struct Total {
        /// Bytes on disk.
        var byteCount: Int
        /// Nil where a row group has none.
        var statistics: ColumnStatistics?
    }

    private let totals = Mutex<[Int: Total]>([:])

    /// Returns the totals of a column; `find` is asked when they are not known yet.
    func total(of column: Int, _ find: () -> Total) -> Total {
        if let known = totals.withLock({ $0[column] }) { return known }
        let found = find()
        totals.withLock { $0[column] = found }
        return found
    }
}
