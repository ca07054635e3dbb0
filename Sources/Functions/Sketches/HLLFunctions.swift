import Columns
import Plans
import Vocabulary

/// Declares the functions of HyperLogLog sketches, the bytes of which are those of Apache DataSketches.
enum HLLFunctions {
    static let defaultLogK = 12

    static let aggregates: [AggregateFunction] = [
        AggregateFunction(
            "hll_sketch_agg",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                guard [.int32, .int64, .string, .binary, .null].contains(request.types[0]) else {
                    throw Signature.mismatch(
                        request, argument: 0, requires: "(\"INT\" or \"BIGINT\" or \"STRING\" or \"BINARY\")")
                }
                return try Signature.of([.any, .int], optional: 1, .binary)(request)
            }, "Makes a HyperLogLog sketch of the distinct values.", example: "hll_sketch_agg(a)"),
        AggregateFunction(
            "hll_union_agg", typing: Signature.of([.of(.binary), .of(.boolean)], optional: 1, .binary),
            "Unites HyperLogLog sketches.", example: "hll_union_agg(a)"),
    ]

    static let scalars: [ScalarFunction] = [
        ScalarFunction(
            "hll_sketch_estimate", typing: Signature.of([.of(.binary)], .int64),
            "Returns the number of distinct values of a HyperLogLog sketch.",
            example: "hll_sketch_estimate(a)"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.int64) { row in
                Int64(exactly: try sketch(rows.columns[0].bytes(row), call.name).estimate.rounded()) ?? 0
            }
        },
        ScalarFunction(
            "hll_union",
            typing: Signature.of([.of(.binary), .of(.binary), .of(.boolean)], optional: 1, .binary),
            "Unites two HyperLogLog sketches.", example: "hll_union(a, b)"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in
                let left = try sketch(rows.columns[0].bytes(row), call.name)
                let right = try sketch(rows.columns[1].bytes(row), call.name)
                let mayDiffer = call.arguments.count > 2 && rows.integer(2, row) != 0
                if !mayDiffer { try checkSame(left.logK, right.logK, call.name) }
                var union = HLLSketch(logK: min(left.logK, right.logK))
                union.unite(left)
                union.unite(right)
                return union.bytes
            }
        },
    ]

    /// Reads a sketch that a function got.
    static func sketch(_ bytes: [UInt8], _ name: String) throws -> HLLSketch {
        if let sketch = HLLSketch(bytes) { return sketch }
        throw EngineError.data(
            "HLL_INVALID_INPUT_SKETCH_BUFFER",
            "A value that `\(name)` got is no HyperLogLog sketch of Apache DataSketches.")
    }

    /// Refuses two sketches of different sizes.
    static func checkSame(_ left: Int, _ right: Int, _ name: String) throws {
        if left == right { return }
        throw EngineError.data(
            "HLL_UNION_DIFFERENT_LG_K",
            "The sketches that `\(name)` got are of 2^\(left) and 2^\(right) registers. "
                + "With true as last argument it unites them.")
    }

    /// Returns the accumulator of one of these functions; nil for other names.
    static func make(_ call: AggregateCall, _ name: String) throws -> Accumulator? {
        let constant = call.arguments.count > 1 ? call.arguments[1].literalValue : nil
        switch name {
        case "hll_sketch_agg":
            if call.arguments.count == 1 { return HLLAccumulator(name, logK: defaultLogK) }
            guard let constant else {
                throw EngineError.user(
                    "HLL_K_MUST_BE_CONSTANT", "The size of the sketch in `\(name)` must be a constant.")
            }
            var logK = 0
            if case .integer(let value) = constant.value { logK = Int(value) }
            guard HLLSketch.sizes.contains(logK) else {
                throw EngineError.user(
                    "HLL_INVALID_LG_K",
                    "The logarithm of a sketch's size in `\(name)` is from 4 to 21, not \(logK).")
            }
            return HLLAccumulator(name, logK: logK)
        case "hll_union_agg":
            guard call.arguments.count == 1 || constant != nil else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                    "The argument allowDifferentLgConfigK of `\(name)` must be a constant.")
            }
            if case .boolean(true)? = constant?.value { return HLLAccumulator(name, mayDiffer: true) }
            return HLLAccumulator(name, mayDiffer: false)
        default: return nil
        }
    }
}

/// Keeps a HyperLogLog sketch for each group.
final class HLLAccumulator: SketchAccumulator<HLLSketch> {
    private let name: String
    private let mayDiffer: Bool

    init(_ name: String, logK: Int) {
        (self.name, mayDiffer) = (name, false)
        super.init(empty: HLLSketch(logK: logK), takesValues: true)
    }

    /// Unites sketches.
    init(_ name: String, mayDiffer: Bool) {
        (self.name, self.mayDiffer) = (name, mayDiffer)
        super.init(empty: HLLSketch(logK: HLLFunctions.defaultLogK), takesValues: false)
    }

    override func combine(_ sketch: inout HLLSketch?, with bytes: [UInt8]) throws {
        let other = try HLLFunctions.sketch(bytes, name)
        if !mayDiffer, let sketch { try HLLFunctions.checkSame(sketch.logK, other.logK, name) }
        if sketch == nil { sketch = HLLSketch(logK: other.logK) }
        sketch?.unite(other)
    }
}
