import Columns
import Plans
import Vocabulary

/// Computes a subquery for all rows of the outer query at once, whatever its form: the distinct values of the
/// outer columns (the domain) are pushed down to where the subquery refers to them, and come out beside its
/// own columns.
///
/// ```
///   for each row of L: R(o)              L ⋈ R′ on o <=> d
///                                R′ = R with o replaced by d, over D = distinct o of L
/// ```
///
/// Source: Neumann and Kemper, "Unnesting Arbitrary Queries" (BTW 2015), section 3.
struct DomainPush {
    /// A plan without references to the outer columns.
    struct Pushed {
        var plan: LogicalPlan
        /// What stands for the outer columns in `plan`, in their order.
        var domain: [ColumnReference]
    }

    /// The columns of the outer query that the subquery refers to.
    let outer: [ColumnReference]
    /// The outer query's rows.
    let source: LogicalPlan
    let context: RuleContext

    /// Keeps those of `references` that `source` gives; others belong to queries further out.
    init(_ references: [ColumnReference], source: LogicalPlan, context: RuleContext) {
        let given = source.output.idSet
        self.outer = references.filter { given.contains($0.id) }
        self.source = source
        self.context = context
    }

    // MARK: Domains

    /// Returns the distinct values of the outer columns, under new names.
    func domain() -> Pushed {
        let list = outer.map { NamedExpression(.column($0), as: $0) }
        let copy = FreshColumns.renamed(.project(list, input: source), context)
        let groups = copy.output.map { column in
            let output = context.newColumn(column.name, column.type, nullable: column.nullable)
            return NamedExpression(.column(column), as: output)
        }
        return Pushed(
            plan: .aggregate(groups: groups, aggregates: [], input: copy), domain: groups.map(\.output))
    }

    /// Returns the conditions that the domains of two sides are the same.
    static func same(_ left: [ColumnReference], _ right: [ColumnReference]) -> [Expression] {
        zip(left, right).map { pair in
            let isPlain = !pair.0.nullable && !pair.1.nullable
            return .call(
                FunctionCall(
                    isPlain ? "equal" : "null_safe_equal", [.column(pair.0), .column(pair.1)], type: .boolean)
            )
        }
    }

    func refers(_ plan: LogicalPlan) -> Bool {
        let ids = outer.idSet
        var found = false
        plan.forEach { node in
            if found { return }
            for expression in node.expressions where !expression.columns.isDisjoint(with: ids) {
                found = true
            }
        }
        return found
    }

    private func refers(_ expression: Expression?) -> Bool {
        expression.map { !$0.columns.isDisjoint(with: outer.idSet) } ?? false
    }

    private func replaced(_ expression: Expression, _ domain: [ColumnReference]) -> Expression {
        var values: [ColumnID: Expression] = [:]
        for (column, stand) in zip(outer, domain) { values[column.id] = .column(stand) }
        return expression.substituting(values)
    }

    private func passed(_ columns: [ColumnReference]) -> [NamedExpression] {
        columns.map { NamedExpression(.column($0), as: $0) }
    }

    // MARK: Operators

    /// Pushes the domain into a plan. The result gives the plan's columns and the domain's.
    func push(_ plan: LogicalPlan) throws(EngineError) -> Pushed {
        guard refers(plan) else { return beside(plan) }
        switch plan {
        case .filter(let condition, let input):
            var below = try push(input)
            below.plan = .filter(replaced(condition, below.domain), input: below.plan)
            return below
        case .project(let list, let input):
            var below = try push(input)
            let items = list.map {
                NamedExpression(replaced($0.expression, below.domain), as: $0.output)
            }
            below.plan = .project(items + passed(below.domain), input: below.plan)
            return below
        case .aggregate(let groups, let aggregates, let input):
            return try aggregate(groups, aggregates, try push(input))
        case .join(let kind, let left, let right, let condition):
            return try join(kind, left, right, condition)
        case .sort(_, let input), .repartition(_, let input), .hinted(_, let input): return try push(input)
        case .limit(let count, let offset, let input): return try limit(count, offset, input)
        case .distinct(let input):
            var below = try push(input)
            below.plan = .distinct(
                input: .project(passed(input.output + below.domain), input: below.plan))
            return below
        case .union(let inputs, let output): return try union(inputs, output)
        case .expand(let lists, let output, let input):
            var below = try push(input)
            let domain = below.domain.map { Expression.column($0) }
            let wider = lists.map { list in list.map { replaced($0, below.domain) } + domain }
            below.plan = .expand(wider, output: output + below.domain, input: below.plan)
            return below
        case .window(let given):
            var below = try push(given.input)
            let domain = below.domain
            guard
                case .window(var window) = LogicalPlan.window(given).mapExpressions({ replaced($0, domain) })
            else { return below }
            window.partition = domain.map { .column($0) } + window.partition
            window.input = below.plan
            below.plan = .window(window)
            return below
        case .generate(let generator, let output, let input):
            var below = try push(input)
            let domain = below.domain
            below.plan = .generate(
                generator.mapExpressions { replaced($0, domain) }, output: output, input: below.plan)
            return below
        case .singleRow(let input, let origin):
            let below = try push(input)
            return filledUp(onlyRow(below, input.output, origin), input.output, empties: [:])
        case .scan, .values, .lateralJoin, .range, .recursion, .workingTable, .kept:
            throw RewriteSubqueries.unsupported("A correlated subquery is of a form that is not supported")
        }
    }

    /// A plan that refers to nothing outside is the same for all values of the domain.
    private func beside(_ plan: LogicalPlan) -> Pushed {
        let domain = domain()
        if case .values(let rows, let output) = plan, rows.count == 1, output.isEmpty { return domain }
        return Pushed(
            plan: .join(.cross, left: domain.plan, right: plan, condition: nil), domain: domain.domain)
    }

    private func aggregate(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ below: Pushed
    ) throws(EngineError) -> Pushed {
        let keys = groups.map { NamedExpression(replaced($0.expression, below.domain), as: $0.output) }
        let calls = aggregates.map { item in
            NamedAggregate(item.call.mapExpressions { replaced($0, below.domain) }, as: item.output)
        }
        let grouped = Pushed(
            plan: .aggregate(
                groups: keys + passed(below.domain), aggregates: calls, input: below.plan),
            domain: below.domain)
        if !groups.isEmpty { return grouped }
        var empties: [ColumnID: Expression] = [:]
        for item in aggregates {
            let empty = EmptyAggregates.value(of: item.call)
            if !empty.isNullLiteral { empties[item.output.id] = empty }
        }
        return filledUp(grouped, aggregates.map(\.output), empties: empties)
    }

    /// Gives a row for each value of the domain, where `pushed` has at most one: `columns`, or what `empties`
    /// holds for them, else null.
    private func filledUp(
        _ pushed: Pushed, _ columns: [ColumnReference], empties: [ColumnID: Expression]
    ) -> Pushed {
        let all = domain()
        let marker = context.newColumn("matched", .boolean)
        var inner = passed(pushed.domain)
        inner.append(NamedExpression(.literal(.boolean(true)), as: marker))
        var outer = passed(all.domain)
        for column in columns {
            let found = context.newColumn(column.name, column.type, nullable: true)
            inner.append(NamedExpression(.column(column), as: found))
            var value = Expression.column(found)
            if let empty = empties[column.id] {
                let isMissing = Expression.call(
                    FunctionCall("is_null", [.column(marker)], type: .boolean))
                value = .conditional(
                    [ConditionalBranch(condition: isMissing, result: empty)], otherwise: value,
                    type: column.type)
            }
            outer.append(NamedExpression(value, as: column))
        }
        let joined = LogicalPlan.join(
            .left, left: all.plan, right: .project(inner, input: pushed.plan),
            condition: Expression.conjunction(Self.same(all.domain, pushed.domain)))
        return Pushed(plan: .project(outer, input: joined), domain: all.domain)
    }

    /// Returns a plan with one row at most for each value of the domain, which fails where there are more.
    func onlyRow(_ pushed: Pushed, _ columns: [ColumnReference], _ origin: Origin) -> Pushed {
        let rows = context.newColumn("rows", .int64, nullable: false)
        var calls = [NamedAggregate(AggregateCall("count", [], type: .int64), as: rows)]
        var items = passed(pushed.domain)
        for column in columns {
            let first = context.newColumn(column.name, column.type, nullable: true)
            calls.append(
                NamedAggregate(AggregateCall("first", [.column(column)], type: column.type), as: first))
            let checked = FunctionCall(
                "only_row", [.column(rows), .column(first)], type: column.type, origin: origin)
            items.append(NamedExpression(.call(checked), as: column))
        }
        let grouped = LogicalPlan.aggregate(
            groups: passed(pushed.domain), aggregates: calls, input: pushed.plan)
        return Pushed(plan: .project(items, input: grouped), domain: pushed.domain)
    }

    private func join(
        _ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan, _ condition: Expression?
    ) throws(EngineError) -> Pushed {
        let keepsLeft = [.left, .full, .leftSemi, .leftAnti, .leftAntiNullAware].contains(kind)
        let needsRight = refers(right) || kind == .right || kind == .full
        let needsLeft =
            refers(left) || keepsLeft || !needsRight || kind == .right && refers(condition) && !needsRight
        let mine = needsLeft ? try push(left) : nil
        let theirs = needsRight ? try push(right) : nil
        let domain = (kind == .right ? theirs : mine)?.domain ?? theirs?.domain ?? []
        var parts = condition.map { [replaced($0, domain)] } ?? []
        var actual = kind
        if kind == .leftAntiNullAware, let equality = parts.first, theirs != nil || refers(condition) {
            // Beside other conditions unknown has to count as a match by words.
            parts = [
                Expression.disjunction([
                    equality, .call(FunctionCall("is_null", [equality], type: .boolean)),
                ]) ?? equality
            ]
            actual = .leftAnti
        }
        if let mine, let theirs { parts += Self.same(mine.domain, theirs.domain) }
        if actual == .cross, !parts.isEmpty { actual = .inner }
        let joined = LogicalPlan.join(
            actual, left: mine?.plan ?? left, right: theirs?.plan ?? right,
            condition: Expression.conjunction(parts))
        guard kind == .full, let mine, let theirs else { return Pushed(plan: joined, domain: domain) }
        let whole = zip(mine.domain, theirs.domain).map { a, b in
            NamedExpression(
                .call(FunctionCall("coalesce", [.column(a), .column(b)], type: a.type)),
                as: context.newColumn(a.name, a.type))
        }
        return Pushed(
            plan: .project(passed(left.output + right.output) + whole, input: joined),
            domain: whole.map(\.output))
    }

    /// Numbers the rows of each value of the domain in their order, and keeps those that the limit keeps.
    private func limit(_ count: Int?, _ offset: Int, _ input: LogicalPlan) throws(EngineError) -> Pushed {
        if count == nil, offset == 0 { return try push(input) }
        var sorted = input
        var list: [NamedExpression]?
        if case .project(let items, let inner) = input, case .sort = inner { (list, sorted) = (items, inner) }
        var order: [SortKey] = []
        if case .sort(let keys, let inner) = sorted { (order, sorted) = (keys, inner) }
        var below = try push(sorted)
        let domain = below.domain
        let number = context.newColumn("row_number", .int32, nullable: false)
        let call = WindowCall("row_number", [], type: .int32)
        let window = LogicalWindow(
            partition: domain.map { .column($0) },
            order: order.map { key in key.mapExpressions { replaced($0, domain) } },
            calls: [NamedWindow(call, as: number)], input: below.plan)
        func test(_ name: String, _ bound: Int) -> Expression {
            let limit = Literal(.integer(Int64(clamping: min(bound, Int(Int32.max)))), .int32)
            return .call(FunctionCall(name, [.column(number), .literal(limit)], type: .boolean))
        }
        var tests: [Expression] = []
        if offset > 0 { tests.append(test("greater", offset)) }
        if let count { tests.append(test("less_equal", offset.addingReportingOverflow(count).partialValue)) }
        var plan = LogicalPlan.window(window)
        if let condition = Expression.conjunction(tests) { plan = .filter(condition, input: plan) }
        let items = list?.map { NamedExpression(replaced($0.expression, domain), as: $0.output) }
        below.plan = .project((items ?? passed(input.output)) + passed(domain), input: plan)
        return below
    }

    private func union(_ inputs: [LogicalPlan], _ output: [ColumnReference]) throws(EngineError) -> Pushed {
        var parts: [LogicalPlan] = []
        for input in inputs {
            let below = try push(input)
            parts.append(.project(passed(input.output + below.domain), input: below.plan))
        }
        let domain = outer.map { context.newColumn($0.name, $0.type, nullable: $0.nullable) }
        return Pushed(plan: .union(parts, output: output + domain), domain: domain)
    }
}
