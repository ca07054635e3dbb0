import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Orders the values that `FixedExtremeAccumulator` keeps.
protocol ExtremeValue: BitwiseCopyable {
    static func isLess(_ a: Self, _ b: Self) -> Bool
}

extension ExtremeValue where Self: FixedWidthInteger {
    @inline(__always)
    static func isLess(_ a: Self, _ b: Self) -> Bool { a < b }
}

extension ExtremeValue where Self: BinaryFloatingPoint {
    /// As Spark orders: NaN is greater than any other value, and the zeros are equal.
    @inline(__always)
    static func isLess(_ a: Self, _ b: Self) -> Bool { a < b || (b.isNaN && !a.isNaN) }
}

extension Int8: ExtremeValue {}
extension Int16: ExtremeValue {}
extension Int32: ExtremeValue {}
extension Int64: ExtremeValue {}
extension Int128: ExtremeValue {}
extension Float: ExtremeValue {}
extension Double: ExtremeValue {}

/// Keeps the least or greatest of numbers. Of equal ones it keeps the first.
final class FixedExtremeAccumulator<T: ExtremeValue>: Accumulator {
    private let best = GroupArray<T>()
    private let seen = GroupArray<UInt8>()
    private let isMaximum: Bool

    init(type: DataType, isMaximum: Bool) {
        self.isMaximum = isMaximum
        super.init(stateTypes: [type], type: type)
    }

    override var memoryBytes: Int { best.memoryBytes + seen.memoryBytes }
    override func resize(groups: Int) {
        best.resize(groups)
        seen.resize(groups)
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        let (out, has) = (UnsafeMutableRawPointer(best.base), seen.base)
        // Overridden methods of a generic class are not specialised, so that each value would be copied by a
        // call: the loops are functions of their own.
        switch T.self {
        case is Int8.Type: ExtremeLoops.keep(Int8.self, isMaximum, groups, flat, count, out, has)
        case is Int16.Type: ExtremeLoops.keep(Int16.self, isMaximum, groups, flat, count, out, has)
        case is Int32.Type: ExtremeLoops.keep(Int32.self, isMaximum, groups, flat, count, out, has)
        case is Int64.Type: ExtremeLoops.keep(Int64.self, isMaximum, groups, flat, count, out, has)
        case is Float.Type: ExtremeLoops.keep(Float.self, isMaximum, groups, flat, count, out, has)
        case is Double.Type: ExtremeLoops.keep(Double.self, isMaximum, groups, flat, count, out, has)
        default: ExtremeLoops.keep(Int128.self, isMaximum, groups, flat, count, out, has)
        }
    }

    override func updateSingle(arguments: [Vector], count: Int) throws {
        let vector = arguments[0]
        guard vector.form == .flat, !vector.hasNulls, count > 0 else {
            return try super.updateSingle(arguments: arguments, count: count)
        }
        let (out, has) = (UnsafeMutableRawPointer(best.base), seen.base)
        switch T.self {
        case is Int8.Type: ExtremeLoops.keepOne(Int8.self, isMaximum, vector, count, out, has)
        case is Int16.Type: ExtremeLoops.keepOne(Int16.self, isMaximum, vector, count, out, has)
        case is Int32.Type: ExtremeLoops.keepOne(Int32.self, isMaximum, vector, count, out, has)
        case is Int64.Type: ExtremeLoops.keepOne(Int64.self, isMaximum, vector, count, out, has)
        case is Float.Type: ExtremeLoops.keepOne(Float.self, isMaximum, vector, count, out, has)
        case is Double.Type: ExtremeLoops.keepOne(Double.self, isMaximum, vector, count, out, has)
        default: ExtremeLoops.keepOne(Int128.self, isMaximum, vector, count, out, has)
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        update(groups: groups, arguments: states, count: count)
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (out, has) = (UnsafeMutableRawPointer(best.base), seen.base)
        switch T.self {
        case is Int8.Type: ExtremeLoops.scan(Int8.self, isMaximum, groups, direction, out, has)
        case is Int16.Type: ExtremeLoops.scan(Int16.self, isMaximum, groups, direction, out, has)
        case is Int32.Type: ExtremeLoops.scan(Int32.self, isMaximum, groups, direction, out, has)
        case is Int64.Type: ExtremeLoops.scan(Int64.self, isMaximum, groups, direction, out, has)
        case is Float.Type: ExtremeLoops.scan(Float.self, isMaximum, groups, direction, out, has)
        case is Double.Type: ExtremeLoops.scan(Double.self, isMaximum, groups, direction, out, has)
        default: ExtremeLoops.scan(Int128.self, isMaximum, groups, direction, out, has)
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [best.vector(type, from: from, count: count, present: seen)]
    }
    override func results(from: Int, count: Int) -> [Vector] { states(from: from, count: count) }
}

/// Loops of `FixedExtremeAccumulator`: `out` holds a value for each group, `has` whether there is one.
private enum ExtremeLoops {
    @inline(__always)
    static func keep<V: ExtremeValue>(
        _ type: V.Type, _ isMaximum: Bool, _ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int,
        _ out: UnsafeMutableRawPointer, _ has: UnsafeMutablePointer<UInt8>
    ) {
        let (best, input) = (out.assumingMemoryBound(to: V.self), vector.pointer(as: V.self))
        let nulls = RowNulls([vector])
        var i = 0
        while i < count {
            if nulls.isValid(i) {
                let group = Int(groups[i])
                let (value, old) = (input[i], best[group])
                let isBetter = isMaximum ? V.isLess(old, value) : V.isLess(value, old)
                best[group] = has[group] == 0 || isBetter ? value : old
                has[group] = 1
            }
            i &+= 1
        }
    }

    @inline(__always)
    static func keepOne<V: ExtremeValue>(
        _ type: V.Type, _ isMaximum: Bool, _ vector: Vector, _ count: Int, _ out: UnsafeMutableRawPointer,
        _ has: UnsafeMutablePointer<UInt8>
    ) {
        let (best, input) = (out.assumingMemoryBound(to: V.self), vector.pointer(as: V.self))
        var value = has[0] == 1 ? best[0] : input[0]
        var i = 0
        if isMaximum {
            while i < count {
                value = V.isLess(value, input[i]) ? input[i] : value
                i &+= 1
            }
        } else {
            while i < count {
                value = V.isLess(input[i], value) ? input[i] : value
                i &+= 1
            }
        }
        best[0] = value
        has[0] = 1
    }

    @inline(__always)
    static func scan<V: ExtremeValue>(
        _ type: V.Type, _ isMaximum: Bool, _ groups: Range<Int>, _ direction: ScanDirection,
        _ out: UnsafeMutableRawPointer, _ has: UnsafeMutablePointer<UInt8>
    ) {
        let best = out.assumingMemoryBound(to: V.self)
        let isForward = direction == .forward
        direction.scan(groups) { into, from in
            if has[from] == 0 { return }
            let (own, other) = (best[into], best[from])
            let isBetter = isMaximum ? V.isLess(own, other) : V.isLess(other, own)
            // Of equal ones the first is kept, which a forward scan comes from.
            let isWorse = isMaximum ? V.isLess(other, own) : V.isLess(own, other)
            best[into] = has[into] == 0 || isBetter || (isForward && !isWorse) ? other : own
            has[into] = 1
        }
    }
}

/// Keeps one chosen row per group of any types: `first`, `last`, `any_value`, `min` and `max` of strings and
/// nested values, `min_by` and `max_by`. Rows stay in the batches they came in; those are gathered anew when
/// many are held.
final class ChosenRowAccumulator: Accumulator {
    enum Choice {
        case first, last
        case minimum, maximum
    }

    private let choice: Choice
    /// Which argument decides; that of `min_by` is the second.
    private let key: Int
    /// Says that rows whose key is null are not chosen.
    private let skipsNulls: Bool
    private let argumentCount: Int
    private var chunks: [[Vector]] = []
    /// Number of the chunk plus 1 (0: no row yet) and the row in it.
    private let chunk = GroupArray<UInt32>()
    private let row = GroupArray<UInt32>()
    private var heldBytes = 0
    private var heldLimitBytes = 16 << 20

    init(_ choice: Choice, types: [DataType], key: Int, skipsNulls: Bool, type: DataType) {
        self.choice = choice
        self.key = key
        self.skipsNulls = skipsNulls
        argumentCount = types.count
        super.init(stateTypes: types + [.boolean], type: type)
    }

    override var memoryBytes: Int { chunk.memoryBytes + row.memoryBytes + heldBytes }
    override func resize(groups: Int) {
        chunk.resize(groups)
        row.resize(groups)
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        choose(groups, Array(arguments.prefix(argumentCount)), count, valid: nil)
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        choose(groups, Array(states.dropLast()), count, valid: states[states.count - 1].flattened())
    }

    private func choose(_ groups: UnsafePointer<UInt32>, _ values: [Vector], _ count: Int, valid: Vector?) {
        let columns = values.enumerated().map { i, vector in
            vector.type == .null
                ? Vector.nulls(stateTypes[i], count: count)
                : vector.form == .dictionary ? vector.flattened() : vector
        }
        let deciding = columns[key]
        if skipsNulls, deciding.isNullConstant { return }
        chunks.append(columns)
        let number = UInt32(chunks.count)
        let isPresent = valid?.pointer(as: UInt8.self)
        var taken = 0
        for i in 0..<count {
            if let isPresent, isPresent[i] == 0 { continue }
            if skipsNulls, deciding.isNull(i) { continue }
            let group = Int(groups[i])
            if chunk.base[group] != 0, !isBetter(deciding, i, group) { continue }
            chunk.base[group] = number
            row.base[group] = UInt32(truncatingIfNeeded: i)
            taken += 1
        }
        if taken == 0 {
            chunks.removeLast()
            return
        }
        heldBytes += columns.reduce(0) { $0 + $1.retainedBytes }
        if heldBytes > heldLimitBytes || chunks.count > 1024 { consolidate() }
    }

    override var scans: Bool { true }
    override var mergesInAnyOrder: Bool { key == 0 && (choice == .minimum || choice == .maximum) }

    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (chunk, row) = (chunk.base, row.base)
        direction.scan(groups) { into, from in
            if chunk[from] == 0 || (chunk[into] != 0 && !takes(from, into, direction)) { return }
            chunk[into] = chunk[from]
            row[into] = row[from]
        }
    }

    /// Whether the row of a group replaces that of the neighbour which it is scanned into.
    private func takes(_ from: Int, _ into: Int, _ direction: ScanDirection) -> Bool {
        switch choice {
        case .first: return direction == .forward
        case .last: return direction == .backward
        case .minimum, .maximum:
            let mine = chunks[Int(chunk.base[into]) - 1][key]
            let other = chunks[Int(chunk.base[from]) - 1][key]
            let order = Comparing.compareRows(other, Int(row.base[from]), mine, Int(row.base[into]))
            // Of equal keys the later row for `max_by` and `min_by`, else the earlier.
            if order == 0 { return (key > 0) == (direction == .backward) }
            return choice == .minimum ? order < 0 : order > 0
        }
    }

    @inline(__always)
    private func isBetter(_ deciding: Vector, _ i: Int, _ group: Int) -> Bool {
        switch choice {
        case .first: return false
        case .last: return true
        case .minimum, .maximum:
            let held = chunks[Int(chunk.base[group]) - 1][key]
            let order = Comparing.compareRows(deciding, i, held, Int(row.base[group]))
            // Of equal keys `max_by` and `min_by` take the later row, as Spark does.
            if order == 0 { return key > 0 }
            return choice == .minimum ? order < 0 : order > 0
        }
    }

    /// Returns the chosen rows of groups, null rows where there is none.
    private func chosen(from: Int, count: Int) -> [Vector] {
        if chunks.isEmpty { return stateTypes.dropLast().map { .nulls($0, count: count) } }
        joinChunks()
        let rows = Buffer(byteCount: max(count * 4, 4))
        let list = rows.pointer(as: Int32.self)
        for i in 0..<count {
            list[i] = chunk.base[from + i] == 0 ? -1 : Int32(bitPattern: row.base[from + i])
        }
        return chunks[0].map { $0.gatheredNullable(list, count: count).flattened().compacted() }
    }

    /// Puts all chunks together in one; the bytes of strings stay where they are.
    private func joinChunks() {
        if chunks.count == 1 { return }
        var starts: [UInt32] = []
        var total: UInt32 = 0
        for columns in chunks {
            starts.append(total)
            total += UInt32(columns[0].count)
        }
        for group in 0..<chunk.count where chunk.base[group] != 0 {
            row.base[group] += starts[Int(chunk.base[group]) - 1]
            chunk.base[group] = 1
        }
        chunks = [(0..<argumentCount).map { column in Concat.vectors(chunks.map { $0[column] }) }]
    }

    /// Replaces all chunks by one that holds only the chosen rows.
    private func consolidate() {
        let n = chunk.count
        let columns = chosen(from: 0, count: n)
        chunks = [columns]
        for group in 0..<n where chunk.base[group] != 0 {
            chunk.base[group] = 1
            row.base[group] = UInt32(truncatingIfNeeded: group)
        }
        heldBytes = columns.reduce(0) { $0 + $1.retainedBytes }
        heldLimitBytes = max(16 << 20, heldBytes * 2)
    }

    override func states(from: Int, count: Int) -> [Vector] {
        let present = Buffer(byteCount: max(count, 16))
        for i in 0..<count { present.pointer(as: UInt8.self)[i] = chunk.base[from + i] == 0 ? 0 : 1 }
        return chosen(from: from, count: count) + [.flat(.boolean, count: count, values: present)]
    }

    override func results(from: Int, count: Int) -> [Vector] { [chosen(from: from, count: count)[0]] }
}

/// Combines booleans and integers bit by bit.
final class BitsAccumulator: Accumulator {
    enum Operation { case and, or, xor }
    private let bits = GroupArray<Int64>()
    private let seen = GroupArray<UInt8>()
    private let operation: Operation

    init(_ operation: Operation, type: DataType) {
        self.operation = operation
        super.init(stateTypes: [type], type: type)
    }

    override var memoryBytes: Int { bits.memoryBytes + seen.memoryBytes }
    override func resize(groups: Int) {
        bits.resize(groups)
        seen.resize(groups)
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) {
        let vector = arguments[0]
        if vector.isNullConstant || vector.type == .null { return }
        let flat = vector.flattened()
        switch flat.type.physical {
        case .bool: combine(UInt8.self, groups, flat, count)
        case .int8: combine(Int8.self, groups, flat, count)
        case .int16: combine(Int16.self, groups, flat, count)
        case .int32: combine(Int32.self, groups, flat, count)
        default: combine(Int64.self, groups, flat, count)
        }
    }

    private func combine<T: FixedWidthInteger>(
        _ type: T.Type, _ groups: UnsafePointer<UInt32>, _ vector: Vector, _ count: Int
    ) {
        let (out, has, input) = (bits.base, seen.base, vector.pointer(as: T.self))
        let nulls = RowNulls([vector])
        for i in 0..<count where nulls.isValid(i) {
            let group = Int(groups[i])
            let value = Int64(truncatingIfNeeded: input[i])
            out[group] = has[group] == 0 ? value : combined(out[group], value)
            has[group] = 1
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) {
        update(groups: groups, arguments: states, count: count)
    }

    override var scans: Bool { true }
    override func scan(_ groups: Range<Int>, _ direction: ScanDirection) {
        let (out, has) = (bits.base, seen.base)
        direction.scan(groups) { into, from in
            if has[from] == 0 { return }
            out[into] = has[into] == 0 ? out[from] : combined(out[into], out[from])
            has[into] = 1
        }
    }

    @inline(__always)
    private func combined(_ a: Int64, _ b: Int64) -> Int64 {
        switch operation {
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        func narrow<T: FixedWidthInteger>(_ type: T.Type) -> Buffer {
            let buffer = Buffer(byteCount: max(count * MemoryLayout<T>.stride, 16))
            for i in 0..<count { buffer.pointer(as: T.self)[i] = T(truncatingIfNeeded: bits.base[from + i]) }
            return buffer
        }
        let buffer: Buffer =
            switch type.physical {
            case .bool: narrow(UInt8.self)
            case .int8: narrow(Int8.self)
            case .int16: narrow(Int16.self)
            case .int32: narrow(Int32.self)
            default: narrow(Int64.self)
            }
        return [.flat(type, count: count, values: buffer, validity: seen.validity(from: from, count: count))]
    }
    override func results(from: Int, count: Int) -> [Vector] { states(from: from, count: count) }
}
