import Columns
import Plans
import Vocabulary

/// Merges projections that follow each other, and drops those that only pass columns on.
struct CollapseProjects: PlanRule {
    let name = "CollapseProjects"
    let reason =
        "Each projection is a pass over the rows."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        collapse(plan, positionMatters: true)
    }

    /// `positionMatters` tells that the node above takes the columns by position or takes them all.
    private func collapse(_ plan: LogicalPlan, positionMatters: Bool) -> LogicalPlan {
        switch plan {
        case .project(let list, let input):
            let below = collapse(input, positionMatters: false)
            if Self.passesOn(list), !positionMatters { return below }
            if positionMatters, list.map(\.output) == below.output, Self.passesOn(list) { return below }
            return merged(list, below)
        case .union, .distinct, .singleRow, .lateralJoin, .recursion:
            return plan.mapChildren { collapse($0, positionMatters: true) }
        case .filter, .sort, .limit, .repartition, .hinted:
            return plan.mapChildren { collapse($0, positionMatters: positionMatters) }
        case .join(let kind, _, _, _):
            // The result of a join is its inputs' columns, so a caller by position needs both as they are.
            _ = kind
            return plan.mapChildren { collapse($0, positionMatters: positionMatters) }
        case .scan, .values, .aggregate, .expand, .window, .generate, .range, .workingTable, .kept:
            return plan.mapChildren { collapse($0, positionMatters: false) }
        }
    }

    private static func passesOn(_ list: [NamedExpression]) -> Bool {
        list.allSatisfy { $0.expression.columnReference?.id == $0.output.id }
    }

    /// Puts the lower projection's expressions into the upper one, where none is computed more than once for
    /// it.
    private func merged(_ list: [NamedExpression], _ below: LogicalPlan) -> LogicalPlan {
        guard case .project(let inner, let input) = below else { return .project(list, input: below) }
        var uses: [ColumnID: Int] = [:]
        for item in list {
            item.expression.forEach {
                if case .column(let reference) = $0 { uses[reference.id, default: 0] += 1 }
            }
        }
        var replacements: [ColumnID: Expression] = [:]
        for item in inner {
            let isCheap = item.expression.columnReference != nil || item.expression.literalValue != nil
            if !isCheap, uses[item.output.id, default: 0] > 1 { return .project(list, input: below) }
            if !item.expression.isDeterministic { return .project(list, input: below) }
            replacements[item.output.id] = item.expression
        }
        let combined = list.map { NamedExpression($0.expression.substituting(replacements), as: $0.output) }
        return .project(combined, input: input)
    }
}
