import Columns
import Plans
import Vocabulary

/// Groups rows before a semi or anti join that drops whole groups of them, where it drops few and the groups
/// are fewer than the rows: INTERSECT and EXCEPT of many rows of few values (TPC-DS Q14, Q38).
struct GroupBeforeSemiJoins: PlanRule {
    let name = "GroupBeforeSemiJoins"
    let reason =
        "A join looks at each group once in place of at each of its rows."

    /// Least expected share of the rows that the join keeps: others were grouped in vain.
    private static let keptShare = 0.5
    /// Greatest expected share of the rows that their groups are.
    private static let groupShare = 0.3
    /// Aggregates that no row makes fail: those of a group that the join drops are computed now, too.
    private static let safe: Set<String> = ["count", "min", "max"]

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            switch node {
            case .aggregate(let groups, let aggregates, let input):
                return Self.moved(groups, aggregates, input, context) ?? node
            case .distinct(let input):
                let groups = input.output.map { NamedExpression(.column($0), as: $0) }
                return Self.moved(groups, [], input, context) ?? node
            default: return node
            }
        }
    }

    private static func moved(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan,
        _ context: RuleContext
    ) -> LogicalPlan? {
        guard !groups.isEmpty, case .join(let kind, let left, let right, let condition?) = input,
            kind == .leftSemi || kind == .leftAnti || kind == .leftAntiNullAware, condition.isDeterministic,
            aggregates.allSatisfy({ safe.contains($0.call.function) }),
            let moved = moved(condition, of: left, to: groups)
        else { return nil }
        let grouped = LogicalPlan.aggregate(groups: groups, aggregates: aggregates, input: left)
        guard grouped.expressions.allSatisfy({ $0.isDeterministic && $0.cannotFail }),
            pays(groups, input, left, context)
        else { return nil }
        return .join(kind, left: grouped, right: right, condition: moved)
    }

    /// Returns the condition over the groups; nil when it asks for more of the rows than groups have.
    private static func moved(
        _ condition: Expression, of left: LogicalPlan, to groups: [NamedExpression]
    ) -> Expression? {
        var outputs: [ColumnID: ColumnReference] = [:]
        for group in groups {
            // Groups know one zero only, which a condition may tell from the other.
            guard let column = group.expression.columnReference, !column.type.isFloating,
                !column.type.isNested
            else { continue }
            outputs[column.id] = group.output
        }
        let needed = condition.columns.intersection(left.output.idSet)
        guard needed.allSatisfy({ outputs[$0] != nil }) else { return nil }
        return condition.rewritten { part in
            guard case .column(let column) = part, let output = outputs[column.id] else { return part }
            return .column(output)
        }
    }

    private static func pays(
        _ groups: [NamedExpression], _ joined: LogicalPlan, _ left: LogicalPlan, _ context: RuleContext
    ) -> Bool {
        let before = context.estimator.estimate(left)
        if context.estimator.estimate(joined).rows < before.rows * keptShare { return false }
        let grouped = context.estimator.aggregated(groups: groups, aggregates: [], below: before)
        return grouped.rows <= before.rows * groupShare
    }
}
