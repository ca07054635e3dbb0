import Memory

/// Lists the rows of each group of a batch: a counting sort of row numbers.
struct RowsByGroup {
    private let rows: Buffer
    private var starts: [Int]

    init(_ groupOfRow: UnsafePointer<UInt32>, count: Int, groupCount: Int) {
        rows = Buffer(byteCount: max(count, 1) * 4)
        var starts = [Int](repeating: 0, count: groupCount + 1)
        let out = rows.pointer(as: UInt32.self)
        starts.withUnsafeMutableBufferPointer { start in
            var row = 0
            while row < count {
                start[Int(groupOfRow[row]) &+ 1] &+= 1
                row &+= 1
            }
            var group = 0
            while group < groupCount {
                start[group &+ 1] &+= start[group]
                group &+= 1
            }
        }
        self.starts = starts
        starts.withUnsafeMutableBufferPointer { next in
            var row = 0
            while row < count {
                let group = Int(groupOfRow[row])
                out[next[group]] = UInt32(truncatingIfNeeded: row)
                next[group] &+= 1
                row &+= 1
            }
        }
    }

    /// Calls `body` with each group that has rows, its rows in order and their number.
    func forEach(_ body: (Int, UnsafePointer<UInt32>, Int) throws -> Void) rethrows {
        let base = rows.pointer(as: UInt32.self)
        for group in 0..<(starts.count - 1) where starts[group + 1] > starts[group] {
            try body(group, base + starts[group], starts[group + 1] - starts[group])
        }
    }
}
