import Columns
import Plans
import Vocabulary

/// Turns an outer join into an inner one, or a full into a one-sided one, when a filter above drops the rows
/// that only
/// the outer form gives. Inner joins can be reordered and pushed through.
struct NarrowOuterJoins: PlanRule {
    let name = "NarrowOuterJoins"

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenDown { node in
            guard case .filter(let condition, .join(let kind, let left, let right, let on)) = node else {
                return node
            }
            let leftRejected = condition.rejectsNulls(of: left.output.idSet)
            let rightRejected = condition.rejectsNulls(of: right.output.idSet)
            let narrowed: JoinKind =
                switch kind {
                case .left where rightRejected: .inner
                case .right where leftRejected: .inner
                case .full where leftRejected && rightRejected: .inner
                case .full where leftRejected: .left
                case .full where rightRejected: .right
                default: kind
                }
            return .filter(condition, input: .join(narrowed, left: left, right: right, condition: on))
        }
    }
}
