import Plans
import Vocabulary

/// Finds stages that would compute again what another stage of the statement computes: a common table
/// expression or a view that is used twice is bound twice, and often optimised to the same plan.
enum StageRepeats {
    /// Returns the stage among `stages` whose output serves in place of `candidate`'s, or nil. Only what
    /// depends on the data alone is shared: `rand()` twice is two numbers.
    static func original(of candidate: Stage, among stages: [Stage]) -> StageID? {
        guard case .shuffle = candidate.output else { return nil }
        let same = stages.first {
            $0.output == candidate.output && $0.dependencies == candidate.dependencies
                && $0.splits == candidate.splits && $0.plan == candidate.plan
        }
        guard let same, isRepeatable(candidate.plan) else { return nil }
        return same.id
    }

    /// Says whether a plan gives the same rows whenever it is run.
    static func isRepeatable(_ plan: PhysicalPlan) -> Bool {
        var found = true
        plan.forEach { node in
            guard let expressions = expressions(of: node) else {
                found = false
                return
            }
            if !expressions.allSatisfy(\.isDeterministic) { found = false }
        }
        return found
    }

    /// The expressions of a node; nil for nodes that are not looked into.
    private static func expressions(of node: PhysicalPlan) -> [Expression]? {
        switch node {
        case .scan(let scan): scan.filters
        case .shuffleRead, .values, .limit, .singleRow, .union, .exchange, .range, .recursion, .workingTable:
            []
        case .filter(let conditions, _): conditions
        case .project(let list, _, _): list
        case .sort(let keys, _, _): keys.map(\.expression)
        case .aggregate(let aggregate):
            aggregate.groups
                + aggregate.aggregates.flatMap { $0.arguments + ($0.filter.map { [$0] } ?? []) }
        case .hashJoin(let join): join.leftKeys + join.rightKeys + (join.residual.map { [$0] } ?? [])
        case .nestedLoopJoin(let join): join.condition.map { [$0] } ?? []
        case .expand(let lists, _, _): lists.flatMap { $0 }
        case .generate(let generator, _, _, _): [generator.list]
        case .window(let window):
            window.partition + window.order.map(\.expression) + window.calls.flatMap(\.arguments)
        // A source outside of the storage may give other rows the next time.
        case .rangeBounds, .externalScan, .describe, .externalWrite, .collect: nil
        }
    }
}
