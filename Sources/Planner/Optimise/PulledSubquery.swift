import Columns
import Plans
import Vocabulary

/// A subquery's plan without references to the outer query: its correlated conditions have been pulled up,
/// for the
/// join that replaces it.
///
/// Source of the method: Neumann and Kemper, "Unnesting Arbitrary Queries", in the restricted form of
/// conditions that
/// can be pulled through the operators above them.
struct PulledSubquery {
    var plan: LogicalPlan
    /// Conditions over the plan's and the outer query's columns.
    var conditions: [Expression] = []
    /// True when the plan gives at most one row for each row of the outer query: it is grouped by the
    /// correlation.
    var isGrouped = false
    /// What the first output column would be for an outer row without a match; nil before an aggregation.
    var valueWithoutRows: Expression?

    /// Pulls the conditions on `outer` columns up. For `isExistence` only the presence of rows (and the
    /// values of output
    /// columns) matters, so that limits and distinct may go. Throws for correlation that cannot be pulled up.
    static func pull(
        _ plan: LogicalPlan, outer: Set<ColumnID>, isExistence: Bool, _ context: RuleContext
    ) throws(EngineError) -> PulledSubquery {
        if outer.isEmpty { return PulledSubquery(plan: plan) }
        var puller = Puller(outer: outer, isExistence: isExistence, context: context)
        let result = try puller.pull(plan)
        if Puller.refers(result.plan, to: outer) {
            throw RewriteSubqueries.unsupported(
                "A correlated subquery is of a form that cannot be rewritten into a join")
        }
        return result
    }
}

/// Walks down a subquery and collects its correlated conditions.
private struct Puller {
    let outer: Set<ColumnID>
    let isExistence: Bool
    let context: RuleContext

    static func refers(_ plan: LogicalPlan, to outer: Set<ColumnID>) -> Bool {
        var found = false
        plan.forEach { node in
            for expression in node.expressions where !expression.columns.isDisjoint(with: outer) {
                found = true
            }
        }
        return found
    }

    private func isCorrelated(_ expression: Expression) -> Bool {
        !expression.columns.isDisjoint(with: outer)
    }

    mutating func pull(_ plan: LogicalPlan) throws(EngineError) -> PulledSubquery {
        if !Self.refers(plan, to: outer) { return PulledSubquery(plan: plan) }
        switch plan {
        case .filter(let condition, let input): return try pullFilter(condition, input)
        case .project(let list, let input): return try pullProject(list, input)
        case .aggregate(let groups, let aggregates, let input):
            return try pullAggregate(groups, aggregates, input)
        case .join(let kind, let left, let right, let condition):
            return try pullJoin(kind, left, right, condition)
        case .sort(_, let input), .repartition(_, let input), .hinted(_, let input): return try pull(input)
        case .limit(let count, let offset, let input) where isExistence && offset == 0 && (count ?? 1) > 0:
            return try pull(input)
        case .distinct(let input) where isExistence: return try pull(input)
        default:
            throw RewriteSubqueries.unsupported(
                "A correlated subquery refers to the outer query below: \(plan.label)")
        }
    }

    private mutating func pullFilter(_ condition: Expression, _ input: LogicalPlan) throws(EngineError)
        -> PulledSubquery
    {
        var result = try pull(input)
        let correlated = condition.conjuncts.filter(isCorrelated)
        let local = condition.conjuncts.filter { !isCorrelated($0) }
        if let local = Expression.conjunction(local) {
            // HAVING over a missing group gives no row, whatever the count would be.
            if result.isGrouped { result.valueWithoutRows = nil }
            result.plan = .filter(local, input: result.plan)
        }
        result.conditions += correlated
        return result
    }

    private mutating func pullProject(
        _ list: [NamedExpression], _ input: LogicalPlan
    ) throws(EngineError) -> PulledSubquery {
        if list.contains(where: { isCorrelated($0.expression) }), !isExistence {
            throw RewriteSubqueries.unsupported(
                "A correlated subquery computes with columns of the outer query")
        }
        var result = try pull(input)
        var items = list.filter { !isCorrelated($0.expression) }
        if items.count != list.count, !isExistence || items.isEmpty && result.conditions.isEmpty {
            throw RewriteSubqueries.unsupported(
                "A correlated subquery computes with columns of the outer query")
        }
        let given = Set(items.map(\.output.id))
        let inside = result.plan.output
        for condition in result.conditions {
            for column in inside where condition.columns.contains(column.id) && !given.contains(column.id) {
                if !items.contains(where: { $0.output.id == column.id }) {
                    items.append(NamedExpression(.column(column), as: column))
                }
            }
        }
        if let first = list.first, let base = result.valueWithoutRows {
            result.valueWithoutRows = Self.emptyValue(
                of: first.expression, columns: result.emptyColumns(base))
        }
        result.plan = .project(items, input: result.plan)
        return result
    }

    private static func emptyValue(of expression: Expression, columns: [ColumnID: Expression]) -> Expression {
        expression.substituting(columns)
    }

    /// Groups by the inner sides of the correlated equalities, so that the aggregate is taken once for each
    /// of them.
    private mutating func pullAggregate(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan
    ) throws(EngineError) -> PulledSubquery {
        let below = try pull(input)
        if aggregates.contains(where: { item in
            item.call.arguments.contains(where: isCorrelated) || item.call.filter.map(isCorrelated) ?? false
        }) {
            throw RewriteSubqueries.unsupported("A correlated subquery aggregates columns of the outer query")
        }
        if below.isGrouped { throw RewriteSubqueries.unsupported("A correlated subquery aggregates twice") }
        var keys = groups
        var conditions: [Expression] = []
        for condition in below.conditions {
            guard case .call(var call) = condition, call.name == "equal", call.arguments.count == 2,
                let side = call.arguments.firstIndex(where: { $0.columns.isDisjoint(with: outer) }),
                !call.arguments[side].columns.isEmpty,
                call.arguments[1 - side].columns.isSubset(of: outer)
            else {
                throw RewriteSubqueries.unsupported(
                    "An aggregated subquery may compare with the outer query by = only: \(condition)"
                )
            }
            let inner = call.arguments[side]
            let key: ColumnReference
            if let known = keys.first(where: { $0.expression == inner }) {
                key = known.output
            } else {
                key = context.newColumn("key", inner.type, nullable: inner.nullable)
                keys.append(NamedExpression(inner, as: key))
            }
            call.arguments[side] = .column(key)
            conditions.append(.call(call))
        }
        var result = PulledSubquery(
            plan: .aggregate(groups: keys, aggregates: aggregates, input: below.plan), conditions: conditions)
        result.isGrouped = groups.isEmpty
        if groups.isEmpty { result.valueWithoutRows = aggregates.first.map { Self.emptyValue(of: $0) } }
        return result
    }

    private static func emptyValue(of aggregate: NamedAggregate) -> Expression {
        PulledSubquery.emptyResult(of: aggregate)
    }

    private mutating func pullJoin(
        _ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression?
    ) throws(EngineError) -> PulledSubquery {
        switch kind {
        case .inner, .cross:
            let mine = try pull(left)
            let theirs = try pull(right)
            if mine.isGrouped || theirs.isGrouped {
                throw RewriteSubqueries.unsupported(
                    "A correlated subquery joins an aggregate of the outer query's columns")
            }
            let parts = condition?.conjuncts ?? []
            let local = Expression.conjunction(parts.filter { !isCorrelated($0) })
            let join = LogicalPlan.join(
                local == nil ? .cross : .inner, left: mine.plan, right: theirs.plan, condition: local)
            return PulledSubquery(
                plan: join, conditions: mine.conditions + theirs.conditions + parts.filter(isCorrelated))
        case .left, .leftSemi, .leftAnti, .leftAntiNullAware:
            if Self.refers(right, to: outer) || condition.map(isCorrelated) ?? false { break }
            var mine = try pull(left)
            mine.plan = .join(kind, left: mine.plan, right: right, condition: condition)
            return mine
        case .right, .full: break
        }
        throw RewriteSubqueries.unsupported(
            "A correlated subquery refers to the outer query below an outer join")
    }
}

extension PulledSubquery {
    /// The value of an aggregate over no rows.
    fileprivate static func emptyResult(of aggregate: NamedAggregate) -> Expression {
        EmptyAggregates.value(of: aggregate.call)
    }

    /// What each column of the aggregation below is for an outer row without a match.
    fileprivate func emptyColumns(_ first: Expression) -> [ColumnID: Expression] {
        var current = plan
        while true {
            switch current {
            case .aggregate(_, let aggregates, _):
                return Dictionary(
                    aggregates.map { ($0.output.id, Self.emptyResult(of: $0)) },
                    uniquingKeysWith: { mine, _ in mine })
            case .project(let list, let input):
                if let first = list.first?.output {
                    return [first.id: valueWithoutRows ?? .literal(.null(first.type))]
                }
                current = input
            case .filter(_, let input), .sort(_, let input): current = input
            default: return [:]
            }
        }
    }
}
