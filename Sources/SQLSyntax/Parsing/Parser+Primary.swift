import Vocabulary

extension Parser {
    /// Parses `.field`, `[index]`, `::type` and COLLATE behind a primary expression.
    mutating func postfix(over base: ExpressionSyntax) throws(EngineError) -> ExpressionSyntax {
        var base = base
        while true {
            if at(.dot), peek().kind == .word || peek().kind == .quotedWord {
                advance()
                let field = nameSyntax(current)
                advance()
                base = ExpressionSyntax(.field(base, field), span: base.span.union(field.span))
            } else if take(.leftBracket) {
                let position = try value()
                try expect(.rightBracket)
                base = ExpressionSyntax(
                    .element(base, index: position), span: base.span.union(tokens[index - 1].span))
            } else if at(.colon), atVariantPath {
                base = try variantPath(over: base)
            } else if take(.doubleColon) {
                let type = try self.type()
                base = ExpressionSyntax(
                    .cast(base, to: type, kind: .cast), span: base.span.union(tokens[index - 1].span))
            } else if at(.COLLATE) {
                advance()
                let word = try name("a collation such as UTF8_BINARY")
                let literal = ExpressionSyntax(.literal(.string(word.text)), span: word.span)
                let collate = CallSyntax(
                    name: [NameSyntax("collate", span: word.span)],
                    arguments: [ArgumentSyntax(base), ArgumentSyntax(literal)])
                base = ExpressionSyntax(.call(collate), span: base.span.union(word.span))
            } else {
                return base
            }
            try grow()
        }
    }

    /// Whether a path into a variant follows the colon.
    private var atVariantPath: Bool {
        let next = peek()
        return next.kind == .word || next.kind == .quotedWord || next.symbol == .leftBracket
    }

    /// Parses `:a.b[0]['c']` as a call of `ColumnNaming.pathCall` with the value, the path and the last name.
    private mutating func variantPath(over base: ExpressionSyntax) throws(EngineError) -> ExpressionSyntax {
        advance()
        var (path, last) = ("$", "")
        var isFirst = true
        while true {
            if isFirst || at(.dot), current.symbol != .leftBracket {
                if !isFirst { advance() }
                guard current.kind == .word || current.kind == .quotedWord else { throw unexpected("a name") }
                last = nameSyntax(current).text
                advance()
                path += "['\(last)']"
            } else if take(.leftBracket) {
                if current.kind == .integer {
                    path += "[\(try integerValue("a position"))]"
                } else {
                    last = try stringValue()
                    path += last.contains("'") ? "[\"\(last)\"]" : "['\(last)']"
                }
                try expect(.rightBracket)
            } else {
                break
            }
            isFirst = false
        }
        let place = base.span.union(tokens[index - 1].span)
        let texts = [path, last].map { ExpressionSyntax(.literal(.string($0)), span: place) }
        let call = CallSyntax(
            name: [NameSyntax(ColumnNaming.pathCall, span: place)],
            arguments: ([base] + texts).map { ArgumentSyntax($0) })
        return ExpressionSyntax(.call(call), span: place)
    }

    /// Parses a literal, a name, a call, a parenthesis, CASE, CAST and the other forms that start by a word.
    mutating func primary() throws(EngineError) -> ExpressionSyntax {
        let start = index
        switch current.kind {
        case .integer, .decimal, .exponent, .suffixed: return try numberLiteral(negative: false)
        case .string, .rawString:
            return ExpressionSyntax(.literal(.string(try stringValue())), span: span(from: start))
        case .symbol: return try symbolPrimary()
        case .quotedWord: return try nameOrCall()
        case .word:
            if let keyword = current.keyword, let form = try keywordPrimary(keyword) { return form }
            if let keyword = current.keyword, Keyword.neverColumns.contains(keyword),
                peek().symbol != .leftParenthesis
            {
                throw unexpected("an expression")
            }
            if !atName { throw unexpected("an expression") }
            if peek().kind == .string, text(current).uppercased() == "TIME" {
                advance()
                return ExpressionSyntax(.literal(.time(try stringValue())), span: span(from: start))
            }
            return try nameOrCall()
        case .end: throw unexpected("an expression")
        }
    }

    private mutating func symbolPrimary() throws(EngineError) -> ExpressionSyntax {
        let start = index
        if take(.star) {
            return ExpressionSyntax(
                .star(qualifier: [], except: try starExceptions()), span: span(from: start))
        }
        if at(.colon) || at(.question) { return try parameter() }
        guard take(.leftParenthesis) else { throw unexpected("an expression") }
        if startsWholeQuery() {
            let query = try self.query()
            try expect(.rightParenthesis)
            return ExpressionSyntax(.scalarQuery(query), span: span(from: start))
        }
        if let parameters = lambdaParameters() {
            let body = try expression()
            return ExpressionSyntax(.lambda(parameters: parameters, body: body), span: span(from: start))
        }
        var items = [try aliasedExpression()]
        while take(.comma) { items.append(try aliasedExpression()) }
        try expect(.rightParenthesis)
        if items.count > 1 { return ExpressionSyntax(.row(items), span: span(from: start)) }
        if case .alias(_, let name) = items[0].kind {
            throw fail("An alias is not allowed here.", at: name.span)
        }
        return ExpressionSyntax(items[0].kind, span: span(from: start))
    }

    /// Takes `a, b) ->` behind an opened parenthesis, or nothing.
    private mutating func lambdaParameters() -> [NameSyntax]? {
        var ahead = index
        var names: [NameSyntax] = []
        while true {
            guard tokens[ahead].kind == .word || tokens[ahead].kind == .quotedWord else { return nil }
            names.append(nameSyntax(tokens[ahead]))
            guard ahead + 2 < tokens.count else { return nil }
            ahead += 1
            if tokens[ahead].symbol == .rightParenthesis { break }
            guard tokens[ahead].symbol == .comma else { return nil }
            ahead += 1
        }
        guard tokens[ahead + 1].symbol == .arrow, ahead + 2 < tokens.count else { return nil }
        index = ahead + 2
        return names
    }

    /// Parses `expression [[AS] name]`, as in arguments of `struct`.
    mutating func aliasedExpression() throws(EngineError) -> ExpressionSyntax {
        let start = index
        let value = try expression()
        guard take(.AS) || atBareAlias else { return value }
        let alias = try name("an alias")
        return ExpressionSyntax(.alias(value, alias), span: span(from: start))
    }

    mutating func starExceptions() throws(EngineError) -> [[NameSyntax]] {
        guard at(.EXCEPT), peek().symbol == .leftParenthesis, !startsQuery(after: 2) else { return [] }
        advance()
        return try parenthesised { (parser) throws(EngineError) in try parser.qualifiedName("a column name") }
    }

    /// Parses a form that a keyword starts, or returns nil when the word is a plain name here.
    private mutating func keywordPrimary(_ keyword: Keyword) throws(EngineError) -> ExpressionSyntax? {
        let start = index
        let nextIsString = peek().kind == .string || peek().kind == .rawString
        let nextIsParenthesis = peek().symbol == .leftParenthesis
        switch keyword {
        case .NULL, .TRUE, .FALSE:
            if nextIsParenthesis || peek().symbol == .dot { return nil }
            advance()
            let literal: LiteralSyntax = keyword == .NULL ? .null : .boolean(keyword == .TRUE)
            return ExpressionSyntax(.literal(literal), span: span(from: start))
        case .DATE, .TIMESTAMP, .TIMESTAMP_LTZ, .TIMESTAMP_NTZ, .X:
            guard nextIsString else { return nil }
            return try typedLiteral(keyword)
        case .INTERVAL:
            return try intervalLiteral()
        case .CASE:
            let next = peek()
            if next.kind == .end || next.symbol == .comma || next.symbol == .dot || next.keyword == .FROM {
                return nil
            }
            return try caseExpression()
        case .CAST, .TRY_CAST:
            guard nextIsParenthesis else { return nil }
            return try castExpression(keyword == .CAST ? .cast : .tryCast)
        case .EXTRACT, .POSITION, .SUBSTRING, .SUBSTR, .TRIM, .OVERLAY:
            guard nextIsParenthesis else { return nil }
            return try specialCall(keyword)
        default:
            return nil
        }
    }

    /// Parses `a.b.c`, `t.*`, `f(…)`, or `x -> …`.
    private mutating func nameOrCall() throws(EngineError) -> ExpressionSyntax {
        let start = index
        switch try identifierClause() {
        case .known(let parts):
            if at(.leftParenthesis) { return try call(parts, from: start) }
            return ExpressionSyntax(.column(parts), span: span(from: start))
        case .computed(let text): return ExpressionSyntax(.identifier(text), span: span(from: start))
        case nil: break
        }
        let first = nameSyntax(current)
        advance()
        if take(.arrow) {
            let body = try expression()
            return ExpressionSyntax(.lambda(parameters: [first], body: body), span: span(from: start))
        }
        var parts = [first]
        while at(.dot) {
            if peek().symbol == .star {
                advance()
                advance()
                return ExpressionSyntax(
                    .star(qualifier: parts, except: try starExceptions()), span: span(from: start))
            }
            guard peek().kind == .word || peek().kind == .quotedWord else { break }
            advance()
            parts.append(nameSyntax(current))
            advance()
        }
        if at(.leftParenthesis) { return try call(parts, from: start) }
        return ExpressionSyntax(.column(parts), span: span(from: start))
    }

    private mutating func caseExpression() throws(EngineError) -> ExpressionSyntax {
        let start = index
        advance()
        openCases += 1
        defer { openCases -= 1 }
        let operand = at(.WHEN) ? nil : try expression()
        var branches: [CaseBranchSyntax] = []
        while take(.WHEN) {
            let condition = try expression()
            try expect(.THEN)
            branches.append(CaseBranchSyntax(condition: condition, result: try expression()))
        }
        if branches.isEmpty { throw unexpected("'WHEN'") }
        let otherwise = take(.ELSE) ? try expression() : nil
        if !take(.END) { throw unexpected("'END'") }
        return ExpressionSyntax(
            .caseWhen(operand: operand, branches: branches, otherwise: otherwise), span: span(from: start))
    }

    private mutating func castExpression(_ kind: CastKind) throws(EngineError) -> ExpressionSyntax {
        let start = index
        advance()
        try expect(.leftParenthesis)
        let value = try expression()
        try expect(.AS)
        let type = try self.type()
        try expect(.rightParenthesis)
        return ExpressionSyntax(.cast(value, to: type, kind: kind), span: span(from: start))
    }
}
