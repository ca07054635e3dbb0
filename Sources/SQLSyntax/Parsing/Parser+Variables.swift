import Vocabulary

// Variables of the session, parameters, and names that are texts.
extension Parser {
    /// Parses `DECLARE [OR REPLACE] [VARIABLE | VAR] names [type] [{DEFAULT | =} value]`.
    mutating func declareVariable() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        let replaces = take(.OR, .REPLACE)
        // A variable may itself be called `var`.
        if at(word: "VARIABLE") || at(word: "VAR"), peek().kind == .word || peek().kind == .quotedWord {
            advance()
        }
        var declared = DeclareVariableSyntax(
            names: try variableNames(), replaces: replaces, type: nil, value: nil)
        if !takesDefault(), !atEnd, !at(.semicolon) {
            declared.type = try type()
            _ = takesDefault()
        }
        if tokens[index - 1].symbol == .equal || isDefault(tokens[index - 1]) {
            declared.value = try expression()
        }
        if declared.type == nil, declared.value == nil { throw unexpected("a type or 'DEFAULT'") }
        return .declareVariable(declared)
    }

    private func isDefault(_ token: Token) -> Bool {
        token.kind == .word && text(token).uppercased() == "DEFAULT"
    }

    private mutating func takesDefault() -> Bool { take(.equal) || takeWord("DEFAULT") }

    private mutating func variableNames() throws(EngineError) -> [[NameSyntax]] {
        try commaSeparated { (parser) throws(EngineError) in try parser.qualifiedName("a variable's name") }
    }

    /// Parses what follows `SET VARIABLE`.
    mutating func setVariables() throws(EngineError) -> StatementSyntax.Kind {
        if take(.leftParenthesis) {
            let targets = try variableNames()
            try expect(.rightParenthesis)
            try expect(.equal)
            try expect(.leftParenthesis)
            let query = try self.query()
            try expect(.rightParenthesis)
            return .setVariables(SetVariablesSyntax(targets: targets, source: .query(query)))
        }
        var targets: [[NameSyntax]] = []
        var values: [ExpressionSyntax?] = []
        repeat {
            targets.append(try qualifiedName("a variable's name"))
            try expect(.equal)
            let isDefault = isDefault(current) && (peek().kind == .end || peek().kind == .symbol)
            if isDefault { advance() }
            values.append(isDefault ? nil : try expression())
        } while take(.comma)
        return .setVariables(SetVariablesSyntax(targets: targets, source: .values(values)))
    }

    /// Parses `EXECUTE IMMEDIATE text [INTO variables] [USING arguments]`.
    mutating func executeImmediate() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        try expectWord("IMMEDIATE")
        var execute = ExecuteImmediateSyntax(text: try expression(), targets: [], arguments: [])
        if take(.INTO) { execute.targets = try variableNames() }
        if take(.USING) { execute.arguments = try usingArguments() }
        return .executeImmediate(execute)
    }

    /// Parses `1 AS a, 2 AS b`, or the same in parentheses.
    private mutating func usingArguments() throws(EngineError) -> [ArgumentSyntax] {
        let before = self
        if at(.leftParenthesis),
            let list = try? parenthesised({ (parser) throws(EngineError) in try parser.usingArgument() }),
            atEnd || at(.semicolon)
        {
            return list
        }
        self = before
        return try commaSeparated { (parser) throws(EngineError) in try parser.usingArgument() }
    }

    private mutating func usingArgument() throws(EngineError) -> ArgumentSyntax {
        let value = try expression()
        if take(.AS) || atBareAlias { return ArgumentSyntax(name: try name("a parameter's name"), value) }
        // A variable is passed by its own name.
        if case .column(let parts) = value.kind, let last = parts.last {
            return ArgumentSyntax(name: last, value)
        }
        return ArgumentSyntax(value)
    }

    // MARK: Parameters

    /// Parses `:name` or `?` and returns what it stands for.
    mutating func parameter() throws(EngineError) -> ExpressionSyntax {
        let start = index
        var value: ExpressionSyntax?
        let shown: String
        if take(.question) {
            if markerCount < parameters.positional.count { value = parameters.positional[markerCount] }
            markerCount += 1
            shown = "?"
        } else {
            advance()
            let name = try name("a parameter's name")
            value = parameters.named[name.text.lowercased()]
            shown = ":\(name.text)"
        }
        let place = span(from: start)
        if hasBothMarkers {
            throw fail(
                "A text takes either positional or named parameters, not both.",
                code: "INVALID_QUERY_MIXED_QUERY_PARAMETERS", at: place)
        }
        guard let value else {
            throw fail(
                "There is no value for the parameter \(shown).", code: "UNBOUND_SQL_PARAMETER", at: place,
                remedy: "Give it one: EXECUTE IMMEDIATE '…' USING value AS name.")
        }
        return ExpressionSyntax(value.kind, span: place)
    }

    private var hasBothMarkers: Bool {
        var isNamed = false
        var isPositional = false
        for (place, token) in tokens.enumerated() where token.kind == .symbol {
            if token.symbol == .question { isPositional = true }
            if token.symbol == .colon, place + 1 < tokens.count, tokens[place + 1].kind == .word,
                place == 0 || tokens[place - 1].kind == .symbol || tokens[place - 1].keyword != nil
            {
                isNamed = true
            }
        }
        return isNamed && isPositional
    }

    // MARK: IDENTIFIER

    /// Says what a name is that a text gives.
    enum IdentifierClause {
        case known([NameSyntax])
        case computed(ExpressionSyntax)
    }

    /// Takes `IDENTIFIER(text)`; nil where there is none.
    mutating func identifierClause() throws(EngineError) -> IdentifierClause? {
        guard at(word: "IDENTIFIER"), peek().symbol == .leftParenthesis else { return nil }
        let start = index
        advance()
        advance()
        let value = try expression()
        try expect(.rightParenthesis)
        guard let text = Self.constantText(value) else { return .computed(value) }
        let place = span(from: start)
        do {
            var parts = try SQLParser.name(SQLSource(text, file: source.file))
            for index in parts.indices { parts[index].span = place }
            return .known(parts)
        } catch {
            throw fail("The text of IDENTIFIER is no name: \(text).", at: place)
        }
    }

    /// Returns the text that literals and their joining by `||` are.
    private static func constantText(_ expression: ExpressionSyntax) -> String? {
        switch expression.kind {
        case .literal(.string(let text)): return text
        case .binary(.concatenate, let left, let right):
            guard let first = constantText(left), let second = constantText(right) else { return nil }
            return first + second
        default: return nil
        }
    }
}
