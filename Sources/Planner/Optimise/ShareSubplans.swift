import Columns
import Plans
import Vocabulary

/// Makes subplans that compute the same, but of which some give fewer columns, equal in their columns too, so
/// that they are computed once: the domain of a correlated subquery reads few columns of the outer query's
/// rows, which themselves are read with all. The physical planner puts the exchange in behind which their
/// rows are kept (`SharedSubplans`).
struct ShareSubplans: PlanRule {
    let name = "ShareSubplans"
    let reason =
        "What is computed once and kept need not be computed again, even with a column more."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        var replacements: [Replacement] = []
        for group in SharedSubplans(plan, context.estimator).groups {
            if group.isComplete, Self.areWrittenAlike(group.uses) { continue }
            replacements += Self.widened(group.uses, context)
        }
        if replacements.isEmpty { return plan }
        return Self.replaced(plan, replacements)
    }

    /// Puts one plan in another's place.
    private struct Replacement {
        let old: LogicalPlan
        let new: LogicalPlan
    }

    /// Whether the plans differ in the numbers of their columns alone: a name more or less makes other
    /// stages.
    private static func areWrittenAlike(_ uses: [SharedSubplans.Use]) -> Bool {
        Set(uses.map { $0.plan.description.replacing(/#\d+/, with: "") }).count == 1
    }

    /// Puts the widened plans in, outermost ones only: what stands inside of one is not like its copies any
    /// more.
    private static func replaced(
        _ plan: LogicalPlan, _ replacements: [Replacement]
    ) -> LogicalPlan {
        replacements.first { $0.old == plan }?.new ?? plan.mapChildren { replaced($0, replacements) }
    }

    /// Returns for each place a plan that computes the columns of all, and gives those of the place: the
    /// first one under its own numbers, copies of it for the others. Empty when they turn out not to be
    /// alike.
    private static func widened(_ uses: [SharedSubplans.Use], _ context: RuleContext) -> [Replacement] {
        let first = uses[0].plan
        var merged = MergedSubplan(first, context)
        var maps: [[ColumnID: Expression]] = []
        for use in uses.dropFirst() {
            guard let map = merged.add(use.plan) else { return [] }
            maps.append(map)
        }
        let own = first.output.map { NamedExpression(.column($0), as: $0) }
        var result = [Replacement(old: first, new: .project(own, input: merged.plan))]
        for (use, map) in zip(uses.dropFirst(), maps) {
            let copy = FreshColumns.renamed(merged.plan, context)
            var places: [ColumnID: ColumnReference] = [:]
            for (column, new) in zip(merged.plan.output, copy.output) { places[column.id] = new }
            var list: [NamedExpression] = []
            for column in use.plan.output {
                guard let id = map[column.id]?.columnReference?.id, let place = places[id] else { return [] }
                list.append(NamedExpression(.column(place), as: column))
            }
            result.append(Replacement(old: use.plan, new: .project(list, input: copy)))
        }
        return result
    }
}
