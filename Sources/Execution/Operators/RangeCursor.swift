import Columns
import Memory
import Vocabulary

/// Walks over a probe batch and the build rows in range of each row; remembers where it is, so that output
/// batches stay bounded however many there are.
final class RangeCursor {
    private let index: RangeIndex
    private let count: Int
    /// Places of the index that may hold matches of each row, and their end.
    private let starts: Buffer
    private let ends: Buffer
    /// What the second range's numbers must not be below; nil where all places hold matches.
    private let seconds: Buffer?
    private var row = 0
    /// Next place of the current row; nil: its first.
    private var place: Int?

    /// Bytes for each probe row.
    static let bytesPerRow = 28
    /// Rows that are searched for side by side.
    private static let stretch = 1024

    /// Searches for `count` rows; `values`: the ranges' probe values.
    init(_ index: RangeIndex, _ values: [Vector], count: Int, heads: UnsafePointer<UInt32>?) {
        self.index = index
        self.count = count
        starts = Buffer(byteCount: max(count, 1) * 4)
        ends = Buffer(byteCount: max(count, 1) * 4)
        let isOpen = Buffer(byteCount: max(count, 1))
        isOpen.mutableBytes.initializeMemory(as: UInt8.self, repeating: 1)
        let bounds = values.enumerated().map { at, vector in
            let found = Buffer(byteCount: max(count, 1) * 8)
            index.keys[at].bounds(
                vector, count: count, into: found.pointer(as: Int64.self),
                isOpen: isOpen.pointer(as: UInt8.self))
            return found
        }
        seconds = index.seconds == nil ? nil : bounds[1]
        var from = 0
        while from < count {
            let size = min(RangeCursor.stretch, count - from)
            search(
                from, size, heads, isOpen.pointer(as: UInt8.self) + from,
                bounds.map { $0.pointer(as: Int64.self) + from })
            from += size
        }
        withExtendedLifetime((isOpen, bounds)) {}
    }

    private func search(
        _ from: Int, _ size: Int, _ heads: UnsafePointer<UInt32>?, _ isOpen: UnsafePointer<UInt8>,
        _ bounds: [UnsafeMutablePointer<Int64>]
    ) {
        let spare = Buffer(byteCount: size * 4)
        let lengths = spare.pointer(as: UInt32.self)
        let start = starts.pointer(as: UInt32.self) + from
        let end = ends.pointer(as: UInt32.self) + from
        var i = 0
        while i < size {
            let head = heads.map { $0[from &+ i] } ?? 1
            let places = index.places(ofHead: isOpen[i] == 0 ? 0 : head)
            start[i] = places.from
            end[i] = places.to
            lengths[i] = places.to &- places.from
            i &+= 1
        }
        if index.isBand {
            // The end is the first place beyond the other bound.
            let other = bounds[1]
            i = 0
            while i < size {
                end[i] = start[i]
                if ~other[i] == .max { end[i] &+= lengths[i] }
                if ~other[i] == .max { lengths[i] = 0 }
                other[i] = ~other[i] == .max ? .min : ~other[i] &+ 1
                i &+= 1
            }
            index.search(other, count: size, places: end, lengths: lengths)
            i = 0
            while i < size {
                lengths[i] = end[i] &- start[i]
                i &+= 1
            }
        }
        index.search(bounds[0], count: size, places: start, lengths: lengths)
        withExtendedLifetime(spare) {}
    }

    var isExhausted: Bool { row >= count }

    /// Fills the pairs with the next matches, at most a batch of them, and returns their number. Rows marked
    /// in `skipped` need no more.
    func fill(_ pairs: JoinPairs, skipping skipped: UnsafePointer<UInt8>?) -> Int {
        let probes = pairs.probeRows.pointer(as: UInt32.self)
        let builds = pairs.buildRows.pointer(as: UInt32.self)
        let (start, end) = (starts.pointer(as: UInt32.self), ends.pointer(as: UInt32.self))
        let bounds = seconds?.pointer(as: Int64.self)
        let rows = index.rows.pointer(as: UInt32.self)
        var filled = 0
        while row < count {
            var at = place ?? Int(start[row])
            let stop = skipped.map { $0[row] != 0 } == true ? at : Int(end[row])
            let probe = UInt32(truncatingIfNeeded: row)
            if let bounds, let tree = index.seconds {
                let bound = bounds[row]
                at = tree.next(from: at, to: stop, atLeast: bound)
                while at < stop, filled < Limits.batchRows {
                    probes[filled] = probe
                    builds[filled] = rows[at]
                    filled &+= 1
                    at = tree.next(from: at &+ 1, to: stop, atLeast: bound)
                }
            } else {
                let last = min(stop, at &+ (Limits.batchRows &- filled))
                while at < last {
                    probes[filled] = probe
                    builds[filled] = rows[at]
                    filled &+= 1
                    at &+= 1
                }
            }
            if at < stop {
                place = at
                return filled
            }
            place = nil
            row &+= 1
        }
        return filled
    }

    /// Marks the rows that have any match.
    func mark(_ marks: UnsafeMutablePointer<UInt8>) {
        let (start, end) = (starts.pointer(as: UInt32.self), ends.pointer(as: UInt32.self))
        let bounds = seconds?.pointer(as: Int64.self)
        var i = 0
        while i < count {
            let (from, to) = (Int(start[i]), Int(end[i]))
            if let bounds, let tree = index.seconds {
                if tree.next(from: from, to: to, atLeast: bounds[i]) < to { marks[i] = 1 }
            } else if from < to {
                marks[i] = 1
            }
            i &+= 1
        }
    }
}
