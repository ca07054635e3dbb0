import Columns
import Memory
import Plans

/// Computes, for a partition on disk, the functions that go by a row's place among its partition and peers.
final class DiskRanks: DiskWindowFunction {
    private let function: String
    /// Parts that `ntile` deals the rows out into.
    private let buckets: Int
    /// Runs of peers that began so far.
    private var dense: Int32 = 0

    init(_ call: WindowCall, buckets: Int) {
        function = call.function
        self.buckets = max(buckets, 1)
    }

    func result(_ block: PartitionBlock) throws -> Vector {
        switch function {
        case "row_number":
            return integers(block) { Int32(truncatingIfNeeded: block.first &+ $0 &+ 1) }
        case "ntile": return tiles(block)
        case "percent_rank", "cume_dist": return shares(block)
        default: return ranks(block)
        }
    }

    @inline(__always)
    private func integers(_ block: PartitionBlock, _ value: (Int) -> Int32) -> Vector {
        let buffer = Buffer(byteCount: max(block.count * 4, 16))
        let out = buffer.pointer(as: Int32.self)
        var row = 0
        while row < block.count {
            out[row] = value(row)
            row &+= 1
        }
        return .flat(.int32, count: block.count, values: buffer)
    }

    private func ranks(_ block: PartitionBlock) -> Vector {
        let first = block.peerRows.first
        if function == "rank" { return integers(block) { Int32(truncatingIfNeeded: first[$0] &+ 1) } }
        return integers(block) { row in
            if first[row] == block.first &+ row { dense &+= 1 }
            return dense
        }
    }

    private func shares(_ block: PartitionBlock) -> Vector {
        let buffer = Buffer(byteCount: max(block.count * 8, 16))
        let out = buffer.pointer(as: Double.self)
        let (first, end) = block.peerRows
        let size = block.partition.count
        let isRank = function == "percent_rank"
        var row = 0
        while row < block.count {
            out[row] =
                isRank
                ? size == 1 ? 0 : Double(first[row]) / Double(size &- 1) : Double(end[row]) / Double(size)
            row &+= 1
        }
        return .flat(.double, count: block.count, values: buffer)
    }

    /// Parts whose sizes differ by one at most, larger ones first.
    private func tiles(_ block: PartitionBlock) -> Vector {
        let (size, larger) = block.partition.count.quotientAndRemainder(dividingBy: buckets)
        let inLarger = larger * (size + 1)
        return integers(block) { row in
            let place = block.first &+ row
            let bucket =
                place < inLarger ? place / (size &+ 1) : larger &+ (place &- inLarger) / max(size, 1)
            return Int32(truncatingIfNeeded: bucket &+ 1)
        }
    }
}
