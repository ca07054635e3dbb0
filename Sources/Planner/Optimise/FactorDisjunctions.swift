import Columns
import Plans
import Vocabulary

/// Pulls what all parts of an OR share in front of it: `(a AND b) OR (a AND c)` is `a AND (b OR c)`.
///
/// TPC-H Q19 repeats its join condition in each branch; only in front of the OR is it a join key.
struct FactorDisjunctions: PlanRule {
    let name = "FactorDisjunctions"
    let reason =
        "A condition inside an OR is no join key and filters nothing before a join; in front of it, it does."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            switch node {
            case .filter(let condition, let input): .filter(Self.factored(condition), input: input)
            case .join(let kind, let left, let right, let condition?):
                .join(kind, left: left, right: right, condition: Self.factored(condition))
            default: node
            }
        }
    }

    static func factored(_ condition: Expression) -> Expression {
        let parts = condition.conjuncts.flatMap { factoredDisjunction($0).conjuncts }
        return Expression.conjunction(parts) ?? condition
    }

    private static func factoredDisjunction(_ condition: Expression) -> Expression {
        let branches = condition.disjuncts.map(\.conjuncts)
        guard branches.count > 1, let first = branches.first, condition.isDeterministic else {
            return condition
        }
        var common: [Expression] = []
        for (at, part) in first.enumerated()
        where branches.dropFirst().allSatisfy({ $0.contains(part) }) {
            // What may fail stays behind what guards it, but where it is computed for each row already.
            if part.cannotFail || at == common.count { common.append(part) }
        }
        if common.isEmpty { return condition }
        var rests: [Expression] = []
        for branch in branches {
            guard let rest = Expression.conjunction(branch.filter { !common.contains($0) }) else {
                // A branch holds nothing but the common part: the OR adds no condition.
                return Expression.conjunction(common) ?? condition
            }
            rests.append(rest)
        }
        guard let disjunction = Expression.disjunction(rests) else { return condition }
        return Expression.conjunction(common + [disjunction]) ?? condition
    }
}
