import Columns
import Memory
import Vocabulary

/// Walks over a probe batch and the chains of build rows that match it; remembers where it is, so that output
/// batches stay bounded however many matches there are.
final class ProbeCursor {
    let batch: Batch
    private let heads: Buffer
    private var row = 0
    /// Next build row + 1 of the current probe row's chain; 0: take the head.
    private var pending: UInt32 = 0
    private let matched: Buffer?
    private let nullKeys: Bitmap?
    /// What finds the build rows where the join has ranges and they are in order; nil: their chains.
    let ranges: RangeCursor?

    /// `nullKeys`: clear bits are rows with a null key, which an anti join does not give (NOT IN).
    init(
        batch: Batch, heads: Buffer, tracksProbe: Bool, nullKeys: Bitmap?, ranges: RangeCursor? = nil
    ) {
        self.ranges = ranges
        self.batch = batch
        self.heads = heads
        self.nullKeys = nullKeys
        matched = tracksProbe ? Buffer.zeroed(byteCount: batch.count) : nil
    }

    var isExhausted: Bool { ranges?.isExhausted ?? (row >= batch.count) }

    /// Fills the pairs with the next matches, at most a batch of them, and returns their number.
    /// `oneIsEnough`: rows that are marked need no more.
    func fill(_ pairs: JoinPairs, table: JoinTable, oneIsEnough: Bool) -> Int {
        if let ranges { return ranges.fill(pairs, skipping: oneIsEnough ? marks : nil) }
        let probes = pairs.probeRows.pointer(as: UInt32.self)
        let builds = pairs.buildRows.pointer(as: UInt32.self)
        let head = heads.pointer(as: UInt32.self)
        let total = batch.count
        var at = row
        var count = 0
        if table.keysAreUnique {
            let end = min(total, at + Limits.batchRows)
            while at < end {
                probes[count] = UInt32(truncatingIfNeeded: at)
                builds[count] = head[at] &- 1
                count &+= head[at] == 0 ? 0 : 1
                at &+= 1
            }
            row = at
            return count
        }
        let chain = table.chain
        while at < total {
            var next = pending != 0 ? pending : head[at]
            pending = 0
            while next != 0 {
                if count == Limits.batchRows {
                    pending = next
                    row = at
                    return count
                }
                probes[count] = UInt32(truncatingIfNeeded: at)
                builds[count] = next &- 1
                count &+= 1
                next = chain[Int(next &- 1)]
            }
            at &+= 1
        }
        row = at
        return count
    }

    /// Remembers that the probe rows of the first `count` pairs have a match.
    func markProbe(_ probeRows: Buffer, count: Int) {
        guard let marks = matched?.pointer(as: UInt8.self) else { return }
        let rows = probeRows.pointer(as: UInt32.self)
        var i = 0
        while i < count {
            marks[Int(rows[i])] = 1
            i &+= 1
        }
    }

    /// The marks of rows that have a match.
    var marks: UnsafeMutablePointer<UInt8>? { matched?.pointer(as: UInt8.self) }

    /// Remembers which rows have any build row with their key, and in range.
    func markFromHeads() {
        guard let marks else { return }
        if let ranges { return ranges.mark(marks) }
        let head = heads.pointer(as: UInt32.self)
        var i = 0
        while i < batch.count {
            marks[i] = head[i] == 0 ? 0 : 1
            i &+= 1
        }
    }

    /// Returns the rows that have a match, or those that have none.
    func rows(matched wanted: Bool) -> Selection {
        let picked = Buffer(byteCount: batch.count * 4)
        let out = picked.pointer(as: UInt32.self)
        guard let marks = matched?.pointer(as: UInt8.self) else {
            return Selection(rows: out, count: 0, owner: picked)
        }
        let mark: UInt8 = wanted ? 1 : 0
        var count = 0
        var i = 0
        while i < batch.count {
            out[count] = UInt32(truncatingIfNeeded: i)
            count &+= marks[i] == mark && nullKeys?.isSet(i) ?? true ? 1 : 0
            i &+= 1
        }
        return Selection(rows: out, count: count, owner: picked)
    }
}
