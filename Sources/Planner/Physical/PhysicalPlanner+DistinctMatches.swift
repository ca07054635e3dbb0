import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Fewest rows of a side that are worth grouping before they are joined.
    private static let distinctRows = 50_000.0
    /// Greatest expected share of the rows that differ.
    private static let distinctShare = 0.3

    /// Returns the right side of a join that asks only whether there is a match, each task's rows that are
    /// alike once: `WHERE id IN (SELECT …)` over many rows of few values, INTERSECT and EXCEPT. Nil for other
    /// joins, and where most rows differ.
    func distinctMatches(
        _ kind: JoinKind, _ right: LogicalPlan, _ built: BuiltPlan, _ size: SideSize
    ) -> (built: BuiltPlan, size: SideSize)? {
        guard kind == .leftSemi || kind == .leftAnti || kind == .leftAntiNullAware, !isInStep,
            size.rows >= Self.distinctRows, !built.output.isEmpty,
            // Groups know one zero only, which a condition may tell from the other.
            !built.output.contains(where: { $0.type.isNested || $0.type.isFloating })
        else { return nil }
        if case .aggregate = right { return nil }
        let groups = built.output.map { NamedExpression(.column($0), as: $0) }
        let distinct = estimator.aggregated(groups: groups, aggregates: [], below: size.estimate)
        if distinct.rows > size.rows * Self.distinctShare { return nil }
        let keys = built.output.enumerated().map { Expression.input($0.offset, $0.element.type) }
        var result = built
        result.plan = .aggregate(
            PhysicalAggregate(
                mode: .partial, groups: keys, aggregates: [], schema: built.output.schema, input: built.plan))
        let bytes = distinct.byteCount(of: built.output)
        return (result, SideSize(estimate: distinct, bytes: min(size.bytes, bytes * Double(built.tasks))))
    }
}
