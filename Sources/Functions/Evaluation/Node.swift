import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Computes one expression over a frame's rows.
class Node {
    let type: DataType
    /// Position among the shared nodes, or nil when the node is used once.
    var slot: Int?
    /// Says that evaluating the node on rows that are not needed can neither fail nor cost much.
    var isHarmless: Bool { false }
    /// Guess of nanoseconds per row, to order conjuncts.
    var cost: Double { 1 }

    init(_ type: DataType) { self.type = type }

    /// Returns the value for every row of the frame.
    final func value(_ frame: Frame) throws -> Vector {
        guard let slot else { return try compute(frame) }
        if let known = frame.value(slot) { return known }
        let result = try compute(frame)
        frame.store(result, slot)
        return result
    }

    func compute(_ frame: Frame) throws -> Vector { .nulls(type, count: frame.count) }
}

/// Reads a column.
final class InputNode: Node {
    private let ordinal: Int
    override var isHarmless: Bool { true }
    override var cost: Double { 0 }

    init(_ ordinal: Int, _ type: DataType) {
        self.ordinal = ordinal
        super.init(type)
    }

    override func compute(_ frame: Frame) -> Vector { frame.column(ordinal) }
}

/// Gives the same value for every row.
final class LiteralNode: Node {
    private let one: Vector
    override var isHarmless: Bool { true }
    override var cost: Double { 0 }

    init(_ literal: Literal) {
        one = Vector.constant(literal, count: 1)
        super.init(literal.type)
    }

    override func compute(_ frame: Frame) -> Vector { one.sliced(from: 0, count: frame.count) }
}

/// Reads a member of a structure.
final class MemberNode: Node {
    private let inner: Node
    private let index: Int
    override var isHarmless: Bool { inner.isHarmless }
    override var cost: Double { inner.cost + 0.5 }

    init(_ inner: Node, _ index: Int, _ type: DataType) {
        self.inner = inner
        self.index = index
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        let whole = try inner.value(frame)
        if whole.isNullConstant { return .nulls(type, count: frame.count) }
        if whole.form == .constant {
            return .constant(whole.children[index].flattened(), count: frame.count)
        }
        let member = whole.children[index].flattened()
        if member.type == .null { return member }
        return Vector.flat(
            member.type, count: member.count, values: member.values,
            validity: Bitmap.intersection(whole.validity, member.validity), heaps: member.heaps,
            children: member.children)
    }
}

/// Evaluates a function of vectors: constants once, dictionaries once per entry, nulls passed on, as the rule
/// says.
class FunctionNode: Node {
    let arguments: [Node]
    private let nulls: NullRule
    private let isDeterministic: Bool
    private let origin: Origin
    /// The last dictionary and what the function made of its entries.
    private var cache: (dictionary: Vector, result: Vector)?
    override var cost: Double { arguments.reduce(ownCost) { $0 + $1.cost } }
    var ownCost: Double { 2 }

    init(
        _ type: DataType, _ arguments: [Node], nulls: NullRule, isDeterministic: Bool, origin: Origin
    ) {
        self.arguments = arguments
        self.origin = origin
        self.nulls = nulls
        self.isDeterministic = isDeterministic
        super.init(type)
    }

    /// Computes the function for flat and constant arguments.
    func apply(_ values: [Vector], count: Int) throws -> Vector { .nulls(type, count: count) }

    final override func compute(_ frame: Frame) throws -> Vector {
        var values: [Vector] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try argument.value(frame)) }
        return try origin.placing { try run(values, count: frame.count) }
    }

    private func run(_ values: [Vector], count: Int) throws -> Vector {
        if count == 0 { return .empty(type) }
        if nulls == .propagates, values.contains(where: { $0.isNullConstant || $0.type == .null }) {
            return .nulls(type, count: count)
        }
        if isDeterministic, !values.isEmpty, values.allSatisfy({ $0.form == .constant }) {
            let ones = values.map { $0.type == .null ? $0 : $0.sliced(from: 0, count: 1).flattened() }
            let one = try applied(ones, count: 1)
            return one.form == .constant ? one.sliced(from: 0, count: count) : .constant(one, count: count)
        }
        if let codes = try onDictionary(values, count: count) { return codes }
        return try applied(values.map { $0.form == .dictionary ? $0.flattened() : $0 }, count: count)
    }

    /// Applies the function. Throws `OUT_OF_MEMORY` where what it makes has no room.
    private func applied(_ values: [Vector], count: Int) throws -> Vector {
        let result = try apply(values, count: count)
        try MadeMemory.check()
        return result
    }

    /// Evaluates a function of one dictionary and constants once per entry. Nil when it does not apply:
    /// several vectors, or an entry that no row may refer to fails.
    private func onDictionary(_ values: [Vector], count: Int) throws -> Vector? {
        guard nulls == .propagates, isDeterministic else { return nil }
        var found: Int?
        for (i, value) in values.enumerated() where value.form != .constant {
            if value.form != .dictionary || found != nil { return nil }
            found = i
        }
        guard let found, let dictionary = values[found].dictionary else { return nil }
        let result: Vector
        if let cache, cache.dictionary === dictionary {
            result = cache.result
        } else {
            if dictionary.count > 2 * count, dictionary.count > 4096 { return nil }
            var entries = values
            entries[found] = dictionary
            guard let fresh = try? applied(entries, count: dictionary.count) else { return nil }
            let flat = fresh.flattened()
            if values.count == 1
                || arguments.enumerated().allSatisfy({ $0.offset == found || $0.element is LiteralNode })
            {
                cache = (dictionary, flat)
            }
            result = flat
        }
        let codes = values[found]
        if result.hasNulls || result.type == .null || result.type.physical != .view {
            // Small values are cheaper to hold flat than as codes.
            let rows = codes.pointer(as: UInt32.self)
            let flat = result.gathered(rows, count: count)
            if flat.type == .null || flat.form == .constant { return flat }
            return .flat(
                type, count: count, values: flat.values,
                validity: Bitmap.intersection(codes.validity, flat.validity), heaps: flat.heaps,
                children: flat.children)
        }
        guard let buffer = codes.values else { return nil }
        return .dictionary(result, codes: buffer, count: count, validity: codes.validity)
    }
}

/// Calls a function of the registry.
final class CallNode: FunctionNode {
    private let function: ScalarFunction
    private let call: FunctionCall
    private let settings: SessionSettings
    private let zone: Zone

    init(
        _ function: ScalarFunction, _ call: FunctionCall, _ arguments: [Node], _ settings: SessionSettings,
        _ zone: Zone
    ) {
        self.function = function
        self.call = call
        self.settings = settings
        self.zone = zone
        super.init(
            call.type, arguments, nulls: function.nulls, isDeterministic: function.isDeterministic,
            origin: call.origin)
    }

    private static let harmless: Set<String> = [
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "null_safe_equal", "is_null",
        "is_not_null", "not",
    ]
    override var isHarmless: Bool {
        CallNode.harmless.contains(call.name)
            && arguments.allSatisfy { $0.isHarmless && $0.type.physical != .list }
    }
    override var ownCost: Double {
        if CallNode.harmless.contains(call.name) {
            return arguments.contains { $0.type.physical == .view } ? 2 : 0.5
        }
        if type.physical == .view || arguments.contains(where: { $0.type.physical == .view }) { return 20 }
        return 2
    }

    override func apply(_ values: [Vector], count: Int) throws -> Vector {
        try function.kernel(
            Invocation(
                name: call.name, arguments: values, count: count, type: type, ansi: call.ansi,
                settings: settings,
                zone: zone))
    }
}

/// Converts a value to another type.
final class CastNode: FunctionNode {
    private let mode: FailureMode
    private let zone: Zone

    init(_ inner: Node, _ type: DataType, _ mode: CastMode, _ zone: Zone, _ origin: Origin) {
        self.zone = zone
        self.mode =
            switch mode {
            case .ansi: .error
            case .legacy: .legacy
            case .try: .null
            }
        super.init(type, [inner], nulls: .propagates, isDeterministic: true, origin: origin)
    }

    override var ownCost: Double { arguments[0].type.physical == .view || type.physical == .view ? 20 : 1.5 }

    override func apply(_ values: [Vector], count: Int) throws -> Vector {
        try Casting.cast(values[0], to: type, mode: mode, zone: zone)
    }
}
