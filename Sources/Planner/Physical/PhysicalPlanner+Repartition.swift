import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Builds a plan whose rows lie in as many tasks as was asked for.
    mutating func buildRepartition(
        _ given: Repartition, input: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var needed = required
        for key in given.keys { key.expression.collectColumns(into: &needed) }
        let built = try build(input, required: needed)
        let estimate = estimator.estimate(input)
        let count = given.count ?? sizing.partitions(byteCount: estimate.byteCount(of: built.output))
        if isInStep || (given.method == .fewer && built.tasks <= count) { return built }
        if count == 1 { return gathered(built) }
        let partitioning: Partitioning
        switch given.method {
        case .roundRobin, .fewer: partitioning = .roundRobin(partitions: count)
        case .hash: return try hashed(built, by: given.keys.map(\.expression), partitions: count)
        case .range:
            partitioning = .range(
                try resolve(given.keys, in: built), partitions: count, bounds: StageID(0))
        }
        return BuiltPlan(
            plan: .exchange(partitioning, input: built.plan), output: built.output, tasks: count)
    }
}
