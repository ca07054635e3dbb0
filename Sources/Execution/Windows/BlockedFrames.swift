import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes an aggregate over long frames from the states of blocks of rows.
///
/// Sixteen rows make a block, sixteen blocks a block of the next level, and so on. A frame is put together
/// from the largest blocks that lie in it and the rows at its edges: thirty pieces a level at most, instead
/// of all its rows (the segment tree of Leis et al., "Efficient Processing of Window Functions", VLDB 2015).
struct BlockedFrames {
    /// Frames that are shorter on the mean are computed from their rows.
    static let leastLength = 48
    private static let width = 16

    private let call: WindowCall
    private let values: [Vector]
    private let frames: WindowFrames
    private let chunk: WindowChunk
    private let memory: WindowMemory
    private let context: TaskContext

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
    }

    /// Pieces of frames at one level: the rows or blocks, and the frame that each belongs to.
    private struct Pieces {
        var places: [UInt32] = []
        var groups: [UInt32] = []

        mutating func add(_ range: Range<Int>, _ group: UInt32) {
            for place in range {
                places.append(UInt32(truncatingIfNeeded: place))
                groups.append(group)
            }
        }

        mutating func removeAll() {
            places.removeAll(keepingCapacity: true)
            groups.removeAll(keepingCapacity: true)
        }
    }

    /// Returns the function's value for each row of the chunk; nil where a block has no state because it
    /// overflows: it may lie in no frame.
    func result() throws -> Vector? {
        guard let levels = try? makeLevels() else { return nil }
        let owner = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(owner) {} }
        let out = owner.pointer(as: UInt32.self)
        var pieces = Array(repeating: Pieces(), count: levels.count + 1)
        var results: [Vector] = []
        var (row, given) = (0, 0)
        while row < chunk.count {
            try context.checkCancelled()
            for level in pieces.indices { pieces[level].removeAll() }
            var (low, high) = (-1, -1)
            var (count, size) = (0, 0)
            while row < chunk.count, size < WindowAggregates.copiedRows, count < WindowAggregates.copiedRows {
                let (start, end) = (Int(frames.low[row]), Int(frames.high[row]))
                if count == 0 || start != low || end != high {
                    (low, high) = (start, end)
                    size &+= Self.cut(start, end, UInt32(truncatingIfNeeded: count), &pieces)
                    count &+= 1
                }
                out[row] = UInt32(truncatingIfNeeded: given &+ count &- 1)
                row &+= 1
            }
            let states = try states(pieces, levels, count)
            let result = try states.results(from: 0, count: count)[0].flattened()
            try memory.add(result)
            results.append(result)
            given += count
        }
        return Concat.vectors(results).flattened().gathered(out, count: chunk.count)
    }

    /// Cuts a frame into pieces, and returns how many.
    private static func cut(_ start: Int, _ end: Int, _ group: UInt32, _ pieces: inout [Pieces]) -> Int {
        var (low, high, size) = (start, max(start, end), 0)
        for level in pieces.indices {
            let inner = (low + width - 1) / width..<max((low + width - 1) / width, high / width)
            if level == pieces.count - 1 || inner.count < 2 {
                pieces[level].add(low..<high, group)
                return size + high - low
            }
            pieces[level].add(low..<(inner.lowerBound * width), group)
            pieces[level].add((inner.upperBound * width)..<high, group)
            size += high - low - inner.count * width
            (low, high) = (inner.lowerBound, inner.upperBound)
        }
        return size
    }

    /// Returns the states of the blocks of each level, from the smallest blocks on.
    private func makeLevels() throws -> [[Vector]] {
        var levels: [[Vector]] = []
        var count = chunk.count
        while count >= 2 * Self.width {
            let owner = Buffer(byteCount: count * 4)
            defer { withExtendedLifetime(owner) {} }
            let blockOf = owner.pointer(as: UInt32.self)
            for place in 0..<count { blockOf[place] = UInt32(truncatingIfNeeded: place / Self.width) }
            let blocks = (count + Self.width - 1) / Self.width
            let states = try WindowAggregates.accumulator(call)
            states.resize(groups: blocks)
            if let below = levels.last {
                try states.merge(groups: blockOf, states: below, count: count)
            } else {
                try states.update(groups: blockOf, arguments: values, count: count)
            }
            try memory.reserve(states)
            levels.append(states.states(from: 0, count: blocks).map { $0.flattened() })
            count = blocks
        }
        return levels
    }

    /// Returns the states of `count` frames, put together from their pieces.
    private func states(_ pieces: [Pieces], _ levels: [[Vector]], _ count: Int) throws -> Accumulator {
        let states = try WindowAggregates.accumulator(call)
        states.resize(groups: count)
        for (level, part) in pieces.enumerated() where !part.places.isEmpty {
            let source = level == 0 ? values : levels[level - 1]
            let size = part.places.count
            try part.places.withUnsafeBufferPointer { places in
                try part.groups.withUnsafeBufferPointer { groups in
                    guard let place = places.baseAddress, let group = groups.baseAddress else { return }
                    let gathered = source.map { $0.gathered(place, count: size) }
                    if level == 0 {
                        try states.update(groups: group, arguments: gathered, count: size)
                    } else {
                        try states.merge(groups: group, states: gathered, count: size)
                    }
                }
            }
        }
        try memory.reserve(states)
        return states
    }
}
