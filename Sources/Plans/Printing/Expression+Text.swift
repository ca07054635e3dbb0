import Columns
import Vocabulary

extension Expression: CustomStringConvertible {
    private static let operators: [String: String] = [
        "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "mod": "%", "div": "div", "equal": "=",
        "not_equal": "<>", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
        "null_safe_equal": "<=>", "and": "AND", "or": "OR", "like": "LIKE",
    ]

    /// The expression as plans print it: columns as `name#id`, operators between their operands.
    package var description: String { text(\.description) }

    /// Returns the expression's text, its direct inputs printed by `show`.
    func text(_ show: (Expression) -> String) -> String {
        switch self {
        case .column(let reference): return reference.description
        case .input(let index, _): return "input[\(index)]"
        case .literal(let literal): return literal.description
        case .call(let call): return Self.text(of: call, show)
        case .cast(let inner, let type, let mode, _):
            return "\(mode == .try ? "try_cast" : "cast")(\(show(inner)) as \(type.sqlName.lowercased()))"
        case .conditional(let branches, let otherwise, _):
            let parts = branches.map { "WHEN \(show($0.condition)) THEN \(show($0.result))" }.joined(
                separator: " ")
            return "CASE \(parts)\(otherwise.map { " ELSE \(show($0))" } ?? "") END"
        case .inList(let value, let list):
            let shown =
                list.count > 12
                ? list.prefix(10).map(\.description) + ["… \(list.count - 10) more"]
                : list.map(\.description)
            return "\(show(value)) IN (\(shown.joined(separator: ", ")))"
        case .member(let inner, let index, _):
            if case .structure(let fields) = inner.type, index < fields.count {
                return "\(show(inner)).\(fields[index].name)"
            }
            return "\(show(inner)).\(index)"
        case .subquery(let subquery): return Self.text(of: subquery)
        }
    }

    private static func text(of call: FunctionCall, _ show: (Expression) -> String) -> String {
        let arguments = call.arguments.map(show)
        if arguments.count == 2, let symbol = operators[call.name] {
            return "(\(arguments[0]) \(symbol) \(arguments[1]))"
        }
        if arguments.count == 1 {
            switch call.name {
            case "not": return "NOT \(arguments[0])"
            case "is_null": return "isnull(\(arguments[0]))"
            case "is_not_null": return "isnotnull(\(arguments[0]))"
            case "negate": return "-\(arguments[0])"
            default: break
            }
        }
        return "\(call.name)(\(arguments.joined(separator: ", ")))"
    }

    private static func text(of subquery: SubqueryExpression) -> String {
        let outer =
            subquery.outerReferences.isEmpty
            ? "" : " [\(subquery.outerReferences.map(\.description).joined(separator: ", "))]"
        switch subquery.kind {
        case .scalar: return "scalar-subquery\(outer)"
        case .exists: return "exists\(outer)"
        case .in(let values):
            return "(\(values.map(\.description).joined(separator: ", "))) IN subquery\(outer)"
        }
    }
}

extension ColumnReference: CustomStringConvertible {
    package var description: String { "\(name)#\(id)" }
}

extension NamedExpression: CustomStringConvertible {
    package var description: String {
        if case .column(let reference) = expression, reference.id == output.id { return output.description }
        return "\(expression) AS \(output)"
    }
}

extension AggregateCall: CustomStringConvertible {
    package var description: String {
        let inner = arguments.isEmpty ? "*" : arguments.map(\.description).joined(separator: ", ")
        let base = "\(function)(\(distinct ? "DISTINCT " : "")\(inner))"
        return filter.map { "\(base) FILTER (WHERE \($0))" } ?? base
    }
}

extension NamedAggregate: CustomStringConvertible {
    package var description: String { "\(call) AS \(output)" }
}

extension SortKey: CustomStringConvertible {
    package var description: String {
        "\(expression) \(ascending ? "ASC" : "DESC") NULLS \(nullsFirst ? "FIRST" : "LAST")"
    }
}
