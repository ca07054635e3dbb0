import Columns

/// Selects rows while a file is decoded, so that other columns are decoded for survivors only. Execution
/// implements it. Used by one thread at a time.
package protocol DecodeFilter: AnyObject {
    /// Columns that the filter reads, as positions in the reader's `columns`.
    var columns: [Int] { get }
    /// Returns the rows of `batch` that pass; the batch holds the filter's columns only, in the order of
    /// `columns`.
    func select(_ batch: Batch) throws -> Selection
}
