import Columns
import Plans
import Vocabulary

/// Turns an outer join into an inner one, or a full into a one-sided one, when a condition above, of a filter
/// or of a join, drops the rows that only the outer form gives.
struct NarrowOuterJoins: PlanRule {
    let name = "NarrowOuterJoins"
    let reason =
        "Inner joins can be reordered and conditions pushed into both of their sides."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenDown { node in
            switch node {
            case .filter(let condition, let input):
                return .filter(condition, input: Self.narrowed(input, by: condition))
            case .join(let kind, let left, let right, let condition?):
                return .join(
                    kind, left: Self.dropsLeft(kind) ? Self.narrowed(left, by: condition) : left,
                    right: Self.dropsRight(kind) ? Self.narrowed(right, by: condition) : right,
                    condition: condition)
            default: return node
            }
        }
    }

    /// Kinds in which a left row without a match is not given and changes nothing.
    private static func dropsLeft(_ kind: JoinKind) -> Bool {
        kind == .inner || kind == .cross || kind == .right || kind == .leftSemi
    }

    private static func dropsRight(_ kind: JoinKind) -> Bool {
        kind != .right && kind != .full && kind != .leftAntiNullAware
    }

    /// Returns the plan, of whose rows only those matter for which `condition` is true.
    private static func narrowed(_ plan: LogicalPlan, by condition: Expression) -> LogicalPlan {
        guard case .join(let kind, let left, let right, let on) = plan else { return plan }
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
        return .join(narrowed, left: left, right: right, condition: on)
    }
}
