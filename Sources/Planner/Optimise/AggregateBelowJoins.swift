import Columns
import Functions
import Plans
import Vocabulary

/// Aggregates one side of a join before it, by the columns that the join and the groups need of it, and what
/// these parts give behind it: `sum(amount)` of orders by a customer's name and address needs one row of each
/// customer from the orders, not each order (TPC-DS Q4, TPC-H Q13). (Yan and Larson, "Eager Aggregation and
/// Lazy Aggregation", VLDB 1995.)
struct AggregateBelowJoins: PlanRule {
    let name = "AggregateBelowJoins"
    let reason =
        "A join passes on few rows of parts of sums in place of many, and few are grouped by wide keys."

    /// Fewest rows of a side with which a second aggregation pays.
    private static let leastRows = 10_000.0
    /// Greatest expected share of a side's rows that its groups are.
    private static let groupShare = 0.25
    /// Least expected share of a side's rows that the join keeps: others were aggregated in vain.
    private static let keptShare = 0.5
    /// Least expected number of groups behind the join, as a share of those before it: few are cheap to
    /// aggregate at once.
    private static let resultShare = 0.125

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenDown { node in
            guard case .aggregate(let groups, let aggregates, let input) = node, !aggregates.isEmpty else {
                return node
            }
            return split(groups, aggregates, input, context) ?? node
        }
    }

    private func split(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan,
        _ context: RuleContext
    ) -> LogicalPlan? {
        guard case .join(let kind, let left, let right, let condition?) = input, condition.isDeterministic,
            groups.allSatisfy(\.expression.isDeterministic)
        else { return nil }
        func tried(_ side: LogicalPlan, _ fate: PartialAggregation.Fate, _ join: (LogicalPlan) -> LogicalPlan)
            -> LogicalPlan?
        {
            guard let keys = Self.keys(of: side, groups, condition),
                pays(side, keys, groups, input, context),
                let parts = PartialAggregation(aggregates, of: side, as: fate, context)
            else { return nil }
            return parts.completed(groups: groups, over: join(parts.begun(by: keys, over: side)))
        }
        func joined(_ side: LogicalPlan) -> LogicalPlan {
            .join(kind, left: side, right: right, condition: condition)
        }
        func joinedRight(_ side: LogicalPlan) -> LogicalPlan {
            .join(kind, left: left, right: side, condition: condition)
        }
        switch kind {
        case .inner: return tried(left, .matched, joined) ?? tried(right, .matched, joinedRight)
        case .left: return tried(left, .kept, joined) ?? tried(right, .padded, joinedRight)
        case .right: return tried(left, .padded, joined) ?? tried(right, .kept, joinedRight)
        default: return nil
        }
    }

    /// Returns the columns of a side that the join and the groups need; nil where there are none, or where
    /// rows that are equal in them may not be so for the groups.
    private static func keys(
        of side: LogicalPlan, _ groups: [NamedExpression], _ condition: Expression
    ) -> [NamedExpression]? {
        var needed: Set<ColumnID> = []
        condition.collectColumns(into: &needed)
        for group in groups { group.expression.collectColumns(into: &needed) }
        let keys = side.output.filter { needed.contains($0.id) }
        let areExact = keys.allSatisfy { !$0.type.isNested && !$0.type.isFloating }
        return keys.isEmpty || !areExact ? nil : keys.map { NamedExpression(.column($0), as: $0) }
    }

    private func pays(
        _ side: LogicalPlan, _ keys: [NamedExpression], _ groups: [NamedExpression], _ join: LogicalPlan,
        _ context: RuleContext
    ) -> Bool {
        let rows = context.estimator.estimate(side).rows
        if rows < Self.leastRows || context.estimator.estimate(join).rows < Self.keptShare * rows {
            return false
        }
        let before = context.estimator.estimate(.aggregate(groups: keys, aggregates: [], input: side)).rows
        let behind = context.estimator.estimate(.aggregate(groups: groups, aggregates: [], input: join)).rows
        return before <= Self.groupShare * rows && behind >= Self.resultShare * before
    }
}
