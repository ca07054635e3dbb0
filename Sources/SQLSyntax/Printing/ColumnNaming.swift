/// Prints expressions as Spark names columns without an alias (`toPrettySQL`): `(amount * 1.1)`,
/// `upper(name)`,
/// `count(1)`. What depends on resolved names and types comes through two hooks.
package struct ColumnNaming {
    /// Returns the text of a column reference: `x` for `t.x`, but `s.x` for a member of the column `s`.
    let columnText: ([NameSyntax]) -> String
    /// Returns the text of expressions whose name depends on types (dates plus intervals), or nil.
    let special: (ExpressionSyntax) -> String?
    /// Returns the definition that a WINDOW clause gives a name.
    let namedWindow: (NameSyntax) -> WindowSyntax?
    /// Returns the columns that the subquery at a place takes from the queries around it, `id, k`.
    let outerColumns: (SourceSpan) -> String
    /// Parameters of the lambdas around the current expression, which print as `namedlambdavariable()`.
    var lambdaParameters: Set<String> = []

    package init(
        columnText: @escaping ([NameSyntax]) -> String = { $0.last?.text ?? "" },
        special: @escaping (ExpressionSyntax) -> String? = { _ in nil },
        namedWindow: @escaping (NameSyntax) -> WindowSyntax? = { _ in nil },
        outerColumns: @escaping (SourceSpan) -> String = { _ in "" }
    ) {
        self.columnText = columnText
        self.special = special
        self.namedWindow = namedWindow
        self.outerColumns = outerColumns
    }

    /// Returns the name of the column that a select item without alias gives.
    package func name(of expression: ExpressionSyntax) -> String {
        switch expression.kind {
        case .column(let parts):
            // A function without parentheses, such as current_date, is named with them.
            let text = columnText(parts)
            return text.hasSuffix("()") ? text : parts.last?.text ?? ""
        case .alias(_, let name): return name.text
        case .cast(let inner, _, _):
            // A variable is no column, whose name its cast would bear.
            if case .column(let parts) = inner.kind, !columnText(parts).hasPrefix("variablereference(") {
                return parts.last?.text ?? ""
            }
            return Self.lastName(inner) ?? text(expression)
        case .call(let call) where call.name.last?.text.lowercased() == "window" && call.arguments.count > 1:
            return "window"
        case .call(let call)
        where call.name.last?.text.lowercased() == "session_window" && call.arguments.count == 2:
            return "session_window"
        case .call(let call):
            if let inner = Self.castByName(call), case .column(let parts) = inner.value.kind {
                return parts.last?.text ?? ""
            }
            if let inner = Self.castByName(call), case .literal = inner.value.kind {
                return text(inner.value)
            }
            return text(expression)
        default: return text(expression)
        }
    }

    /// Names the call that `variant:path` is parsed as.
    package static let pathCall = "semi_structured_extract"

    /// Returns the last name of a path into a variant; nil for other expressions.
    static func lastName(_ expression: ExpressionSyntax) -> String? {
        guard case .call(let call) = expression.kind, call.name.first?.text == pathCall,
            call.arguments.count == 3, case .literal(.string(let name)) = call.arguments[2].value.kind
        else { return nil }
        return name
    }

    /// Returns the text of an expression inside a name.
    package func text(_ expression: ExpressionSyntax) -> String {
        if let special = special(expression) { return special }
        switch expression.kind {
        case .literal(let literal): return LiteralPrinting.text(literal)
        case .column(let parts):
            if parts.count == 1, lambdaParameters.contains(parts[0].text.lowercased()) {
                return "namedlambdavariable()"
            }
            if let first = parts.first, lambdaParameters.contains(first.text.lowercased()) {
                return (["namedlambdavariable()"] + parts.dropFirst().map(\.text)).joined(separator: ".")
            }
            return columnText(parts)
        case .star: return "*"
        case .unary(let kind, let operand): return unary(kind, text(operand))
        case .binary(let kind, let left, let right): return binary(kind, text(left), text(right))
        case .call(let call): return self.call(call)
        case .alias(let value, let name):
            return "\(text(value)) AS \(TypeSyntax.quoted(name.text))"
        case .scalarQuery: return "scalarsubquery(\(outerColumns(expression.span)))"
        case .exists: return "exists(\(outerColumns(expression.span)))"
        // Spark prints no casts to nested types.
        case .cast(let value, .array, _), .cast(let value, .map, _), .cast(let value, .structure, _):
            return text(value)
        case .cast(let value, let type, let kind): return "\(kind.rawValue)(\(text(value)) AS \(type.sql))"
        case .extract(let field, let source): return "extract(\(field.text) FROM \(text(source)))"
        case .field(let base, let name): return "\(text(base)).\(name.text)"
        case .element(let base, let position): return "\(text(base))[\(text(position))]"
        case .lambda(let parameters, let body): return lambda(parameters, body)
        case .row(let items): return row(items)
        case .caseWhen(let operand, let branches, let otherwise):
            return conditional(operand, branches, otherwise)
        default: return predicate(expression)
        }
    }

    private func predicate(_ expression: ExpressionSyntax) -> String {
        switch expression.kind {
        case .isNull(let operand, let negated): return "(\(text(operand)) IS \(negated ? "NOT " : "")NULL)"
        case .isTruth(let operand, let value, let negated):
            return not("(\(text(operand)) <=> \(value))", negated)
        case .isDistinct(let left, let right, let negated):
            return not("(\(text(left)) <=> \(text(right)))", !negated)
        case .between(let value, let low, let high, let negated):
            return not("between(\(text(value)), \(text(low)), \(text(high)))", negated)
        case .inList(let value, let items, let negated):
            return not("(\(text(value)) IN (\(items.map(text).joined(separator: ", "))))", negated)
        case .inQuery(let value, _, let negated):
            return not("(\(text(value)) IN (listquery(\(outerColumns(expression.span)))))", negated)
        case .like(let like): return self.like(like)
        default: return ""
        }
    }

    private func not(_ text: String, _ negated: Bool) -> String { negated ? "(NOT \(text))" : text }

    private func unary(_ kind: UnaryOperator, _ operand: String) -> String {
        switch kind {
        case .bitNot: "~\(operand)"
        case .minus, .plus, .not: "(\(kind.rawValue) \(operand))"
        }
    }

    private func binary(_ kind: BinaryOperator, _ left: String, _ right: String) -> String {
        switch kind {
        case .concatenate: "concat(\(left), \(right))"
        case .notEqual: "(NOT (\(left) = \(right)))"
        default: "(\(left) \(kind.rawValue) \(right))"
        }
    }

    private func like(_ like: LikeSyntax) -> String {
        let value = text(like.value)
        if let quantifier = like.quantifier {
            return "\(like.negated ? "not" : "")like\(quantifier.rawValue.lowercased())(\(value))"
        }
        let pattern = like.patterns.first.map(text) ?? ""
        switch like.operator {
        case .like:
            let escape = like.escape.map { " ESCAPE '\(text($0))'" } ?? ""
            return not("\(value) LIKE \(pattern)\(escape)", like.negated)
        case .ilike: return not("ilike(\(value), \(pattern))", like.negated)
        case .rlike: return not("RLIKE(\(value), \(pattern))", like.negated)
        }
    }

    private func conditional(
        _ operand: ExpressionSyntax?, _ branches: [CaseBranchSyntax], _ otherwise: ExpressionSyntax?
    ) -> String {
        var parts = "CASE"
        for branch in branches {
            let condition = text(branch.condition)
            let tested = operand.map { "(\(text($0)) = \(condition))" } ?? condition
            parts += " WHEN \(tested) THEN \(text(branch.result))"
        }
        if let otherwise { parts += " ELSE \(text(otherwise))" }
        return parts + " END"
    }

    private func lambda(_ parameters: [NameSyntax], _ body: ExpressionSyntax) -> String {
        var inner = self
        for parameter in parameters { inner.lambdaParameters.insert(parameter.text.lowercased()) }
        let variables = parameters.map { _ in "namedlambdavariable()" }
        return "lambdafunction(\(([inner.text(body)] + variables).joined(separator: ", ")))"
    }

    private func row(_ items: [ExpressionSyntax]) -> String {
        var parts: [String] = []
        for (position, item) in items.enumerated() {
            switch item.kind {
            case .column(let names): parts += [names.last?.text ?? "", text(item)]
            case .alias(let value, let name): parts += [name.text, text(value)]
            default: parts += ["col\(position + 1)", text(item)]
            }
        }
        return "named_struct(\(parts.joined(separator: ", ")))"
    }
}
