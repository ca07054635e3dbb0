import Columns
import Plans
import Vocabulary

/// Adds conditions that follow from others: through `a = b` what limits `a` limits `b`; and an OR over two
/// tables whose
/// branches all limit one of them limits it before the join (TPC-H Q7).
struct DerivePredicates: PlanRule {
    let name = "DerivePredicates"
    let reason =
        "What limits one table of a join often limits the other, which is then read in part only."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            guard case .join(let kind, let left, let right, let condition?) = node else { return node }
            let toLeft = derived(for: left, from: right, condition, allowed: Self.reachesLeft(kind))
            let toRight = derived(for: right, from: left, condition, allowed: Self.reachesRight(kind))
            return .join(
                kind, left: Self.filtered(left, toLeft), right: Self.filtered(right, toRight),
                condition: condition)
        }
    }

    private static func filtered(_ plan: LogicalPlan, _ conditions: [Expression]) -> LogicalPlan {
        Expression.conjunction(conditions).map { .filter($0, input: plan) } ?? plan
    }

    /// Kinds in which a left row without a match does not come out.
    private static func reachesLeft(_ kind: JoinKind) -> Bool {
        switch kind {
        case .inner, .cross, .right, .leftSemi: true
        case .left, .full, .leftAnti, .leftAntiNullAware: false
        }
    }

    private static func reachesRight(_ kind: JoinKind) -> Bool {
        switch kind {
        case .inner, .cross, .left, .leftSemi, .leftAnti: true
        case .right, .full, .leftAntiNullAware: false
        }
    }

    private func derived(
        for side: LogicalPlan, from other: LogicalPlan, _ condition: Expression, allowed: Bool
    ) -> [Expression] {
        if !allowed { return [] }
        let own = side.output.idSet
        let known = Set(Self.constraints(of: side))
        var found: [Expression] = []
        for part in condition.conjuncts {
            if let pair = EquiKeys.pair(part, left: own, right: other.output.idSet),
                let mine = pair.left.columnReference, let theirs = pair.right.columnReference
            {
                for constraint in Self.constraints(of: other) where constraint.columns == [theirs.id] {
                    found.append(constraint.substituting([theirs.id: .column(mine)]))
                }
            } else if let implied = Self.implied(by: part, over: own) {
                found.append(implied)
            }
        }
        var seen = known
        return found.filter { seen.insert($0).inserted }
    }

    /// What an OR over both sides says of one side alone: the OR of what each branch says of it.
    private static func implied(by condition: Expression, over columns: Set<ColumnID>) -> Expression? {
        let branches = condition.disjuncts
        guard branches.count > 1, condition.isDeterministic, !condition.columns.isSubset(of: columns) else {
            return nil
        }
        var parts: [Expression] = []
        for branch in branches {
            let mine = branch.conjuncts.filter {
                !$0.columns.isEmpty && $0.columns.isSubset(of: columns) && $0.cannotFail
            }
            guard let part = Expression.conjunction(mine) else { return nil }
            parts.append(part)
        }
        return Expression.disjunction(parts)
    }

    /// Conditions on one column and literals that hold for every row of a plan.
    private static func constraints(of plan: LogicalPlan) -> [Expression] {
        switch plan {
        case .scan(let scan): return scan.filters.filter(isSimple)
        case .filter(let condition, let input):
            return condition.conjuncts.filter(isSimple) + constraints(of: input)
        case .project(let list, let input):
            var renamed: [ColumnID: Expression] = [:]
            for item in list {
                if let column = item.expression.columnReference { renamed[column.id] = .column(item.output) }
            }
            return constraints(of: input).filter { $0.columns.isSubset(of: renamed.keys) }.map {
                $0.substituting(renamed)
            }
        case .aggregate(let groups, _, let input):
            var renamed: [ColumnID: Expression] = [:]
            for group in groups {
                if let column = group.expression.columnReference {
                    renamed[column.id] = .column(group.output)
                }
            }
            return constraints(of: input).filter { $0.columns.isSubset(of: renamed.keys) }.map {
                $0.substituting(renamed)
            }
        case .join(let kind, let left, let right, _):
            switch kind {
            case .inner, .cross: return constraints(of: left) + constraints(of: right)
            case .left, .leftSemi, .leftAnti, .leftAntiNullAware: return constraints(of: left)
            case .right: return constraints(of: right)
            case .full: return []
            }
        case .sort(_, let input), .limit(_, _, let input), .distinct(let input), .repartition(_, let input),
            .hinted(_, let input):
            return constraints(of: input)
        case .window(let window): return constraints(of: window.input)
        case .generate(_, _, let input): return constraints(of: input)
        case .values, .union, .expand, .singleRow, .lateralJoin, .range, .recursion, .workingTable,
            .kept:
            return []
        }
    }

    private static func isSimple(_ condition: Expression) -> Bool {
        condition.columns.count == 1 && condition.isDeterministic && condition.cannotFail
            && !condition.hasSubquery
    }
}
