import Vocabulary

extension Parser {
    /// Parses `|> OPERATOR …` behind a query, as often as they follow each other. Each operator takes the
    /// rows
    /// of what stands before it.
    mutating func pipes(over first: QuerySyntax) throws(EngineError) -> QuerySyntax {
        let start = index
        var current = pipeInput(first)
        var count = 0
        while take(.pipeArrow) {
            count += 1
            if count > Limits.nestingDepth { throw tooLong("|>", at: tokens[start].span) }
            try grow()
            current = try pipeOperator(over: current)
        }
        var result = starQuery(over: current)
        result.with = first.with
        result.span = first.span.union(span(from: start))
        return result
    }

    /// The relation that a query is for the operators behind it: `TABLE t` and `FROM t` keep their names.
    private func pipeInput(_ query: QuerySyntax) -> RelationSyntax {
        var bare = query
        bare.with = []
        if bare.orderBy == nil, bare.sortBy.isEmpty, bare.clusterBy.isEmpty, bare.distributeBy.isEmpty,
            bare.limit == nil, bare.offset == nil, bare.windows.isEmpty
        {
            if case .table(let relation) = bare.body { return relation }
            if case .select(let select) = bare.body, let from = select.from, select.isBareFrom {
                return from
            }
        }
        return RelationSyntax(kind: .subquery(bare), alias: nil, span: query.span)
    }

    private func starQuery(over relation: RelationSyntax) -> QuerySyntax {
        QuerySyntax(body: .select(starSelect(over: relation)), span: relation.span)
    }

    private func starSelect(over relation: RelationSyntax) -> SelectSyntax {
        let star = ExpressionSyntax(.star(qualifier: [], except: []), span: relation.span)
        return SelectSyntax(
            items: [SelectItemSyntax(expression: star, aliases: [])], from: relation, span: relation.span)
    }

    private mutating func pipeOperator(over input: RelationSyntax) throws(EngineError) -> RelationSyntax {
        let start = index
        func wrapped(_ kind: RelationSyntax.Kind) -> RelationSyntax {
            RelationSyntax(kind: kind, alias: nil, span: input.span)
        }
        switch current.keyword {
        case .SELECT:
            var select = try self.select(isPipe: true)
            select.from = input
            return wrapped(.subquery(QuerySyntax(body: .select(select), span: span(from: start))))
        case .WHERE:
            advance()
            return wrapped(.pipe(input, .filter(try expression())))
        case .DROP:
            advance()
            let names = try commaSeparated { (parser) throws(EngineError) in try parser.name("a column name")
            }
            return wrapped(.pipe(input, .drop(names)))
        case .SET:
            advance()
            let items = try commaSeparated { (parser) throws(EngineError) in
                let name = try parser.name("a column name")
                try parser.expect(.equal)
                return PipeSyntax.Assignment(name: name, value: try parser.expression())
            }
            return wrapped(.pipe(input, .set(items)))
        case .AS:
            advance()
            var named = wrapped(.nested(input))
            named.alias = TableAliasSyntax(name: try name("an alias"), columns: [])
            return named
        case .ORDER, .SORT, .CLUSTER, .DISTRIBUTE, .LIMIT, .OFFSET:
            var tail = QuerySyntax(body: .values([], span: input.span), span: input.span)
            try queryTail(&tail)
            tail.span = span(from: start)
            return wrapped(.pipe(input, .tail(tail)))
        case .UNION, .INTERSECT, .EXCEPT, .MINUS:
            let body = try setOperations(over: .select(starSelect(over: input)))
            return wrapped(.subquery(QuerySyntax(body: body, span: input.span)))
        case .TABLESAMPLE: return wrapped(.sample(input, try sample()))
        case .LATERAL where peek().keyword == .VIEW:
            return wrapped(.pipe(input, .lateralView(try lateralView())))
        case .DISTINCT:
            advance()
            var select = starSelect(over: input)
            select.isDistinct = true
            return wrapped(.subquery(QuerySyntax(body: .select(select), span: input.span)))
        default: return try pipeWord(over: input)
        }
    }

    /// Parses the operators whose names are no keywords elsewhere, and joins.
    private mutating func pipeWord(over input: RelationSyntax) throws(EngineError) -> RelationSyntax {
        let start = index
        let word = current.kind == .word ? text(current).uppercased() : ""
        if word == "EXTEND" {
            advance()
            let items = try commaSeparated { (parser) throws(EngineError) in try parser.selectItem() }
            return RelationSyntax(kind: .pipe(input, .extend(items)), alias: nil, span: input.span)
        }
        if word == "AGGREGATE" {
            advance()
            var select = SelectSyntax(span: current.span)
            select.from = input
            if !at(.GROUP) {
                select.items = try commaSeparated { (parser) throws(EngineError) in try parser.selectItem() }
            }
            if take(.GROUP, .BY) {
                let keys = try commaSeparated { (parser) throws(EngineError) in try parser.selectItem() }
                select.items = keys + select.items
                select.groupBy = .items(keys.map { .expression($0.expression) })
            }
            select.isAggregatePipe = true
            select.span = span(from: start)
            let query = QuerySyntax(body: .select(select), span: select.span)
            return RelationSyntax(kind: .subquery(query), alias: nil, span: input.span)
        }
        let extended = try extensions(of: input, isSingle: true)
        if index == start {
            throw unexpected("a pipe operator such as 'SELECT', 'WHERE', 'EXTEND', 'AGGREGATE' or 'JOIN'")
        }
        return extended
    }
}
