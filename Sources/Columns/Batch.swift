/// Holds rows of a relation column by column; every column has `count` rows.
package struct Batch: Sendable {
    package var columns: [Vector]
    package var count: Int

    package init(columns: [Vector], count: Int) {
        self.columns = columns
        self.count = count
    }

    /// Bytes that the batch keeps in memory, shared buffers counted in full.
    package var retainedBytes: Int { columns.reduce(0) { $0 + $1.retainedBytes } }

    /// Returns the batch with only the columns at `indices`, in that order.
    package func projected(_ indices: [Int]) -> Batch {
        Batch(columns: indices.map { columns[$0] }, count: count)
    }
}

/// Holds the row numbers that passed a filter, ascending.
///
/// `@unchecked Sendable`: the maker owns and writes the rows before it shares them; then they are only read.
package struct Selection: @unchecked Sendable {
    package let rows: UnsafeMutablePointer<UInt32>
    package let count: Int
    private let owner: AnyObject

    /// Wraps `count` row numbers in memory that `owner` keeps alive.
    package init(rows: UnsafeMutablePointer<UInt32>, count: Int, owner: AnyObject) {
        self.rows = rows
        self.count = count
        self.owner = owner
    }
}

/// Yields batches one after the other; what a file reader or an operator's input is. Used by one thread at a
/// time.
package protocol BatchStream: AnyObject {
    /// Returns the next batch, never an empty one, or nil at the end.
    func next() throws -> Batch?
}
