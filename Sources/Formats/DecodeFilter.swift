import Columns

/// Selects rows while a file is decoded, step by step, so that each further column is decoded for the rows
/// only that are left. Execution implements it. Used by one thread at a time.
package protocol DecodeFilter: AnyObject {
    /// Begins a batch: returns for each step the columns that it reads, as positions in the reader's
    /// `columns`.
    func begin() -> [[Int]]
    /// Returns the rows of `batch` that pass a step; the batch holds that step's columns in its order, for
    /// the rows that passed the steps before.
    func select(_ batch: Batch, step: Int) throws -> Selection
}
