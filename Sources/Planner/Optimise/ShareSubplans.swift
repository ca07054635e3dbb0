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
        var replacements: [(old: LogicalPlan, new: LogicalPlan)] = []
        for group in SharedSubplans(plan, context.estimator).groups {
            let read = group.reduce(into: Set<String>()) { $0.formUnion($1.read) }
            if group.allSatisfy({ read.isSubset(of: $0.names.values) }), Self.areWrittenAlike(group) {
                continue
            }
            replacements += Self.widened(group, context).map { ($0.use.plan, $0.plan) }
        }
        if replacements.isEmpty { return plan }
        return Self.replaced(plan, replacements)
    }

    /// Whether the plans differ in the numbers of their columns alone: a name more or less makes other
    /// stages.
    private static func areWrittenAlike(_ group: [SharedSubplans.Use]) -> Bool {
        Set(group.map { $0.plan.description.replacing(/#\d+/, with: "") }).count == 1
    }

    /// Puts the widened plans in, outermost ones only: what stands inside of one is not like its copies any
    /// more.
    private static func replaced(
        _ plan: LogicalPlan, _ replacements: [(old: LogicalPlan, new: LogicalPlan)]
    ) -> LogicalPlan {
        replacements.first { $0.old == plan }?.new ?? plan.mapChildren { replaced($0, replacements) }
    }

    /// Returns the uses with plans that compute the columns of all, and give those of the place: the first
    /// one under its own numbers, copies of it for the others. Empty when they turn out not to be alike.
    private static func widened(
        _ group: [SharedSubplans.Use], _ context: RuleContext
    ) -> [(use: SharedSubplans.Use, plan: LogicalPlan)] {
        var merged = MergedSubplan(group[0].plan, context)
        var maps: [[ColumnID: Expression]] = []
        for use in group.dropFirst() {
            guard let map = merged.add(use.plan) else { return [] }
            maps.append(map)
        }
        let own = group[0].plan.output.map { NamedExpression(.column($0), as: $0) }
        var result: [(use: SharedSubplans.Use, plan: LogicalPlan)] = [
            (group[0], .project(own, input: merged.plan))
        ]
        for (use, map) in zip(group.dropFirst(), maps) {
            let copy = FreshColumns.renamed(merged.plan, context)
            var places: [ColumnID: ColumnReference] = [:]
            for (column, new) in zip(merged.plan.output, copy.output) { places[column.id] = new }
            var list: [NamedExpression] = []
            for column in use.plan.output {
                guard let id = map[column.id]?.columnReference?.id, let place = places[id] else { return [] }
                list.append(NamedExpression(.column(place), as: column))
            }
            result.append((use, .project(list, input: copy)))
        }
        return result
    }
}
