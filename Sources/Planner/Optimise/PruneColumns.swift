import Columns
import Plans
import Vocabulary

/// Drops columns and aggregates that nothing above uses, down to the scans, which then do not read them.
struct PruneColumns: PlanRule {
    let name = "PruneColumns"
    let reason =
        "Columns that nobody uses need not be read, decoded or moved."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        prune(plan, required: plan.output.idSet)
    }

    private func prune(_ plan: LogicalPlan, required: Set<ColumnID>) -> LogicalPlan {
        switch plan {
        case .scan(let scan): return .scan(pruned(scan, required))
        case .project(let list, let input):
            let kept = list.filter { required.contains($0.output.id) }
            return .project(kept, input: prune(input, required: Self.columns(of: kept.map(\.expression))))
        case .aggregate(let groups, let aggregates, let input):
            let kept = aggregates.filter { required.contains($0.output.id) }
            let expressions =
                groups.map(\.expression)
                + kept.flatMap { $0.call.arguments + ($0.call.filter.map { [$0] } ?? []) }
            return .aggregate(
                groups: groups, aggregates: kept, input: prune(input, required: Self.columns(of: expressions))
            )
        case .union(let inputs, let output): return prunedUnion(inputs, output, required)
        case .distinct(let input): return .distinct(input: prune(input, required: input.output.idSet))
        case .expand(let lists, let output, let input):
            let kept = output.indices.filter { required.contains(output[$0].id) }
            let keptLists = lists.map { list in kept.map { list[$0] } }
            let below = prune(input, required: Self.columns(of: keptLists.flatMap { $0 }))
            return .expand(keptLists, output: kept.map { output[$0] }, input: below)
        case .generate(let generator, let output, let input):
            let needed = required.subtracting(output.idSet).union(Self.columns(of: [generator.list]))
            return .generate(generator, output: output, input: prune(input, required: needed))
        case .window(var window):
            window.calls = window.calls.filter { required.contains($0.output.id) }
            if window.calls.isEmpty { return prune(window.input, required: required) }
            let own = Set(window.calls.map(\.output.id))
            let read = Self.columns(of: LogicalPlan.window(window).expressions)
            window.input = prune(window.input, required: required.subtracting(own).union(read))
            return .window(window)
        case .range(let range, let output):
            return .range(range, output: output.filter { required.contains($0.id) })
        case .recursion(var recursion):
            // The step reads all columns, be it to compute those that are read.
            recursion.anchor = prunedInput(recursion.anchor, to: recursion.anchor.output)
            recursion.step = prunedInput(recursion.step, to: recursion.step.output)
            return .recursion(recursion)
        case .filter, .join, .lateralJoin, .sort, .repartition, .limit, .values, .singleRow, .workingTable,
            .kept, .hinted:
            let needed = required.union(Self.columns(of: plan.expressions))
            return plan.mapChildren { prune($0, required: needed) }
        }
    }

    private static func columns(of expressions: [Expression]) -> Set<ColumnID> {
        var found: Set<ColumnID> = []
        for expression in expressions { expression.collectColumns(into: &found) }
        return found
    }

    private func pruned(_ scan: LogicalScan, _ required: Set<ColumnID>) -> LogicalScan {
        let needed = required.union(Self.columns(of: scan.filters))
        let kept = scan.output.indices.filter { needed.contains(scan.output[$0].id) }
        var result = scan
        result.output = kept.map { scan.output[$0] }
        result.columns = kept.map { scan.columns[$0] }
        return result
    }

    /// A union's inputs are matched by position, so each input gives exactly the columns that stay.
    private func prunedUnion(
        _ inputs: [LogicalPlan], _ output: [ColumnReference], _ required: Set<ColumnID>
    ) -> LogicalPlan {
        let kept = output.indices.filter { required.contains(output[$0].id) }
        let pruned = inputs.map { input in prunedInput(input, to: kept.map { input.output[$0] }) }
        return .union(pruned, output: kept.map { output[$0] })
    }

    /// Returns a plan that gives exactly the wanted columns, in their order.
    private func prunedInput(_ input: LogicalPlan, to wanted: [ColumnReference]) -> LogicalPlan {
        let below = prune(input, required: Set(wanted.map(\.id)))
        if below.output.map(\.id) == wanted.map(\.id) { return below }
        return LogicalPlan.project(wanted.map { NamedExpression(.column($0), as: $0) }, input: below)
    }
}
