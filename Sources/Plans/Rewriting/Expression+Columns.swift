import Columns
import Vocabulary

extension Expression {
    /// The columns that the expression reads, with those its subqueries take from outside.
    package var columns: Set<ColumnID> {
        var found: Set<ColumnID> = []
        collectColumns(into: &found)
        return found
    }

    /// Adds the columns that the expression reads to `found`.
    package func collectColumns(into found: inout Set<ColumnID>) {
        forEach { expression in
            switch expression {
            case .column(let reference): found.insert(reference.id)
            case .subquery(let subquery): for outer in subquery.outerReferences { found.insert(outer.id) }
            default: break
            }
        }
    }

    /// True when the expression holds a subquery.
    package var hasSubquery: Bool {
        var found = false
        forEach { if case .subquery = $0 { found = true } }
        return found
    }

    /// Returns the expression with columns replaced by what `replacements` holds for them.
    package func substituting(_ replacements: [ColumnID: Expression]) -> Expression {
        if replacements.isEmpty { return self }
        return rewritten { expression in
            if case .column(let reference) = expression, let value = replacements[reference.id] {
                return value
            }
            return expression
        }
    }

    /// The parts of a conjunction, flattened; the expression itself when it is none.
    package var conjuncts: [Expression] {
        guard case .call(let call) = self, call.name == "and" else { return [self] }
        return call.arguments.flatMap(\.conjuncts)
    }

    /// The parts of a disjunction, flattened; the expression itself when it is none.
    package var disjuncts: [Expression] {
        guard case .call(let call) = self, call.name == "or" else { return [self] }
        return call.arguments.flatMap(\.disjuncts)
    }

    /// Joins conditions with AND, the first leftmost; nil for none.
    package static func conjunction(_ conditions: [Expression]) -> Expression? {
        chained(conditions[...], "and")
    }

    /// Joins conditions with OR, the first leftmost; nil for none.
    package static func disjunction(_ conditions: [Expression]) -> Expression? {
        chained(conditions[...], "or")
    }

    /// Conditions that are chained as people write them; more than that make a balanced tree, whose height
    /// those who walk it can stand.
    private static let plainChain = 16

    private static func chained(_ conditions: ArraySlice<Expression>, _ name: String) -> Expression? {
        guard var result = conditions.first else { return nil }
        if conditions.count > plainChain {
            let middle = conditions.startIndex + (conditions.count + 1) / 2
            let halves = [conditions[..<middle], conditions[middle...]].compactMap { chained($0, name) }
            return .call(FunctionCall(name, halves, type: .boolean))
        }
        for condition in conditions.dropFirst() {
            result = .call(FunctionCall(name, [result, condition], type: .boolean))
        }
        return result
    }

    /// Returns `left = right`.
    package static func equal(_ left: Expression, _ right: Expression) -> Expression {
        .call(FunctionCall("equal", [left, right], type: .boolean))
    }

    /// The literal, when the expression is one.
    package var literalValue: Literal? { if case .literal(let literal) = self { literal } else { nil } }
    /// The column, when the expression is one.
    package var columnReference: ColumnReference? {
        if case .column(let reference) = self { reference } else { nil }
    }
    package var isTrueLiteral: Bool { literalValue?.value == .boolean(true) }
    package var isFalseLiteral: Bool { literalValue?.value == .boolean(false) }
    package var isNullLiteral: Bool { literalValue?.value.isNull ?? false }

    /// False only when the value can be shown never to be null.
    package var nullable: Bool {
        switch self {
        case .column(let reference): return reference.nullable
        case .input: return true
        case .literal(let literal): return literal.value.isNull
        case .call(let call): return call.nullable
        case .cast(let inner, let type, let mode, _):
            if mode == .ansi { return inner.nullable }
            return inner.nullable || !Expression.castNeverFails(from: inner.type, to: type)
        case .conditional(let branches, let otherwise, _):
            return branches.contains { $0.result.nullable } || (otherwise?.nullable ?? true)
        case .inList(let value, let list): return value.nullable || list.contains { $0.value.isNull }
        case .member: return true
        case .subquery(let subquery): if case .exists = subquery.kind { return false } else { return true }
        }
    }

    private static func castNeverFails(from: DataType, to: DataType) -> Bool {
        if from == to || to == .string { return true }
        let order: [DataType] = [.int8, .int16, .int32, .int64, .float, .double]
        guard let start = order.firstIndex(of: from), let end = order.firstIndex(of: to) else { return false }
        return start <= end
    }
}

extension FunctionCall {
    /// Functions that are never null, and those that are null only when an argument is; others may always be
    /// null.
    fileprivate var nullable: Bool {
        switch name {
        case "is_null", "is_not_null", "null_safe_equal": return false
        case "coalesce": return arguments.allSatisfy(\.nullable)
        case "and", "or", "not", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
            "like",
            "concat", "upper", "lower", "length", "trim", "substring", "substr", "year", "month", "day",
            "quarter":
            return arguments.contains(where: \.nullable)
        case "add", "subtract", "multiply", "negate":
            return !ansi || arguments.contains(where: \.nullable)
        default: return true
        }
    }
}
