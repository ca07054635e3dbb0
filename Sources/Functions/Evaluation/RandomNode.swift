import Columns
import Kernels
import Plans
import Vocabulary

/// Draws random values, one after the other over all the rows that it sees. They begin with a seed and the
/// task's place, so that the same rows get the same values in every run; without a seed, with bits of the
/// system that are taken as the node is made, so that every run and every task gets others.
final class RandomNode: Node {
    /// What is drawn.
    enum Draw: String {
        case uniform = "rand"
        case normal = "randn"
        /// Between two bounds.
        case between = "uniform"
        case letters = "randstr"

        /// How many arguments stand before the seed.
        var inputCount: Int {
            switch self {
            case .uniform, .normal: 0
            case .letters: 1
            case .between: 2
            }
        }
    }

    private let draw: Draw
    private let inputs: [Node]
    /// The seed that was written, if one was.
    private let seed: Node?
    private let task: Int
    private let zone: Zone
    private let origin: Origin
    private var random: XORShift?

    override var cost: Double { 10 }

    /// Returns the node of a call that draws; nil for all other calls. Throws where the seed is no constant.
    static func of(_ call: FunctionCall, _ arguments: [Node], task: Int, _ zone: Zone) throws -> RandomNode? {
        guard let draw = Draw(rawValue: call.name), arguments.count >= draw.inputCount else { return nil }
        for seed in call.arguments.dropFirst(draw.inputCount) { try checkSeed(seed, of: call, draw) }
        return RandomNode(draw, call, arguments, task, zone)
    }

    private static func checkSeed(_ seed: Expression, of call: FunctionCall, _ draw: Draw) throws {
        var isConstant = true
        seed.forEach { if case .input = $0 { isConstant = false } }
        if isConstant { return }
        throw EngineError.user(
            draw.inputCount == 0 ? "SEED_EXPRESSION_IS_UNFOLDABLE" : "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
            "The seed of `\(call.name)` must be a constant.",
            remedy: "Write a number, such as 42.")
    }

    private init(_ draw: Draw, _ call: FunctionCall, _ arguments: [Node], _ task: Int, _ zone: Zone) {
        self.draw = draw
        inputs = Array(arguments.prefix(draw.inputCount))
        seed = arguments.dropFirst(draw.inputCount).first
        self.task = task
        self.zone = zone
        origin = call.origin
        if seed == nil { random = XORShift(seed: .random(in: .min ... .max)) }
        super.init(call.type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        if frame.count == 0 { return .nulls(type, count: 0) }
        var source = try random ?? begin(frame)
        defer { random = source }
        switch draw {
        case .uniform: return Doubles.vector(frame.count) { _ in source.uniform() }
        case .normal: return Doubles.vector(frame.count) { _ in source.normal() }
        case .letters, .between:
            let given = try inputs.map { try flat($0.value(frame)) }
            return try origin.placing {
                if draw == .letters { return try texts(Column(given[0]), frame.count, &source) }
                return try numbers(given, frame.count, &source)
            }
        }
    }

    private func flat(_ vector: Vector) -> Vector {
        vector.form == .dictionary ? vector.flattened() : vector
    }

    private func begin(_ frame: Frame) throws -> XORShift {
        guard let seed else { throw EngineError.internal("a draw without a seed has not begun") }
        let column = Column(try seed.value(frame))
        let start = column.isNull(0) ? 0 : Int64(column.integer(0))
        return XORShift(seed: start &+ Int64(task))
    }

    private func numbers(_ bounds: [Vector], _ count: Int, _ source: inout XORShift) throws -> Vector {
        let columns = bounds.map(Column.init)
        func number(_ place: Int, _ row: Int) -> Double {
            bounds[place].type == .int64 ? Double(columns[place].integer(row)) : columns[place].double(row)
        }
        let drawn = (0..<count).map { row -> Scalar in
            let share = source.uniform()
            if columns[0].isNull(row) || columns[1].isNull(row) { return .null }
            let (low, high) = (number(0, row), number(1, row))
            return .double(low + (high - low) * share)
        }
        return try Casting.cast(.of(.double, drawn), to: type, mode: .legacy, zone: zone)
    }

    private func texts(_ lengths: Column, _ count: Int, _ source: inout XORShift) throws -> Vector {
        .of(
            .string,
            try (0..<count).map { row in
                if lengths.isNull(row) { return .null }
                let length = try RandomFunctions.length(lengths, row)
                let bytes = (0..<length).map { _ in source.letter() }
                return .string(String(decoding: bytes, as: UTF8.self))
            })
    }
}
