import Columns
import Plans
import Vocabulary

/// Turns subqueries in expressions into joins.
///
/// | subquery | join |
/// |---|---|
/// | `EXISTS` as a condition | semi join |
/// | `NOT EXISTS` | anti join |
/// | `x IN` | semi join on equality |
/// | `x NOT IN` | null-aware anti join; with correlation unknown counts as a match |
/// | scalar | cross join with one row; correlated: left join with the values grouped by the correlation |
/// | `EXISTS` and `IN` elsewhere | left join with the distinct keys and a marker |
///
/// Correlated conditions are first pulled up to the top of the subquery (`PulledSubquery`).
struct RewriteSubqueries: PlanRule {
    let name = "RewriteSubqueries"

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        let below = try Self.mapChildren(plan) { child throws(EngineError) in try rewrite(child, context) }
        guard below.expressions.contains(where: \.hasSubquery) else { return below }
        switch below {
        case .filter(let condition, let input):
            return try rewriteFilter(condition, input: input, context)
        case .project(let list, let input):
            var current = input
            var items: [NamedExpression] = []
            for item in list {
                items.append(
                    NamedExpression(
                        try replace(item.expression, in: &current, context), as: item.output))
            }
            return .project(items, input: current)
        case .aggregate(let groups, let aggregates, let input):
            return try rewriteAggregate(groups, aggregates, input, context)
        case .sort(let keys, let input):
            var current = input
            var replaced: [SortKey] = []
            for key in keys {
                let expression = try replace(key.expression, in: &current, context)
                replaced.append(SortKey(expression, ascending: key.ascending, nullsFirst: key.nullsFirst))
            }
            return Self.restricted(.sort(replaced, input: current), to: input.output)
        case .join(let kind, let left, let right, let condition?) where kind == .inner || kind == .cross:
            let product = LogicalPlan.join(.cross, left: left, right: right, condition: nil)
            return try rewriteFilter(condition, input: product, context)
        default:
            throw Self.unsupported("A subquery stands where it is not supported: \(below.label)")
        }
    }

    static func unsupported(_ message: String) -> EngineError {
        .user(
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY", message,
            remedy: "Write the subquery as a join, or move it into WHERE, HAVING or the select list.")
    }

    /// Applies a throwing function to the inputs, keeping the type of its errors.
    static func mapChildren(
        _ plan: LogicalPlan, _ transform: (LogicalPlan) throws(EngineError) -> LogicalPlan
    ) throws(EngineError) -> LogicalPlan {
        var failure: EngineError?
        let result = plan.mapChildren { child in
            if failure != nil { return child }
            do throws(EngineError) {
                return try transform(child)
            } catch {
                failure = error
                return child
            }
        }
        if let failure { throw failure }
        return result
    }

    private static func restricted(_ plan: LogicalPlan, to output: [ColumnReference]) -> LogicalPlan {
        .project(output.map { NamedExpression(.column($0), as: $0) }, input: plan)
    }

    private func rewriteAggregate(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var current = input
        var keys: [NamedExpression] = []
        for group in groups {
            keys.append(
                NamedExpression(
                    try replace(group.expression, in: &current, context), as: group.output))
        }
        var calls: [NamedAggregate] = []
        for item in aggregates {
            var call = item.call
            call.arguments = []
            for argument in item.call.arguments {
                call.arguments.append(try replace(argument, in: &current, context))
            }
            if let filter = item.call.filter {
                call.filter = try replace(filter, in: &current, context)
            }
            calls.append(NamedAggregate(call, as: item.output))
        }
        return .aggregate(groups: keys, aggregates: calls, input: current)
    }

    // MARK: filters

    private func rewriteFilter(
        _ condition: Expression, input: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        let parts = condition.conjuncts
        let plain = parts.filter { !$0.hasSubquery }
        var current = Expression.conjunction(plain).map { .filter($0, input: input) } ?? input
        var late: [Expression] = []
        for part in parts where part.hasSubquery {
            if let joined = try topLevel(part, current, context) {
                current = joined
            } else {
                late.append(try replace(part, in: &current, context))
            }
        }
        if let rest = Expression.conjunction(late) { current = .filter(rest, input: current) }
        return current.output.map(\.id) == input.output.map(\.id)
            ? current : Self.restricted(current, to: input.output)
    }

    /// Rewrites `[NOT] EXISTS` and `[NOT] IN` that stand as conditions of their own; nil for others.
    private func topLevel(
        _ condition: Expression, _ input: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan? {
        if case .subquery(let subquery) = condition {
            return try semi(subquery, input, negated: false, context)
        }
        if case .call(let call) = condition, call.name == "not",
            case .subquery(let subquery)? = call.arguments.first
        {
            return try semi(subquery, input, negated: true, context)
        }
        return nil
    }

    private func semi(
        _ subquery: SubqueryExpression, _ input: LogicalPlan, negated: Bool, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan? {
        switch subquery.kind {
        case .scalar: return nil
        case .exists:
            let pulled = try pull(subquery, isExistence: true, context)
            let right =
                pulled.conditions.isEmpty
                ? LogicalPlan.limit(count: 1, offset: 0, input: pulled.plan) : pulled.plan
            return .join(
                negated ? .leftAnti : .leftSemi, left: input, right: right,
                condition: Expression.conjunction(pulled.conditions))
        case .in(let values):
            if values.contains(where: \.hasSubquery) { return nil }
            let pulled = try pull(subquery, isExistence: true, context)
            let pairs = zip(values, subquery.plan.output).map { Expression.equal($0, .column($1)) }
            if !negated {
                return .join(
                    .leftSemi, left: input, right: pulled.plan,
                    condition: Expression.conjunction(pairs + pulled.conditions))
            }
            return notIn(pairs, pulled, input)
        }
    }

    /// `NOT IN` keeps a row only when no comparison is true or unknown.
    private func notIn(_ pairs: [Expression], _ pulled: PulledSubquery, _ input: LogicalPlan) -> LogicalPlan {
        let equality = Expression.conjunction(pairs)
        if !pairs.contains(where: \.nullable) {
            return .join(
                .leftAnti, left: input, right: pulled.plan,
                condition: Expression.conjunction(pairs + pulled.conditions))
        }
        if pulled.conditions.isEmpty, pairs.count == 1 {
            return .join(.leftAntiNullAware, left: input, right: pulled.plan, condition: equality)
        }
        let tests = pairs.compactMap { pair in
            Expression.disjunction([pair, .call(FunctionCall("is_null", [pair], type: .boolean))])
        }
        return .join(
            .leftAnti, left: input, right: pulled.plan,
            condition: Expression.conjunction(tests + pulled.conditions))
    }

    private func pull(
        _ subquery: SubqueryExpression, isExistence: Bool, _ context: RuleContext
    ) throws(EngineError) -> PulledSubquery {
        let inner = try rewrite(subquery.plan, context)
        return try PulledSubquery.pull(
            inner, outer: Set(subquery.outerReferences.map(\.id)), isExistence: isExistence, context)
    }

    // MARK: subqueries inside expressions

    /// Returns the expression with each subquery replaced by a column that a join with `plan` gives.
    private func replace(
        _ expression: Expression, in plan: inout LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> Expression {
        guard expression.hasSubquery else { return expression }
        if case .subquery(var subquery) = expression {
            if case .in(let values) = subquery.kind {
                var replaced: [Expression] = []
                for value in values { replaced.append(try replace(value, in: &plan, context)) }
                subquery.kind = .in(replaced)
            }
            return try joined(subquery, to: &plan, context)
        }
        if case .call(let call) = expression, call.name == "not",
            case .subquery(let subquery)? = call.arguments.first, case .in(let values) = subquery.kind
        {
            return try notInValue(subquery, values, in: &plan, context)
        }
        var failure: EngineError?
        var current = plan
        let result = expression.mapChildren { child in
            if failure != nil { return child }
            do throws(EngineError) {
                return try replace(child, in: &current, context)
            } catch {
                failure = error
                return child
            }
        }
        if let failure { throw failure }
        plan = current
        return result
    }

    private func joined(
        _ subquery: SubqueryExpression, to plan: inout LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> Expression {
        switch subquery.kind {
        case .scalar: return try joinScalar(subquery, to: &plan, context)
        case .exists: return try joinMarker(subquery, values: [], to: &plan, context)
        case .in(let values):
            // As a value it is true or false, never unknown: Spark's RewritePredicateSubquery joins for
            // existence.
            return try joinMarker(subquery, values: values, to: &plan, context)
        }
    }

    /// Returns `values NOT IN (…)` as a value: false also where a comparison is unknown, as in Spark.
    private func notInValue(
        _ subquery: SubqueryExpression, _ values: [Expression], in plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        var replaced: [Expression] = []
        for value in values { replaced.append(try replace(value, in: &plan, context)) }
        let found = try joinMarker(subquery, values: replaced, to: &plan, context)
        let columns = subquery.plan.output.map { Expression.column($0) }
        var test = found
        if (replaced + columns).contains(where: \.nullable) {
            test = try foundOrUnknown(found, subquery, replaced, to: &plan, context)
        }
        return .call(FunctionCall("not", [test], type: .boolean))
    }

    private func joinScalar(
        _ subquery: SubqueryExpression, to plan: inout LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> Expression {
        guard let column = subquery.plan.output.first else {
            throw Self.unsupported("A scalar subquery has no column")
        }
        let pulled = try pull(subquery, isExistence: false, context)
        if pulled.conditions.isEmpty {
            let one = Self.givesOneRow(pulled.plan) ? pulled.plan : LogicalPlan.singleRow(input: pulled.plan)
            plan = .join(.cross, left: plan, right: one, condition: nil)
            return .column(column)
        }
        guard pulled.isGrouped else {
            throw .user(
                "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.MUST_AGGREGATE_CORRELATED_SCALAR_SUBQUERY",
                "A correlated scalar subquery must be aggregated to give at most one row",
                remedy: "Use an aggregate such as max(…), or write the subquery as a join.")
        }
        var right = pulled.plan
        var value = Expression.column(column)
        if let empty = pulled.valueWithoutRows, !empty.isNullWhenNull([]) {
            // A count of nothing is 0, not null; the marker tells "no group" from "a null in the group".
            let marker = context.newColumn("matched", .boolean)
            let passed = right.output.map { NamedExpression(.column($0), as: $0) }
            right = .project(passed + [NamedExpression(.literal(.boolean(true)), as: marker)], input: right)
            let isMissing = Expression.call(FunctionCall("is_null", [.column(marker)], type: .boolean))
            value = .conditional(
                [ConditionalBranch(condition: isMissing, result: empty)], otherwise: value, type: column.type)
        }
        plan = .join(.left, left: plan, right: right, condition: Expression.conjunction(pulled.conditions))
        return value
    }

    private static func givesOneRow(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .aggregate(let groups, _, _): groups.isEmpty
        case .project(_, let input), .sort(_, let input): givesOneRow(input)
        case .values(let rows, _): rows.count == 1
        case .singleRow: true
        default: false
        }
    }

    /// Joins the distinct keys of the subquery with a marker, and returns "the marker is there".
    private func joinMarker(
        _ subquery: SubqueryExpression, values: [Expression], to plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        let pulled = try pull(subquery, isExistence: true, context)
        let marker = context.newColumn("exists", .boolean)
        let isThere = Expression.call(FunctionCall("is_not_null", [.column(marker)], type: .boolean))
        let conditions =
            zip(values, subquery.plan.output).map { Expression.equal($0, .column($1)) } + pulled.conditions
        if conditions.isEmpty {
            let one = LogicalPlan.limit(count: 1, offset: 0, input: pulled.plan)
            let marked = LogicalPlan.project(
                [NamedExpression(.literal(.boolean(true)), as: marker)], input: one)
            plan = .join(.left, left: plan, right: marked, condition: nil)
            return isThere
        }
        let inside = pulled.plan.output.idSet
        var keys: [NamedExpression] = []
        var joined: [Expression] = []
        for condition in conditions {
            guard case .call(let call) = condition, call.name == "equal", call.arguments.count == 2,
                let side = call.arguments.firstIndex(where: {
                    $0.columns.isSubset(of: inside) && !$0.columns.isEmpty
                }),
                call.arguments[1 - side].columns.isDisjoint(with: inside)
            else {
                throw Self.unsupported(
                    "A correlated EXISTS below OR or in the select list needs equalities: \(condition)")
            }
            let key = context.newColumn("key", call.arguments[side].type)
            keys.append(NamedExpression(call.arguments[side], as: key))
            joined.append(.equal(call.arguments[1 - side], .column(key)))
        }
        let distinct = LogicalPlan.aggregate(groups: keys, aggregates: [], input: pulled.plan)
        let passed = keys.map { NamedExpression(.column($0.output), as: $0.output) }
        let marked = LogicalPlan.project(
            passed + [NamedExpression(.literal(.boolean(true)), as: marker)], input: distinct)
        plan = .join(.left, left: plan, right: marked, condition: Expression.conjunction(joined))
        return isThere
    }

    /// True when `x` is found, or when the subquery has rows and `x` or any of its values is null. The
    /// subquery's size and nulls come from one more row joined to all.
    private func foundOrUnknown(
        _ found: Expression, _ subquery: SubqueryExpression, _ values: [Expression],
        to plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        guard subquery.outerReferences.isEmpty, values.count == 1, let value = values.first else {
            throw Self.unsupported("A correlated or many-column NOT IN must be a condition of its own")
        }
        let fresh = FreshColumns.renamed(try rewrite(subquery.plan, context), context)
        guard let column = fresh.output.first else { return found }
        let rows = context.newColumn("rows", .int64, nullable: false)
        let present = context.newColumn("present", .int64, nullable: false)
        let counts = LogicalPlan.aggregate(
            groups: [],
            aggregates: [
                NamedAggregate(AggregateCall("count", [], type: .int64), as: rows),
                NamedAggregate(AggregateCall("count", [.column(column)], type: .int64), as: present),
            ], input: fresh)
        plan = .join(.cross, left: plan, right: counts, condition: nil)
        let zero = Expression.literal(.int64(0))
        let isEmpty = Expression.equal(.column(rows), zero)
        let valueIsNull = Expression.call(FunctionCall("is_null", [value], type: .boolean))
        let hasNull = Expression.call(
            FunctionCall("less", [.column(present), .column(rows)], type: .boolean))
        let unknown = Expression.disjunction([valueIsNull, hasNull]) ?? valueIsNull
        return .conditional(
            [
                ConditionalBranch(condition: found, result: .literal(.boolean(true))),
                ConditionalBranch(condition: isEmpty, result: .literal(.boolean(false))),
                ConditionalBranch(condition: unknown, result: .literal(.boolean(true))),
            ], otherwise: .literal(.boolean(false)), type: .boolean)
    }
}
