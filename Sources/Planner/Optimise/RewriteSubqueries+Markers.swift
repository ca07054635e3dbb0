import Columns
import Plans
import Vocabulary

// EXISTS and IN that stand within expressions: joins that leave a marker.
extension RewriteSubqueries {
    /// Returns `values NOT IN (…)` as a value: false also where a comparison is unknown, as in Spark.
    func notInValue(
        _ subquery: SubqueryExpression, _ values: [Expression], in plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        var replaced: [Expression] = []
        for value in values { replaced.append(try replace(value, in: &plan, context)) }
        if replaced.count > 1 || !subquery.outerReferences.isEmpty {
            let test = try existsTrueOrUnknown(subquery, replaced, in: &plan, context)
            return .call(FunctionCall("not", [test], type: .boolean))
        }
        let found = try joinMarker(subquery, values: replaced, to: &plan, context)
        let columns = subquery.plan.output.map { Expression.column($0) }
        var test = found
        if (replaced + columns).contains(where: \.nullable) {
            test = try foundOrUnknown(found, subquery, replaced, to: &plan, context)
        }
        return .call(FunctionCall("not", [test], type: .boolean))
    }

    /// Says whether a comparison of the values with a row of the subquery is true or unknown: an EXISTS of
    /// that condition, to which the values are columns of the outer query.
    private func existsTrueOrUnknown(
        _ subquery: SubqueryExpression, _ values: [Expression], in plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        var columns: [ColumnReference] = []
        var list = plan.output.map { NamedExpression(.column($0), as: $0) }
        for value in values {
            let column = context.newColumn("value", value.type, nullable: value.nullable)
            columns.append(column)
            list.append(NamedExpression(value, as: column))
        }
        plan = .project(list, input: plan)
        let tests = zip(columns, subquery.plan.output).compactMap { pair in
            let same = Expression.equal(.column(pair.0), .column(pair.1))
            return Expression.disjunction([
                same, .call(FunctionCall("is_null", [same], type: .boolean)),
            ])
        }
        var exists = subquery
        exists.kind = .exists
        exists.outerReferences += columns
        if let condition = Expression.conjunction(tests) {
            exists.plan = .filter(condition, input: subquery.plan)
        }
        return try joinMarker(exists, values: [], to: &plan, context)
    }

    /// Joins the distinct keys of the subquery with a marker, and returns "the marker is there".
    func joinMarker(
        _ subquery: SubqueryExpression, values: [Expression], to plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        var given = try pull(subquery, isExistence: true, context)
        if let found = given, !Self.isEqualities(values, found, subquery) { given = nil }
        let pulled: PulledSubquery
        if let given {
            pulled = given
        } else {
            let pushed = try push(subquery, plan, context)
            pulled = PulledSubquery(plan: pushed.plan, conditions: pushed.conditions)
        }
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
            guard case .call(var call) = condition, let side = Self.innerSide(call, inside) else {
                throw Self.unsupported(
                    "A correlated EXISTS below OR or in the select list needs equalities: \(condition)")
            }
            let value = call.arguments[side]
            let key = context.newColumn("key", value.type, nullable: value.nullable)
            keys.append(NamedExpression(value, as: key))
            call.arguments[side] = .column(key)
            joined.append(.call(call))
        }
        let distinct = LogicalPlan.aggregate(groups: keys, aggregates: [], input: pulled.plan)
        let passed = keys.map { NamedExpression(.column($0.output), as: $0.output) }
        let marked = LogicalPlan.project(
            passed + [NamedExpression(.literal(.boolean(true)), as: marker)], input: distinct)
        plan = .join(.left, left: plan, right: marked, condition: Expression.conjunction(joined))
        return isThere
    }

    /// Tells whether all conditions are equalities between a value inside and one outside.
    private static func isEqualities(
        _ values: [Expression], _ pulled: PulledSubquery, _ subquery: SubqueryExpression
    ) -> Bool {
        let inside = pulled.plan.output.idSet
        let pairs = zip(values, subquery.plan.output).map { Expression.equal($0, .column($1)) }
        return (pairs + pulled.conditions).allSatisfy { condition in
            guard case .call(let call) = condition else { return false }
            return innerSide(call, inside) != nil
        }
    }

    /// The place of the argument of an equality that reads columns inside only, while the other reads none.
    private static func innerSide(_ call: FunctionCall, _ inside: Set<ColumnID>) -> Int? {
        guard call.name == "equal" || call.name == "null_safe_equal", call.arguments.count == 2 else {
            return nil
        }
        return call.arguments.indices.first { side in
            let mine = call.arguments[side].columns
            return !mine.isEmpty && mine.isSubset(of: inside)
                && call.arguments[1 - side].columns.isDisjoint(with: inside)
        }
    }

    /// True when `x` is found, or when the subquery has rows and `x` or any of its values is null. The
    /// subquery's size and nulls come from one more row joined to all.
    private func foundOrUnknown(
        _ found: Expression, _ subquery: SubqueryExpression, _ values: [Expression],
        to plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        guard let value = values.first else { return found }
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
