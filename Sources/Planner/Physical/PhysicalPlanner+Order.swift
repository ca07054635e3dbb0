import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Rows below which a sort runs in one task: sampling and a range exchange would cost more.
    static let singleSortRows = 100_000.0

    mutating func buildSort(
        _ keys: [SortKey], input: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var below = try build(input, required: required.union(columns(of: keys)))
        let resolved = try resolve(keys, in: below)
        if !below.isSingle {
            let estimate = estimator.estimate(input)
            if estimate.rows < Self.singleSortRows {
                below = gathered(below)
            } else {
                let partitions = max(2, sizing.partitions(byteCount: estimate.byteCount(of: below.output)))
                let range = Partitioning.range(resolved, partitions: partitions, bounds: StageID(0))
                below = BuiltPlan(
                    plan: .exchange(range, input: below.plan), output: below.output, tasks: partitions)
            }
        }
        below.plan = .sort(resolved, limit: nil, input: below.plan)
        below.hashedBy = []
        return below
    }

    mutating func buildLimit(
        count: Int?, offset: Int, input: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        let reach = count.flatMap { count -> Int? in
            let (sum, overflow) = count.addingReportingOverflow(offset)
            return overflow ? nil : sum
        }
        if case .sort(let keys, let below) = input, let reach, reach <= Self.topRows {
            return try buildTop(reach, offset: offset, keys: keys, input: below, required: required)
        }
        var built = try build(input, required: required)
        if !built.isSingle {
            if let reach { built.plan = .limit(count: reach, offset: 0, input: built.plan) }
            built = gathered(built)
        }
        built.plan = .limit(count: count, offset: offset, input: built.plan)
        return built
    }

    /// Most rows that a top-N operator keeps; beyond, a whole sort is as good.
    static let topRows = 1_000_000

    private mutating func buildTop(
        _ reach: Int, offset: Int, keys: [SortKey], input: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var built = try build(input, required: required.union(columns(of: keys)))
        let resolved = try resolve(keys, in: built)
        built.plan = .sort(resolved, limit: reach, input: built.plan)
        if !built.isSingle {
            built = gathered(built)
            built.plan = .sort(resolved, limit: reach, input: built.plan)
        }
        if offset > 0 { built.plan = .limit(count: nil, offset: offset, input: built.plan) }
        built.hashedBy = []
        return built
    }

    private func columns(of keys: [SortKey]) -> Set<ColumnID> {
        var found: Set<ColumnID> = []
        for key in keys { key.expression.collectColumns(into: &found) }
        return found
    }

    func resolve(_ keys: [SortKey], in built: BuiltPlan) throws(EngineError) -> [SortKey] {
        var resolved: [SortKey] = []
        for key in keys {
            resolved.append(
                SortKey(
                    try built.resolve(key.expression), ascending: key.ascending, nullsFirst: key.nullsFirst))
        }
        return resolved
    }
}
