import Columns
import Plans
import Vocabulary

/// Decides whether what several queries of a statement start from is computed once, its rows being kept for
/// all of them, or by each for itself. A plain scan is read by each: its filters and columns go down to the
/// file, and nothing is written in between. What joins, groups, sorts, cuts or numbers rows is computed once,
/// and so is what may give other rows the next time, as its rows must be the same for all.
enum KeptSource {
    /// Returns the optimised plans of queries whose plans hold `source`.
    static func optimised(
        _ plans: [LogicalPlan], from source: LogicalPlan, by optimiser: Optimiser
    ) throws(EngineError) -> [LogicalPlan] {
        guard isWorthKeeping(source), plans.filter({ holds($0, source) }).count > 1 else {
            var result: [LogicalPlan] = []
            for plan in plans { result.append(try optimiser.optimise(plan)) }
            return result
        }
        var reading: [LogicalPlan] = []
        for plan in plans {
            reading.append(try optimiser.optimise(replaced(plan, source, by: .kept(source))))
        }
        let read = reading.reduce(into: Set<ColumnID>()) { $0.formUnion(columns(of: source, readBy: $1)) }
        let kept = source.output.filter { read.contains($0.id) }
        let narrowed = try optimiser.optimise(
            .project(kept.map { NamedExpression(.column($0), as: $0) }, input: source))
        return reading.map { replaced($0, .kept(source), by: .kept(narrowed)) }
    }

    private static func isWorthKeeping(_ source: LogicalPlan) -> Bool {
        var found = false
        source.forEach { node in
            switch node {
            case .join, .lateralJoin, .aggregate, .distinct, .window, .sort, .limit, .recursion: found = true
            // A connector may give other rows the next time, and is slower than what was kept.
            case .scan(let scan): if case .external = scan.relation { found = true }
            case .values, .filter, .project, .union, .expand, .singleRow, .generate, .repartition, .range,
                .workingTable, .kept, .hinted:
                break
            }
            if node.expressions.contains(where: { !$0.isDeterministic || $0.hasSubquery }) { found = true }
        }
        return found
    }

    private static func holds(_ plan: LogicalPlan, _ source: LogicalPlan) -> Bool {
        plan == source || plan.children.contains { holds($0, source) }
    }

    private static func replaced(
        _ plan: LogicalPlan, _ source: LogicalPlan, by kept: LogicalPlan
    ) -> LogicalPlan {
        plan == source ? kept : plan.mapChildren { replaced($0, source, by: kept) }
    }

    /// The columns of the source that an optimised plan reads of it.
    private static func columns(of source: LogicalPlan, readBy plan: LogicalPlan) -> Set<ColumnID> {
        let own = source.output.idSet
        var read = plan.output.idSet
        plan.forEach { node in
            for expression in node.expressions { expression.collectColumns(into: &read) }
            switch node {
            // Their inputs are taken by place.
            case .union, .distinct, .recursion, .expand:
                for child in node.children { read.formUnion(child.output.idSet) }
            default: break
            }
        }
        return read.intersection(own)
    }
}
