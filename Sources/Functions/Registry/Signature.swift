import Columns
import Vocabulary

/// Says what a parameter takes.
enum Parameter: Sendable {
    /// A value that is cast to this type.
    case of(DataType)
    /// Any type, as it is.
    case any
    /// A number; a string becomes a double.
    case number
    /// An integral number; a string becomes an int64.
    case integral
    /// An integral number or a boolean, but no string.
    case bits
    /// A double.
    static var double: Parameter { .of(.double) }
    static var string: Parameter { .of(.string) }
    static var int: Parameter { .of(.int32) }
    static var long: Parameter { .of(.int64) }
    /// A string or binary value as it is; other types become strings.
    case text
    case array
    case map
    /// An array or a map.
    case collection
    /// A number or an interval of months or of microseconds; a string becomes a double.
    case numberOrInterval

    /// Returns the type to which an argument of type `type` is cast, or nil when the parameter does not take
    /// it.
    func coerced(_ type: DataType, ansi: Bool) -> DataType? {
        switch self {
        case .of(let target): return Coercion.canImplicitlyCast(type, target, ansi: ansi) ? target : nil
        case .any: return type
        case .number:
            if type.isNumeric { return type }
            return type == .string || type == .null ? .double : nil
        case .integral:
            if type.isIntegral { return type }
            return type == .string || type == .null || !ansi && type.isNumeric ? .int64 : nil
        case .bits:
            if type == .boolean { return type }
            return type == .string ? nil : Parameter.integral.coerced(type, ansi: ansi)
        case .text:
            if type == .string || type == .binary { return type }
            return type.isNested ? nil : .string
        case .numberOrInterval:
            return type.isInterval ? type : Parameter.number.coerced(type, ansi: ansi)
        case .array:
            if case .array = type { return type }
            return type == .null ? .array(.null, containsNull: true) : nil
        case .map:
            if case .map = type { return type }
            return nil
        case .collection:
            if case .map = type { return type }
            return Parameter.array.coerced(type, ansi: ansi)
        }
    }

    var words: String {
        switch self {
        case .of(let type): "\"\(type.sqlName)\""
        case .any: "any type"
        case .number: "\"NUMERIC\""
        case .integral: "\"INTEGRAL\""
        case .bits: "(\"INTEGRAL\" or \"BOOLEAN\")"
        case .text: "(\"STRING\" or \"BINARY\")"
        case .array: "\"ARRAY\""
        case .map: "\"MAP\""
        case .numberOrInterval: 
            "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")"
        case .collection: "(\"ARRAY\" or \"MAP\")"
        }
    }
}

/// Makes typing rules out of parameter lists.
enum Signature {
    typealias Rule = @Sendable (TypingRequest) throws -> Typing

    /// A function of the given parameters, the last `optional` of which may be left out.
    static func of(_ parameters: [Parameter], optional: Int = 0, _ result: DataType) -> Rule {
        of(parameters, optional: optional) { _ in result }
    }

    /// The same, where the result depends on the coerced argument types.
    static func of(
        _ parameters: [Parameter], optional: Int = 0,
        _ result: @escaping @Sendable ([DataType]) throws -> DataType
    ) -> Rule {
        { request in
            try checkCount(request, (parameters.count - optional)...parameters.count)
            let types = try coerce(request, parameters)
            return Typing(types, try result(types))
        }
    }

    /// A function of the given parameters followed by any number of `rest`, at least `least` arguments in
    /// all.
    static func variadic(
        _ parameters: [Parameter] = [], rest: Parameter, least: Int = 0,
        _ result: @escaping @Sendable ([DataType]) throws -> DataType
    ) -> Rule {
        { request in
            try checkCount(request, max(parameters.count, least)...Int.max)
            let more = max(0, request.types.count - parameters.count)
            let types = try coerce(request, parameters + Array(repeating: rest, count: more))
            return Typing(types, try result(types))
        }
    }

    /// A function whose arguments `same` (all when nil) are cast to their common type.
    static func common(
        least: Int = 1, most: Int = Int.max, mixesTexts: Bool = true,
        _ result: @escaping @Sendable (DataType) -> DataType = { $0 }
    ) -> Rule {
        { request in
            try checkCount(request, least...most)
            let given = request.types.filter { $0 != .null }
            if !mixesTexts, given.contains(.string), given.contains(where: { $0 != .string }) {
                throw differing(request, request.types)
            }
            let type = try commonType(request, request.types)
            return Typing(request.types.map { _ in type }, result(type))
        }
    }

    static func coerce(_ request: TypingRequest, _ parameters: [Parameter]) throws -> [DataType] {
        try zip(request.types, parameters).enumerated().map { i, pair in
            guard let type = pair.1.coerced(pair.0, ansi: request.ansi) else {
                throw mismatch(request, argument: i, requires: pair.1.words)
            }
            return type
        }
    }

    static func commonType(_ request: TypingRequest, _ types: [DataType]) throws -> DataType {
        if let type = Coercion.commonType(types, ansi: request.ansi) { return type }
        throw differing(request, types)
    }

    /// Makes the error for arguments that have no common type.
    static func differing(_ request: TypingRequest, _ types: [DataType]) -> EngineError {
        let list = types.map { "\"\($0.sqlName)\"" }.joined(separator: " or ")
        return EngineError.user(
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            "Cannot resolve `\(request.name)` due to data type mismatch: Input to `\(request.name)` should "
                + "all be the same type, but it's (\(list))."
        )
    }

    /// Types no call: those whose schema is a constant text have got their type from it already.
    static let boundBySchema: Rule = { request in
        try checkCount(request, 2...3)
        throw EngineError.user(
            "INVALID_SCHEMA.NON_STRING_LITERAL",
            "The schema of `\(request.name)` must be a constant text, such as 'a INT, b STRING'.")
    }

    static func checkCount(_ request: TypingRequest, _ range: ClosedRange<Int>) throws {
        let count = request.types.count
        if range.contains(count) { return }
        let expected =
            range.upperBound == Int.max
            ? "> \(range.lowerBound - 1)"
            : (range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "[\(range.map(String.init).joined(separator: ", "))]")
        throw EngineError.user(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            "The `\(request.name)` requires \(expected) parameters but the actual number is \(count).")
    }

    static func mismatch(_ request: TypingRequest, argument: Int, requires: String) -> ArgumentMismatch {
        let ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
        let position = argument < ordinals.count ? ordinals[argument] : "\(argument + 1)th"
        let error = EngineError.user(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            "Cannot resolve `\(request.name)` due to data type mismatch: The \(position) parameter "
                + "requires the \(requires) "
                + "type, however it has the type \"\(request.types[argument].sqlName)\".",
            remedy: castRemedy(request.types[argument], position, requires))
        return ArgumentMismatch(argument: argument, error: error)
    }

    /// Names the cast that makes a value of a type that is taken; nil where no cast does.
    private static func castRemedy(_ from: DataType, _ position: String, _ requires: String) -> String? {
        let taken: [(name: String, type: DataType)] = [
            ("INT", .int32), ("BIGINT", .int64), ("INTEGRAL", .int64), ("DOUBLE", .double),
            ("NUMERIC", .double),
            ("STRING", .string), ("BINARY", .binary), ("BOOLEAN", .boolean), ("DATE", .date),
            ("TIMESTAMP", .timestamp),
        ]
        let names = requires.split(separator: "\"").map(String.init)
        let fitting = taken.first { names.contains($0.name) && Coercion.canCast(from, $0.type, ansi: true) }
        return fitting.map { "Cast the \(position) argument: CAST(… AS \($0.type.sqlName))." }
    }
}
