import Vocabulary

extension Parser {
    /// Parses SELECT … FROM … WHERE … GROUP BY … HAVING … QUALIFY.
    /// `|> SELECT` takes its rows from what stands before it.
    mutating func select(isPipe: Bool = false) throws(EngineError) -> SelectSyntax {
        let start = index
        try expect(.SELECT)
        var select = SelectSyntax(span: current.span)
        try selectList(&select)
        if at(.USING), let item = select.items.last, case .call(let call) = item.expression.kind,
            call.name.last?.text.uppercased() == "TRANSFORM"
        {
            throw fail(
                "SELECT TRANSFORM … USING starts a program for rows, which workers do not.",
                code: "UNSUPPORTED_FEATURE.TRANSFORM", at: item.expression.span,
                remedy: "Use the function transform(array, x -> …), or a pipeline's step with a command.")
        }
        select.isSelectPipe = isPipe
        if isPipe {
            select.windows = try windowClause()
            select.span = span(from: start)
            return select
        }
        if take(.FROM) { select.from = try fromClause() }
        try selectTail(&select)
        select.span = span(from: start)
        return select
    }

    /// Parses Spark's `FROM … SELECT …`, and `FROM t` alone, which means every column.
    mutating func selectAfterFrom() throws(EngineError) -> SelectSyntax {
        let start = index
        try expect(.FROM)
        var select = SelectSyntax(span: current.span)
        select.from = try fromClause()
        if take(.SELECT) {
            try selectList(&select)
        } else {
            let star = ExpressionSyntax(.star(qualifier: [], except: []), span: tokens[start].span)
            select.items = [SelectItemSyntax(expression: star, aliases: [])]
            select.isBareFrom = !at(.WHERE) && !at(.GROUP) && !at(.HAVING) && !at(.QUALIFY)
                && !at(.LATERAL) && !at(.WINDOW)
        }
        try selectTail(&select)
        select.span = span(from: start)
        return select
    }

    mutating func selectList(_ select: inout SelectSyntax) throws(EngineError) {
        if at(.DISTINCT), !endsItem(peek()) {
            advance()
            select.isDistinct = true
        } else if at(.ALL), !endsItem(peek()) {
            advance()
        }
        select.items = try commaSeparated { (parser) throws(EngineError) in try parser.selectItem() }
    }

    /// Tells whether a token can only follow a whole select item: then the word before it is a name.
    private func endsItem(_ token: Token) -> Bool {
        token.kind == .end || token.symbol == .comma || token.symbol == .dot || token.keyword == .FROM
            || token.symbol == .rightParenthesis || token.keyword == .AS
    }

    /// Whether the current word ends the statement.
    var isLastWord: Bool { current.kind == .word && peek().kind == .end }

    mutating func selectItem() throws(EngineError) -> SelectItemSyntax {
        if at(.FROM), index > 0, tokens[index - 1].symbol == .comma, tokens[index - 1].kind == .symbol {
            throw fail(
                "A comma stands before FROM.", code: "TRAILING_COMMA_IN_SELECT",
                at: tokens[index - 1].span, remedy: "Remove it.")
        }
        let expression = try expression()
        let hasAs = take(.AS)
        if hasAs, at(.leftParenthesis) {
            return SelectItemSyntax(expression: expression, aliases: try nameList())
        }
        if current.kind == .end, hasAs {
            // As in Spark, the last word of a statement is a name, whatever it means elsewhere.
            return SelectItemSyntax(expression: expression, aliases: [nameSyntax(tokens[index - 1])])
        }
        if isLastWord {
            let word = nameSyntax(current)
            advance()
            return SelectItemSyntax(expression: expression, aliases: [word])
        }
        if hasAs || atBareAlias {
            return SelectItemSyntax(expression: expression, aliases: [try name("an alias")])
        }
        return SelectItemSyntax(expression: expression, aliases: [])
    }

    mutating func selectTail(_ select: inout SelectSyntax) throws(EngineError) {
        while at(.LATERAL), peek().keyword == .VIEW { select.lateralViews.append(try lateralView()) }
        if take(.WHERE) { select.filter = try expression() }
        if at(.GROUP) {
            advance()
            try expect(.BY)
            select.groupBy = try grouping()
        }
        if take(.HAVING) { select.having = try expression() }
        select.windows = try windowClause()
        if take(.QUALIFY) { select.qualify = try expression() }
        if select.windows.isEmpty { select.windows = try windowClause() }
    }

    mutating func lateralView() throws(EngineError) -> LateralViewSyntax {
        let start = index
        advance()
        advance()
        let isOuter = take(.OUTER)
        let name = try qualifiedName("a generator function such as explode")
        let expression = try call(name, from: start)
        guard case .call(let generator) = expression.kind else { throw unexpected("a generator function") }
        let table: NameSyntax? = try self.name("a table alias")
        var columns: [NameSyntax] = []
        if take(.AS) || atBareAlias {
            columns = try commaSeparated { (parser) throws(EngineError) in try parser.name("a column name") }
        }
        return LateralViewSyntax(
            isOuter: isOuter, generator: generator, table: table, columns: columns, span: span(from: start))
    }

    private mutating func grouping() throws(EngineError) -> GroupingSyntax {
        if at(.ALL), peek().symbol != .comma, peek().symbol != .dot {
            advance()
            return .all
        }
        var items = try commaSeparated { (parser) throws(EngineError) in try parser.groupingItem() }
        // The older forms `GROUP BY a, b WITH ROLLUP` and `GROUP BY a, b GROUPING SETS (…)`.
        if at(.WITH), peek().keyword == .ROLLUP || peek().keyword == .CUBE {
            let isRollup = peek().keyword == .ROLLUP
            advance()
            advance()
            let elements = items.compactMap { item -> [ExpressionSyntax]? in
                if case .expression(let expression) = item { return [expression] }
                return nil
            }
            return .items([isRollup ? .rollup(elements) : .cube(elements)])
        }
        if at(.GROUPING), peek().keyword == .SETS { items = [try groupingItem()] }
        return .items(items)
    }

    private mutating func groupingItem() throws(EngineError) -> GroupingItemSyntax {
        try nested { (parser) throws(EngineError) in
            if parser.at(.ROLLUP) || parser.at(.CUBE), parser.peek().symbol == .leftParenthesis {
                let isRollup = parser.at(.ROLLUP)
                parser.advance()
                let elements = try parser.parenthesised { (parser) throws(EngineError) in
                    try parser.groupingElement()
                }
                return isRollup ? .rollup(elements) : .cube(elements)
            }
            if parser.at(.GROUPING), parser.peek().keyword == .SETS {
                parser.advance()
                parser.advance()
                return .sets(
                    try parser.parenthesised { (parser) throws(EngineError) in try parser.groupingSet() })
            }
            return .expression(try parser.expression())
        }
    }

    private mutating func groupingSet() throws(EngineError) -> GroupingSetSyntax {
        if (at(.ROLLUP) || at(.CUBE)) && peek().symbol == .leftParenthesis || at(.GROUPING, .SETS) {
            return .nested(try groupingItem())
        }
        return .columns(try groupingElement())
    }

    private mutating func groupingElement() throws(EngineError) -> [ExpressionSyntax] {
        if at(.leftParenthesis), peek().symbol == .rightParenthesis {
            advance()
            advance()
            return []
        }
        let expression = try expression()
        if case .row(let items) = expression.kind { return items }
        return [expression]
    }
}
