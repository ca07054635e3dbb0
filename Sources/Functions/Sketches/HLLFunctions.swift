import Columns
import Plans
import Vocabulary

/// Declares the functions of HyperLogLog sketches, the bytes of which are those of Apache DataSketches.
enum HLLFunctions {
    private static let defaultLogK = 12

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
final class HLLAccumulator: Accumulator {
    private let name: String
    /// The size of sketches of values; nil for sketches to unite, which have their own.
    private let logK: Int?
    private let mayDiffer: Bool
    /// Nil before the first row.
    private var sketches: [HLLSketch?] = []

    init(_ name: String, logK: Int) {
        (self.name, self.logK, mayDiffer) = (name, logK, false)
        super.init(stateTypes: [.binary], type: .binary)
    }

    /// Unites sketches.
    init(_ name: String, mayDiffer: Bool) {
        (self.name, logK, self.mayDiffer) = (name, nil, mayDiffer)
        super.init(stateTypes: [.binary], type: .binary)
    }

    override var memoryBytes: Int { sketches.reduce(0) { $0 + 16 + ($1?.memoryBytes ?? 0) } }

    override func resize(groups: Int) {
        while sketches.count < groups { sketches.append(nil) }
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let values = arguments[0].flattened()
        if values.type == .null || values.isNullConstant { return }
        guard let logK else { return try combine(groups, values, count) }
        let column = Column(values)
        let isText = values.type.physical == .view
        for row in 0..<count where !values.isNull(row) {
            let group = Int(groups[row])
            var sketch = sketches[group] ?? HLLSketch(logK: logK)
            sketches[group] = nil
            if isText {
                let bytes = column.bytes(row)
                if !bytes.isEmpty { sketch.add(SketchHash.halves(bytes)) }
            } else {
                sketch.add(SketchHash.halves(UInt64(bitPattern: Int64(column.integer(row)))))
            }
            sketches[group] = sketch
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        let values = states[0].flattened()
        if values.isNullConstant { return }
        try combine(groups, values, count)
    }

    private func combine(_ groups: UnsafePointer<UInt32>, _ values: Vector, _ count: Int) throws {
        let column = Column(values)
        for row in 0..<count where !values.isNull(row) {
            let group = Int(groups[row])
            let other = try HLLFunctions.sketch(column.bytes(row), name)
            var sketch = sketches[group] ?? HLLSketch(logK: other.logK)
            sketches[group] = nil
            if !mayDiffer { try HLLFunctions.checkSame(sketch.logK, other.logK, name) }
            sketch.unite(other)
            sketches[group] = sketch
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { $0.map { .binary($0.bytes) } ?? .null })]
    }

    override func results(from: Int, count: Int) throws -> [Vector] {
        let empty = HLLSketch(logK: logK ?? 12)
        return [.of(.binary, sketches[from..<(from + count)].map { .binary(($0 ?? empty).bytes) })]
    }
}
