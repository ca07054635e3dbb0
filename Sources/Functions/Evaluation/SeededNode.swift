import Columns
import Kernels
import Memory
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives the bits of Spark's `XORShiftRandom` (Marsaglia, "Xorshift RNGs", 2003), so that a seed gives the
/// numbers that it gives there.
struct XORShift {
    private var state: Int64
    private var nextNormal: Double?

    init(seed: Int64) {
        // Scala's MurmurHash3.arraySeed begins the hash, whose lower half begins the upper one.
        let bytes = UInt64(bitPattern: seed).byteSwapped
        let low = SparkHash.murmur(bytes, 0x3c07_4a61)
        state = Int64(truncatingIfNeeded: UInt64(SparkHash.murmur(bytes, low)) << 32 | UInt64(low))
    }

    /// Returns the lowest `bits` of the next word, at most 32.
    mutating func next(_ bits: Int) -> Int64 {
        var word = state ^ (state &<< 21)
        word ^= Int64(bitPattern: UInt64(bitPattern: word) >> 35)
        word ^= word &<< 4
        state = word
        return word & ((1 &<< Int64(bits)) &- 1)
    }

    /// Returns a number from 0 to 1, without 1, as `java.util.Random.nextDouble` makes it.
    mutating func uniform() -> Double {
        let high = next(26)
        return Double(high &<< 27 &+ next(27)) * 0x1p-53
    }

    /// Returns a number of the standard normal distribution by Marsaglia's polar method, which makes two.
    mutating func normal() -> Double {
        if let known = nextNormal {
            nextNormal = nil
            return known
        }
        while true {
            let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
            let square = x * x + y * y
            if square >= 1 || square == 0 { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            nextNormal = y * factor
            return x * factor
        }
    }

    /// Returns a digit or a letter.
    mutating func letter() -> UInt8 {
        let number = Int32(truncatingIfNeeded: next(32))
        return Self.letters[Int((number % 62).magnitude)]
    }

    static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
}

/// Draws random values that begin with a seed and the task's place, one after the other over all the rows
/// that it sees, so that the same rows get the same values in every run.
final class SeededNode: Node {
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
    private let seed: Node
    private let task: Int
    private let zone: Zone
    private var random: XORShift?

    override var cost: Double { 10 }

    /// Returns the node of a call that has a seed; nil for all other calls.
    static func of(_ call: FunctionCall, _ arguments: [Node], task: Int, _ zone: Zone) throws -> SeededNode? {
        guard let draw = Draw(rawValue: call.name), arguments.count == draw.inputCount + 1 else { return nil }
        var isConstant = true
        call.arguments[draw.inputCount].forEach { if case .input = $0 { isConstant = false } }
        guard isConstant else {
            throw EngineError.user(
                draw.inputCount == 0
                    ? "SEED_EXPRESSION_IS_UNFOLDABLE" : "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                "The seed of `\(call.name)` must be a constant.",
                remedy: "Write a number, such as 42.")
        }
        return SeededNode(
            draw, Array(arguments.dropLast()), arguments[draw.inputCount], call.type, task, zone)
    }

    private init(
        _ draw: Draw, _ inputs: [Node], _ seed: Node, _ type: DataType, _ task: Int, _ zone: Zone
    ) {
        self.draw = draw
        self.inputs = inputs
        self.seed = seed
        self.task = task
        self.zone = zone
        super.init(type)
    }

    override func compute(_ frame: Frame) throws -> Vector {
        if frame.count == 0 { return .nulls(type, count: 0) }
        var source = try random ?? begin(frame)
        defer { random = source }
        switch draw {
        case .uniform: return Doubles.vector(frame.count) { _ in source.uniform() }
        case .normal: return Doubles.vector(frame.count) { _ in source.normal() }
        case .letters: return try texts(Column(inputs[0].value(frame)), frame.count, &source)
        case .between:
            let bounds = try inputs.map { try $0.value(frame) }
            return try numbers(bounds, frame.count, &source)
        }
    }

    private func begin(_ frame: Frame) throws -> XORShift {
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
