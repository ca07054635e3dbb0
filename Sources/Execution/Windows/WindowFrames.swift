import Columns
import Kernels
import Memory
import Plans

/// Holds the frame of each row of a chunk: rows `low[i]..<high[i]`, empty where `high[i] <= low[i]`.
final class WindowFrames {
    let low: UnsafeMutablePointer<Int32>
    let high: UnsafeMutablePointer<Int32>
    /// Every frame is its whole partition.
    let isWhole: Bool
    /// Every frame begins at the first row of its partition, and none ends before the one above it does.
    let isGrowing: Bool
    /// Every frame ends with the last row of its partition, and none begins before the one above it does.
    let isShrinking: Bool
    private let lowOwner: Buffer
    private let highOwner: Buffer

    /// Finds the frames. `start` and `end` hold the values and keys of bounds that go by value.
    init(_ frame: WindowFrame, _ chunk: WindowChunk, start: (Vector, Vector)?, end: (Vector, Vector)?) {
        lowOwner = Buffer(byteCount: max(chunk.count * 4, 4))
        highOwner = Buffer(byteCount: max(chunk.count * 4, 4))
        low = lowOwner.pointer(as: Int32.self)
        high = highOwner.pointer(as: Int32.self)
        isWhole = frame == .whole
        isGrowing = frame.start == .unboundedPreceding
        isShrinking = frame.end == .unboundedFollowing
        for partition in 0..<(chunk.starts.count - 1) {
            let rows = chunk.starts[partition]..<chunk.starts[partition + 1]
            WindowFrames.put(frame.start, rows, chunk, start, isStart: true, low)
            WindowFrames.put(frame.end, rows, chunk, end, isStart: false, high)
        }
    }

    /// Returns how many rows a frame has, on the mean.
    func meanLength(_ count: Int) -> Int {
        var total = 0
        var row = 0
        while row < count {
            total &+= max(0, Int(high[row] &- low[row]))
            row &+= 1
        }
        return total / max(count, 1)
    }

    private static func put(
        _ bound: WindowBound, _ rows: Range<Int>, _ chunk: WindowChunk, _ values: (Vector, Vector)?,
        isStart: Bool, _ out: UnsafeMutablePointer<Int32>
    ) {
        let (first, end) = (rows.lowerBound, rows.upperBound)
        var row = first
        switch bound {
        case .unboundedPreceding, .unboundedFollowing:
            let place = Int32(truncatingIfNeeded: bound == .unboundedPreceding ? first : end)
            while row < end {
                out[row] = place
                row &+= 1
            }
        case .rows(let distance):
            // Distances beyond the partition are as good as its ends.
            let step = max(-chunk.count, min(chunk.count, distance)) + (isStart ? 0 : 1)
            while row < end {
                out[row] = Int32(truncatingIfNeeded: max(first, min(end, row &+ step)))
                row &+= 1
            }
        case .peers:
            let peers = isStart ? chunk.peerRows.first : chunk.peerRows.end
            while row < end {
                out[row] = peers[row]
                row &+= 1
            }
        case .value:
            guard let (value, key) = values, let sort = chunk.keys.first else { return }
            // The values rise with the rows, so that the place only moves on.
            var place = first
            while row < end {
                while place < end {
                    let order = compare(key, place, value, row, sort)
                    if isStart ? order >= 0 : order > 0 { break }
                    place &+= 1
                }
                out[row] = Int32(truncatingIfNeeded: place)
                row &+= 1
            }
        }
    }

    /// Compares a row's key with a value in the direction of the sort.
    static func compare(_ a: Vector, _ i: Int, _ b: Vector, _ j: Int, _ sort: SortKey) -> Int {
        let (isNullA, isNullB) = (a.isNull(i), b.isNull(j))
        if isNullA || isNullB {
            if isNullA && isNullB { return 0 }
            return isNullA == sort.nullsFirst ? -1 : 1
        }
        let order = Comparing.compareRows(a, i, b, j)
        return sort.ascending ? order : -order
    }
}
