import Columns
import Kernels
import Memory

/// Deals rows out to partitions on disk by the hash of their keys, so that each partition can be worked on
/// alone; one that is still too large is dealt out again by further bits. Used by one thread.
///
/// The bits are the hash's low ones: by the high ones the rows came to this task (`HashPartitioner`).
final class SpilledPartitions {
    /// Partitions of one level, a power of two.
    static let count = 16
    private static let bitsPerLevel = 4
    /// The last level at which rows are dealt out: 28 bits of the hash are used then.
    static let deepest = 6
    /// Rows, and bytes of them, that are gathered before they are dealt out: blocks shall not be too small.
    private static let gatheredRows = 65_536
    private static let gatheredBytes = 4 << 20

    /// 0 for rows that were not dealt out before.
    let level: Int
    private let spiller: RowSpiller
    private(set) var parts: [SpilledRows]
    private var gathered = HeldRows()
    private var gatheredKeys: [Batch] = []

    init(level: Int, spiller: RowSpiller) throws {
        self.level = level
        self.spiller = spiller
        let file = try spiller.makeFile()
        parts = Array(repeating: SpilledRows(file: file), count: SpilledPartitions.count)
    }

    /// Deals out a batch by `keys`, one vector per key column.
    func append(_ batch: Batch, keys: [Vector]) throws {
        gathered.append(batch)
        gatheredKeys.append(Batch(columns: keys, count: batch.count))
        if gathered.count >= SpilledPartitions.gatheredRows
            || gathered.bytes >= SpilledPartitions.gatheredBytes
        {
            try finish()
        }
    }

    /// Writes what is gathered.
    func finish() throws {
        guard gathered.count > 0 else { return }
        let keys = Concat.batches(gatheredKeys).columns
        gatheredKeys = []
        let rows = gathered.takeAll()
        let hashes = Hashing.hash(keys, count: rows.count)
        let hash = hashes.pointer(as: UInt64.self)
        let places = Buffer(byteCount: rows.count * 4)
        let place = places.pointer(as: UInt32.self)
        let shift = UInt64(level * SpilledPartitions.bitsPerLevel)
        let mask = UInt64(SpilledPartitions.count - 1)
        var row = 0
        while row < rows.count {
            place[row] = UInt32(truncatingIfNeeded: (hash[row] &>> shift) & mask)
            row &+= 1
        }
        withExtendedLifetime(hashes) {}
        try RowsByGroup(place, count: rows.count, groupCount: SpilledPartitions.count).forEach {
            part, places, count in
            try spiller.append(rows.gathered(places, count: count), to: &parts[part])
        }
        withExtendedLifetime(places) {}
    }
}
