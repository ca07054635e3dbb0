import Columns

/// Counts what the rows of batches point to, string memory and dictionaries: once where batches that come
/// one after the other share it, as those do that are dealt from one.
struct SharedBytes {
    private var counted: [ObjectIdentifier] = []
    /// Keeps what was counted alive, so that nothing else comes to lie in its place and passes for it.
    private var last: Batch?

    /// Returns the bytes that a batch points to and the batch before it does not.
    mutating func newBytes(of batch: Batch) -> Int {
        var found: [ObjectIdentifier] = []
        var bytes = 0
        func count(_ object: AnyObject, _ size: Int) {
            let id = ObjectIdentifier(object)
            // Most often all are the same, in the same order.
            let place = found.count
            found.append(id)
            if place < counted.count, counted[place] == id { return }
            if !counted.contains(id) { bytes += size }
        }
        func visit(_ vector: Vector) {
            for heap in vector.heaps { count(heap, heap.byteCount) }
            if let dictionary = vector.dictionary {
                count(dictionary, dictionary.ownBytes)
                visit(dictionary)
            }
            for child in vector.children { visit(child) }
        }
        for column in batch.columns { visit(column) }
        counted = found
        last = batch
        return bytes
    }

    /// Forgets the batch before.
    mutating func forget() {
        counted = []
        last = nil
    }
}
