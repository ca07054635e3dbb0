/// Names a file that a task wrote aside, as the commit needs it: made by the task's sink, carried by the
/// task's manifest, published by storage.
package struct WrittenFile: Sendable, Hashable {
    /// Path below the output directory at which the commit makes it visible: `a=1/part-00000-….parquet`.
    package var relativePath: String
    package var rows: Int
    package var bytes: Int
    /// What storage needs to publish it: empty for local files, for objects the upload to complete. Only
    /// storage reads it.
    package var receipt: [UInt8]

    package init(relativePath: String, rows: Int, bytes: Int, receipt: [UInt8] = []) {
        self.relativePath = relativePath
        self.rows = rows
        self.bytes = bytes
        self.receipt = receipt
    }
}
