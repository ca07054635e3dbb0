import Columns
import Plans
import Vocabulary

/// Moves conditions as near to the scans as they can go, and turns conditions over both sides of a product
/// into join
/// conditions. Rows that are dropped early cost nothing above.
struct PushPredicates: PlanRule {
    let name = "PushPredicates"
    let reason =
        "Rows that are dropped early cost nothing above."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        push([], into: plan)
    }

    /// Returns `plan` filtered by `conditions`, each as deep as it can go.
    private func push(_ conditions: [Expression], into plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .filter(let condition, let input):
            let parts = condition.conjuncts
            if parts.contains(where: { !Self.isMovable($0) }) {
                return Self.filtered(.filter(condition, input: push([], into: input)), conditions)
            }
            return push(parts + conditions, into: input)
        case .project(let list, let input): return pushThroughProject(conditions, list, input)
        case .aggregate(let groups, let aggregates, let input):
            return pushThroughAggregate(conditions, groups, aggregates, input)
        case .distinct(let input): return .distinct(input: push(conditions, into: input))
        case .sort(let keys, let input):
            let isMovable = keys.allSatisfy(\.expression.isDeterministic)
            let sorted = LogicalPlan.sort(keys, input: push(isMovable ? conditions : [], into: input))
            return isMovable ? sorted : Self.filtered(sorted, conditions)
        case .repartition(let given, let input):
            return .repartition(given, input: push(conditions, into: input))
        case .hinted(let strategy, let input): return .hinted(strategy, input: push(conditions, into: input))
        case .join(let kind, let left, let right, let on):
            return pushIntoJoin(conditions, kind, left, right, on)
        case .union(let inputs, let output): return pushIntoUnion(conditions, inputs, output)
        case .scan(var scan):
            let movable = conditions.filter(Self.isMovable)
            for condition in movable where !scan.filters.contains(condition) {
                scan.filters.append(condition)
            }
            return Self.filtered(.scan(scan), conditions.filter { !Self.isMovable($0) })
        case .generate(let generator, let output, let input):
            let made = output.idSet
            let isFixed = !generator.list.isDeterministic
            let (moving, staying) = Self.split(conditions) {
                !isFixed && Self.isMovable($0) && $0.columns.isDisjoint(with: made)
            }
            return Self.filtered(
                .generate(generator, output: output, input: push(moving, into: input)), staying)
        case .window(var window):
            // A condition on partition columns alone holds or fails for a whole partition.
            let keys = Set(window.partition.compactMap { $0.columnReference?.id })
            let (moving, staying) = Self.split(conditions) {
                let columns = $0.columns
                return Self.isMovable($0) && !columns.isEmpty && columns.isSubset(of: keys)
            }
            window.input = push(moving, into: window.input)
            return Self.filtered(.window(window), staying)
        // Rows of a recursion that are not given may lead to some that are.
        case .values, .limit, .expand, .singleRow, .lateralJoin, .range, .recursion, .workingTable, .kept:
            return Self.filtered(plan.mapChildren { push([], into: $0) }, conditions)
        }
    }

    private static func isMovable(_ condition: Expression) -> Bool {
        condition.isDeterministic && !condition.hasSubquery
    }

    private static func filtered(_ plan: LogicalPlan, _ conditions: [Expression]) -> LogicalPlan {
        Expression.conjunction(conditions).map { .filter($0, input: plan) } ?? plan
    }

    /// A condition on computed columns becomes one on what they are computed from. Where numbers are drawn
    /// for each row, no row may be dropped before: the others would get its numbers.
    private func pushThroughProject(
        _ conditions: [Expression], _ list: [NamedExpression], _ input: LogicalPlan
    ) -> LogicalPlan {
        var replacements: [ColumnID: Expression] = [:]
        for item in list { replacements[item.output.id] = item.expression }
        let isFixed = !list.allSatisfy { Self.isMovable($0.expression) }
        let (moving, staying) = Self.split(conditions) { !isFixed && Self.isMovable($0) }
        let below = push(moving.map { $0.substituting(replacements) }, into: input)
        return Self.filtered(.project(list, input: below), staying)
    }

    /// A condition on group keys alone holds or fails for a whole group.
    private func pushThroughAggregate(
        _ conditions: [Expression], _ groups: [NamedExpression], _ aggregates: [NamedAggregate],
        _ input: LogicalPlan
    ) -> LogicalPlan {
        var replacements: [ColumnID: Expression] = [:]
        let isFixed = !LogicalPlan.aggregate(groups: groups, aggregates: aggregates, input: input)
            .expressions.allSatisfy(\.isDeterministic)
        for group in groups where !isFixed && Self.isMovable(group.expression) {
            replacements[group.output.id] = group.expression
        }
        let keys = Set(replacements.keys)
        let (moving, staying) = Self.split(conditions) {
            let columns = $0.columns
            return Self.isMovable($0) && !columns.isEmpty && columns.isSubset(of: keys)
        }
        let below = push(moving.map { $0.substituting(replacements) }, into: input)
        return Self.filtered(.aggregate(groups: groups, aggregates: aggregates, input: below), staying)
    }

    private func pushIntoUnion(
        _ conditions: [Expression], _ inputs: [LogicalPlan], _ output: [ColumnReference]
    ) -> LogicalPlan {
        let (moving, staying) = Self.split(conditions, Self.isMovable)
        let pushed = inputs.map { input in
            var replacements: [ColumnID: Expression] = [:]
            for (column, source) in zip(output, input.output) { replacements[column.id] = .column(source) }
            return push(moving.map { $0.substituting(replacements) }, into: input)
        }
        return Self.filtered(.union(pushed, output: output), staying)
    }

    private static func split(
        _ conditions: [Expression], _ test: (Expression) -> Bool
    ) -> (yes: [Expression], no: [Expression]) {
        (conditions.filter(test), conditions.filter { !test($0) })
    }

    // MARK: joins

    private func pushIntoJoin(
        _ conditions: [Expression], _ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan,
        _ on: Expression?
    ) -> LogicalPlan {
        let leftIDs = left.output.idSet
        let rightIDs = right.output.idSet
        func isLeft(_ condition: Expression) -> Bool {
            Self.isMovable(condition) && condition.columns.isSubset(of: leftIDs)
        }
        func isRight(_ condition: Expression) -> Bool {
            Self.isMovable(condition) && condition.columns.isSubset(of: rightIDs)
        }
        let own = on?.conjuncts ?? []
        switch kind {
        case .inner, .cross:
            let (moving, staying) = Self.split(own + conditions, Self.isMovable)
            let toLeft = moving.filter(isLeft)
            let toRight = moving.filter { !isLeft($0) && isRight($0) }
            let both = Self.unique(moving.filter { !isLeft($0) && !isRight($0) })
            let condition = Expression.conjunction(both)
            let join = LogicalPlan.join(
                condition == nil ? .cross : .inner, left: push(toLeft, into: left),
                right: push(toRight, into: right),
                condition: condition)
            return Self.filtered(join, staying)
        case .left:
            let (above, staying) = Self.split(conditions, isLeft)
            let (toRight, kept) = Self.split(own, isRight)
            return Self.filtered(
                .join(
                    kind, left: push(above, into: left), right: push(toRight, into: right),
                    condition: Expression.conjunction(kept)), staying)
        case .right:
            let (above, staying) = Self.split(conditions, isRight)
            let (toLeft, kept) = Self.split(own, isLeft)
            return Self.filtered(
                .join(
                    kind, left: push(toLeft, into: left), right: push(above, into: right),
                    condition: Expression.conjunction(kept)), staying)
        case .full:
            return Self.filtered(
                .join(kind, left: push([], into: left), right: push([], into: right), condition: on),
                conditions)
        case .leftSemi, .leftAnti, .leftAntiNullAware:
            let (above, staying) = Self.split(conditions, isLeft)
            let mayMove = kind != .leftAntiNullAware
            let toRight = mayMove ? own.filter(isRight) : []
            let toLeft = kind == .leftSemi ? own.filter { isLeft($0) && !isRight($0) } : []
            let kept = own.filter { !toRight.contains($0) && !toLeft.contains($0) }
            return Self.filtered(
                .join(
                    kind, left: push(above + toLeft, into: left), right: push(toRight, into: right),
                    condition: Expression.conjunction(kept)), staying)
        }
    }

    private static func unique(_ conditions: [Expression]) -> [Expression] {
        var seen: Set<Expression> = []
        return conditions.filter { seen.insert($0).inserted }
    }
}
