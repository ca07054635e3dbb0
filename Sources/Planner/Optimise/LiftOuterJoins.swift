import Columns
import Plans
import Vocabulary

/// Moves outer and anti joins above inner joins that drop rows (TPC-DS 78: only the sales of a year are
/// joined to their returns):
///
///     (a LEFT JOIN b) JOIN d ON a.x = d.y   →   (a JOIN d ON a.x = d.y) LEFT JOIN b
struct LiftOuterJoins: PlanRule {
    let name = "LiftOuterJoins"
    let reason =
        "Rows that an inner join drops need not be joined to others before."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        if context.settings.options[ReorderJoins.setting] == "false" { return plan }
        return visit(plan, context)
    }

    /// Rewrites what is below first: what was lifted there may be lifted further.
    private func visit(_ plan: LogicalPlan, _ context: RuleContext) -> LogicalPlan {
        let plan = plan.mapChildren { visit($0, context) }
        guard case .join(.inner, let left, let right, let condition?) = plan, condition.isDeterministic,
            condition.cannotFail
        else { return plan }
        if let lifted = Self.lifted(
            left, context, condition, right.output.idSet,
            { below in
                LogicalPlan.join(.inner, left: below, right: right, condition: condition)
            })
        {
            return Self.ordered(lifted, as: plan.output)
        }
        if let lifted = Self.lifted(
            right, context, condition, left.output.idSet,
            { below in
                LogicalPlan.join(.inner, left: left, right: below, condition: condition)
            })
        {
            return Self.ordered(lifted, as: plan.output)
        }
        return plan
    }

    /// Returns what `join` makes of the kept side of an outer join, below that outer join; nil where there is
    /// none, or it would have more rows to do.
    private static func lifted(
        _ side: LogicalPlan, _ context: RuleContext, _ condition: Expression, _ others: Set<ColumnID>,
        _ join: (LogicalPlan) -> LogicalPlan
    ) -> LogicalPlan? {
        switch side {
        case .filter(let test, let input) where test.isDeterministic && test.cannotFail:
            return lifted(input, context, condition, others, join).map { .filter(test, input: $0) }
        case .project(let list, let input)
        where list.allSatisfy({ $0.expression.columnReference?.id == $0.output.id }):
            return lifted(input, context, condition, others, join)
        case .join(let kind, let kept, let other, let on?) where kind == .left || kind == .leftAnti:
            guard on.isDeterministic, condition.columns.subtracting(others).isSubset(of: kept.output.idSet)
            else { return nil }
            let before = context.estimator.estimate(kept).rows
            let limit = kind == .left ? before : context.estimator.estimate(side).rows
            let inner = join(kept)
            guard context.estimator.estimate(inner).rows <= limit else { return nil }
            return .join(kind, left: inner, right: other, condition: on)
        default: return nil
        }
    }

    private static func ordered(_ plan: LogicalPlan, as output: [ColumnReference]) -> LogicalPlan {
        .project(output.map { NamedExpression(.column($0), as: $0) }, input: plan)
    }
}
