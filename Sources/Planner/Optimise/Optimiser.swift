import Columns
import Plans
import Vocabulary

/// Applies the rules to a bound plan, in an order in which each finds what those before it prepared.
package struct Optimiser {
    /// Holds rules that are applied one after the other.
    private struct Phase {
        var rules: [any PlanRule]
        /// Whether they are applied again until nothing changes, at most `passLimit` times.
        var repeats = false
    }

    private static let pushing = Phase(
        rules: [
            SimplifyExpressions(), FactorDisjunctions(), NarrowOuterJoins(), FindAntiJoins(),
            PushPredicates(),
        ],
        repeats: true)
    private static let phases = [
        Phase(rules: [SimplifyExpressions(), RewriteSubqueries(), ExpandDistinctAggregates()]),
        pushing,
        Phase(rules: [DerivePredicates()]),
        pushing,
        Phase(rules: [
            RemoveSorts(), PruneColumns(), LiftOuterJoins(), SinkSemiJoins(), ReorderJoins(),
            ReduceGroupedRows(),
        ]),
        Phase(
            rules: [PushPredicates(), PushLimits(), CollapseProjects(), SimplifyExpressions()],
            repeats: true),
        Phase(rules: [
            GroupBeforeSemiJoins(), AggregateBelowJoins(), PruneColumns(), CollapseProjects(),
            ShareSubplans(),
        ]),
    ]
    private static let passLimit = 4

    /// Every rule, once.
    static var rules: [any PlanRule] {
        var seen: Set<String> = []
        return phases.flatMap(\.rules).filter { seen.insert($0.name).inserted }
    }

    private let facts: any RelationFacts
    private let settings: SessionSettings
    private let excluded: Set<String>

    package init(facts: any RelationFacts, settings: SessionSettings) {
        self.init(facts: facts, settings: settings, excluding: [])
    }

    /// Makes an optimiser without the rules of these names, for tests of what a rule does.
    init(facts: any RelationFacts, settings: SessionSettings, excluding excluded: Set<String>) {
        self.facts = facts
        self.settings = settings
        self.excluded = excluded
    }

    /// Returns the optimised plan. Throws for subqueries that cannot be rewritten.
    package func optimise(_ plan: LogicalPlan) throws(EngineError) -> LogicalPlan {
        let context = RuleContext(plan: plan, facts: facts, settings: settings)
        var current = plan
        for phase in Self.phases { current = try apply(phase, current, context) }
        return current
    }

    private func apply(
        _ phase: Phase, _ plan: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var current = plan
        for _ in 0..<(phase.repeats ? Self.passLimit : 1) {
            var next = current
            for rule in phase.rules where !excluded.contains(rule.name) {
                next = try rule.rewrite(next, context)
            }
            if phase.repeats, next == current { break }
            current = next
        }
        return current
    }
}
