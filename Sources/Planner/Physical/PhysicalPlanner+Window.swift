import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Builds window functions: rows of a partition meet in one task, sorted by partition and order.
    mutating func buildWindow(
        _ window: LogicalWindow, required: Set<ColumnID>, meeting: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        let calls = window.calls.filter { required.contains($0.output.id) }
        if calls.isEmpty { return try build(window.input, required: required, meeting: meeting) }
        var kept = window
        kept.calls = calls
        var needed = required.subtracting(calls.map(\.output.id))
        for expression in LogicalPlan.window(kept).expressions { expression.collectColumns(into: &needed) }
        let below = try build(window.input, required: needed, meeting: self.meeting(window, above: meeting))
        var built = try together(below, window)
        let keys = window.partition.map { SortKey($0) } + window.order
        let resolved = try resolve(keys, in: built)
        if !resolved.isEmpty { built.plan = .sort(resolved, limit: nil, input: built.plan) }
        let output = built.output + calls.map(\.output)
        built.plan = .window(
            PhysicalWindow(
                partition: resolved.prefix(window.partition.count).map(\.expression),
                order: Array(resolved.dropFirst(window.partition.count)),
                calls: try resolve(calls.map(\.call), in: built), schema: output.schema, input: built.plan))
        built.output = output
        return built
    }

    /// What has to meet below the window: what the window above it partitions by where that is less, so that
    /// rows move once for both, else its own partitions.
    private func meeting(_ window: LogicalWindow, above: Set<ColumnID>) -> Set<ColumnID> {
        let own = window.partition.compactMap { $0.columnReference?.id }
        if own.count < window.partition.count { return [] }
        return !above.isEmpty && above.isSubset(of: own) ? above : Set(own)
    }

    /// Returns the plan with the rows of each partition in one task.
    private func together(_ built: BuiltPlan, _ window: LogicalWindow) throws(EngineError) -> BuiltPlan {
        if window.partition.isEmpty { return gathered(built) }
        if built.isClustered(by: Set(window.partition.compactMap { $0.columnReference?.id })) { return built }
        let bytes = estimator.estimate(window.input).byteCount(of: built.output)
        return try hashed(built, by: window.partition, partitions: sizing.partitions(byteCount: bytes))
    }

    private func resolve(_ calls: [WindowCall], in built: BuiltPlan) throws(EngineError) -> [WindowCall] {
        var failure: EngineError?
        let resolved = calls.map { call in
            call.mapExpressions { expression in
                do throws(EngineError) {
                    return try built.resolve(expression)
                } catch {
                    failure = error
                    return expression
                }
            }
        }
        if let failure { throw failure }
        return resolved
    }
}
