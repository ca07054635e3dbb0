import Columns
import Plans
import Vocabulary

/// Declares the functions of theta sketches, which are those of Apache DataSketches to the bit.
enum ThetaFunctions {
    private static let defaultLogK = 12

    static let aggregates: [AggregateFunction] = [
        AggregateFunction(
            "theta_sketch_agg",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                let type = request.types[0]
                let isKnown =
                    type.isIntegral || type.isFloating || [.string, .binary, .null].contains(type)
                guard isKnown else {
                    throw Signature.mismatch(
                        request, argument: 0,
                        requires:
                            "(\"INT\" or \"BIGINT\" or \"FLOAT\" or \"DOUBLE\" or \"STRING\" or \"BINARY\")")
                }
                return try Signature.of([.any, .int], optional: 1, .binary)(request)
            }, "Makes a theta sketch of the distinct values.", example: "theta_sketch_agg(a)"),
        AggregateFunction(
            "theta_union_agg", typing: Signature.of([.of(.binary), .int], optional: 1, .binary),
            "Unites theta sketches.", example: "theta_union_agg(a)"),
        AggregateFunction(
            "theta_intersection_agg", typing: Signature.of([.of(.binary)], .binary),
            "Returns the theta sketch of the values that all sketches have.",
            example: "theta_intersection_agg(a)"),
    ]

    static let scalars: [ScalarFunction] = [
        ScalarFunction(
            "theta_sketch_estimate", typing: Signature.of([.of(.binary)], .int64),
            "Returns the number of distinct values of a theta sketch.",
            example: "theta_sketch_estimate(a)"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.int64) { row in
                Int64((try sketch(rows, 0, row, call.name, defaultLogK)).estimate.rounded())
            }
        },
        operation("theta_union", "Unites two theta sketches.", takesSize: true) { $0.unite($1) },
        operation("theta_intersection", "Returns the theta sketch of the values that both sketches have.") {
            $0.intersect($1)
        },
        operation("theta_difference", "Returns the theta sketch of the values that the second one lacks.") {
            $0.subtract($1)
        },
    ]

    private static func operation(
        _ name: String, _ summary: String, takesSize: Bool = false,
        _ body: @escaping @Sendable (inout ThetaSketch, ThetaSketch) -> Void
    ) -> ScalarFunction {
        let parameters: [Parameter] = [.of(.binary), .of(.binary)] + (takesSize ? [.int] : [])
        return ScalarFunction(
            name, typing: Signature.of(parameters, optional: takesSize ? 1 : 0, .binary), summary,
            example: "\(name)(a, b)"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in
                let wanted = call.arguments.count > 2 ? rows.integer(2, row) : defaultLogK
                // Only unions are cut to a size.
                let logK = takesSize ? try size(wanted, name) : ThetaSketch.sizes.upperBound
                var left = try sketch(rows, 0, row, name, logK)
                body(&left, try sketch(rows, 1, row, name, logK))
                return left.bytes
            }
        }
    }

    private static func sketch(_ rows: Rows, _ place: Int, _ row: Int, _ name: String, _ logK: Int) throws
        -> ThetaSketch
    {
        guard let sketch = ThetaSketch(rows.columns[place].bytes(row), logK: logK) else {
            throw damaged(name)
        }
        return sketch
    }

    static func damaged(_ name: String) -> EngineError {
        .data(
            "THETA_INVALID_INPUT_SKETCH_BUFFER",
            "A value that `\(name)` got is no theta sketch of Apache DataSketches.")
    }

    /// Checks the logarithm of a sketch's size.
    static func size(_ logK: Int, _ name: String) throws -> Int {
        guard ThetaSketch.sizes.contains(logK) else {
            throw EngineError.user(
                "THETA_INVALID_LG_NOM_ENTRIES",
                "The logarithm of a sketch's size in `\(name)` is from 4 to 26, not \(logK).")
        }
        return logK
    }

    /// Returns the accumulator of one of these functions; nil for other names.
    static func make(_ call: AggregateCall, _ name: String, _ input: DataType) throws -> Accumulator? {
        guard name.hasPrefix("theta_") else { return nil }
        var logK = defaultLogK
        if call.arguments.count > 1 {
            guard case .integer(let value)? = call.arguments[1].literalValue?.value else {
                throw EngineError.user(
                    "THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT",
                    "The size of the sketch in `\(name)` must be a constant.")
            }
            logK = try size(Int(value), name)
        }
        switch name {
        case "theta_sketch_agg": return ThetaAccumulator(.values, name, logK)
        case "theta_union_agg": return ThetaAccumulator(.union, name, logK)
        case "theta_intersection_agg":
            return ThetaAccumulator(.intersection, name, ThetaSketch.sizes.upperBound)
        default: return nil
        }
    }
}

/// Keeps a theta sketch for each group.
final class ThetaAccumulator: SketchAccumulator<ThetaSketch> {
    /// Says what rows are: values, or sketches to unite or intersect.
    enum Kind { case values, union, intersection }

    private let kind: Kind
    private let name: String
    private let logK: Int

    init(_ kind: Kind, _ name: String, _ logK: Int) {
        (self.kind, self.name, self.logK) = (kind, name, logK)
        super.init(empty: ThetaSketch(logK: logK), takesValues: kind == .values)
    }

    override func combine(_ sketch: inout ThetaSketch?, with bytes: [UInt8]) throws {
        guard let other = ThetaSketch(bytes, logK: logK) else { throw ThetaFunctions.damaged(name) }
        if sketch == nil {
            sketch = other
        } else if kind == .intersection {
            sketch?.intersect(other)
        } else {
            sketch?.unite(other)
        }
    }
}
