import Columns
import Plans
import Vocabulary

extension RewriteSubqueries {
    /// Joins a relation whose right side is computed for each row of the left one.
    func lateral(
        _ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression?,
        _ outer: [ColumnReference], _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        let push = DomainPush(outer, source: left, context: context)
        if !push.refers(right) {
            let isProduct = kind == .inner && condition == nil
            return .join(isProduct ? .cross : kind, left: left, right: right, condition: condition)
        }
        if kind != .left, let result = try appliedAbove(left, right, condition, outer, context) {
            return result
        }
        if let pulled = try? PulledSubquery.pull(
            right, outer: push.outer.idSet, isExistence: false, context), !pulled.isGrouped
        {
            let parts = pulled.conditions + (condition.map { [$0] } ?? [])
            let joined = LogicalPlan.join(
                kind == .cross ? .inner : kind, left: left, right: pulled.plan,
                condition: Expression.conjunction(parts))
            return Self.restricted(joined, to: outputs(kind, left, right))
        }
        let pushed = try push.push(right)
        let parts = DomainPush.same(push.outer, pushed.domain) + (condition.map { [$0] } ?? [])
        let joined = LogicalPlan.join(
            kind == .cross ? .inner : kind, left: left, right: pushed.plan,
            condition: Expression.conjunction(parts))
        return Self.restricted(joined, to: outputs(kind, left, right))
    }

    private func outputs(_ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan) -> [ColumnReference] {
        LogicalPlan.join(kind, left: left, right: right, condition: nil).output
    }

    /// Computes projections, conditions and generators at the top of the right side above the join: nil where
    /// there are none.
    private func appliedAbove(
        _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression?, _ outer: [ColumnReference],
        _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan? {
        func below(_ input: LogicalPlan) throws(EngineError) -> LogicalPlan {
            if case .values(let rows, let output) = input, rows.count == 1, output.isEmpty { return left }
            return try lateral(.inner, left, input, nil, outer, context)
        }
        var result: LogicalPlan
        switch right {
        case .project(let list, let input):
            let passed = left.output.map { NamedExpression(.column($0), as: $0) }
            result = .project(passed + list, input: try below(input))
        case .filter(let test, let input): result = .filter(test, input: try below(input))
        case .generate(let generator, let output, let input):
            result = .generate(generator, output: output, input: try below(input))
        default: return nil
        }
        if let condition { result = .filter(condition, input: result) }
        return result
    }
}
