import Columns
import Kernels
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Gives random bits fast: xoshiro256++ (Blackman and Vigna, 2021), begun with bits of the system. It guards
/// no secrets.
struct RandomSource: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init() {
        var system = SystemRandomNumberGenerator()
        state = (system.next(), system.next(), system.next(), system.next() | 1)
    }

    mutating func next() -> UInt64 {
        func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value &<< by | value &>> (64 &- by) }
        let result = rotate(state.0 &+ state.3, 23) &+ state.0
        let shifted = state.1 &<< 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }
}

/// Declares further random functions and those that tell of the session and the program.
enum RandomFunctions {
    /// The name of the user whose process this is.
    private static func userName() -> String {
        if geteuid() == 0 { return "root" }
        return getenv("USER").map { String(cString: $0) } ?? "\(geteuid())"
    }

    /// Returns how many letters a row's random text has; throws where that is no length.
    static func length(_ lengths: Column, _ row: Int) throws -> Int {
        let length = lengths.integer(row)
        guard (0...1_000_000).contains(length) else {
            throw Failure.invalidArgument("randstr", "the length is \(length)")
        }
        return length
    }

    static let all: [ScalarFunction] = [
        ScalarFunction(
            "randn", typing: Signature.of([.long], optional: 1, .double), nulls: .handled,
            isDeterministic: false,
            "Returns a random number of the standard normal distribution; of a seed, Spark's numbers.",
            example: "randn()"
        ) { call in
            // Box and Muller's method.
            var random = RandomSource()
            return Doubles.vector(call.count) { _ in
                let uniform = Double.random(in: Double.leastNormalMagnitude..<1, using: &random)
                return (-2 * log(uniform)).squareRoot()
                    * cos(2 * Double.pi * Double.random(in: 0..<1, using: &random))
            }
        },
        ScalarFunction(
            "uniform",
            typing: { request in
                try Signature.checkCount(request, 2...3)
                let (low, high) = (request.types[0], request.types[1])
                if let place = [low, high].firstIndex(where: { !$0.isNumeric && $0 != .null }) {
                    throw Signature.mismatch(request, argument: place, requires: "\"NUMERIC\"")
                }
                // A whole bound takes the other one's decimals.
                let common =
                    low.isDecimal && high.isIntegral
                    ? low
                    : high.isDecimal && low.isIntegral
                        ? high : Coercion.commonNumericType(low, high) ?? .double
                let number: DataType = common.isIntegral ? .int64 : .double
                return Typing([number, number] + request.types.dropFirst(2).map { _ in .int64 }, common)
            }, nulls: .handled, isDeterministic: false,
            "Returns a random number between two bounds; of a seed, Spark's numbers.",
            example: "uniform(1, 10)"
        ) { call in
            let (low, high) = (Column(call[0]), Column(call[1]))
            let numbers = (0..<call.count).map { row -> Scalar in
                if low.isNull(row) || high.isNull(row) { return .null }
                if call[0].type == .int64 {
                    let (a, b) = (low.integer(row), high.integer(row))
                    return .integer(Int64(a == b ? a : Int.random(in: min(a, b)..<max(a, b))))
                }
                let (a, b) = (low.double(row), high.double(row))
                return .double(a == b ? a : Double.random(in: min(a, b)..<max(a, b)))
            }
            return try Casting.cast(.of(call[0].type, numbers), to: call.type, mode: .legacy, zone: call.zone)
        },
        ScalarFunction(
            "randstr", typing: Signature.of([.int, .long], optional: 1, .string), nulls: .handled,
            isDeterministic: false, "Returns a random text of letters and digits.", example: "randstr(5)"
        ) { call in
            let lengths = Column(call[0])
            var random = RandomSource()
            return .of(
                .string,
                try (0..<call.count).map { row in
                    if lengths.isNull(row) { return .null }
                    let bytes = (0..<(try length(lengths, row))).map { _ in
                        XORShift.letters.randomElement(using: &random) ?? 48
                    }
                    return .string(String(decoding: bytes, as: UTF8.self))
                })
        },
        ScalarFunction(
            RowNumberNode.function, typing: Signature.of([], .int64), nulls: .handled,
            isDeterministic: false, "Numbers rows, in other ranges in each task.",
            example: "monotonically_increasing_id()"
        ) { call in
            throw EngineError.internal("\(call.name) was called outside of a task's rows")
        },
        ScalarFunction(
            "spark_partition_id", typing: Signature.of([], .int32), nulls: .handled, isDeterministic: false,
            "Returns the place of the row's task among those of its stage.", example: "spark_partition_id()"
        ) { call in
            .constant(.int32(Int32(clamping: call.settings.taskIndex)), count: call.count)
        },
        ScalarFunction(
            "current_database", aliases: ["current_schema"], typing: Signature.of([], .string),
            "Returns the name of the database in use.", example: "current_database()"
        ) { .constant(.string("default"), count: $0.count) },
        ScalarFunction(
            "current_user", aliases: ["user", "session_user"], typing: Signature.of([], .string),
            "Returns the name of the user whose program plans the statement.", example: "current_user()"
        ) { .constant(.string(userName()), count: $0.count) },
        ScalarFunction(
            "current_catalog", typing: Signature.of([], .string), "Returns the name of the catalog in use.",
            example: "current_catalog()"
        ) { .constant(.string("spark_catalog"), count: $0.count) },
        ScalarFunction(
            "version", typing: Signature.of([], .string), "Returns Millrace's version.",
            example: "version()"
        ) { .constant(.string("Millrace \(ProgramVersion.text)"), count: $0.count) },
    ]
}
