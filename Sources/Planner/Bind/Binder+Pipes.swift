import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds an operator of the pipe syntax above a relation, whose names stay.
    func pipe(_ input: RelationSyntax, _ syntax: PipeSyntax) throws(EngineError) -> BoundRelation {
        var bound = try relation(input)
        switch syntax {
        case .filter(let filter):
            let context = BindContext(scope: bound.scope, clause: "WHERE")
            let condition = try condition(bind(filter, context), "WHERE", at: filter.span)
            bound.plan = .filter(condition, input: bound.plan)
            return bound
        case .extend(let items): return try extended(bound, items)
        case .set(let assignments):
            for assignment in assignments { bound = try assigned(bound, assignment) }
            return bound
        case .drop(let names):
            for name in names {
                let found = try visibleColumn(name, bound.scope)
                bound.scope.columns.removeAll { $0.reference.id == found.id }
            }
            return bound
        case .tail(let query):
            bound.plan = try sorted(bound.plan, ordering(query), in: bound.scope)
            bound.plan = try limited(bound.plan, query)
            return bound
        case .lateralView(let view): return try lateralViews([view], bound)
        }
    }

    private func visibleColumn(_ name: NameSyntax, _ scope: Scope) throws(EngineError) -> ColumnReference {
        let context = BindContext(scope: scope, clause: "|>")
        let found = scope.matches([name])
        if found.count > 1 { throw ambiguous([name], found, at: name.span) }
        guard let match = found.first else { throw unresolved([name], context, at: name.span) }
        return match.column.reference
    }

    private func extended(
        _ input: BoundRelation, _ items: [SelectItemSyntax]
    ) throws(EngineError) -> BoundRelation {
        var bound = input
        let collector = WindowCollector()
        var context = BindContext(scope: bound.scope, clause: "EXTEND")
        context.windows = collector
        context.namesLateralAliases = true
        context.hasFrom = true
        for item in items where hasAggregate(item.expression) {
            throw aggregateInPipe("EXTEND", at: item.expression.span)
        }
        try selectGenerators(items, &bound.plan, &context)
        let added = named(try selectList(items, &context).map { ($0.expression, $0.name) }, fresh: true)
        let passed = bound.plan.output.map { NamedExpression(.column($0), as: $0) }
        bound.plan = .project(passed + added, input: try collector.applied(to: bound.plan))
        bound.scope.columns += added.map { Scope.Column(reference: $0.output, qualifier: []) }
        return bound
    }

    /// Puts a new value in the place of a column.
    private func assigned(
        _ input: BoundRelation, _ assignment: PipeSyntax.Assignment
    ) throws(EngineError) -> BoundRelation {
        var bound = input
        let old = try visibleColumn(assignment.name, bound.scope)
        let collector = WindowCollector()
        var context = BindContext(scope: bound.scope, clause: "SET")
        context.windows = collector
        let value = try bind(assignment.value, context)
        let output = newColumn(old.name, value.type, nullable: value.nullable)
        let passed = bound.plan.output.map { NamedExpression(.column($0), as: $0) }
        bound.plan = .project(
            passed + [NamedExpression(value, as: output)], input: try collector.applied(to: bound.plan))
        for index in bound.scope.columns.indices
        where bound.scope.columns[index].reference.id == old.id {
            bound.scope.columns[index] = Scope.Column(reference: output, qualifier: [])
        }
        return bound
    }

    /// Throws for what `|> AGGREGATE` neither groups by nor aggregates.
    func checkAggregates(_ select: SelectSyntax) throws(EngineError) {
        var keys = 0
        if case .items(let items)? = select.groupBy { keys = items.count }
        for item in select.items.dropFirst(keys) where !hasAggregate(item.expression) {
            throw .user(
                "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION",
                "What |> AGGREGATE gives before GROUP BY holds an aggregate function.",
                remedy: "Add one, or put the expression behind GROUP BY.", at: location(item.expression.span))
        }
    }

    func aggregateInPipe(_ clause: String, at span: SourceSpan) -> EngineError {
        .user(
            "PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION",
            "An aggregate function cannot stand in |> \(clause).", remedy: "Use |> AGGREGATE.",
            at: location(span))
    }

    /// Binds a sample: a limit, or a random choice among the rows.
    func sampled(_ input: RelationSyntax, _ sample: SampleSyntax) throws(EngineError) -> BoundRelation {
        var bound = try relation(input)
        switch sample.amount {
        case .rows(let count):
            bound.plan = .limit(count: try rowCount(count, "TABLESAMPLE"), offset: 0, input: bound.plan)
        case .share(let share) where share >= 1: break
        case .share(let share):
            let seed = sample.seed.map { [Expression.literal(.int64(Int64($0)))] } ?? []
            let random = try call("rand", seed, at: sample.span)
            let test = FunctionCall("less", [random, .literal(.double(share))], type: .boolean)
            let never = Expression.literal(.boolean(false))
            bound.plan = .filter(share > 0 ? .call(test) : never, input: bound.plan)
        }
        return bound
    }
}
