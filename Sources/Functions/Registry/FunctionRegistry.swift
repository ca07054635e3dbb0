import Columns
import Kernels
import Plans
import Vocabulary

/// Describes a call to the rule that finds its types.
package struct TypingRequest {
    /// Canonical name of the function.
    package let name: String
    package let types: [DataType]
    /// The value of each argument that is a literal.
    package let literals: [Literal?]
    package let settings: SessionSettings

    var ansi: Bool { settings.ansi }
    var allowPrecisionLoss: Bool {
        settings.options["spark.sql.decimalOperations.allowPrecisionLoss"]?.lowercased() != "false"
    }
}

/// Holds the types that a call's arguments are cast to, and the type of its result.
package struct Typing: Sendable {
    package var arguments: [DataType]
    package var result: DataType

    init(_ arguments: [DataType], _ result: DataType) {
        self.arguments = arguments
        self.result = result
    }
}

/// Holds what the evaluator gives to a kernel for one batch.
package struct Invocation {
    package let name: String
    /// Flat or constant vectors, cast to the types that typing gave.
    package let arguments: [Vector]
    package let count: Int
    /// Type of the result.
    package let type: DataType
    package let ansi: Bool
    package let settings: SessionSettings
    package let zone: Zone

    /// Says what happens to a row without result: `try_…` functions give null, others as the session's mode
    /// has it.
    package var mode: FailureMode { name.hasPrefix("try_") ? .null : (ansi ? .error : .legacy) }
    package subscript(_ index: Int) -> Vector { arguments[index] }
}

/// Tells how a function treats null arguments.
package enum NullRule: UInt8, Sendable {
    /// The result is null where any argument is; the kernel's arguments are no null constants, and dictionary
    /// arguments are evaluated once per entry.
    case propagates
    /// The kernel decides; arguments come as they are.
    case handled
}

/// Describes a scalar function: names, types, kernel and documentation.
package struct ScalarFunction: Sendable {
    package let name: String
    package let aliases: [String]
    package let typing: @Sendable (TypingRequest) throws -> Typing
    package let nulls: NullRule
    /// False for functions whose value may change between rows or calls (`rand`, `uuid`).
    package let isDeterministic: Bool
    package let kernel: @Sendable (Invocation) throws -> Vector
    /// One sentence for the documentation.
    package let summary: String
    /// An SQL expression that shows the function.
    package let example: String

    init(
        _ name: String, aliases: [String] = [], typing: @escaping @Sendable (TypingRequest) throws -> Typing,
        nulls: NullRule = .propagates, isDeterministic: Bool = true, _ summary: String, example: String,
        kernel: @escaping @Sendable (Invocation) throws -> Vector
    ) {
        self.name = name
        self.aliases = aliases
        self.typing = typing
        self.nulls = nulls
        self.isDeterministic = isDeterministic
        self.kernel = kernel
        self.summary = summary
        self.example = example
    }
}

/// Describes an aggregate function: names, types and documentation; `Accumulator`s do the work.
package struct AggregateFunction: Sendable {
    package let name: String
    package let aliases: [String]
    package let typing: @Sendable (TypingRequest) throws -> Typing
    package let summary: String
    package let example: String

    init(
        _ name: String, aliases: [String] = [], typing: @escaping @Sendable (TypingRequest) throws -> Typing,
        _ summary: String, example: String
    ) {
        self.name = name
        self.aliases = aliases
        self.typing = typing
        self.summary = summary
        self.example = example
    }
}

/// Knows every function by name.
package struct FunctionRegistry: Sendable {
    /// The functions of Millrace.
    package static let shared = FunctionRegistry(
        scalars: ScalarCatalog.all, aggregates: AggregateCatalog.all)

    private let scalars: [String: ScalarFunction]
    private let aggregates: [String: AggregateFunction]
    private let windows: [String: WindowFunction]
    /// Canonical names in alphabetical order.
    package let scalarNames: [String]
    package let aggregateNames: [String]
    package let windowNames: [String]
    /// Every name and alias, for suggestions.
    package let names: [String]

    init(scalars list: [ScalarFunction], aggregates aggregateList: [AggregateFunction]) {
        var byName: [String: ScalarFunction] = [:]
        for function in list {
            for name in [function.name] + function.aliases { byName[name] = function }
        }
        var aggregatesByName: [String: AggregateFunction] = [:]
        for function in aggregateList {
            for name in [function.name] + function.aliases { aggregatesByName[name] = function }
        }
        scalars = byName
        aggregates = aggregatesByName
        scalarNames = list.map(\.name).sorted()
        aggregateNames = aggregateList.map(\.name).sorted()
        windows = Dictionary(WindowFunction.all.map { ($0.name, $0) }) { first, _ in first }
        windowNames = windows.keys.sorted()
        names = (Array(byName.keys) + Array(aggregatesByName.keys) + windowNames).sorted()
    }

    /// Functions that the binder puts into plans, with arguments that it lays out: no text calls them.
    package static let unspoken: Set<String> = [
        OrderedAggregates.orderedList, WeightedPercentile.name, JSONFunctions.tuple,
        VariantFunctions.explosion, IntervalFunctions.part, CharPadding.function, "group_key", "only_row",
        "extract_second",
    ]

    /// Returns the scalar function called `name` (any case, canonical or alias), or nil.
    package func scalar(named name: String) -> ScalarFunction? { scalars[name] ?? scalars[name.lowercased()] }

    /// Returns the aggregate function called `name` (any case, canonical or alias), or nil.
    package func aggregate(named name: String) -> AggregateFunction? {
        aggregates[name] ?? aggregates[name.lowercased()]
    }

    /// Returns the function called `name` that is only used with OVER, or nil.
    package func window(named name: String) -> WindowFunction? { windows[name] ?? windows[name.lowercased()] }

    /// Returns the types to which the arguments of a scalar or aggregate function are cast, and the result's
    /// type. Throws
    /// `UNRESOLVED_ROUTINE`, `WRONG_NUM_ARGS` or `DATATYPE_MISMATCH`, the latter as an `ArgumentMismatch`
    /// where one argument is to blame.
    package func resolve(
        _ name: String, argumentTypes: [DataType], argumentLiterals: [Literal?] = [],
        settings: SessionSettings
    ) throws -> (coercedTypes: [DataType], result: DataType) {
        let literals =
            argumentLiterals.count == argumentTypes.count
            ? argumentLiterals : [Literal?](repeating: nil, count: argumentTypes.count)
        let rule: (name: String, typing: @Sendable (TypingRequest) throws -> Typing)
        if let function = scalar(named: name) {
            rule = (function.name, function.typing)
        } else if let function = aggregate(named: name) {
            rule = (function.name, function.typing)
        } else if let function = window(named: name) {
            rule = (function.name, function.typing)
        } else {
            throw unknown(name)
        }
        let request = TypingRequest(
            name: rule.name, types: argumentTypes, literals: literals, settings: settings)
        let typing = try rule.typing(request)
        try Signature.checkCasts(request, typing)
        return (typing.arguments, typing.result)
    }

    /// Makes the error for a name that is no function, with the nearest name that is.
    package func unknown(_ name: String) -> EngineError {
        let remedy = Suggestion.nearest(to: name, among: names).map { "Did you mean `\($0)`?" }
        return .user(
            "UNRESOLVED_ROUTINE", "Cannot resolve routine `\(name)`: there is no such function.",
            remedy: remedy)
    }
}
