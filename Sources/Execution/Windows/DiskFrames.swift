import Columns
import Memory
import Plans

/// Finds the frames of the rows of a partition on disk, block after block.
///
/// **Invariant:** neither the beginnings nor the ends of the frames ever go back.
final class DiskFrames {
    /// Every frame begins at the partition's first row.
    let beginsAtFirst: Bool
    /// Every frame ends with the partition's last row.
    let endsAtLast: Bool
    /// Every frame is the whole partition.
    let isWhole: Bool
    private let start: DiskBound
    private let end: DiskBound

    /// `startColumns` and `endColumns`: columns of the value and the key of a bound that goes by value.
    init(
        _ frame: WindowFrame, _ partition: PartitionOnDisk, keys: [SortKey], startColumns: [Int],
        endColumns: [Int]
    ) {
        isWhole = frame == .whole
        beginsAtFirst = frame.start == .unboundedPreceding
        endsAtLast = frame.end == .unboundedFollowing
        start = DiskBound(frame.start, isStart: true, partition, keys, startColumns)
        end = DiskBound(frame.end, isStart: false, partition, keys, endColumns)
    }

    /// Returns the frames of a block's rows: rows `low[i]..<high[i]` of the partition, empty where
    /// `high[i] <= low[i]`.
    func find(_ block: PartitionBlock) throws -> (low: Buffer, high: Buffer) {
        (try start.find(block), try end.find(block))
    }
}

/// Finds one end of the frames of a partition on disk.
private final class DiskBound {
    private let bound: WindowBound
    private let isStart: Bool
    private let keys: [SortKey]
    private let columns: [Int]
    private let cursor: RowCursor
    /// Where the last bound that goes by value was found: the values rise with the rows.
    private var place = 0

    init(
        _ bound: WindowBound, isStart: Bool, _ partition: PartitionOnDisk, _ keys: [SortKey],
        _ columns: [Int]
    ) {
        self.bound = bound
        self.isStart = isStart
        self.keys = keys
        self.columns = columns
        cursor = RowCursor(partition.rows)
    }

    func find(_ block: PartitionBlock) throws -> Buffer {
        let found = Buffer(byteCount: max(block.count * 8, 8))
        let out = found.pointer(as: Int.self)
        let (count, total) = (block.count, block.partition.count)
        var row = 0
        switch bound {
        case .unboundedPreceding, .unboundedFollowing:
            let place = bound == .unboundedPreceding ? 0 : total
            while row < count {
                out[row] = place
                row &+= 1
            }
        case .rows(let distance):
            // Distances beyond the partition are as good as its ends.
            let step = block.first + max(-total, min(total, distance)) + (isStart ? 0 : 1)
            while row < count {
                out[row] = max(0, min(total, row &+ step))
                row &+= 1
            }
        case .peers:
            let peers = isStart ? block.peerRows.first : block.peerRows.end
            while row < count {
                out[row] = peers[row]
                row &+= 1
            }
        case .value: try findByValue(block, out)
        }
        return found
    }

    private func findByValue(_ block: PartitionBlock, _ out: UnsafeMutablePointer<Int>) throws {
        guard let sort = keys.first else { return }
        let total = block.partition.count
        let values = block.batch.columns[columns[0]]
        var row = 0
        while row < block.count {
            while place < total {
                try cursor.move(to: place)
                let key = cursor.column(columns[1])
                let (first, end) = (cursor.first, cursor.end)
                while place < end {
                    let order = WindowFrames.compare(key, place &- first, values, row, sort)
                    if isStart ? order >= 0 : order > 0 { break }
                    place &+= 1
                }
                if place < end { break }
            }
            out[row] = place
            row &+= 1
        }
    }
}
