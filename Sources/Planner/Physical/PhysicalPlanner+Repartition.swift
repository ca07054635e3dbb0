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
        case .range:
            partitioning = .range(
                try resolve(given.keys, in: built), partitions: count, bounds: StageID(0))
        case .hash where given.keys.allSatisfy(\.expression.isDeterministic):
            return try hashed(built, by: given.keys.map(\.expression), partitions: count)
        case .roundRobin, .fewer, .hash:
            // A task that runs again must deal each row as before, or others would miss it or have it twice.
            if !built.plan.hasSteadyOrder {
                return try hashed(built, by: built.output.map { .column($0) }, partitions: count)
            }
            partitioning = .roundRobin(partitions: count)
        }
        return BuiltPlan(
            plan: .exchange(partitioning, input: built.plan), output: built.output, tasks: count)
    }
}

extension PhysicalPlan {
    /// Whether a task that runs again gives its rows in the same order: none came through an exchange that
    /// its readers take as it comes.
    fileprivate var hasSteadyOrder: Bool {
        if case .exchange(let partitioning, _) = self {
            switch partitioning {
            case .single, .broadcast, .shared: break
            case .hash, .range, .rowsAndSample, .roundRobin: return false
            }
        }
        return children.allSatisfy(\.hasSteadyOrder)
    }
}
