import Vocabulary

extension Parser {
    /// Parses what follows FROM; a comma joins like CROSS JOIN.
    mutating func fromClause() throws(EngineError) -> RelationSyntax {
        var left = try relation()
        while take(.comma) {
            let isLateral = take(.LATERAL)
            let right = try relation()
            try grow()
            left = join(.cross, left, right, .none, isLateral: isLateral)
        }
        return left
    }

    private func join(
        _ kind: JoinSyntax.Kind, _ left: RelationSyntax, _ right: RelationSyntax,
        _ condition: JoinSyntax.Condition,
        isLateral: Bool
    ) -> RelationSyntax {
        RelationSyntax(
            kind: .join(
                JoinSyntax(kind: kind, left: left, right: right, condition: condition, isLateral: isLateral)),
            alias: nil, span: left.span.union(tokens[index - 1].span))
    }

    /// Parses a relation and the joins behind it.
    private mutating func relation() throws(EngineError) -> RelationSyntax {
        try extensions(of: try relationPrimary(), isSingle: false)
    }

    /// Parses the joins, PIVOT and UNPIVOT behind a relation, only the first when `isSingle`.
    mutating func extensions(of first: RelationSyntax, isSingle: Bool) throws(EngineError) -> RelationSyntax {
        var left = first
        while true {
            if at(.PIVOT) || at(.UNPIVOT) {
                let isPivot = at(.PIVOT)
                try grow()
                left = isPivot ? try pivot(of: left) : try unpivot(of: left)
                if let alias = try tableAlias() { left.alias = alias }
                if isSingle { return left }
                continue
            }
            guard let (kind, isNatural) = try joinKind() else { return left }
            let isLateral = take(.LATERAL)
            let right = try relationPrimary()
            try grow()
            var condition = JoinSyntax.Condition.none
            if isNatural {
                condition = .natural
            } else if take(.ON) {
                condition = .on(try expression())
            } else if at(.USING), peek().symbol == .leftParenthesis {
                advance()
                condition = .using(try nameList())
            }
            left = join(kind, left, right, condition, isLateral: isLateral)
            if isSingle { return left }
        }
    }

    /// Takes the words of a join, or returns nil when no join follows.
    private mutating func joinKind() throws(EngineError) -> (JoinSyntax.Kind, isNatural: Bool)? {
        let isNatural = at(.NATURAL)
        let first = isNatural ? peek().keyword : current.keyword
        let kind: JoinSyntax.Kind
        switch first {
        case .JOIN, .INNER: kind = .inner
        case .CROSS: kind = .cross
        case .FULL: kind = .full
        case .RIGHT: kind = .right
        case .SEMI: kind = .semi
        case .ANTI: kind = .anti
        case .LEFT:
            switch peek(isNatural ? 2 : 1).keyword {
            case .SEMI: kind = .semi
            case .ANTI: kind = .anti
            default: kind = .left
            }
        default:
            if isNatural { throw unexpected("'JOIN'") }
            return nil
        }
        if isNatural { advance() }
        if at(.LEFT) {
            advance()
            if !take(.SEMI), !take(.ANTI) { _ = take(.OUTER) }
        } else if at(.FULL) || at(.RIGHT) {
            advance()
            _ = take(.OUTER)
        } else if !at(.JOIN) {
            advance()
        }
        try expect(.JOIN)
        return (kind, isNatural)
    }

    private mutating func relationPrimary() throws(EngineError) -> RelationSyntax {
        let start = index
        var relation = try nested { (parser) throws(EngineError) in try parser.bareRelation() }
        try refuseTimeTravel()
        if at(.TABLESAMPLE) {
            // Spark samples no rows of table functions.
            if case .function = relation.kind {
                throw unexpected("the end of the table function: it cannot be sampled")
            }
            let sample = try sample()
            relation = RelationSyntax(kind: .sample(relation, sample), alias: nil, span: span(from: start))
        }
        if let alias = try tableAlias() { relation.alias = alias }
        relation.span = span(from: start)
        return relation
    }

    /// Throws where `[FOR] VERSION | TIMESTAMP AS OF` follows: files have no versions.
    private func refuseTimeTravel() throws(EngineError) {
        let offset = at(word: "FOR") ? 1 : 0
        let word = text(peek(offset)).uppercased()
        guard ["VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME"].contains(word),
            peek(offset + 1).keyword == .AS, text(peek(offset + 2)).uppercased() == "OF"
        else { return }
        throw fail(
            "Files have no versions to go back to.", code: "UNSUPPORTED_FEATURE.TIME_TRAVEL",
            at: current.span)
    }

    private mutating func bareRelation() throws(EngineError) -> RelationSyntax {
        let start = index
        if take(.leftParenthesis) {
            if startsQuery(after: 0) || at(.FROM) {
                // `((SELECT …) UNION …)` and `((SELECT …) AS a JOIN …)` differ only behind the inner
                // parenthesis.
                let before = self
                if at(.VALUES), let query = try? self.query(), take(.rightParenthesis) {
                    return RelationSyntax(kind: .subquery(query), alias: nil, span: span(from: start))
                }
                // `(VALUES … AS t JOIN …)` is no query.
                self = before
                if !at(.VALUES), at(.FROM) || startsWholeQuery() {
                    let query = try self.query()
                    try expect(.rightParenthesis)
                    return RelationSyntax(kind: .subquery(query), alias: nil, span: span(from: start))
                }
            }
            let inner = try fromClause()
            try expect(.rightParenthesis)
            return RelationSyntax(kind: .nested(inner), alias: nil, span: span(from: start))
        }
        if at(.VALUES), peek().kind != .end, peek().symbol != .dot {
            advance()
            let rows = try valueRows()
            return RelationSyntax(kind: .values(rows), alias: nil, span: span(from: start))
        }
        if let keyword = current.keyword, Keyword.neverColumns.contains(keyword) {
            throw unexpected("a table name")
        }
        let name: [NameSyntax]
        switch try identifierClause() {
        case .known(let given): name = given
        case .computed(let text):
            return RelationSyntax(kind: .identifier(text), alias: nil, span: span(from: start))
        case nil: name = try qualifiedName("a table name")
        }
        if at(.leftParenthesis) {
            let expression = try call(name, from: start)
            guard case .call(let call) = expression.kind else { throw unexpected("a table function") }
            return RelationSyntax(kind: .function(call), alias: nil, span: span(from: start))
        }
        var table = RelationSyntax(kind: .table(name), alias: nil, span: span(from: start))
        if at(.WITH), peek().symbol == .leftParenthesis {
            advance()
            table.options = try options()
        }
        return table
    }

    private mutating func tableAlias() throws(EngineError) -> TableAliasSyntax? {
        let hasAs = take(.AS)
        if hasAs, at(.leftParenthesis) {
            // Columns alone, without a name for the rows.
            let nameless = NameSyntax("", span: current.span)
            return TableAliasSyntax(name: nameless, columns: try nameList())
        }
        guard hasAs || atBareAlias, !at(.SET) else { return nil }
        let name = try self.name("an alias")
        let columns = at(.leftParenthesis) ? try nameList() : []
        return TableAliasSyntax(name: name, columns: columns)
    }
}
