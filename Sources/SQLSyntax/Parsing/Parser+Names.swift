import Vocabulary

extension Parser {
    /// True when the current token can be an identifier at all.
    var atName: Bool {
        current.kind == .quotedWord || (current.kind == .word && !isCaseWord(current.keyword))
    }

    private func isCaseWord(_ keyword: Keyword?) -> Bool {
        guard openCases > 0, let keyword else { return false }
        return keyword == .WHEN || keyword == .THEN || keyword == .ELSE || keyword == .END
    }

    /// True when the current token can be an alias without AS.
    var atBareAlias: Bool {
        if current.kind == .quotedWord { return true }
        guard atName else { return false }
        guard let keyword = current.keyword else { return true }
        // `window(ts, '1 hour') window`; the clause goes on with a name and AS.
        if keyword == .WINDOW { return peek().kind == .symbol || peek(2).keyword != .AS }
        return !Keyword.clauseStarts.contains(keyword)
    }

    mutating func name(_ what: String = "a name") throws(EngineError) -> NameSyntax {
        guard atName else { throw unexpected(what) }
        let token = current
        advance()
        return nameSyntax(token)
    }

    func nameSyntax(_ token: Token) -> NameSyntax {
        if token.kind == .quotedWord {
            let bytes = source.bytes[Int(token.span.start)..<Int(token.span.end)]
            return NameSyntax(StringUnescaping.name(of: bytes), span: token.span, isQuoted: true)
        }
        return NameSyntax(text(token), span: token.span)
    }

    /// Parses `a.b.c`.
    mutating func qualifiedName(_ what: String = "a name") throws(EngineError) -> [NameSyntax] {
        let start = index
        switch try identifierClause() {
        case .known(let parts): return parts
        case .computed:
            throw fail(
                "IDENTIFIER takes a constant text here.", code: "NOT_A_CONSTANT_STRING.NOT_CONSTANT",
                at: span(from: start), remedy: "Use EXECUTE IMMEDIATE for names that are computed.")
        case nil: break
        }
        var parts = [try name(what)]
        while at(.dot), peek().kind == .word || peek().kind == .quotedWord {
            advance()
            parts.append(try name(what))
        }
        return parts
    }

    mutating func nameList() throws(EngineError) -> [NameSyntax] {
        try parenthesised { (parser) throws(EngineError) in try parser.name("a column name") }
    }

    /// Parses string tokens side by side into one value.
    mutating func stringValue(_ what: String = "a string") throws(EngineError) -> String {
        guard atString else { throw unexpected(what) }
        var value = ""
        while atString {
            value += stringText(current)
            advance()
        }
        return value
    }

    func stringText(_ token: Token) -> String {
        let bytes = source.bytes[Int(token.span.start)..<Int(token.span.end)]
        return token.kind == .rawString
            ? StringUnescaping.rawValue(of: bytes) : StringUnescaping.value(of: bytes)
    }

    mutating func integerValue(_ what: String = "a number") throws(EngineError) -> Int {
        guard current.kind == .integer, let value = Int(text(current)) else { throw unexpected(what) }
        advance()
        return value
    }
}
