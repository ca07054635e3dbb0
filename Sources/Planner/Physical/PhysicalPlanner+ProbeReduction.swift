import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Greatest expected share of the probed rows that may find their key for a reduction to pay.
    private static let reducedShare = 0.3
    /// Bytes of probed rows that are worth a stage more.
    private static let reducedBytes = 4e6

    /// Drops rows without a match from the probed side of a join before that side is spread by hash: the few
    /// rows of the other side go to every task that reads it, where their keys reach down to the scan.
    ///
    ///     few ── shared ─┬─ hash ─────────────────────────────▶ join
    ///                    └─ broadcast ─▶ many ⋉ few ─ hash ──▶
    ///
    /// Does nothing where unmatched rows are given, the rows lie by the keys already, or it would not pay.
    func reduceProbe(
        _ sides: inout JoinSides, build: PhysicalHashJoin.Side, keys: EquiKeys
    ) throws(EngineError) {
        if !PhysicalHashJoin.dropsUnmatchedProbeRows(sides.kind, build: build) { return }
        let (few, many) = build == .left ? (sides.left, sides.right) : (sides.right, sides.left)
        let (fewSize, manySize) =
            build == .left ? (sides.leftSize, sides.rightSize) : (sides.rightSize, sides.leftSize)
        let (fewKeys, manyKeys) = build == .left ? (keys.left, keys.right) : (keys.right, keys.left)
        // Rows that come out otherwise when they are made again would look for keys that were dropped.
        guard !many.isSingle, StageRepeats.isRepeatable(few.plan), fewSize.bytes <= broadcastThreshold,
            manySize.bytes >= Self.reducedBytes,
            fewSize.bytes * Double(cluster.workers) <= manySize.bytes / 4,
            isSpread(many, by: manyKeys) == false,
            share(of: manyKeys, in: manySize, foundAmong: fewKeys, fewSize) <= Self.reducedShare
        else { return }
        var once = few
        once.plan = .exchange(.shared, input: few.plan)
        var leftKeys: [Expression] = []
        var rightKeys: [Expression] = []
        for (mine, theirs) in zip(manyKeys, fewKeys) {
            leftKeys.append(try many.resolve(mine))
            rightKeys.append(try few.resolve(theirs))
        }
        let matches = PhysicalHashJoin(
            kind: .leftSemi, left: many.plan, right: .exchange(.broadcast, input: once.plan),
            leftKeys: leftKeys, rightKeys: rightKeys, residual: nil, build: .right, buildIsShared: true,
            output: Array(many.output.indices), schema: many.output.schema)
        var reduced = many
        reduced.plan = .hashJoin(matches)
        (sides.left, sides.right) = build == .left ? (once, reduced) : (reduced, once)
    }

    private func isSpread(_ built: BuiltPlan, by keys: [Expression]) -> Bool {
        built.isClustered(by: Set(keys.compactMap { $0.columnReference?.id }))
    }

    /// The share of one side's rows whose keys are expected among the other's. Of several keys the one that
    /// drops most is what counts.
    private func share(
        of keys: [Expression], in size: SideSize, foundAmong others: [Expression], _ other: SideSize
    ) -> Double {
        let shares = zip(keys, others).map { key, among in
            let distinct = max(1, estimator.column(key, in: size.estimate).distinct)
            return min(other.rows, estimator.column(among, in: other.estimate).distinct) / distinct
        }
        return shares.min() ?? 1
    }
}
