import Columns
import Kernels
import Memory
import Plans

/// Computes AND and OR. The right side is evaluated only on rows that the left side does not decide, unless
/// that is harmless.
final class LogicNode: Node {
    private let left: Node
    private let right: Node
    private let isAnd: Bool
    override var isHarmless: Bool { left.isHarmless && right.isHarmless }
    override var cost: Double { left.cost + right.cost + 0.5 }

    init(_ left: Node, _ right: Node, isAnd: Bool) {
        self.left = left
        self.right = right
        self.isAnd = isAnd
        super.init(.boolean)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        let a = try left.value(frame).asBoolean
        let count = frame.count
        if right.isHarmless {
            let b = try right.value(frame).asBoolean
            return isAnd ? Logic.and(a, b, count: count) : Logic.or(a, b, count: count)
        }
        let open = undecided(a, count)
        if open.count == 0 { return a }
        if open.count == count {
            let b = try right.value(frame).asBoolean
            return isAnd ? Logic.and(a, b, count: count) : Logic.or(a, b, count: count)
        }
        let rest = try right.value(Frame(frame, open)).asBoolean
        let b = Choosing.spread(rest, open, count: count)
        return isAnd ? Logic.and(a, b, count: count) : Logic.or(a, b, count: count)
    }

    /// The rows at which the left side leaves the result open: true or null for AND, false or null for OR.
    private func undecided(_ a: Vector, _ count: Int) -> Selection {
        if a.isNullConstant { return Selecting.all(count) }
        let flat = a.flattened()
        let values = flat.pointer(as: UInt8.self)
        let (buffer, out) = (Buffer(byteCount: count * 4 + 16), isAnd ? UInt8(0) : 1)
        let rows = buffer.pointer(as: UInt32.self)
        var n = 0
        var i = 0
        while i < count {
            rows[n] = UInt32(truncatingIfNeeded: i)
            n &+= values[i] != out || flat.isNull(i) ? 1 : 0
            i &+= 1
        }
        return Selection(rows: rows, count: n, owner: buffer)
    }
}

extension Vector {
    /// The vector as a boolean one: void becomes null booleans.
    var asBoolean: Vector { type == .null ? .nulls(.boolean, count: count) : self }
}

extension Choosing {
    /// Returns a vector of `count` rows that holds `part` at the selected rows and null elsewhere.
    static func spread(_ part: Vector, _ selection: Selection, count: Int) -> Vector {
        let buffer = Buffer(byteCount: max(count * 4, 4))
        let rows = buffer.pointer(as: Int32.self)
        var i = 0
        while i < count {
            rows[i] = -1
            i &+= 1
        }
        i = 0
        while i < selection.count {
            rows[Int(selection.rows[i])] = Int32(truncatingIfNeeded: i)
            i &+= 1
        }
        return part.gatheredNullable(rows, count: count)
    }
}

/// Computes CASE: each condition on the rows that no earlier one took, each result on the rows that its
/// condition took.
final class ConditionalNode: Node {
    private let branches: [(condition: Node, result: Node)]
    private let otherwise: Node?
    override var cost: Double {
        branches.reduce((otherwise?.cost ?? 0) + 3) { $0 + $1.condition.cost + $1.result.cost }
    }

    init(_ branches: [(Node, Node)], _ otherwise: Node?, _ type: DataType) {
        self.branches = branches.map { (condition: $0.0, result: $0.1) }
        self.otherwise = otherwise
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        let count = frame.count
        let source = Buffer(byteCount: max(count, 16))
        let index = Buffer(byteCount: max(count * 4, 16))
        let (from, at) = (source.pointer(as: UInt8.self), index.pointer(as: UInt32.self))
        var parts: [Vector] = []
        var (rest, restFrame) = (Selecting.all(count), frame)
        for branch in branches {
            if rest.count == 0 { break }
            let condition = try branch.condition.value(restFrame).asBoolean
            let taken = Selecting.selectTrue(condition)
            if taken.count == 0 { continue }
            let part = try branch.result.value(
                taken.count == rest.count ? restFrame : Frame(restFrame, taken))
            if taken.count == count, parts.isEmpty { return part.typed(type) }
            Self.note(rest, taken, parts.count, from, at)
            parts.append(part.typed(type))
            rest = Self.remaining(rest, taken)
            restFrame = rest.count == 0 ? frame : Frame(frame, rest)
            if parts.count == 254 { parts = [try merge(parts, from, at, count, rest)] }
        }
        if rest.count > 0 {
            let all = Selecting.all(rest.count)
            if let otherwise {
                let part = try otherwise.value(restFrame).typed(type)
                if rest.count == count { return part }
                Self.note(rest, all, parts.count, from, at)
                parts.append(part)
            } else {
                for i in 0..<rest.count { from[Int(rest.rows[i])] = 255 }
            }
        }
        return Choosing.interleave(parts, source: from, index: at, type: type, count: count)
    }

    /// Puts 254 parts together, so that a CASE may have any number of branches.
    private func merge(
        _ parts: [Vector], _ from: UnsafeMutablePointer<UInt8>, _ at: UnsafeMutablePointer<UInt32>,
        _ count: Int,
        _ rest: Selection
    ) throws -> Vector {
        for i in 0..<rest.count { from[Int(rest.rows[i])] = 255 }
        let merged = Choosing.interleave(parts, source: from, index: at, type: type, count: count)
        for i in 0..<count {
            from[i] = 0
            at[i] = UInt32(i)
        }
        return merged
    }

    private static func note(
        _ rest: Selection, _ taken: Selection, _ part: Int, _ from: UnsafeMutablePointer<UInt8>,
        _ at: UnsafeMutablePointer<UInt32>
    ) {
        let number = UInt8(truncatingIfNeeded: part)
        var i = 0
        while i < taken.count {
            let row = Int(rest.rows[Int(taken.rows[i])])
            from[row] = number
            at[row] = UInt32(truncatingIfNeeded: i)
            i &+= 1
        }
    }

    /// Returns the rows of `rest` that were not taken; `taken` counts within `rest`.
    private static func remaining(_ rest: Selection, _ taken: Selection) -> Selection {
        let buffer = Buffer(byteCount: max((rest.count - taken.count) * 4, 4))
        let out = buffer.pointer(as: UInt32.self)
        var n = 0
        var next = 0
        var i = 0
        while i < rest.count {
            if next < taken.count, Int(taken.rows[next]) == i {
                next &+= 1
            } else {
                out[n] = rest.rows[i]
                n &+= 1
            }
            i &+= 1
        }
        return Selection(rows: out, count: n, owner: buffer)
    }
}

extension Vector {
    /// The vector under `type`: a void vector becomes nulls of it.
    func typed(_ type: DataType) -> Vector {
        self.type == .null && type != .null ? .nulls(type, count: count) : self
    }
}

/// Computes coalesce: each argument only on the rows where all before it are null.
final class CoalesceNode: Node {
    private let arguments: [Node]
    override var cost: Double { arguments.reduce(1) { $0 + $1.cost } }

    init(_ arguments: [Node], _ type: DataType) {
        self.arguments = arguments
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        var result = try arguments[0].value(frame).typed(type)
        for argument in arguments.dropFirst() {
            if !result.hasNulls { break }
            let missing = Selecting.selectTrue(Logic.isNull(result, null: true, count: frame.count))
            if missing.count == 0 { break }
            if missing.count == frame.count {
                result = try argument.value(frame).typed(type)
                continue
            }
            let part = try argument.value(Frame(frame, missing)).typed(type)
            result = fill(result, missing, part, frame.count)
        }
        return result
    }

    private func fill(_ whole: Vector, _ missing: Selection, _ part: Vector, _ count: Int) -> Vector {
        let source = Buffer.zeroed(byteCount: max(count, 16))
        let index = Buffer(byteCount: max(count * 4, 16))
        let (from, at) = (source.pointer(as: UInt8.self), index.pointer(as: UInt32.self))
        var i = 0
        while i < count {
            at[i] = UInt32(truncatingIfNeeded: i)
            i &+= 1
        }
        i = 0
        while i < missing.count {
            let row = Int(missing.rows[i])
            from[row] = 1
            at[row] = UInt32(truncatingIfNeeded: i)
            i &+= 1
        }
        return Choosing.interleave([whole, part], source: from, index: at, type: type, count: count)
    }
}

/// Looks a value up in a list of literals: a sorted array of integers, or hash set of other values.
final class InListNode: FunctionNode {
    private let hasNull: Bool
    private let integers: Set<Int64>?
    private let small: [Int64]
    private let strings: Set<[UInt8]>
    private let lengths: Set<Int>
    private let others: Vector

    init(_ inner: Node, _ list: [Literal]) {
        let present = list.filter { !$0.value.isNull }
        hasNull = present.count != list.count
        var numbers: Set<Int64> = []
        var texts: Set<[UInt8]> = []
        for literal in present {
            switch literal.value {
            case .integer(let value): numbers.insert(value)
            case .decimal(let value): if let narrow = Int64(exactly: value) { numbers.insert(narrow) }
            case .boolean(let value): numbers.insert(value ? 1 : 0)
            case .string(let text): texts.insert(Array(text.utf8))
            case .binary(let bytes): texts.insert(bytes)
            default: break
            }
        }
        let physical = inner.type.physical
        let isInteger = ![.float, .double, .view, .list, .structure, .int128, .null].contains(physical)
        integers = isInteger ? numbers : nil
        small = isInteger && numbers.count <= 8 ? numbers.sorted() : []
        strings = texts
        lengths = Set(texts.map(\.count))
        others = Vector.of(inner.type, present.map(\.value))
        super.init(.boolean, [inner], nulls: .propagates, isDeterministic: true, origin: .none)
    }

    override var ownCost: Double { arguments[0].type.physical == .view ? 15 : 2 }

    override func apply(_ values: [Vector], count: Int) throws -> Vector {
        let input = values[0]
        let buffer = Buffer(byteCount: max(count, 16))
        let out = buffer.pointer(as: UInt8.self)
        switch input.type.physical {
        case .bool: lookUp(input.pointer(as: UInt8.self), count, out)
        case .int8: lookUp(input.pointer(as: Int8.self), count, out)
        case .int16: lookUp(input.pointer(as: Int16.self), count, out)
        case .int32: lookUp(input.pointer(as: Int32.self), count, out)
        case .int64: lookUp(input.pointer(as: Int64.self), count, out)
        case .view: lookUpStrings(input.pointer(as: StringView.self), count, out)
        default:
            for i in 0..<count {
                out[i] =
                    (0..<others.count).contains { Comparing.compareRows(input, i, others, $0) == 0 } ? 1 : 0
            }
        }
        guard hasNull else { return .flat(.boolean, count: count, values: buffer, validity: input.validity) }
        // Not found beside a null: unknown.
        let words = Bitmap.makeWords(count)
        let bits = words.pointer(as: UInt64.self)
        for i in 0..<count where out[i] != 0 && !input.isNull(i) { bits[i >> 6] |= 1 << UInt64(i & 63) }
        return .flat(.boolean, count: count, values: buffer, validity: Bitmap(words, count: count))
    }

    private func lookUp<T: FixedWidthInteger>(
        _ input: UnsafePointer<T>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>
    ) {
        var i = 0
        if let integers, small.isEmpty, !integers.isEmpty {
            while i < count {
                out[i] = integers.contains(Int64(truncatingIfNeeded: input[i])) ? 1 : 0
                i &+= 1
            }
            return
        }
        while i < count {
            out[i] = 0
            i &+= 1
        }
        for wanted in small {
            guard let value = T(exactly: wanted) else { continue }
            i = 0
            while i < count {
                out[i] |= input[i] == value ? 1 : 0
                i &+= 1
            }
        }
    }

    private func lookUpStrings(
        _ input: UnsafePointer<StringView>, _ count: Int, _ out: UnsafeMutablePointer<UInt8>
    ) {
        let views = others.values.map { $0.pointer(as: StringView.self) }
        let total = others.count
        var i = 0
        while i < count {
            out[i] = 0
            if let views, total <= 16 {
                var k = 0
                while k < total {
                    if input[i] == views[k] {
                        out[i] = 1
                        break
                    }
                    k &+= 1
                }
            } else if lengths.contains(input[i].count) {
                out[i] = input[i].withBytes { strings.contains(Array($0)) } ? 1 : 0
            }
            i &+= 1
        }
    }
}
