import Columns
import Functions
import Plans
import Vocabulary

/// Computes what is known now: constants, boolean algebra, comparisons with null, casts around columns.
struct SimplifyExpressions: PlanRule {
    let name = "SimplifyExpressions"
    let reason =
        "What is known before need not be computed for each row, and plain comparisons rule files out."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            let simplified = node.mapExpressions { simplify($0, context) }
            return Self.withoutTrivialFilter(simplified)
        }
    }

    /// Returns a simpler expression with the same value.
    func simplify(_ expression: Expression, _ context: RuleContext) -> Expression {
        let folded = ConstantFolding.fold(expression, settings: context.settings)
        return folded.rewritten { Self.step($0, settings: context.settings) }
    }

    /// Drops filters that keep everything; one that keeps nothing becomes no rows.
    private static func withoutTrivialFilter(_ plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .filter(let condition, let input):
            if condition.isTrueLiteral { return input }
            if condition.isFalseLiteral || condition.isNullLiteral {
                return .values(rows: [], output: plan.output)
            }
            let kept = condition.conjuncts.filter { !$0.isTrueLiteral }
            return Expression.conjunction(kept).map { .filter($0, input: input) } ?? input
        case .join(let kind, let left, let right, let condition?) where condition.isTrueLiteral:
            return .join(kind == .inner ? .cross : kind, left: left, right: right, condition: nil)
        default: return plan
        }
    }

    static func step(_ expression: Expression, settings: SessionSettings) -> Expression {
        switch expression {
        case .call(let call): return simplify(call)
        case .cast(let inner, let type, _, _) where inner.type == type: return inner
        case .inList(let value, let list): return simplifyList(value, list)
        case .conditional(let branches, let otherwise, let type):
            return simplify(branches: branches, otherwise: otherwise, type: type)
        default: return expression
        }
    }

    private static func boolean(_ value: Bool) -> Expression { .literal(.boolean(value)) }

    private static func simplify(_ call: FunctionCall) -> Expression {
        switch call.name {
        case "and": return simplifyAnd(call)
        case "or": return simplifyOr(call)
        case "not": return call.arguments.first.map(negated) ?? .call(call)
        case "is_null":
            guard let inner = call.arguments.first else { return .call(call) }
            if inner.isNullLiteral { return boolean(true) }
            return inner.nullable
                ? .call(call) : (inner.isDeterministic && inner.cannotFail ? boolean(false) : .call(call))
        case "is_not_null":
            guard let inner = call.arguments.first else { return .call(call) }
            if inner.isNullLiteral { return boolean(false) }
            return inner.nullable
                ? .call(call) : (inner.isDeterministic && inner.cannotFail ? boolean(true) : .call(call))
        case "equal", "not_equal", "less", "less_equal", "greater", "greater_equal":
            return LiteralComparisons.simplify(call)
        default: return .call(call)
        }
    }

    private static func simplifyAnd(_ call: FunctionCall) -> Expression {
        var kept: [Expression] = []
        var seen: Set<Expression> = []
        for part in call.arguments.flatMap(\.conjuncts) {
            if part.isFalseLiteral { return boolean(false) }
            if part.isTrueLiteral || (!seen.insert(part).inserted && part.isDeterministic) { continue }
            kept.append(part)
        }
        return Expression.conjunction(kept) ?? boolean(true)
    }

    private static func simplifyOr(_ call: FunctionCall) -> Expression {
        var kept: [Expression] = []
        var seen: Set<Expression> = []
        for part in call.arguments.flatMap(\.disjuncts) {
            if part.isTrueLiteral { return boolean(true) }
            if part.isFalseLiteral || (!seen.insert(part).inserted && part.isDeterministic) { continue }
            kept.append(part)
        }
        return Expression.disjunction(kept) ?? boolean(false)
    }

    private static let opposites = [
        "equal": "not_equal", "not_equal": "equal", "less": "greater_equal", "less_equal": "greater",
        "greater": "less_equal",
        "greater_equal": "less", "is_null": "is_not_null", "is_not_null": "is_null",
    ]

    /// Moves a NOT inwards where that helps statistics and keys: comparisons, null tests, AND and OR.
    private static func negated(_ inner: Expression) -> Expression {
        if inner.isTrueLiteral { return boolean(false) }
        if inner.isFalseLiteral { return boolean(true) }
        if inner.isNullLiteral { return .literal(.null(.boolean)) }
        guard case .call(var call) = inner else { return wrappedNot(inner) }
        if let opposite = opposites[call.name] {
            call.name = opposite
            return .call(call)
        }
        switch call.name {
        case "not": return call.arguments.first ?? inner
        case "or": return Expression.conjunction(inner.disjuncts.map(negated)) ?? wrappedNot(inner)
        case "and": return Expression.disjunction(inner.conjuncts.map(negated)) ?? wrappedNot(inner)
        default: return wrappedNot(inner)
        }
    }

    private static func wrappedNot(_ inner: Expression) -> Expression {
        .call(FunctionCall("not", [inner], type: .boolean))
    }

    /// An IN of one value is an equality; of a null alone it is null; the same value twice counts once.
    /// Longer lists are left as they are: they would be hashed in each of some ten passes.
    private static let longestList = 256

    private static func simplifyList(_ value: Expression, _ list: [Literal]) -> Expression {
        if value.isNullLiteral { return .literal(.null(.boolean)) }
        if list.count > longestList { return .inList(value, list) }
        var seen: Set<Literal> = []
        let unique = list.filter { seen.insert($0).inserted }
        if unique.count == 1, let only = unique.first {
            return only.value.isNull ? .literal(.null(.boolean)) : .equal(value, .literal(only))
        }
        return .inList(value, unique)
    }

    private static func simplify(
        branches: [ConditionalBranch], otherwise: Expression?, type: DataType
    ) -> Expression {
        var kept: [ConditionalBranch] = []
        for branch in branches {
            if branch.condition.isFalseLiteral || branch.condition.isNullLiteral { continue }
            if branch.condition.isTrueLiteral {
                if kept.isEmpty { return branch.result }
                return .conditional(kept, otherwise: branch.result, type: type)
            }
            kept.append(branch)
        }
        if kept.isEmpty { return otherwise ?? .literal(.null(type)) }
        return .conditional(kept, otherwise: otherwise, type: type)
    }
}
