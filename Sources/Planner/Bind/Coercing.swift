import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension DataType {
    /// True for the same type with other names of fields: such values are compared by place.
    func isShaped(like other: DataType) -> Bool {
        switch (self, other) {
        case (.structure(let mine), .structure(let theirs)):
            mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.type.isShaped(like: $1.type) }
        case (.array(let mine, _), .array(let theirs, _)): mine.isShaped(like: theirs)
        default: self == other
        }
    }

    /// Returns this type, with null wherever either has it, when the other is the same but for the names of
    /// fields: what UNION makes of both.
    func united(with other: DataType) -> DataType? {
        switch (self, other) {
        case (.structure(let mine), .structure(let theirs)):
            if mine.count != theirs.count { return nil }
            var fields: [Field] = []
            for (field, their) in zip(mine, theirs) {
                guard let type = field.type.united(with: their.type) else { return nil }
                fields.append(Field(field.name, type, nullable: field.nullable || their.nullable))
            }
            return .structure(fields)
        case (.array(let mine, let hasNull), .array(let theirs, let mayHaveNull)):
            return mine.united(with: theirs).map { .array($0, containsNull: hasNull || mayHaveNull) }
        case (.map(let key, let value, let hasNull), .map(let theirKey, let theirValue, let mayHaveNull)):
            guard let key = key.united(with: theirKey), let value = value.united(with: theirValue) else {
                return nil
            }
            return .map(key: key, value: value, valueContainsNull: hasNull || mayHaveNull)
        default: return self == other ? self : nil
        }
    }
}

extension Binder {
    /// How implicit and explicit casts treat values that do not fit.
    var castMode: CastMode { settings.ansi ? .ansi : .legacy }

    func commonType(_ a: DataType, _ b: DataType) -> DataType? {
        Coercion.commonType(a, b, ansi: settings.ansi)
    }

    /// Returns what tells of a stretch of the text when an expression fails at run time.
    func origin(_ span: SourceSpan) -> Origin { Origin(location(span)) }

    /// Casts where the types differ; nulls and integral literals take the new type themselves. `span` is the
    /// expression that asks for the cast.
    func cast(_ expression: Expression, to type: DataType, at span: SourceSpan? = nil) -> Expression {
        if expression.type == type { return expression }
        if case .literal(let literal) = expression {
            if literal.value.isNull { return .literal(.null(type)) }
            if let converted = Self.widened(literal, to: type) { return .literal(converted) }
            if let time = specialTime(expression, type) { return .literal(time) }
        }
        return .cast(expression, to: type, mode: castMode, origin: span.map(origin) ?? .none)
    }

    /// Returns an integral literal in a wider numeric type, exactly, or nil.
    private static func widened(_ literal: Literal, to type: DataType) -> Literal? {
        guard literal.type.isIntegral, case .integer(let value) = literal.value else { return nil }
        switch type {
        case .int16 where Int16(exactly: value) != nil, .int32 where Int32(exactly: value) != nil, .int64:
            return Literal(literal.value, type)
        case .double where value.magnitude < 1 << 53: return Literal(.double(Double(value)), type)
        case .decimal(let precision, let scale):
            var unscaled = Int128(value)
            guard String(value.magnitude).utf8.count + scale <= precision else { return nil }
            for _ in 0..<scale { unscaled *= 10 }
            return Literal(.decimal(unscaled), type)
        default: return nil
        }
    }

    /// Returns the value of a constant expression, or nil when it has none or computing it fails.
    /// One of more than `keeping` bytes counts as none.
    func constant(_ expression: Expression, keeping: Int = ConstantFolding.plannedBytes) -> Literal? {
        if case .literal(let literal) = expression { return literal }
        return ConstantFolding.fold(expression, settings: settings, keeping: keeping).literalValue
    }

    /// Functions that have a value for all arguments: they need no place for errors.
    private static let neverFails: Set<String> = [
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "null_safe_equal", "and",
        "or",
        "not", "is_null", "is_not_null", "coalesce", "concat", "like", "upper", "lower", "named_struct",
        "array",
    ]

    /// Calls a function of the registry: finds its types, casts the arguments. Throws UNRESOLVED_ROUTINE,
    /// WRONG_NUM_ARGS and DATATYPE_MISMATCH at `span`, or at the argument that has the wrong type, where
    /// `places` tells where the arguments stand.
    func call(
        _ name: String, _ arguments: [Expression], at span: SourceSpan, places: [SourceSpan] = []
    ) throws(EngineError) -> Expression {
        let (canonical, coerced, result) = try resolve(name, arguments, at: span, places: places)
        let origin = Self.neverFails.contains(canonical) ? .none : origin(span)
        return .call(FunctionCall(canonical, coerced, type: result, ansi: settings.ansi, origin: origin))
    }

    /// Returns a function's canonical name, its arguments cast to what it takes, and the type of its result.
    func resolve(
        _ name: String, _ arguments: [Expression], at span: SourceSpan, places: [SourceSpan] = []
    ) throws(EngineError) -> (name: String, arguments: [Expression], result: DataType) {
        let registry = FunctionRegistry.shared
        // A `try_…` name may be an alias: its kernel tells by the name that failures give null.
        let known = registry.scalar(named: name)?.name ?? registry.aggregate(named: name)?.name ?? name
        let canonical = name.hasPrefix("try_") ? name : known
        do {
            let typing = try registry.resolve(
                canonical, argumentTypes: arguments.map(\.type),
                argumentLiterals: arguments.map(\.literalValue),
                settings: settings)
            guard typing.coercedTypes.count == arguments.count else {
                throw EngineError.internal("The types of \(canonical) do not match its arguments.")
            }
            if Self.needsClocks(canonical, typing.coercedTypes) { try requireClocks(at: span) }
            let coerced = zip(arguments, typing.coercedTypes).map { cast($0, to: $1, at: span) }
            return (canonical, coerced, typing.result)
        } catch let misfit as ArgumentMismatch {
            var placed = misfit.error
            placed.location = location(
                misfit.argument < places.count ? places[misfit.argument] : span)
            throw placed
        } catch let error as EngineError {
            var placed = error
            if placed.location == nil { placed.location = location(span) }
            throw placed
        } catch {
            throw .internal("Typing \(canonical) failed: \(error)")
        }
    }

    /// Casts a condition to boolean, or refuses it.
    func condition(_ expression: Expression, _ clause: String, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        if expression.type == .boolean { return expression }
        let isPredicate = ["WHERE", "HAVING", "JOIN … ON"].contains(clause)
        // As in Spark, CASE WHEN takes no untyped NULL, and if(…) does.
        let takesNull = !isPredicate && clause != "CASE WHEN"
        let takesText = !isPredicate && !settings.ansi
        if takesNull && expression.type == .null || takesText && expression.type == .string {
            return cast(expression, to: .boolean)
        }
        let code =
            switch clause {
            case "JOIN … ON": "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE"
            case "FILTER": "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN"
            default: "DATATYPE_MISMATCH.\(isPredicate ? "FILTER_NOT_BOOLEAN" : "UNEXPECTED_INPUT_TYPE")"
            }
        throw .user(
            code,
            "A condition in \(clause) must be a BOOLEAN, not a value of type \(expression.type.sqlName).",
            remedy: Coercion.canCast(expression.type, .boolean, ansi: true)
                ? "Compare it with a value, or cast it: CAST(… AS BOOLEAN)."
                : "Compare it with a value.",
            at: location(span))
    }
}
