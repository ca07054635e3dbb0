import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Builds a semi or anti join of few rows with many that are read by several tasks: the few go to every
    /// task, which finds the keys of its own rows that are among theirs; those keys, each once a task, are
    /// all that the join itself needs. Without it both sides would be spread by hash, every row of the
    /// larger one for nothing.
    ///
    ///     left ─┬─ broadcast ─▶ right ⋉ left ─▶ distinct keys ─ single ─┐
    ///           └─ the same rows ────────────────────────────▶ left ⋉ or ▷ keys
    ///
    /// Returns nil where keys are computed, a further condition needs the pairs, or the left side cannot be
    /// read twice.
    func reducedSemiJoin(
        _ kind: JoinKind, left: BuiltPlan, right: BuiltPlan, keys: EquiKeys, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan? {
        guard kind == .leftSemi || kind == .leftAnti, keys.residual.isEmpty, left.isSingle, !right.isSingle,
            StageRepeats.isRepeatable(left.plan)
        else { return nil }
        var positions: [Int] = []
        for key in keys.right {
            guard let id = key.columnReference?.id, let at = right.output.firstIndex(where: { $0.id == id }),
                !positions.contains(at), !right.output[at].type.isNested
            else { return nil }
            positions.append(at)
        }
        var leftKeys: [Expression] = []
        var rightKeys: [Expression] = []
        for (mine, theirs) in zip(keys.left, keys.right) {
            leftKeys.append(try left.resolve(mine))
            rightKeys.append(try right.resolve(theirs))
        }
        let few = PhysicalPlan.exchange(.broadcast, input: left.plan)
        let found = positions.map { right.output[$0] }
        let matches = PhysicalHashJoin(
            kind: .leftSemi, left: right.plan, right: few, leftKeys: rightKeys, rightKeys: leftKeys,
            residual: nil, build: .right, buildIsShared: true, output: positions, schema: found.schema)
        let groups = found.enumerated().map { Expression.input($0.offset, $0.element.type) }
        let distinct = PhysicalAggregate(
            mode: .partial, groups: groups, aggregates: [], schema: found.schema, input: .hashJoin(matches))
        let kept = left.output.indices.filter { required.contains(left.output[$0].id) }
        let columns = kept.map { left.output[$0] }
        let join = PhysicalHashJoin(
            kind: kind, left: few, right: .exchange(.single, input: .aggregate(distinct)), leftKeys: leftKeys,
            rightKeys: groups, residual: nil, build: .right, buildIsShared: false, output: kept,
            schema: columns.schema)
        return BuiltPlan(plan: .hashJoin(join), output: columns, tasks: 1)
    }
}
