import Columns
import Functions
import Plans
import Vocabulary

/// Groups only rows whose group a join keeps: where one side of a join is grouped by the join's keys and the
/// other gives few of them, the rows to be grouped are semi-joined with a copy of the other side first (TPC-H
/// Q17, Q20). What correlated subqueries become is of this kind. (Cf. magic sets: Mumick and Pirahesh, SIGMOD
/// 1994.)
struct ReduceGroupedRows: PlanRule {
    let name = "ReduceGroupedRows"
    let reason =
        "Rows of groups that a join drops need not be grouped."

    /// Greatest expected share of groups kept with which the second reading of the other side pays.
    private static let keptShare = 0.25
    /// Greatest share of rows that the copy may read, of those that are grouped.
    private static let costShare = 0.25

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            guard case .join(let kind, let left, let right, let condition?) = node else { return node }
            let equalities = condition.conjuncts
            let toRight = Self.reachesRight(kind) ? reduced(right, by: left, equalities, context) : nil
            if let toRight { return .join(kind, left: left, right: toRight, condition: condition) }
            let toLeft = Self.reachesLeft(kind) ? reduced(left, by: right, equalities, context) : nil
            if let toLeft { return .join(kind, left: toLeft, right: right, condition: condition) }
            return node
        }
    }

    /// Kinds in which a right row without a match is not given and changes nothing.
    private static func reachesRight(_ kind: JoinKind) -> Bool {
        kind == .inner || kind == .left || kind == .leftSemi || kind == .leftAnti
    }

    private static func reachesLeft(_ kind: JoinKind) -> Bool {
        kind == .inner || kind == .right || kind == .leftSemi
    }

    /// Returns `side` with the rows below its aggregation reduced to the keys that `other` gives, or nil.
    private func reduced(
        _ side: LogicalPlan, by other: LogicalPlan, _ equalities: [Expression], _ context: RuleContext
    ) -> LogicalPlan? {
        guard Self.isSelective(other), Self.isCheap(other) else { return nil }
        var pairs: [(mine: ColumnReference, theirs: ColumnReference)] = []
        for part in equalities {
            let found = EquiKeys.pair(part, left: side.output.idSet, right: other.output.idSet)
            if let mine = found?.left.columnReference, let theirs = found?.right.columnReference {
                pairs.append((mine, theirs))
            }
        }
        return pairs.isEmpty ? nil : pushed(into: side, pairs, other, context)
    }

    private func pushed(
        into side: LogicalPlan, _ pairs: [(mine: ColumnReference, theirs: ColumnReference)],
        _ other: LogicalPlan, _ context: RuleContext
    ) -> LogicalPlan? {
        switch side {
        case .filter(let condition, let input):
            return pushed(into: input, pairs, other, context).map { .filter(condition, input: $0) }
        case .project(let list, let input):
            let below = pairs.compactMap { pair -> (mine: ColumnReference, theirs: ColumnReference)? in
                let item = list.first { $0.output.id == pair.mine.id }
                return item?.expression.columnReference.map { ($0, pair.theirs) }
            }
            if below.isEmpty { return nil }
            return pushed(into: input, below, other, context).map { .project(list, input: $0) }
        case .aggregate(let groups, let aggregates, let input):
            let keys = pairs.compactMap { pair -> (group: Expression, theirs: ColumnReference)? in
                groups.first { $0.output.id == pair.mine.id }.map { ($0.expression, pair.theirs) }
            }.filter { $0.group.isDeterministic && $0.group.cannotFail && $0.group.type == $0.theirs.type }
            guard !keys.isEmpty, side.expressions.allSatisfy(\.isDeterministic),
                pays(keys, input, other, context)
            else { return nil }
            let copy = FreshColumns.renamed(other, context)
            var conditions: [Expression] = []
            for key in keys {
                guard let at = other.output.firstIndex(where: { $0.id == key.theirs.id }) else { return nil }
                conditions.append(
                    .call(FunctionCall("equal", [key.group, .column(copy.output[at])], type: .boolean)))
            }
            let kept = LogicalPlan.join(
                .leftSemi, left: input, right: copy, condition: Expression.conjunction(conditions))
            return .aggregate(groups: groups, aggregates: aggregates, input: kept)
        default: return nil
        }
    }

    private func pays(
        _ keys: [(group: Expression, theirs: ColumnReference)], _ input: LogicalPlan, _ other: LogicalPlan,
        _ context: RuleContext
    ) -> Bool {
        let grouped = context.estimator.estimate(input)
        let given = context.estimator.estimate(other)
        if Self.scannedRows(other, context) > Self.costShare * Self.scannedRows(input, context) {
            return false
        }
        // Of several keys the one that drops most is what counts.
        let share = keys.map { key in
            let distinct = max(1, context.estimator.column(key.group, in: grouped).distinct)
            return min(given.rows, given.columns[key.theirs.id]?.distinct ?? given.rows) / distinct
        }.min()
        return share.map { $0 <= Self.keptShare } ?? false
    }

    private static func scannedRows(_ plan: LogicalPlan, _ context: RuleContext) -> Double {
        var rows = 0.0
        plan.forEach { node in
            guard case .scan(var scan) = node else { return }
            scan.filters = []
            rows += context.estimator.estimate(.scan(scan)).rows
        }
        return rows
    }

    /// True when some condition limits what the plan reads.
    private static func isSelective(_ plan: LogicalPlan) -> Bool {
        var found = false
        plan.forEach { node in
            switch node {
            case .scan(let scan): found = found || !scan.filters.isEmpty
            case .filter: found = true
            default: break
            }
        }
        return found
    }

    /// True for plans that may be computed twice: scans, conditions and joins that give the same rows each
    /// time.
    private static func isCheap(_ plan: LogicalPlan) -> Bool {
        let isOfKind =
            switch plan {
            case .scan, .filter, .project, .join(.inner, _, _, _), .join(.leftSemi, _, _, _): true
            default: false
            }
        return isOfKind && plan.expressions.allSatisfy { $0.isDeterministic && !$0.hasSubquery }
            && plan.children.allSatisfy(isCheap)
    }
}
