import Columns
import Plans
import Vocabulary

/// Turns an outer join of which only the rows without a match are kept into an anti join:
/// `a LEFT JOIN b ON a.k = b.k WHERE b.k IS NULL`, as much SQL that was written by hand says NOT EXISTS.
struct FindAntiJoins: PlanRule {
    let name = "FindAntiJoins"
    let reason =
        "An anti join need not carry the columns of the other side, nor its pairs of rows."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenDown { node in
            guard case .filter(let condition, .join(let kind, let left, let right, let on?)) = node else {
                return node
            }
            switch kind {
            case .left: return Self.anti(left, right, on, condition, node) ?? node
            case .right: return Self.anti(right, left, on, condition, node) ?? node
            default: return node
            }
        }
    }

    /// Returns the rows of `kept` without a match in `other`; nil where the condition does not ask for them.
    private static func anti(
        _ kept: LogicalPlan, _ other: LogicalPlan, _ on: Expression, _ condition: Expression,
        _ node: LogicalPlan
    ) -> LogicalPlan? {
        let columns = other.output.idSet
        // A column that no pair of rows has null tells those rows apart.
        let parts = condition.conjuncts
        let asking = parts.firstIndex { part in
            guard case .call(let call) = part, call.name == "is_null",
                let column = call.arguments.first?.columnReference, columns.contains(column.id)
            else { return false }
            return on.rejectsNulls(of: [column.id])
                || other.output.contains { $0.id == column.id && !$0.nullable }
        }
        guard let asking else { return nil }
        let list = node.output.map { column in
            NamedExpression(
                columns.contains(column.id) ? .literal(.null(column.type)) : .column(column), as: column)
        }
        let joined = LogicalPlan.project(
            list, input: .join(.leftAnti, left: kept, right: other, condition: on))
        var rest = parts
        rest.remove(at: asking)
        return Expression.conjunction(rest).map { .filter($0, input: joined) } ?? joined
    }
}
