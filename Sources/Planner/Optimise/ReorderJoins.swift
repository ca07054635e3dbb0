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
    let reason =
        "Small results first: the order of joins decides how many rows there are between them."

    /// The setting that leaves joins in the order in which they were written.
    static let setting = "etl.optimizer.joinReorder"
    private static let exhaustiveLimit = 10

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        if context.settings.options[Self.setting] == "false" { return plan }
        return visit(plan, context)
    }

    private func visit(_ plan: LogicalPlan, _ context: RuleContext) -> LogicalPlan {
        switch plan {
        case .join(.inner, _, _, _), .join(.cross, _, _, _): return reordered(plan, context)
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
