import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes aggregate functions over frames with the accumulators of grouping: each distinct frame is a
/// group.
///
///     whole partition                  one group a partition
///     from the first or to the last    a scan over groups of the rows that each frame adds (`ScannedFrames`)
///     long frames                      states of blocks of rows, put together (`BlockedFrames`)
///     any other                        the rows of each frame, copied
enum WindowAggregates {
    /// Rows that are copied into frames, and frames that are computed together, at a time.
    static let copiedRows = 65_536

    /// Returns the function's value for each row of the chunk. Throws `OUT_OF_MEMORY` where states or results
    /// do not fit.
    static func result(
        _ call: WindowCall, _ arguments: [Vector], _ frames: WindowFrames, _ chunk: WindowChunk,
        _ context: TaskContext
    ) throws -> Vector {
        let values = arguments.map { $0.flattened() }
        let memory = WindowMemory(call, context)
        return try call.origin.placing {
            if frames.isWhole { return try whole(call, values, chunk, memory) }
            let kind = try accumulator(call)
            if kind.scans, frames.isGrowing || frames.isShrinking {
                let scanned = ScannedFrames(call, values, frames, chunk, memory, context)
                return try frames.isGrowing ? scanned.growing() : scanned.shrinking()
            }
            if frames.isGrowing { return try growing(call, values, frames, chunk, memory) }
            if kind.mergesInAnyOrder, frames.meanLength(chunk.count) >= BlockedFrames.leastLength {
                let blocked = BlockedFrames(call, values, frames, chunk, memory, context)
                if let result = try blocked.result() { return result }
            }
            return try sliding(call, values, frames, chunk, memory, context)
        }
    }

    /// Makes the states of a function.
    static func accumulator(_ call: WindowCall) throws -> Accumulator {
        let aggregate = AggregateCall(call.function, call.arguments, type: call.type, ansi: call.ansi)
        return try AggregateFunction.make(call: aggregate, argumentTypes: call.arguments.map(\.type))
    }

    /// One group per partition.
    private static func whole(
        _ call: WindowCall, _ values: [Vector], _ chunk: WindowChunk, _ memory: WindowMemory
    ) throws -> Vector {
        let groups = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(groups) {} }
        let out = groups.pointer(as: UInt32.self)
        let partitions = chunk.starts.count - 1
        for partition in 0..<partitions {
            var row = chunk.starts[partition]
            while row < chunk.starts[partition + 1] {
                out[row] = UInt32(truncatingIfNeeded: partition)
                row &+= 1
            }
        }
        let accumulator = try accumulator(call)
        accumulator.resize(groups: partitions)
        try accumulator.update(groups: out, arguments: values, count: chunk.count)
        try memory.reserve(accumulator)
        let results = try accumulator.results(from: 0, count: partitions)[0]
        return results.flattened().gathered(out, count: chunk.count)
    }

    /// Frames from the partition's start on, of a state that has no scan: each adds rows to the one before
    /// it.
    private static func growing(
        _ call: WindowCall, _ values: [Vector], _ frames: WindowFrames, _ chunk: WindowChunk,
        _ memory: WindowMemory
    ) throws -> Vector {
        let places = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var results: [Vector] = []
        for partition in 0..<(chunk.starts.count - 1) {
            let accumulator = try accumulator(call)
            accumulator.resize(groups: 1)
            var added = chunk.starts[partition]
            var row = added
            var isNew = true
            while row < chunk.starts[partition + 1] {
                let end = Int(frames.high[row])
                if end > added {
                    let more = values.map { $0.sliced(from: added, count: end - added) }
                    try accumulator.updateSingle(arguments: more, count: end - added)
                    added = end
                    isNew = true
                    try memory.reserve(accumulator)
                }
                if isNew {
                    let result = try accumulator.results(from: 0, count: 1)[0].flattened()
                    try memory.add(result)
                    results.append(result)
                }
                isNew = false
                out[row] = UInt32(truncatingIfNeeded: results.count &- 1)
                row &+= 1
            }
        }
        return Concat.vectors(results).flattened().gathered(out, count: chunk.count)
    }

    /// Any frames: their rows are copied, each distinct frame into a group of its own.
    private static func sliding(
        _ call: WindowCall, _ values: [Vector], _ frames: WindowFrames, _ chunk: WindowChunk,
        _ memory: WindowMemory, _ context: TaskContext
    ) throws -> Vector {
        let places = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(places) {} }
        let out = places.pointer(as: UInt32.self)
        var results: [Vector] = []
        var (given, row) = (0, 0)
        while row < chunk.count {
            try context.checkCancelled()
            var rows: [UInt32] = []
            var groups: [UInt32] = []
            var (low, high) = (-1, -1)
            var count = 0
            while row < chunk.count, rows.count < copiedRows {
                let (start, end) = (Int(frames.low[row]), Int(frames.high[row]))
                if count == 0 || start != low || end != high {
                    (low, high) = (start, end)
                    var at = start
                    while at < end {
                        rows.append(UInt32(truncatingIfNeeded: at))
                        groups.append(UInt32(truncatingIfNeeded: count))
                        at &+= 1
                    }
                    count += 1
                }
                out[row] = UInt32(truncatingIfNeeded: given &+ count &- 1)
                row &+= 1
            }
            let accumulator = try accumulator(call)
            accumulator.resize(groups: count)
            let copied = values.map { vector in
                rows.withUnsafeBufferPointer { list in
                    list.baseAddress.map { vector.gathered($0, count: list.count) } ?? .empty(vector.type)
                }
            }
            if !rows.isEmpty {
                try groups.withUnsafeBufferPointer { list in
                    guard let base = list.baseAddress else { return }
                    try accumulator.update(groups: base, arguments: copied, count: list.count)
                }
            }
            try memory.reserve(accumulator)
            let result = try accumulator.results(from: 0, count: count)[0].flattened()
            try memory.add(result)
            results.append(result)
            given += count
        }
        return Concat.vectors(results).flattened().gathered(out, count: chunk.count)
    }
}
