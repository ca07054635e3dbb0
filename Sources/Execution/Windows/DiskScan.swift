import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes an aggregate over frames of a partition on disk that all begin with its first row, or all end
/// with its last, as `ScannedFrames` does in memory: block after block, with each row taken in once or twice.
final class DiskScan {
    private let call: WindowCall
    private let columns: [Int]
    private let memory: WindowMemory
    private let cursor: RowCursor
    private let partition: PartitionOnDisk
    /// The state of the last frame of the block before, which begins with the first row.
    private var carried: [Vector]?
    /// Rows that are in `carried`.
    private var taken = 0
    /// For each block the state of all rows from its first on.
    private var suffixes: [Vector]?

    init(_ call: WindowCall, columns: [Int], _ partition: PartitionOnDisk, _ memory: WindowMemory) {
        self.call = call
        self.columns = columns
        self.partition = partition
        self.memory = memory
        cursor = RowCursor(partition.rows)
    }

    /// Returns the results of frames from the first row to `high[i]`, exclusive.
    func growing(_ block: PartitionBlock, _ high: UnsafePointer<Int>) throws -> Vector {
        let places = Buffer(byteCount: max(block.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var ends: [Int] = []
        for row in 0..<block.count {
            if ends.isEmpty || high[row] > ends[ends.count - 1] { ends.append(max(high[row], taken)) }
            out[row] = UInt32(truncatingIfNeeded: ends.count - 1)
        }
        let states = try WindowAggregates.accumulator(call)
        states.resize(groups: ends.count)
        try merge(carried, states, into: 0)
        var group = 0
        try take(states, taken..<ends[ends.count - 1]) { row in
            while row >= ends[group] { group &+= 1 }
            return group
        }
        taken = ends[ends.count - 1]
        try states.scan(0..<ends.count, .forward)
        carried = states.states(from: ends.count - 1, count: 1)
        return try results(states, ends.count, out, block.count)
    }

    /// Returns the results of frames from row `low[i]` to the last.
    func shrinking(_ block: PartitionBlock, _ low: UnsafePointer<Int>) throws -> Vector {
        let suffixes = try suffixes ?? makeSuffixes()
        self.suffixes = suffixes
        let places = Buffer(byteCount: max(block.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var starts: [Int] = []
        for row in 0..<block.count {
            if starts.isEmpty || low[row] > starts[starts.count - 1] { starts.append(low[row]) }
            out[row] = UInt32(truncatingIfNeeded: starts.count - 1)
        }
        let states = try WindowAggregates.accumulator(call)
        states.resize(groups: starts.count)
        // The last frame's rows up to the end of the block on disk that its first is in; the others are in
        // the state from the next block on.
        let last = starts[starts.count - 1]
        let next = partition.rows.starts.firstIndex { $0 > last } ?? partition.rows.blockCount
        let end = partition.rows.starts[next]
        var group = 0
        try take(states, starts[0]..<end) { row in
            while group + 1 < starts.count, row >= starts[group + 1] { group &+= 1 }
            return group
        }
        if next < partition.rows.blockCount {
            try merge(suffixes.map { $0.sliced(from: next, count: 1) }, states, into: starts.count - 1)
        }
        try states.scan(0..<starts.count, .backward)
        return try results(states, starts.count, out, block.count)
    }

    private func makeSuffixes() throws -> [Vector] {
        let rows = partition.rows
        let states = try WindowAggregates.accumulator(call)
        states.resize(groups: rows.blockCount)
        for block in 0..<rows.blockCount {
            try take(states, rows.starts[block]..<rows.starts[block + 1]) { _ in block }
        }
        try states.scan(0..<rows.blockCount, .backward)
        return states.states(from: 0, count: rows.blockCount).map { $0.flattened() }
    }

    private func merge(_ state: [Vector]?, _ states: Accumulator, into group: Int) throws {
        guard let state else { return }
        var place = UInt32(truncatingIfNeeded: group)
        try states.merge(groups: &place, states: state, count: 1)
    }

    /// Adds rows of the partition, each to its group.
    private func take(_ states: Accumulator, _ rows: Range<Int>, _ group: (Int) -> Int) throws {
        var from = rows.lowerBound
        while from < rows.upperBound {
            try cursor.move(to: from)
            let count = min(rows.upperBound, cursor.end) - from
            let groups = Buffer(byteCount: max(count * 4, 4))
            defer { withExtendedLifetime(groups) {} }
            let list = groups.pointer(as: UInt32.self)
            for row in 0..<count { list[row] = UInt32(truncatingIfNeeded: group(from + row)) }
            let offset = from - cursor.first
            let part = columns.map { cursor.column($0).sliced(from: offset, count: count) }
            try states.update(groups: list, arguments: part, count: count)
            try memory.reserve(states)
            from += count
        }
    }

    private func results(
        _ states: Accumulator, _ groups: Int, _ places: UnsafePointer<UInt32>, _ count: Int
    ) throws -> Vector {
        memory.forgetResults()
        let result = try states.results(from: 0, count: groups)[0].flattened()
        try memory.add(result)
        return groups == count ? result : result.gathered(places, count: count)
    }
}
