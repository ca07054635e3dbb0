import Columns
import Kernels
import Memory

/// Gathers batches and counts what they take: their rows in flat form, as they will be once they are one
/// batch, and the string memory and dictionaries that they share, each once.
struct HeldRows {
    private(set) var batches: [Batch] = []
    private(set) var count = 0
    /// Bytes of the rows alone.
    private(set) var rowBytes = 0
    /// Bytes of what the rows point to.
    private(set) var sharedBytes = 0
    private var counted: Set<ObjectIdentifier> = []

    var bytes: Int { rowBytes + sharedBytes }

    mutating func append(_ batch: Batch) {
        batches.append(batch)
        count += batch.count
        for column in batch.columns { add(column) }
    }

    private mutating func add(_ vector: Vector) {
        let flatBytes = vector.type.isNested ? vector.ownBytes : vector.count * vector.type.physical.width
        rowBytes += max(flatBytes, vector.ownBytes)
        share(vector)
    }

    private mutating func share(_ vector: Vector) {
        for heap in vector.heaps where counted.insert(ObjectIdentifier(heap)).inserted {
            sharedBytes += heap.byteCount
        }
        if let dictionary = vector.dictionary, counted.insert(ObjectIdentifier(dictionary)).inserted {
            sharedBytes += dictionary.ownBytes
            share(dictionary)
        }
        for child in vector.children { share(child) }
    }

    /// Returns all rows as one batch and forgets them; at least one batch must be there.
    mutating func takeAll() -> Batch {
        let taken = batches
        self = HeldRows()
        return Concat.batches(taken)
    }
}
