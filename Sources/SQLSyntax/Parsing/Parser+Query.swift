import Vocabulary

extension Parser {
    /// Tells whether the token after `skipped` more tokens starts a query; parentheses before it are looked
    /// through.
    func startsQuery(after skipped: Int) -> Bool {
        var ahead = index + skipped
        while ahead < tokens.count, tokens[ahead].symbol == .leftParenthesis { ahead += 1 }
        guard ahead < tokens.count, let keyword = tokens[ahead].keyword else { return false }
        let next = ahead + 1 < tokens.count ? tokens[ahead + 1] : tokens[tokens.count - 1]
        switch keyword {
        case .SELECT: return next.symbol != .comma && next.symbol != .rightParenthesis
        case .WITH: return next.kind == .word || next.kind == .quotedWord
        case .VALUES: return next.symbol == .leftParenthesis && ahead == index + skipped
        case .TABLE: return next.kind == .word || next.kind == .quotedWord
        case .FROM: return false
        default: return false
        }
    }

    /// Tells whether `FROM relation …` stands after `skipped` more tokens where an expression might, too,
    /// which may begin with a column called `from`.
    func startsFromQuery(after skipped: Int) -> Bool {
        let next = peek(skipped + 1)
        guard peek(skipped).keyword == .FROM else { return false }
        let isOperator = next.keyword.map {
            [
                .IS, .IN, .AND, .OR, .NOT, .LIKE, .ILIKE, .RLIKE, .REGEXP, .BETWEEN, .DIV, .AS,
            ].contains($0)
        }
        return (next.kind == .word || next.kind == .quotedWord) && isOperator != true
            || next.symbol == .leftParenthesis
    }

    /// Tells whether all that stands behind the parenthesis just opened is a query. Parentheses that open
    /// here, too, may hold an operand of UNION, but as well a scalar subquery that an operator follows, or a
    /// relation with an alias: `((SELECT 1) UNION SELECT 2)`, `((SELECT 1) + 1)`, `((SELECT 1) AS a JOIN b)`.
    func startsWholeQuery() -> Bool {
        if startsFromQuery(after: 0) { return true }
        guard startsQuery(after: 0) else { return false }
        var ahead = index
        while tokens[ahead].symbol == .leftParenthesis { ahead += 1 }
        var open = ahead - index
        var outermost = open
        while outermost > 0, ahead < tokens.count {
            if tokens[ahead].symbol == .leftParenthesis { open += 1 }
            if tokens[ahead].symbol == .rightParenthesis { open -= 1 }
            if open < outermost {
                outermost = open
                guard endsOrContinuesQuery(tokens[min(ahead + 1, tokens.count - 1)]) else { return false }
            }
            ahead += 1
        }
        return true
    }

    private func endsOrContinuesQuery(_ token: Token) -> Bool {
        let words: [Keyword] = [
            .UNION, .INTERSECT, .EXCEPT, .MINUS, .ORDER, .LIMIT, .OFFSET, .SORT, .CLUSTER, .DISTRIBUTE,
            .WINDOW,
        ]
        return token.symbol == .rightParenthesis || token.symbol == .pipeArrow
            || token.keyword.map { words.contains($0) } ?? false
    }

    /// Parses a whole query: WITH, body, ORDER BY, LIMIT and the rest.
    mutating func query() throws(EngineError) -> QuerySyntax {
        try nested { (parser) throws(EngineError) in try parser.queryContent() }
    }

    private mutating func queryContent() throws(EngineError) -> QuerySyntax {
        let start = index
        let savedCases = openCases
        openCases = 0
        defer { openCases = savedCases }
        let with = try withClause()
        let body = try queryBody()
        var query = QuerySyntax(with: with, body: body, span: body.span)
        try queryTail(&query)
        query.span = span(from: start)
        if at(.pipeArrow) { return try pipes(over: query) }
        return query
    }

    mutating func withClause() throws(EngineError) -> [CommonTableSyntax] {
        guard take(.WITH) else { return [] }
        // A table may itself be called `recursive`.
        let isRecursive = at(.RECURSIVE) && peek().kind != .symbol && peek().keyword != .AS
        if isRecursive { advance() }
        let tables = try commaSeparated { (parser) throws(EngineError) in
            try parser.commonTable(isRecursive: isRecursive)
        }
        var names: Set<String> = []
        for table in tables where !names.insert(table.name.text).inserted {
            throw fail(
                "Two common table expressions of one WITH have the same name: \(table.name.text).",
                code: "DUPLICATED_CTE_NAMES", at: table.name.span, remedy: "Give one of them another name.")
        }
        return tables
    }

    private mutating func commonTable(isRecursive: Bool) throws(EngineError) -> CommonTableSyntax {
        let name = try self.name("a name for the common table expression")
        let columns = at(.leftParenthesis) ? try nameList() : []
        var levelLimit: Int?
        if isRecursive, takeWord("MAX") {
            try expectWord("RECURSION")
            try expectWord("LEVEL")
            levelLimit = try integerValue("a number of levels")
        }
        _ = take(.AS)
        try expect(.leftParenthesis)
        let query = try self.query()
        try expect(.rightParenthesis)
        return CommonTableSyntax(
            name: name, columns: columns, query: query, isRecursive: isRecursive, levelLimit: levelLimit)
    }

    /// Parses UNION and EXCEPT, which bind alike, over INTERSECT, which binds tighter.
    private mutating func queryBody() throws(EngineError) -> QueryBodySyntax {
        try setOperations(over: try intersection())
    }

    /// Parses the set operations behind a first operand.
    mutating func setOperations(over first: QueryBodySyntax) throws(EngineError) -> QueryBodySyntax {
        var left = first
        while at(.INTERSECT) {
            advance()
            left = try setOperation(.intersect, left) { (parser) throws(EngineError) in
                try parser.queryPrimary()
            }
        }
        while let kind = setOperator(), kind != .intersect {
            advance()
            if kind == .union, at(.ALL) {
                left = try unionAll(left)
                continue
            }
            left = try setOperation(kind, left) { (parser) throws(EngineError) in try parser.intersection() }
        }
        return left
    }

    /// Parses the inputs of UNION ALL from the word ALL on; all that follow each other make one list.
    private mutating func unionAll(_ first: QueryBodySyntax) throws(EngineError) -> QueryBodySyntax {
        var inputs = [first]
        while take(.ALL) {
            let tallest = height
            height = 0
            inputs.append(try intersection())
            height = max(height, tallest)
            if inputs.count > Limits.chainLength { throw tooLong("UNION ALL", at: first.span) }
            if at(.UNION, .ALL) { advance() }
        }
        try grow()
        return .unionAll(inputs)
    }

    private mutating func intersection() throws(EngineError) -> QueryBodySyntax {
        var left = try queryPrimary()
        while at(.INTERSECT) {
            advance()
            left = try setOperation(.intersect, left) { (parser) throws(EngineError) in
                try parser.queryPrimary()
            }
        }
        return left
    }

    private func setOperator() -> SetOperationSyntax.Operator? {
        switch current.keyword {
        case .UNION: .union
        case .INTERSECT: .intersect
        case .EXCEPT, .MINUS: .except
        default: nil
        }
    }

    private mutating func setOperation(
        _ kind: SetOperationSyntax.Operator, _ left: QueryBodySyntax,
        _ operand: (inout Parser) throws(EngineError) -> QueryBodySyntax
    ) throws(EngineError) -> QueryBodySyntax {
        let isAll = take(.ALL)
        if !isAll { _ = take(.DISTINCT) }
        let right = try operand(&self)
        try grow()
        return .setOperation(
            SetOperationSyntax(
                operator: kind, isAll: isAll, left: left, right: right, span: left.span.union(right.span)))
    }

    private mutating func queryPrimary() throws(EngineError) -> QueryBodySyntax {
        let start = index
        switch current.keyword {
        case .SELECT:
            return .select(try select())
        case .VALUES:
            advance()
            let rows = try valueRows()
            return .values(rows, span: span(from: start))
        case .TABLE:
            advance()
            let name = try qualifiedName("a table name")
            return .table(RelationSyntax(kind: .table(name), alias: nil, span: span(from: start)))
        case .FROM:
            return .select(try selectAfterFrom())
        default:
            guard take(.leftParenthesis) else { throw unexpected("'SELECT'") }
            let query = try self.query()
            try expect(.rightParenthesis)
            return .nested(query)
        }
    }

    /// Parses the rows of VALUES: `(1, 'a'), (2, 'b')` or `1, 2`.
    mutating func valueRows() throws(EngineError) -> [[ExpressionSyntax]] {
        try commaSeparated { (parser) throws(EngineError) in
            let value = try parser.expression()
            if case .row(let values) = value.kind { return values }
            return [value]
        }
    }

    mutating func queryTail(_ query: inout QuerySyntax) throws(EngineError) {
        if at(.ORDER) {
            advance()
            try expect(.BY)
            if at(.ALL), peek().symbol != .comma, peek().symbol != .dot,
                peek().kind != .symbol || peek().symbol == .rightParenthesis || peek().symbol == .semicolon
            {
                advance()
                let (isDescending, nullsFirst) = try sortDirection()
                query.orderBy = .all(isDescending: isDescending, nullsFirst: nullsFirst)
            } else {
                query.orderBy = .items(try sortItems())
            }
        }
        if take(.CLUSTER, .BY) { query.clusterBy = try expressionList() }
        if take(.DISTRIBUTE, .BY) { query.distributeBy = try expressionList() }
        if take(.SORT, .BY) { query.sortBy = try sortItems() }
        query.windows = try windowClause()
        for _ in 0..<2 {
            if query.limit == nil, take(.LIMIT) { query.limit = take(.ALL) ? .all : .rows(try expression()) }
            if query.offset == nil, take(.OFFSET) { query.offset = try expression() }
        }
    }

    mutating func expressionList() throws(EngineError) -> [ExpressionSyntax] {
        try commaSeparated { (parser) throws(EngineError) in try parser.expression() }
    }
}
