import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes an aggregate function over the frames of a partition on disk.
///
///     whole partition         one state, fed with all rows once; every row has its result
///     from the first, or to   a scan over states of the rows that each frame adds (`DiskScan`); where the
///     the last row            state has no scan, one that grows with the frames' ends
///     any other frame         a state for each distinct frame of a block, fed in one pass over their rows
final class DiskAggregate: DiskWindowFunction {
    private let call: WindowCall
    /// Columns of the arguments.
    private let columns: [Int]
    private let frames: DiskFrames
    private let context: TaskContext
    private let memory: WindowMemory
    private var cursor: RowCursor?
    private var grown: Accumulator?
    /// Rows of the partition that the growing state has.
    private var added = 0
    private var wholeResult: Vector?
    private var scan: DiskScan?

    init(_ call: WindowCall, columns: [Int], _ frames: DiskFrames, _ context: TaskContext) {
        self.call = call
        self.columns = columns
        self.frames = frames
        self.context = context
        memory = WindowMemory(call, context)
    }

    func result(_ block: PartitionBlock) throws -> Vector {
        try call.origin.placing {
            if frames.isWhole { return try whole(block) }
            let (lows, highs) = try frames.find(block)
            defer { withExtendedLifetime((lows, highs)) {} }
            let (low, high) = (lows.pointer(as: Int.self), highs.pointer(as: Int.self))
            if frames.beginsAtFirst || frames.endsAtLast, try WindowAggregates.accumulator(call).scans {
                let scan = scan ?? DiskScan(call, columns: columns, block.partition, memory)
                self.scan = scan
                return try frames.beginsAtFirst ? scan.growing(block, high) : scan.shrinking(block, low)
            }
            if frames.beginsAtFirst { return try growing(block, high) }
            return try sliding(block, low, high)
        }
    }

    private func cursor(_ partition: PartitionOnDisk) -> RowCursor {
        let made = cursor ?? RowCursor(partition.rows)
        cursor = made
        return made
    }

    /// Feeds one state with the rows from `added` to `end`.
    private func grow(_ state: Accumulator, to end: Int, _ cursor: RowCursor) throws {
        while added < end {
            try cursor.move(to: added)
            let count = min(end, cursor.end) - added
            let from = added - cursor.first
            let more = columns.map { cursor.column($0).sliced(from: from, count: count) }
            try state.updateSingle(arguments: more, count: count)
            added += count
            try memory.reserve(state)
        }
    }

    private func whole(_ block: PartitionBlock) throws -> Vector {
        if wholeResult == nil {
            let state = try WindowAggregates.accumulator(call)
            state.resize(groups: 1)
            try grow(state, to: block.partition.count, cursor(block.partition))
            wholeResult = try state.results(from: 0, count: 1)[0].flattened()
            cursor = nil
            try memory.keepOnly(wholeResult)
        }
        guard let wholeResult, !wholeResult.isNullConstant, wholeResult.type != .null else {
            return .nulls(call.type, count: block.count)
        }
        return .constant(wholeResult, count: block.count)
    }

    private func growing(_ block: PartitionBlock, _ high: UnsafePointer<Int>) throws -> Vector {
        let state = try grown ?? WindowAggregates.accumulator(call)
        if grown == nil { state.resize(groups: 1) }
        grown = state
        let cursor = cursor(block.partition)
        let places = Buffer(byteCount: max(block.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var results: [Vector] = []
        var row = 0
        memory.forgetResults()
        while row < block.count {
            let isNew = results.isEmpty || high[row] > added
            try grow(state, to: high[row], cursor)
            if isNew {
                let result = try state.results(from: 0, count: 1)[0].flattened()
                try memory.add(result)
                results.append(result)
            }
            out[row] = UInt32(truncatingIfNeeded: results.count &- 1)
            row &+= 1
        }
        return Concat.vectors(results).flattened().gathered(out, count: block.count)
    }

    // MARK: - Any frames

    /// The distinct frames of a block, in order.
    private struct Groups {
        var low: [Int] = []
        var high: [Int] = []
        /// Row and group of pairs that wait for the states.
        var rows: [UInt32] = []
        var groups: [UInt32] = []
    }

    private func sliding(
        _ block: PartitionBlock, _ low: UnsafePointer<Int>, _ high: UnsafePointer<Int>
    ) throws -> Vector {
        let places = Buffer(byteCount: max(block.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var frames = Groups()
        var row = 0
        while row < block.count {
            if row == 0 || low[row] != low[row &- 1] || high[row] != high[row &- 1] {
                frames.low.append(low[row])
                frames.high.append(high[row])
            }
            out[row] = UInt32(truncatingIfNeeded: frames.low.count &- 1)
            row &+= 1
        }
        var results: [Vector] = []
        var from = 0
        memory.forgetResults()
        while from < frames.low.count {
            let end = endOfStretch(frames, from: from)
            let state = try WindowAggregates.accumulator(call)
            state.resize(groups: end - from)
            try feed(state, &frames, from..<end, cursor(block.partition))
            let result = try state.results(from: 0, count: end - from)[0].flattened()
            try memory.add(result)
            results.append(result)
            from = end
        }
        memory.forgetStates()
        return Concat.vectors(results).flattened().gathered(out, count: block.count)
    }

    /// Returns the end of the frames that are fed together: states that hold values of their own hold a copy
    /// of their rows.
    private func endOfStretch(_ frames: Groups, from: Int) -> Int {
        let most = WindowAggregates.copiedRows * (memory.countsResults ? 1 : 16)
        var end = from
        var rows = 0
        while end < frames.low.count, rows < most {
            rows += max(frames.high[end] - frames.low[end], 0)
            end += 1
        }
        return end
    }

    /// Feeds the states of some frames with their rows, in one pass over the blocks that these are in.
    private func feed(
        _ state: Accumulator, _ frames: inout Groups, _ stretch: Range<Int>, _ cursor: RowCursor
    ) throws {
        var open = stretch.lowerBound
        var at = frames.low[open]
        let end = frames.high[stretch.upperBound - 1]
        while at < end {
            try cursor.move(to: at)
            while open < stretch.upperBound, frames.high[open] <= cursor.first { open += 1 }
            var frame = open
            while frame < stretch.upperBound, frames.low[frame] < cursor.end {
                var row = max(frames.low[frame], cursor.first)
                let last = min(frames.high[frame], cursor.end)
                let group = UInt32(truncatingIfNeeded: frame - stretch.lowerBound)
                while row < last {
                    frames.rows.append(UInt32(truncatingIfNeeded: row &- cursor.first))
                    frames.groups.append(group)
                    row &+= 1
                }
                if frames.rows.count >= WindowAggregates.copiedRows { try flush(state, &frames, cursor) }
                frame += 1
            }
            try flush(state, &frames, cursor)
            at = cursor.end
        }
    }

    private func flush(_ state: Accumulator, _ frames: inout Groups, _ cursor: RowCursor) throws {
        let count = frames.rows.count
        guard count > 0 else { return }
        try context.checkCancelled()
        try frames.rows.withUnsafeBufferPointer { rows in
            try frames.groups.withUnsafeBufferPointer { groups in
                guard let row = rows.baseAddress, let group = groups.baseAddress else { return }
                let copied = columns.map { cursor.column($0).gathered(row, count: count) }
                try state.update(groups: group, arguments: copied, count: count)
            }
        }
        frames.rows.removeAll(keepingCapacity: true)
        frames.groups.removeAll(keepingCapacity: true)
        try memory.reserve(state)
    }
}
