import Columns
import Plans
import Vocabulary

/// Moves limits below projections and into unions, and joins limits that follow each other, so that fewer
/// rows are
/// made and a limit meets the sort below it (top-N).
struct PushLimits: PlanRule {
    let name = "PushLimits"
    let reason =
        "Fewer rows are made, and a limit meets the sort below it, which then keeps its first rows only."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenDown { node in
            guard case .limit(let count, let offset, let input) = node else { return node }
            if count == 0 { return .values(rows: [], output: node.output) }
            return pushed(count: count, offset: offset, input: input) ?? node
        }
    }

    private func pushed(count: Int?, offset: Int, input: LogicalPlan) -> LogicalPlan? {
        switch input {
        case .project(let list, let below) where list.allSatisfy({ $0.expression.isDeterministic }):
            return .project(list, input: .limit(count: count, offset: offset, input: below))
        case .hinted(let strategy, let below):
            return .hinted(strategy, input: .limit(count: count, offset: offset, input: below))
        case .limit(let innerCount, let innerOffset, let below):
            let left = innerCount.map { max(0, $0 - offset) }
            let least = count.map { outer in left.map { min(outer, $0) } ?? outer } ?? left
            let (sum, overflow) = offset.addingReportingOverflow(innerOffset)
            return .limit(count: least, offset: overflow ? Int.max : sum, input: below)
        case .union(let inputs, let output):
            guard let count else { return nil }
            let (reach, overflow) = count.addingReportingOverflow(offset)
            if overflow || inputs.allSatisfy({ Self.isLimited($0, to: reach) }) { return nil }
            let limited = inputs.map {
                Self.isLimited($0, to: reach) ? $0 : .limit(count: reach, offset: 0, input: $0)
            }
            return .limit(count: count, offset: offset, input: .union(limited, output: output))
        default: return nil
        }
    }

    private static func isLimited(_ plan: LogicalPlan, to count: Int) -> Bool {
        switch plan {
        case .limit(let inner?, _, _): inner <= count
        case .values(let rows, _): rows.count <= count
        case .project(_, let input): isLimited(input, to: count)
        case .aggregate(let groups, _, _): groups.isEmpty
        default: false
        }
    }
}
