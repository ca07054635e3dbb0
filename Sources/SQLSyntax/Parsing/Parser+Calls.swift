import Vocabulary

extension Parser {
    /// Parses `(arguments)` and what may follow them: WITHIN GROUP, FILTER, IGNORE NULLS, OVER.
    mutating func call(_ name: [NameSyntax], from start: Int) throws(EngineError) -> ExpressionSyntax {
        var call = CallSyntax(name: name, arguments: [])
        try expect(.leftParenthesis)
        if !at(.rightParenthesis) {
            if at(.DISTINCT) || at(.ALL), peek().symbol != .comma, peek().symbol != .rightParenthesis,
                peek().symbol != .dot
            {
                call.isDistinct = at(.DISTINCT)
                advance()
            }
            // As in Spark's grammar, only struct(…) takes an alias without AS.
            let isStructure = name.count == 1 && name[0].text.lowercased() == "struct"
            call.arguments = try commaSeparated { (parser) throws(EngineError) in
                try parser.argument(takesBareAlias: isStructure)
            }
        }
        if at(.IGNORE) || at(.RESPECT), peek().keyword == .NULLS {
            call.ignoresNulls = at(.IGNORE)
            advance()
            advance()
        }
        try expect(.rightParenthesis)
        try callSuffix(&call)
        return ExpressionSyntax(.call(call), span: span(from: start))
    }

    private mutating func callSuffix(_ call: inout CallSyntax) throws(EngineError) {
        if take(.WITHIN, .GROUP) {
            try expect(.leftParenthesis)
            try expect(.ORDER)
            try expect(.BY)
            call.withinGroup = try sortItems()
            try expect(.rightParenthesis)
        }
        if at(.FILTER), peek().symbol == .leftParenthesis, peek(2).keyword == .WHERE {
            advance()
            advance()
            advance()
            call.filter = try expression()
            try expect(.rightParenthesis)
        }
        if at(.IGNORE) || at(.RESPECT), peek().keyword == .NULLS {
            call.ignoresNulls = at(.IGNORE)
            advance()
            advance()
        }
        if take(.OVER) { call.window = try windowReference() }
    }

    /// Parses `name => value`, or a value that an alias may follow.
    private mutating func argument(takesBareAlias: Bool) throws(EngineError) -> ArgumentSyntax {
        if atName, peek().symbol == .fatArrow {
            let name = try self.name()
            advance()
            return ArgumentSyntax(name: name, try expression())
        }
        let start = index
        let value = try expression()
        guard take(.AS) || takesBareAlias && atBareAlias else { return ArgumentSyntax(value) }
        let alias = try name("an alias")
        return ArgumentSyntax(ExpressionSyntax(.alias(value, alias), span: span(from: start)))
    }

    /// Parses the calls with words between their arguments, and returns them as calls with plain arguments:
    /// `EXTRACT(f FROM x)`, `POSITION(a IN b)`, `SUBSTRING(a FROM b FOR c)`, `TRIM(BOTH a FROM b)`,
    /// `OVERLAY(a PLACING b FROM c FOR d)`.
    mutating func specialCall(_ keyword: Keyword) throws(EngineError) -> ExpressionSyntax {
        let start = index
        let word = nameSyntax(current)
        if keyword == .EXTRACT, peek(3).keyword == .FROM {
            advance()
            advance()
            let field = nameSyntax(current)
            guard current.kind == .word || atString else { throw unexpected("a field such as YEAR") }
            let unit = atString ? NameSyntax(stringText(current), span: current.span) : field
            advance()
            advance()
            let value = try self.value()
            try expect(.rightParenthesis)
            return ExpressionSyntax(.extract(field: unit, source: value), span: span(from: start))
        }
        if keyword == .TRIM { return try trimCall(word, from: start) }
        let separator: Keyword? = [.POSITION: .IN, .SUBSTRING: .FROM, .SUBSTR: .FROM, .OVERLAY: .PLACING][
            keyword]
        guard let separator, separates(separator) else { return try plainCall(word, from: start) }
        advance()
        advance()
        let first = try value()
        try expect(separator)
        var arguments = [first, try value()]
        if keyword == .OVERLAY {
            try expect(.FROM)
            arguments.append(try value())
        }
        if keyword != .POSITION, take(.FOR) { arguments.append(try value()) }
        try expect(.rightParenthesis)
        let names: [Keyword: String] = [.POSITION: "locate", .SUBSTR: "substring"]
        let function = names[keyword].map { NameSyntax($0, span: word.span) } ?? word
        return ExpressionSyntax(
            .call(CallSyntax(name: [function], arguments: arguments.map { ArgumentSyntax($0) })),
            span: span(from: start))
    }

    /// Tells whether a word stands between the arguments of the call that starts at the current token.
    private func separates(_ keyword: Keyword) -> Bool {
        var open = 0
        var ahead = index + 2
        while ahead < tokens.count {
            let token = tokens[ahead]
            switch token.symbol {
            case .leftParenthesis: open += 1
            case .rightParenthesis: open -= 1
            default: break
            }
            if open < 0 { return false }
            if open == 0, token.keyword == keyword, tokens[ahead - 1].keyword != .DISTINCT { return true }
            ahead += 1
        }
        return false
    }

    private mutating func plainCall(_ word: NameSyntax, from start: Int) throws(EngineError)
        -> ExpressionSyntax
    {
        index = start + 1
        return try call([word], from: start)
    }

    /// Parses `TRIM([BOTH|LEADING|TRAILING] [chars] FROM text)` as a call of `trim`, `ltrim` or `rtrim` whose
    /// arguments are the characters, when given, and the text, as in the plain call of two arguments.
    private mutating func trimCall(_ word: NameSyntax, from start: Int) throws(EngineError)
        -> ExpressionSyntax
    {
        guard [.BOTH, .LEADING, .TRAILING].contains(peek(2).keyword), peek(3).symbol != .comma,
            peek(3).symbol != .rightParenthesis
        else {
            guard separates(.FROM) else { return try plainCall(word, from: start) }
            advance()
            advance()
            let characters = try value()
            try expect(.FROM)
            return try trimCall(named: "trim", word, characters: characters, from: start)
        }
        let side = peek(2).keyword
        for _ in 0..<3 { advance() }
        let characters = at(.FROM) ? nil : try value()
        try expect(.FROM)
        let function = side == .LEADING ? "ltrim" : side == .TRAILING ? "rtrim" : "trim"
        return try trimCall(named: function, word, characters: characters, from: start)
    }

    private mutating func trimCall(
        named function: String, _ word: NameSyntax, characters: ExpressionSyntax?, from start: Int
    ) throws(EngineError) -> ExpressionSyntax {
        let text = try value()
        try expect(.rightParenthesis)
        let name = NameSyntax(function, span: word.span)
        let arguments = (characters.map { [$0] } ?? []) + [text]
        return ExpressionSyntax(
            .call(CallSyntax(name: [name], arguments: arguments.map { ArgumentSyntax($0) })),
            span: span(from: start))
    }
}
