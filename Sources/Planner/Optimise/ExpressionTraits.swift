import Columns
import Functions
import Plans
import Vocabulary

extension Expression {
    /// True when the value depends on the row's columns only.
    var isDeterministic: Bool {
        var found = true
        forEach { part in
            guard case .call(let call) = part else { return }
            if FunctionRegistry.shared.scalar(named: call.name)?.isDeterministic == false { found = false }
        }
        return found
    }

    /// True when computing the value cannot fail, so that it may be computed for rows that a filter would
    /// have dropped.
    var cannotFail: Bool {
        var safe = true
        forEach { part in
            switch part {
            case .column, .input, .literal, .inList, .conditional, .member: break
            case .call(let call): if !Self.harmless.contains(call.name), !call.isExact { safe = false }
            case .cast(let inner, let type, let mode, _):
                if mode == .ansi, !Self.widens(inner.type, type) { safe = false }
            case .subquery: safe = false
            }
        }
        return safe
    }

    private static let harmless: Set<String> = [
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "null_safe_equal", "and",
        "or", "not",
        "is_null", "is_not_null", "like", "ilike", "concat", "upper", "lower", "coalesce", "length", "trim",
        "substring", "substr",
        "year", "month", "day", "quarter", "starts_with", "ends_with", "contains", "startswith", "endswith",
    ]

    private static func widens(_ from: DataType, _ to: DataType) -> Bool {
        if from == to || to == .string { return true }
        switch (from, to) {
        case (.int8, .int16), (.int8, .int32), (.int8, .int64), (.int16, .int32), (.int16, .int64),
            (.int32, .int64),
            (.date, .timestamp), (.date, .timestampNTZ), (.float, .double):
            return true
        case (_, .double) where from.isIntegral || from.isDecimal: return true
        case (.decimal(let p, let s), .decimal(let q, let t)): return t >= s && q - t >= p - s
        case (_, .decimal(let q, let t)) where from.isIntegral:
            return q - t >= 19 || (from != .int64 && q - t >= 10)
        default: return false
        }
    }

    /// True when the condition cannot be true for a row in which all of `columns` are null.
    func rejectsNulls(of columns: Set<ColumnID>) -> Bool {
        switch self {
        case .call(let call):
            switch call.name {
            case "and": return call.arguments.contains { $0.rejectsNulls(of: columns) }
            case "or": return call.arguments.allSatisfy { $0.rejectsNulls(of: columns) }
            case "is_not_null": return call.arguments.first?.isNullWhenNull(columns) ?? false
            case "not":
                guard let inner = call.arguments.first else { return false }
                return inner.isNullWhenNull(columns)
            default: return isNullWhenNull(columns)
            }
        default: return isNullWhenNull(columns)
        }
    }

    /// True when the value is null in each row in which all of `columns` are null.
    func isNullWhenNull(_ columns: Set<ColumnID>) -> Bool {
        switch self {
        case .column(let reference): return columns.contains(reference.id)
        case .literal(let literal): return literal.value.isNull
        case .cast(let inner, _, _, _), .member(let inner, _, _): return inner.isNullWhenNull(columns)
        case .inList(let value, _): return value.isNullWhenNull(columns)
        case .call(let call):
            return Self.strict.contains(call.name) && call.arguments.contains { $0.isNullWhenNull(columns) }
        case .input, .conditional, .subquery: return false
        }
    }

    /// Functions that are null when any argument is.
    private static let strict: Set<String> = [
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "not", "like", "ilike",
        "rlike", "add", "subtract",
        "multiply", "divide", "div", "mod", "negate", "concat", "upper", "lower", "length", "trim",
        "substring", "substr",
        "year", "month", "day", "quarter", "abs", "date_add", "date_sub", "starts_with", "ends_with",
        "contains",
    ]
}

extension FunctionCall {
    /// True for arithmetic whose type holds every result that its arguments' types allow.
    fileprivate var isExact: Bool {
        if name == "negate" || name == "abs" { return type.isFloating || type.isDecimal }
        guard arguments.count == 2 else { return false }
        if name == "divide" {
            guard let divisor = arguments[1].literalValue?.value, !divisor.isNull, !divisor.isZero else {
                return false
            }
        }
        if type.isFloating { return ["add", "subtract", "multiply", "divide"].contains(name) }
        guard case .decimal(let precision, let scale) = type,
            case .decimal(let p, let s) = arguments[0].type, case .decimal(let q, let t) = arguments[1].type
        else { return false }
        let digits = precision - scale
        switch name {
        case "add", "subtract": return digits > max(p - s, q - t)
        case "multiply": return digits >= p - s + q - t
        // By what is at least one unit of its last place.
        case "divide": return digits >= p - s + t
        default: return false
        }
    }
}

extension Scalar {
    fileprivate var isZero: Bool {
        switch self {
        case .integer(let value): value == 0
        case .decimal(let value): value == 0
        case .float(let value): value == 0
        case .double(let value): value == 0
        default: false
        }
    }
}
