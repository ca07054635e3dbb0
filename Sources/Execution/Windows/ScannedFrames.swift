import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes an aggregate over frames that all begin with their partition's first row, or all end with its
/// last.
///
/// Each distinct frame is a group, which takes in only the rows that the frame has more than its neighbour; a
/// scan over the groups then adds up. So each row is taken in once, however long the frames are. Frames go in
/// stretches, so that states need not be held for all rows; the state at a stretch's edge is carried over.
struct ScannedFrames {
    private let call: WindowCall
    private let values: [Vector]
    private let frames: WindowFrames
    private let chunk: WindowChunk
    private let memory: WindowMemory
    private let context: TaskContext
    /// For each row of the chunk the group that takes it in.
    private let groupOwner: Buffer
    /// For each row of the chunk its frame's place among the results.
    private let placeOwner: Buffer

    private static let stretchRows = WindowAggregates.copiedRows

    init(
        _ call: WindowCall, _ values: [Vector], _ frames: WindowFrames, _ chunk: WindowChunk,
        _ memory: WindowMemory, _ context: TaskContext
    ) {
        self.call = call
        self.values = values
        self.frames = frames
        self.chunk = chunk
        self.memory = memory
        self.context = context
        groupOwner = Buffer(byteCount: max(chunk.count * 4, 4))
        placeOwner = Buffer(byteCount: max(chunk.count * 4, 4))
    }

    /// The groups of a stretch of rows.
    private struct Stretch {
        var groups = 0
        /// Groups of one partition each.
        var runs: [Range<Int>] = []
        var runStart = 0
        /// Rows that groups take in.
        var rows: [Range<Int>] = []

        /// Notes that the rows are taken in by the group that was begun last.
        mutating func take(_ from: Int, _ end: Int, _ groupOfRow: UnsafeMutablePointer<UInt32>) {
            if end <= from { return }
            var row = from
            while row < end {
                groupOfRow[row] = UInt32(truncatingIfNeeded: groups &- 1)
                row &+= 1
            }
            if let last = rows.last, last.upperBound == from {
                rows[rows.count - 1] = last.lowerBound..<end
            } else {
                rows.append(from..<end)
            }
        }

        mutating func endRun() {
            if groups > runStart { runs.append(runStart..<groups) }
            runStart = groups
        }
    }

    /// Returns the results of frames that begin with their partition's first row.
    func growing() throws -> Vector {
        defer { withExtendedLifetime((groupOwner, placeOwner)) {} }
        let (groupOfRow, out) = (groupOwner.pointer(as: UInt32.self), placeOwner.pointer(as: UInt32.self))
        var results: [Vector] = []
        var carried: [Vector]?
        var (row, partition, taken, given) = (0, 0, 0, 0)
        while row < chunk.count {
            try context.checkCancelled()
            let stop = min(row + Self.stretchRows, chunk.count)
            var stretch = Stretch()
            while row < stop {
                if row == chunk.starts[partition &+ 1] { partition &+= 1 }
                if row == chunk.starts[partition] {
                    stretch.endRun()
                    taken = row
                }
                let end = Int(frames.high[row])
                if stretch.groups == stretch.runStart || end > taken {
                    stretch.groups &+= 1
                    stretch.take(taken, end, groupOfRow)
                    taken = max(taken, end)
                }
                out[row] = UInt32(truncatingIfNeeded: given &+ stretch.groups &- 1)
                row &+= 1
            }
            stretch.endRun()
            let states = try states(stretch, carried: carried, into: 0, .forward)
            try append(states, stretch.groups, to: &results)
            let isOpen = row < chunk.starts[partition + 1]
            carried = isOpen ? states.states(from: stretch.groups - 1, count: 1) : nil
            given += stretch.groups
        }
        return picked(results, given)
    }

    /// Returns the results of frames that end with their partition's last row. The stretches go from the last
    /// to the first.
    func shrinking() throws -> Vector {
        defer { withExtendedLifetime((groupOwner, placeOwner)) {} }
        let (groupOfRow, out) = (groupOwner.pointer(as: UInt32.self), placeOwner.pointer(as: UInt32.self))
        var results: [Vector] = []
        var stretches: [(rows: Range<Int>, groups: Int)] = []
        var carried: [Vector]?
        var (stop, first) = (chunk.count, chunk.starts.count - 2)
        while stop > 0 {
            try context.checkCancelled()
            let start = max(0, stop - Self.stretchRows)
            while chunk.starts[first] > start { first -= 1 }
            var stretch = Stretch()
            var (row, partition, open) = (start, first, 0)
            while row < stop {
                let low = Int(frames.low[row])
                if stretch.groups == stretch.runStart {
                    stretch.groups &+= 1
                    open = low
                } else if low > open {
                    stretch.take(open, low, groupOfRow)
                    stretch.groups &+= 1
                    open = low
                }
                out[row] = UInt32(truncatingIfNeeded: stretch.groups &- 1)
                row &+= 1
                if row == chunk.starts[partition &+ 1] {
                    stretch.take(open, row, groupOfRow)
                    stretch.endRun()
                    partition &+= 1
                } else if row == stop {
                    // The rows from here on are in the state that is carried.
                    stretch.take(open, Int(frames.low[stop]), groupOfRow)
                }
            }
            stretch.endRun()
            let states = try states(stretch, carried: carried, into: stretch.groups - 1, .backward)
            try append(states, stretch.groups, to: &results)
            carried = start > chunk.starts[first] ? states.states(from: 0, count: 1) : nil
            stretches.append((start..<stop, stretch.groups))
            stop = start
        }
        var given = 0
        for (rows, groups) in stretches.reversed() {
            for row in rows { out[row] &+= UInt32(truncatingIfNeeded: given) }
            given += groups
        }
        return picked(results.reversed(), given)
    }

    /// Returns the states of a stretch's frames. `carried` is the state of the frame next to it.
    private func states(
        _ stretch: Stretch, carried: [Vector]?, into group: Int, _ direction: ScanDirection
    ) throws -> Accumulator {
        let states = try WindowAggregates.accumulator(call)
        states.resize(groups: stretch.groups)
        // Rows go into states in their order.
        if direction == .forward { try merge(carried, states, into: group) }
        let groupOfRow = groupOwner.pointer(as: UInt32.self)
        for rows in stretch.rows {
            let part = values.map { $0.sliced(from: rows.lowerBound, count: rows.count) }
            try states.update(groups: groupOfRow + rows.lowerBound, arguments: part, count: rows.count)
        }
        if direction == .backward { try merge(carried, states, into: group) }
        for run in stretch.runs where run.count > 1 { try states.scan(run, direction) }
        try memory.reserve(states)
        return states
    }

    private func merge(_ state: [Vector]?, _ states: Accumulator, into group: Int) throws {
        guard let state else { return }
        var place = UInt32(truncatingIfNeeded: group)
        try states.merge(groups: &place, states: state, count: 1)
    }

    private func append(_ states: Accumulator, _ count: Int, to results: inout [Vector]) throws {
        let result = try states.results(from: 0, count: count)[0].flattened()
        try memory.add(result)
        results.append(result)
    }

    /// Returns the result of each row's frame.
    private func picked(_ results: [Vector], _ count: Int) -> Vector {
        let all = Concat.vectors(results).flattened()
        // As many frames as rows: each row has its own.
        return count == chunk.count
            ? all : all.gathered(placeOwner.pointer(as: UInt32.self), count: chunk.count)
    }
}
