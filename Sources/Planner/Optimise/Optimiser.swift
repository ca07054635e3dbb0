import Columns
import Plans
import Vocabulary

/// Applies the rules to a bound plan, in an order in which each finds what those before it prepared.
package struct Optimiser {
    private let facts: any RelationFacts
    private let settings: SessionSettings

    package init(facts: any RelationFacts, settings: SessionSettings) {
        self.facts = facts
        self.settings = settings
    }

    /// Rules that follow each other until nothing changes, at most `passLimit` times.
    private var pushing: [any PlanRule] {
        [SimplifyExpressions(), FactorDisjunctions(), NarrowOuterJoins(), PushPredicates()]
    }
    private static let passLimit = 4

    /// Returns the optimised plan. Throws for subqueries that cannot be rewritten.
    package func optimise(_ plan: LogicalPlan) throws(EngineError) -> LogicalPlan {
        let context = RuleContext(plan: plan, facts: facts, settings: settings)
        var current = try apply(
            [SimplifyExpressions(), RewriteSubqueries(), ExpandDistinctAggregates()], plan, context)
        current = try untilStable(pushing, current, context)
        current = try apply([DerivePredicates()], current, context)
        current = try untilStable(pushing, current, context)
        current = try apply(
            [RemoveSorts(), PruneColumns(), ReorderJoins(), ReduceGroupedRows()], current, context)
        current = try untilStable(
            [PushPredicates(), PushLimits(), CollapseProjects(), SimplifyExpressions()], current, context)
        return try apply([PruneColumns(), CollapseProjects()], current, context)
    }

    private func apply(
        _ rules: [any PlanRule], _ plan: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var current = plan
        for rule in rules { current = try rule.rewrite(current, context) }
        return current
    }

    private func untilStable(
        _ rules: [any PlanRule], _ plan: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var current = plan
        for _ in 0..<Self.passLimit {
            let next = try apply(rules, current, context)
            if next == current { break }
            current = next
        }
        return current
    }
}
