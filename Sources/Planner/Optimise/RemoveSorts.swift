import Columns
import Plans
import Vocabulary

/// Drops sorts whose order nobody sees: below an aggregation, a join, a union, a filter of a subquery, or
/// another sort, unless a limit between them picks rows by it. Spark drops them too.
struct RemoveSorts: PlanRule {
    let name = "RemoveSorts"
    let reason =
        "A sort whose order nobody sees holds all rows for nothing."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        visit(plan, orderMatters: true)
    }

    private func visit(_ plan: LogicalPlan, orderMatters: Bool) -> LogicalPlan {
        switch plan {
        case .sort(let keys, let input):
            if !orderMatters { return visit(input, orderMatters: false) }
            return .sort(keys, input: visit(input, orderMatters: false))
        case .limit(let count, let offset, let input):
            return .limit(count: count, offset: offset, input: visit(input, orderMatters: true))
        case .project, .filter, .generate, .hinted:
            return plan.mapChildren { visit($0, orderMatters: orderMatters) }
        case .window(let window):
            // Rows of a partition without an order of its own stay in the order in which they come.
            return plan.mapChildren { visit($0, orderMatters: window.order.isEmpty) }
        case .aggregate(_, let aggregates, _):
            let sees = aggregates.contains { Self.orderedAggregates.contains($0.call.function) }
            return plan.mapChildren { visit($0, orderMatters: sees) }
        default: return plan.mapChildren { visit($0, orderMatters: false) }
        }
    }

    /// Aggregates whose result follows the order of their rows.
    private static let orderedAggregates: Set<String> = [
        "first", "last", "first_value", "last_value", "collect_list", "array_agg", "listagg", "string_agg",
        "any_value",
    ]
}
