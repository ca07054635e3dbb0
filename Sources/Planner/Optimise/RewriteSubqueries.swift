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
/// | `LATERAL` | join with the subquery |
///
/// Correlated conditions are first pulled up to the top of the subquery (`PulledSubquery`); where they stand
/// below what they cannot be pulled through, the values of the outer columns are pushed down to them instead
/// (`DomainPush`).
struct RewriteSubqueries: PlanRule {
    let name = "RewriteSubqueries"
    let reason =
        "A join computes for all rows at once what a subquery would compute for each."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        let below = try Self.mapChildren(plan) { child throws(EngineError) in try rewrite(child, context) }
        if case .lateralJoin(let kind, let left, let right, let condition, let outer) = below {
            let joined = try lateral(kind, left, right, condition, outer, context)
            return condition?.hasSubquery ?? false ? try rewrite(joined, context) : joined
        }
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
        case .join(let kind, let left, let right, let condition?):
            return try rewriteJoin(kind, left, right, condition, context)
        case .window(var window):
            var current = window.input
            window.input = .values(rows: [], output: [])
            let replaced = try mapExpressions(.window(window), in: &current, context)
            guard case .window(var result) = replaced else { return below }
            result.input = current
            return Self.restricted(.window(result), to: below.output)
        case .generate(let generator, let output, let input):
            var current = input
            var changed = generator
            changed.list = try replace(generator.list, in: &current, context)
            return Self.restricted(
                .generate(changed, output: output, input: current), to: below.output)
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

    static func restricted(_ plan: LogicalPlan, to output: [ColumnReference]) -> LogicalPlan {
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

    /// Returns the operator with the subqueries in its expressions replaced by columns that `input` is joined
    /// with.
    private func mapExpressions(
        _ plan: LogicalPlan, in input: inout LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var failure: EngineError?
        var current = input
        let result = plan.mapExpressions { expression in
            if failure != nil { return expression }
            do throws(EngineError) {
                return try replace(expression, in: &current, context)
            } catch {
                failure = error
                return expression
            }
        }
        if let failure { throw failure }
        input = current
        return result
    }

    /// Computes the subqueries in an outer join's condition on the side whose columns they refer to.
    private func rewriteJoin(
        _ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression,
        _ context: RuleContext
    ) throws(EngineError) -> LogicalPlan {
        var (mine, theirs) = (left, right)
        var parts: [Expression] = []
        for part in condition.conjuncts {
            if !part.hasSubquery {
                parts.append(part)
                continue
            }
            var read: Set<ColumnID> = []
            part.forEach {
                guard case .subquery(let subquery) = $0 else { return }
                read.formUnion($0.columns)
                for column in subquery.outerReferences { read.insert(column.id) }
            }
            if read.isDisjoint(with: right.output.idSet) {
                parts.append(try replace(part, in: &mine, context))
            } else if read.isDisjoint(with: left.output.idSet) {
                parts.append(try replace(part, in: &theirs, context))
            } else {
                throw Self.unsupported(
                    "A subquery in the condition of an outer join refers to both sides of it")
            }
        }
        let joined = LogicalPlan.join(
            kind, left: mine, right: theirs, condition: Expression.conjunction(parts))
        let output = LogicalPlan.join(kind, left: left, right: right, condition: nil).output
        return Self.restricted(joined, to: output)
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
            guard let pulled = try pull(subquery, isExistence: true, context) else {
                let pushed = try push(subquery, input, context)
                return .join(
                    negated ? .leftAnti : .leftSemi, left: input, right: pushed.plan,
                    condition: .conjunction(pushed.conditions))
            }
            let right =
                pulled.conditions.isEmpty
                ? LogicalPlan.limit(count: 1, offset: 0, input: pulled.plan) : pulled.plan
            return .join(
                negated ? .leftAnti : .leftSemi, left: input, right: right,
                condition: Expression.conjunction(pulled.conditions))
        case .in(let values):
            if values.contains(where: \.hasSubquery) { return nil }
            let pulled: PulledSubquery
            if let found = try pull(subquery, isExistence: true, context) {
                pulled = found
            } else {
                let pushed = try push(subquery, input, context)
                pulled = PulledSubquery(plan: pushed.plan, conditions: pushed.conditions)
            }
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

    /// Returns the subquery with its correlated conditions pulled up; nil where that cannot be done.
    func pull(
        _ subquery: SubqueryExpression, isExistence: Bool, _ context: RuleContext
    ) throws(EngineError) -> PulledSubquery? {
        let inner = try rewrite(subquery.plan, context)
        let outer = Set(subquery.outerReferences.map(\.id))
        return try? PulledSubquery.pull(inner, outer: outer, isExistence: isExistence, context)
    }

    /// Returns the subquery computed for all rows of `input`, and the conditions by which its rows belong to
    /// theirs.
    func push(
        _ subquery: SubqueryExpression, _ input: LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> (plan: LogicalPlan, conditions: [Expression]) {
        let push = DomainPush(subquery.outerReferences, source: input, context: context)
        let pushed = try push.push(try rewrite(subquery.plan, context))
        return (pushed.plan, DomainPush.same(push.outer, pushed.domain))
    }

    // MARK: subqueries inside expressions

    /// Returns the expression with each subquery replaced by a column that a join with `plan` gives.
    func replace(
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

    private func joinScalar(
        _ subquery: SubqueryExpression, to plan: inout LogicalPlan, _ context: RuleContext
    ) throws(EngineError) -> Expression {
        guard let column = subquery.plan.output.first else {
            throw Self.unsupported("A scalar subquery has no column")
        }
        // Without a row the value is null, whatever the subquery selects.
        let orNull = ColumnReference(id: column.id, name: column.name, type: column.type, nullable: true)
        let found = try pull(subquery, isExistence: false, context)
        if let found, found.conditions.isEmpty {
            let one =
                Self.givesOneRow(found.plan)
                ? found.plan : LogicalPlan.singleRow(input: found.plan, origin: subquery.origin)
            plan = .join(.cross, left: plan, right: one, condition: nil)
            return .column(Self.givesOneRow(found.plan) ? column : orNull)
        }
        guard let pulled = found, pulled.isGrouped else {
            return try pushScalar(subquery, orNull, to: &plan, context)
        }
        var right = pulled.plan
        var value = Expression.column(orNull)
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

    /// Joins a scalar subquery that is computed for all rows of `plan` at once.
    private func pushScalar(
        _ subquery: SubqueryExpression, _ column: ColumnReference, to plan: inout LogicalPlan,
        _ context: RuleContext
    ) throws(EngineError) -> Expression {
        let inner = try rewrite(subquery.plan, context)
        if case .project(let list, .values(let rows, let output)) = inner, rows.count == 1, output.isEmpty,
            let item = list.first
        {
            return item.expression
        }
        let push = DomainPush(subquery.outerReferences, source: plan, context: context)
        var pushed = try push.push(inner)
        if !Self.givesOneRowAtMost(inner) { pushed = push.onlyRow(pushed, [column], subquery.origin) }
        plan = .join(
            .left, left: plan, right: pushed.plan,
            condition: Expression.conjunction(DomainPush.same(push.outer, pushed.domain)))
        return .column(column)
    }

    private static func givesOneRowAtMost(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .limit(let count?, _, _) where count <= 1: true
        case .project(_, let input), .sort(_, let input), .filter(_, let input), .limit(_, _, let input),
            .distinct(let input):
            givesOneRowAtMost(input)
        default: givesOneRow(plan)
        }
    }

    static func givesOneRow(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .aggregate(let groups, _, _): groups.isEmpty
        case .project(_, let input), .sort(_, let input): givesOneRow(input)
        case .values(let rows, _): rows.count == 1
        case .singleRow: true
        default: false
        }
    }
}
