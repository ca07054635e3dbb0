import Columns
import Plans
import Vocabulary

/// Chooses the order of inner joins by expected sizes.
///
/// A cluster of inner joins is taken apart into its relations and conditions (`JoinGraph`). Up to
/// `exhaustiveLimit` relations
/// every order without needless products is tried, smaller sets first (Selinger's dynamic programming over
/// sets); beyond, the
/// pair with the smallest result is joined again and again (greedy operator ordering).
struct ReorderJoins: PlanRule {
    let name = "ReorderJoins"

    static let exhaustiveLimit = 10

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        if context.settings.options["etl.optimizer.joinReorder"] == "false" { return plan }
        return visit(plan, context)
    }

    private func visit(_ plan: LogicalPlan, _ context: RuleContext) -> LogicalPlan {
        switch plan {
        case .join(.inner, _, _, _), .join(.cross, _, _, _): return reordered(plan, context)
        case .join(.leftSemi, let left, let right, let condition?):
            let sunk = SinkSemiJoins.sink(left, right, condition, context)
            if case .join(.leftSemi, let left, let right, let condition) = sunk {
                return .join(
                    .leftSemi, left: visit(left, context), right: visit(right, context), condition: condition)
            }
            return visit(sunk, context)
        default: return plan.mapChildren { visit($0, context) }
        }
    }

    private func reordered(_ plan: LogicalPlan, _ context: RuleContext) -> LogicalPlan {
        var relations: [LogicalPlan] = []
        var conditions: [Expression] = []
        collect(plan, &relations, &conditions, context)
        if relations.count > 60 { return plan.mapChildren { visit($0, context) } }
        let graph = JoinGraph(relations: relations, conditions: conditions, estimator: context.estimator)
        let tree = relations.count <= Self.exhaustiveLimit ? graph.exhaustive() : graph.greedy()
        let joined = graph.plan(tree)
        // Conditions without columns or over a single relation that could not be pushed stay above.
        let result =
            Expression.conjunction(graph.leftOver).map { LogicalPlan.filter($0, input: joined) } ?? joined
        return .project(plan.output.map { NamedExpression(.column($0), as: $0) }, input: result)
    }

    private func collect(
        _ plan: LogicalPlan, _ relations: inout [LogicalPlan], _ conditions: inout [Expression],
        _ context: RuleContext
    ) {
        switch plan {
        case .join(let kind, let left, let right, let condition) where kind == .inner || kind == .cross:
            collect(left, &relations, &conditions, context)
            collect(right, &relations, &conditions, context)
            conditions += condition?.conjuncts ?? []
        case .project(let list, let input)
        where list.allSatisfy({ $0.expression.columnReference?.id == $0.output.id })
            && Self.isInnerJoin(input):
            collect(input, &relations, &conditions, context)
        default: relations.append(visit(plan, context))
        }
    }

    private static func isInnerJoin(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .join(.inner, _, _, _), .join(.cross, _, _, _): true
        case .project(_, let input): isInnerJoin(input)
        default: false
        }
    }
}

/// Moves a semi join that keeps few rows from the top of a join to the relation whose columns it compares
/// (TPC-H Q18:
/// the few large orders are found before lineitem and customer are joined to them).
enum SinkSemiJoins {
    /// Share of rows that a semi join may keep to be worth doing first.
    static let shareLimit = 0.3

    static func sink(
        _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression, _ context: RuleContext
    ) -> LogicalPlan {
        let join = LogicalPlan.join(.leftSemi, left: left, right: right, condition: condition)
        guard isJoin(left) else { return join }
        let before = context.estimator.estimate(left).rows
        let after = context.estimator.estimate(join).rows
        if after > before * shareLimit { return join }
        let needed = condition.columns.subtracting(right.output.idSet)
        return sunk(left, right, condition, needed) ?? join
    }

    private static func isJoin(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .join(.inner, _, _, _), .join(.cross, _, _, _): true
        case .project(let list, let input):
            list.allSatisfy { $0.expression.columnReference?.id == $0.output.id } && isJoin(input)
        default: false
        }
    }

    private static func sunk(
        _ plan: LogicalPlan, _ right: LogicalPlan, _ condition: Expression, _ needed: Set<ColumnID>
    ) -> LogicalPlan? {
        switch plan {
        case .join(let kind, let first, let second, let on) where kind == .inner || kind == .cross:
            if needed.isSubset(of: first.output.idSet), let below = sunk(first, right, condition, needed) {
                return .join(kind, left: below, right: second, condition: on)
            }
            if needed.isSubset(of: second.output.idSet), let below = sunk(second, right, condition, needed) {
                return .join(kind, left: first, right: below, condition: on)
            }
            return nil
        case .project(let list, let input) where isJoin(plan):
            return sunk(input, right, condition, needed).map { .project(list, input: $0) }
        default:
            guard needed.isSubset(of: plan.output.idSet) else { return nil }
            return .join(.leftSemi, left: plan, right: right, condition: condition)
        }
    }
}
