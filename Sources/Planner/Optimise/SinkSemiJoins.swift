import Columns
import Plans
import Vocabulary

/// Moves a semi join that keeps few rows from the top of a join to the relation whose columns it compares
/// (TPC-H Q18: the few large orders are found before lineitem and customer are joined to them).
struct SinkSemiJoins: PlanRule {
    let name = "SinkSemiJoins"
    let reason =
        "A semi join that drops most rows makes all joins after it smaller."

    /// Share of rows that a semi join may keep to be worth doing first.
    private static let shareLimit = 0.3

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        if context.settings.options[ReorderJoins.setting] == "false" { return plan }
        return plan.rewrittenDown { node in
            guard case .join(.leftSemi, let left, let right, let condition?) = node else { return node }
            return Self.sunk(left, right, condition, context)
        }
    }

    private static func sunk(
        _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression, _ context: RuleContext
    ) -> LogicalPlan {
        let join = LogicalPlan.join(.leftSemi, left: left, right: right, condition: condition)
        guard isJoin(left), condition.isDeterministic, condition.cannotFail else { return join }
        let before = context.estimator.estimate(left).rows
        let after = context.estimator.estimate(join).rows
        if after > before * shareLimit { return join }
        let needed = condition.columns.subtracting(right.output.idSet)
        return sunk(left, right, condition, needed) ?? join
    }

    private static func isJoin(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .join(.inner, _, _, _), .join(.cross, _, _, _): true
        case .project(let list, let input):
            list.allSatisfy { $0.expression.columnReference?.id == $0.output.id } && isJoin(input)
        default: false
        }
    }

    private static func sunk(
        _ plan: LogicalPlan, _ right: LogicalPlan, _ condition: Expression, _ needed: Set<ColumnID>
    ) -> LogicalPlan? {
        switch plan {
        case .join(let kind, let first, let second, let on) where kind == .inner || kind == .cross:
            if needed.isSubset(of: first.output.idSet), let below = sunk(first, right, condition, needed) {
                return .join(kind, left: below, right: second, condition: on)
            }
            if needed.isSubset(of: second.output.idSet), let below = sunk(second, right, condition, needed) {
                return .join(kind, left: first, right: below, condition: on)
            }
            return nil
        case .project(let list, let input) where isJoin(plan):
            return sunk(input, right, condition, needed).map { .project(list, input: $0) }
        default:
            guard needed.isSubset(of: plan.output.idSet) else { return nil }
            let below = LogicalPlan.join(
                .leftSemi, left: plan.withoutJoinHint, right: right, condition: condition)
            // What was asked of the join with the others still is.
            return plan.joinHint.map { .hinted($0, input: below) } ?? below
        }
    }
}
