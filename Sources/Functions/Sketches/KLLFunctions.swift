import Columns
import Plans
import Vocabulary

/// Declares the functions of KLL sketches, the bytes of which are those of Apache DataSketches.
enum KLLFunctions {
    static let aggregates: [AggregateFunction] = KLLSketch.Kind.allCases.map { kind in
        AggregateFunction(
            "kll_sketch_agg_\(kind.rawValue)",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                guard request.types[0] == .null || takes(request.types[0], kind) else {
                    throw Signature.mismatch(request, argument: 0, requires: wanted(kind))
                }
                if request.types.count > 1, request.types[1] != .null, !request.types[1].isIntegral {
                    throw Signature.mismatch(request, argument: 1, requires: "\"INT\"")
                }
                return Typing(
                    [request.types[0]] + request.types.dropFirst().map { _ in .int32 }, .binary)
            }, "Makes a KLL sketch of the values, of which it tells quantiles.",
            example: "kll_sketch_agg_\(kind.rawValue)(a)")
    }

    static let scalars: [ScalarFunction] = KLLSketch.Kind.allCases.flatMap { kind in
        [
            ScalarFunction(
                "kll_sketch_get_n_\(kind.rawValue)", typing: Signature.of([.of(.binary)], .int64),
                "Returns the number of values that went into a KLL sketch.",
                example: "kll_sketch_get_n_\(kind.rawValue)(a)"
            ) { call in
                let rows = Rows(call)
                return try rows.build(.int64) { try sketch(rows, 0, $0, call.name, kind).count }
            },
            ScalarFunction(
                "kll_sketch_to_string_\(kind.rawValue)", typing: Signature.of([.of(.binary)], .string),
                "Returns a KLL sketch's properties in words.",
                example: "kll_sketch_to_string_\(kind.rawValue)(a)"
            ) { call in
                let rows = Rows(call)
                return try rows.bytes(.string) {
                    Array(try sketch(rows, 0, $0, call.name, kind).summary.utf8)
                }
            },
            ScalarFunction(
                "kll_sketch_merge_\(kind.rawValue)",
                typing: Signature.of([.of(.binary), .of(.binary)], .binary), "Unites two KLL sketches.",
                example: "kll_sketch_merge_\(kind.rawValue)(a, b)"
            ) { call in
                let rows = Rows(call)
                return try rows.bytes(.binary) { row in
                    var left = try sketch(rows, 0, row, call.name, kind)
                    left.merge(try sketch(rows, 1, row, call.name, kind))
                    return left.bytes
                }
            },
            quantile(kind), rank(kind),
        ]
    }

    private static func quantile(_ kind: KLLSketch.Kind) -> ScalarFunction {
        ScalarFunction(
            "kll_sketch_get_quantile_\(kind.rawValue)", typing: typing(asked: .double, type(kind)),
            "Returns the least value up to which a share of a KLL sketch's values reaches.",
            example: "kll_sketch_get_quantile_\(kind.rawValue)(a, 0.5)"
        ) { call in
            try answers(call, kind, type(kind)) { sketch, asked in
                let ranks = try asked.map { value -> Double in
                    // As in Spark, a null in an array counts as 0.
                    guard case .double(let rank) = value else { return 0 }
                    guard rank >= 0, rank <= 1 else {
                        throw EngineError.user(
                            "KLL_SKETCH_INVALID_QUANTILE_RANGE",
                            "The rank that `\(call.name)` takes is between 0.0 and 1.0, not \(rank).")
                    }
                    return rank
                }
                return sketch.quantiles(ranks).map { item in
                    switch kind {
                    case .bigint: .integer(item)
                    case .double: .double(KLLSketch.number(item))
                    case .float: .float(Float(KLLSketch.number(item)))
                    }
                }
            }
        }
    }

    private static func rank(_ kind: KLLSketch.Kind) -> ScalarFunction {
        ScalarFunction(
            "kll_sketch_get_rank_\(kind.rawValue)", typing: typing(asked: type(kind), .double),
            "Returns the share of a KLL sketch's values that do not exceed a value.",
            example: "kll_sketch_get_rank_\(kind.rawValue)(a, 5)"
        ) { call in
            try answers(call, kind, .double) { sketch, asked in
                let items = asked.map { value -> Int64 in
                    switch value {
                    case .integer(let value): value
                    // -0.0 and 0.0 are one value.
                    case .double(let value): KLLSketch.item(value + 0) ?? .max
                    case .float(let value): KLLSketch.item(Double(value) + 0) ?? .max
                    default: 0
                    }
                }
                return sketch.ranks(items).map { .double($0) }
            }
        }
    }

    // MARK: Types

    private static func type(_ kind: KLLSketch.Kind) -> DataType {
        switch kind {
        case .bigint: .int64
        case .double: .double
        case .float: .float
        }
    }

    private static func takes(_ type: DataType, _ kind: KLLSketch.Kind) -> Bool {
        switch kind {
        case .bigint: type.isIntegral
        case .double: type.isFloating
        case .float: type == .float
        }
    }

    private static func wanted(_ kind: KLLSketch.Kind) -> String {
        switch kind {
        case .bigint: "(\"TINYINT\" or \"INT\" or \"BIGINT\" or \"SMALLINT\")"
        case .double: "(\"FLOAT\" or \"DOUBLE\")"
        case .float: "\"FLOAT\""
        }
    }

    /// Types a function that asks a sketch for one value or an array of them.
    private static func typing(asked: DataType, _ answer: DataType) -> Signature.Rule {
        let parameter: Parameter = asked == .int64 ? .long : asked == .double ? .double : .of(asked)
        let single = Signature.of([.of(.binary), parameter], answer)
        return { request in
            guard request.types.count == 2, case .array(let element, let containsNull) = request.types[1]
            else { return try single(request) }
            guard element.isNumeric || element == .null else {
                throw Signature.mismatch(
                    request, argument: 1,
                    requires: "(\"\(asked.sqlName)\" or \"ARRAY<\(asked.sqlName)>\")")
            }
            return Typing(
                [.binary, .array(asked, containsNull: containsNull)], .array(answer, containsNull: false))
        }
    }

    // MARK: Rows

    /// Asks each row's sketch for its value, or for those of its array.
    private static func answers(
        _ call: Invocation, _ kind: KLLSketch.Kind, _ type: DataType,
        _ body: (KLLSketch, [Scalar]) throws -> [Scalar]
    ) throws -> Vector {
        let rows = Rows(call)
        let asked = call.arguments[1].flattened()
        var isArray = false
        if case .array = call.arguments[1].type { isArray = true }
        var values = [Scalar](repeating: .null, count: rows.count)
        try rows.each { row in
            let value = asked.scalar(at: row)
            if value.isNull { return }
            let sketch = try sketch(rows, 0, row, call.name, kind)
            if sketch.count == 0 {
                throw EngineError.data(
                    "KLL_SKETCH_INVALID_INPUT", "The sketch that `\(call.name)` got has no values.")
            }
            if case .array(let list) = value {
                values[row] = .array(try body(sketch, list))
            } else {
                values[row] = try body(sketch, [value])[0]
            }
        }
        return .of(isArray ? .array(type, containsNull: false) : type, values)
    }

    private static func sketch(
        _ rows: Rows, _ place: Int, _ row: Int, _ name: String, _ kind: KLLSketch.Kind
    ) throws -> KLLSketch {
        if let sketch = KLLSketch(kind, rows.columns[place].bytes(row)) { return sketch }
        throw EngineError.data(
            "KLL_SKETCH_INVALID_INPUT", "A value that `\(name)` got is no KLL sketch of Apache DataSketches.")
    }

    // MARK: Aggregates

    /// Returns the accumulator of one of these functions; nil for other names.
    static func make(_ call: AggregateCall, _ name: String) throws -> Accumulator? {
        guard let kind = KLLSketch.Kind.allCases.first(where: { name == "kll_sketch_agg_\($0.rawValue)" })
        else { return nil }
        var size = KLLSketch.defaultSize
        if call.arguments.count > 1 {
            guard let literal = call.arguments[1].literalValue else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The argument k of `\(name)` must be a constant.")
            }
            guard case .integer(let value) = literal.value else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.UNEXPECTED_NULL", "The argument k of `\(name)` must not be null.")
            }
            guard KLLSketch.sizes.contains(Int(value)) else {
                throw EngineError.user(
                    "DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT",
                    "The argument k of `\(name)` is from 8 to 65535, not \(value).")
            }
            size = Int(value)
        }
        return KLLAccumulator(KLLSketch(kind, size: size))
    }
}

/// Keeps a KLL sketch for each group.
final class KLLAccumulator: Accumulator {
    private let empty: KLLSketch
    private var sketches: [KLLSketch] = []

    init(_ empty: KLLSketch) {
        self.empty = empty
        super.init(stateTypes: [.binary], type: .binary)
    }

    override var memoryBytes: Int { sketches.reduce(0) { $0 + $1.memoryBytes } }

    override func resize(groups: Int) {
        while sketches.count < groups { sketches.append(empty) }
    }

    override func update(groups: UnsafePointer<UInt32>, arguments: [Vector], count: Int) throws {
        let values = arguments[0].flattened()
        if values.type == .null || values.isNullConstant { return }
        let column = Column(values)
        if values.type.isFloating {
            for row in 0..<count where !values.isNull(row) {
                if let item = KLLSketch.item(column.double(row)) { sketches[Int(groups[row])].add(item) }
            }
        } else {
            for row in 0..<count where !values.isNull(row) {
                sketches[Int(groups[row])].add(Int64(column.integer(row)))
            }
        }
    }

    override func merge(groups: UnsafePointer<UInt32>, states: [Vector], count: Int) throws {
        let values = states[0].flattened()
        if values.isNullConstant { return }
        let column = Column(values)
        for row in 0..<count where !values.isNull(row) {
            guard let other = KLLSketch(empty.kind, column.bytes(row)) else {
                throw EngineError.internal("a partial KLL sketch that cannot be read")
            }
            sketches[Int(groups[row])].merge(other)
        }
    }

    override func states(from: Int, count: Int) -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { .binary($0.bytes) })]
    }

    override func results(from: Int, count: Int) throws -> [Vector] {
        [.of(.binary, sketches[from..<(from + count)].map { .binary($0.bytes) })]
    }
}
