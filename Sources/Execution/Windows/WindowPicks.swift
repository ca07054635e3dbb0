import Columns
import Functions
import Kernels
import Memory
import Plans

/// Computes the functions that give the value of another row.
enum WindowPicks {
    /// Numbers the rows whose value is not null.
    private struct Present {
        /// How many such rows are before each row; one more entry for the end.
        private(set) var before: [Int32] = [0]
        private(set) var rows: [Int32] = []

        init(_ vector: Vector, count: Int) {
            before.reserveCapacity(count + 1)
            var row = 0
            while row < count {
                if !vector.isNull(row) { rows.append(Int32(truncatingIfNeeded: row)) }
                before.append(Int32(truncatingIfNeeded: rows.count))
                row &+= 1
            }
        }
    }

    /// `first`, `last`, `any_value` and `nth_value` of each row's frame.
    static func result(
        _ call: WindowCall, _ arguments: [Vector], _ frames: WindowFrames, _ chunk: WindowChunk
    ) -> Vector {
        let value = arguments[0].flattened()
        if value.type == .null || value.isNullConstant { return .nulls(call.type, count: chunk.count) }
        let list = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(list) {} }
        let out = list.pointer(as: Int32.self)
        // Counted from the frame's first row, or from its last one.
        let fromEnd = call.function == "last"
        let place = call.function == "nth_value" ? Int(arguments[1].scalar(at: 0).integerValue) - 1 : 0
        let present = call.ignoresNulls ? Present(value, count: chunk.count) : nil
        var row = 0
        while row < chunk.count {
            var (low, high) = (Int(frames.low[row]), Int(frames.high[row]))
            var found = -1
            if low < high {
                if let present { (low, high) = (Int(present.before[low]), Int(present.before[high])) }
                let at = fromEnd ? high &- 1 : low &+ place
                if low < high, at < high { found = present.map { Int($0.rows[at]) } ?? at }
            }
            out[row] = Int32(truncatingIfNeeded: found)
            row &+= 1
        }
        return value.gatheredNullable(out, count: chunk.count)
    }

    /// `lag` and `lead`: the value so many rows before or after, else the default.
    static func neighbour(_ call: WindowCall, _ arguments: [Vector], _ chunk: WindowChunk) -> Vector {
        let value = arguments[0].flattened()
        if call.type == .null { return .nulls(.null, count: chunk.count) }
        var distance = arguments.count > 1 ? Int(arguments[1].scalar(at: 0).integerValue) : 1
        if call.function == "lag" { distance = -distance }
        let hasDefault = arguments.count > 2 && !arguments[2].isNullConstant && arguments[2].type != .null
        let list = Buffer(byteCount: max(chunk.count * 4, 4))
        defer { withExtendedLifetime(list) {} }
        let out = list.pointer(as: Int32.self)
        let present = call.ignoresNulls && distance != 0 ? Present(value, count: chunk.count) : nil
        for partition in 0..<(chunk.starts.count - 1) {
            var (low, high) = (chunk.starts[partition], chunk.starts[partition + 1])
            let rows = low..<high
            if let present { (low, high) = (Int(present.before[low]), Int(present.before[high])) }
            var row = rows.lowerBound
            while row < rows.upperBound {
                var at = row &+ distance
                if let present {
                    at =
                        distance < 0
                        ? Int(present.before[row]) &+ distance
                        : Int(present.before[row &+ 1]) &+ distance &- 1
                }
                let isThere = at >= low && at < high
                let found = isThere ? present.map { Int($0.rows[at]) } ?? at : -1
                out[row] = Int32(truncatingIfNeeded: isThere || !hasDefault ? found : chunk.count &+ row)
                row &+= 1
            }
        }
        guard hasDefault else { return value.gatheredNullable(out, count: chunk.count) }
        let both = Concat.vectors([value, arguments[2].flattened()]).flattened()
        return both.gatheredNullable(out, count: chunk.count)
    }
}
