import Columns
import Kernels
import Plans
import Vocabulary

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

/// Declares the random functions. `RandomNode` draws the values of all but `uuid`.
enum RandomFunctions {
    static let all: [ScalarFunction] = [
        drawn(
            "rand", aliases: ["random"], typing: Signature.of([.long], optional: 1, .double),
            "Returns a random number from 0 to 1; of a seed, Spark's numbers.", example: "rand()"),
        drawn(
            "randn", typing: Signature.of([.long], optional: 1, .double),
            "Returns a random number of the standard normal distribution; of a seed, Spark's numbers.",
            example: "randn()"),
        drawn(
            "uniform", typing: uniformTyping,
            "Returns a random number between two bounds; of a seed, Spark's numbers.",
            example: "uniform(1, 10)"),
        drawn(
            "randstr", typing: Signature.of([.int, .long], optional: 1, .string),
            "Returns a random text of letters and digits.", example: "randstr(5)"),
        ScalarFunction(
            "uuid", typing: Signature.of([], .string), nulls: .handled, isDeterministic: false,
            "Returns a random UUID.",
            example: "uuid()"
        ) { call in
            var random = RandomSource()
            let builder = ViewBuilder(count: call.count)
            for row in 0..<call.count {
                guard let text = builder.reserve(36) else { break }
                // Version 4, variant 1 (RFC 9562 §5.4).
                let high = random.next() & ~0xF000 | 0x4000
                let low = random.next() >> 2 | 1 << 63
                UUIDText.write(high, low, to: text.assumingMemoryBound(to: UInt8.self))
                builder.share(StringView(text, count: 36), row)
            }
            return builder.finish(.string, validity: nil)
        },
    ]

    private static func drawn(
        _ name: String, aliases: [String] = [], typing: @escaping @Sendable (TypingRequest) throws -> Typing,
        _ summary: String, example: String
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: typing, nulls: .handled, isDeterministic: false, summary,
            example: example
        ) { call in
            throw EngineError.internal("\(call.name) was called without its node")
        }
    }

    @Sendable private static func uniformTyping(_ request: TypingRequest) throws -> Typing {
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
    }

    /// Returns how many letters a row's random text has; throws where that is no length.
    static func length(_ lengths: Column, _ row: Int) throws -> Int {
        let length = lengths.integer(row)
        guard (0...1_000_000).contains(length) else {
            throw Failure.invalidArgument("randstr", "the length is \(length)")
        }
        return length
    }
}

/// Writes UUIDs as text.
private enum UUIDText {
    /// Writes the 36 characters of the UUID whose halves are given.
    static func write(_ high: UInt64, _ low: UInt64, to out: UnsafeMutablePointer<UInt8>) {
        let digits = Hexadecimal.lower
        var at = 0
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                out[at] = 45
                at &+= 1
            }
            let half = digit < 16 ? high : low
            out[at] = digits[Int(half &>> UInt64(60 &- digit % 16 &* 4) & 15)]
            at &+= 1
        }
    }
}
