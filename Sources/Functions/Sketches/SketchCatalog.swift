import Columns
import Plans
import Vocabulary

/// Lists the aggregate functions that make sketches.
enum SketchCatalog {
    static let all: [AggregateFunction] =
        ThetaFunctions.aggregates + HLLFunctions.aggregates + KLLFunctions.aggregates + [
            AggregateFunction(
                "count_min_sketch",
                typing: { request in
                    let typing = try Signature.of([.any, .double, .double, .long], .binary)(request)
                    guard let type = request.types.first,
                        type.isIntegral || type == .string || type == .binary || type == .null
                    else {
                        throw Signature.mismatch(
                            request, argument: 0, requires: "(\"INTEGRAL\" or \"STRING\" or \"BINARY\")")
                    }
                    return typing
                }, "Counts values approximately, in the bytes of Spark's count-min sketch.",
                example: "hex(count_min_sketch(a, 0.5, 0.5, 1))"),
            AggregateFunction(
                "approx_top_k",
                typing: { request in
                    let types = try Signature.of([.any, .int, .int], optional: 2, .null)(request).arguments
                    let fields = [Field("item", types[0]), Field("count", .int64)]
                    return Typing(types, .array(.structure(fields), containsNull: false))
                }, "Returns the most frequent values with their counts; exact here.",
                example: "approx_top_k(a, 5)"),
        ]

    /// Returns the accumulator of one of these functions; nil for other names.
    static func make(_ call: AggregateCall, _ name: String, _ input: DataType) throws -> Accumulator? {
        switch name {
        case "count_min_sketch":
            return CountMinAccumulator(
                try CountMinSketch(
                    error: try number(call, 1, "eps"), confidence: try number(call, 2, "confidence"),
                    seed: try whole(call, 3, "seed")))
        case "approx_top_k":
            let wanted = call.arguments.count > 1 ? Int(try whole(call, 1, "k")) : 5
            let tracked = call.arguments.count > 2 ? Int(try whole(call, 2, "maxItemsTracked")) : 10_000
            return try FrequentValues.accumulator(call, input, wanted: wanted, tracked: tracked)
        default:
            return try ThetaFunctions.make(call, name, input) ?? HLLFunctions.make(call, name)
                ?? KLLFunctions.make(call, name)
        }
    }

    private static func number(_ call: AggregateCall, _ place: Int, _ name: String) throws -> Double {
        switch try constant(call, place, name) {
        case .double(let value): return value
        case .integer(let value): return Double(value)
        default: throw isNull(call, name)
        }
    }

    private static func whole(_ call: AggregateCall, _ place: Int, _ name: String) throws -> Int64 {
        guard case .integer(let value) = try constant(call, place, name) else { throw isNull(call, name) }
        return value
    }

    private static func constant(_ call: AggregateCall, _ place: Int, _ name: String) throws -> Scalar {
        if let literal = call.arguments[place].literalValue { return literal.value }
        throw EngineError.user(
            "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
            "The argument \(name) of `\(call.function)` must be a constant.")
    }

    private static func isNull(_ call: AggregateCall, _ name: String) -> EngineError {
        .user(
            "DATATYPE_MISMATCH.UNEXPECTED_NULL",
            "The argument \(name) of `\(call.function)` must not be null.")
    }
}
