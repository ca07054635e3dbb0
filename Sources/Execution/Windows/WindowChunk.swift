import Columns
import Kernels
import Memory
import Plans

/// Holds what all window functions need of some whole partitions: where partitions and peers begin.
final class WindowChunk {
    let count: Int
    /// First row of each partition, then `count`.
    let starts: [Int]
    let keys: [SortKey]
    private let order: [Vector]
    private var peers: (first: Buffer, end: Buffer)?

    init(count: Int, starts: [Int], order: [Vector], keys: [SortKey]) {
        self.count = count
        self.starts = starts
        self.order = order
        self.keys = keys
    }

    /// Returns the first row of each run of equal keys, then `count`.
    static func starts(_ keys: [Vector], count: Int) -> [Int] {
        let matches = Comparing.equalNeighbours(keys, count: count)
        let isSame = matches.pointer(as: UInt8.self)
        var starts = [0]
        var row = 1
        while row < count {
            if isSame[row] == 0 { starts.append(row) }
            row &+= 1
        }
        starts.append(count)
        return starts
    }

    /// Says whether two rows have the same keys.
    static func isSame(_ keys: [Vector], _ a: Int, _ b: Int) -> Bool {
        for key in keys where Comparing.compareRows(key, a, key, b) != 0 { return false }
        return true
    }

    /// Says whether row `i` of some keys and row `j` of others are the same.
    static func isSame(_ keys: [Vector], _ i: Int, _ others: [Vector], _ j: Int) -> Bool {
        for (key, other) in zip(keys, others) where Comparing.compareRows(key, i, other, j) != 0 {
            return false
        }
        return true
    }

    /// For each row the first row of its peers, and one past the last: rows of the partition that the order
    /// does not tell apart. Without order the whole partition.
    var peerRows: (first: UnsafeMutablePointer<Int32>, end: UnsafeMutablePointer<Int32>) {
        let found = peers ?? findPeers()
        peers = found
        return (found.first.pointer(as: Int32.self), found.end.pointer(as: Int32.self))
    }

    private func findPeers() -> (first: Buffer, end: Buffer) {
        let (first, end) = (Buffer(byteCount: max(count * 4, 4)), Buffer(byteCount: max(count * 4, 4)))
        let (from, to) = (first.pointer(as: Int32.self), end.pointer(as: Int32.self))
        let matches = Comparing.equalNeighbours(order, count: count)
        let isSame = matches.pointer(as: UInt8.self)
        for partition in 0..<(starts.count - 1) {
            let limit = starts[partition + 1]
            var row = starts[partition]
            while row < limit {
                var next = row &+ 1
                while next < limit, isSame[next] != 0 { next &+= 1 }
                let begin = row
                while row < next {
                    from[row] = Int32(truncatingIfNeeded: begin)
                    to[row] = Int32(truncatingIfNeeded: next)
                    row &+= 1
                }
            }
        }
        return (first, end)
    }
}

/// Computes the functions that go by a row's place among its partition and peers.
enum WindowRanks {
    static func result(_ call: WindowCall, _ chunk: WindowChunk) -> Vector {
        let isShare = call.function == "percent_rank" || call.function == "cume_dist"
        let buffer = Buffer(byteCount: max(chunk.count * 8, 16))
        let (ranks, shares) = (buffer.pointer(as: Int32.self), buffer.pointer(as: Double.self))
        let peers = chunk.peerRows
        for partition in 0..<(chunk.starts.count - 1) {
            let (start, end) = (chunk.starts[partition], chunk.starts[partition + 1])
            let size = Double(end - start)
            var dense: Int32 = 0
            var row = start
            while row < end {
                let first = Int(peers.first[row])
                switch call.function {
                case "row_number": ranks[row] = Int32(truncatingIfNeeded: row &- start &+ 1)
                case "rank": ranks[row] = Int32(truncatingIfNeeded: first &- start &+ 1)
                case "dense_rank":
                    if first == row { dense &+= 1 }
                    ranks[row] = dense
                case "percent_rank": shares[row] = size == 1 ? 0 : Double(first &- start) / (size - 1)
                default: shares[row] = Double(Int(peers.end[row]) &- start) / size
                }
                row &+= 1
            }
        }
        return .flat(isShare ? .double : .int32, count: chunk.count, values: buffer)
    }

    /// Deals each partition out into `buckets` parts whose sizes differ by one at most, larger ones first.
    static func tiles(_ buckets: Int, _ chunk: WindowChunk) -> Vector {
        let buffer = Buffer(byteCount: max(chunk.count * 4, 16))
        let out = buffer.pointer(as: Int32.self)
        for partition in 0..<(chunk.starts.count - 1) {
            let (start, end) = (chunk.starts[partition], chunk.starts[partition + 1])
            let (size, larger) = (end - start).quotientAndRemainder(dividingBy: max(buckets, 1))
            var (row, bucket) = (start, 1)
            while row < end {
                let next = min(end, row &+ size &+ (bucket <= larger ? 1 : 0))
                while row < next {
                    out[row] = Int32(truncatingIfNeeded: bucket)
                    row &+= 1
                }
                bucket &+= 1
            }
        }
        return .flat(.int32, count: chunk.count, values: buffer)
    }
}
