import Vocabulary

extension Parser {
    /// Returns a PARSE_SYNTAX_ERROR at a place.
    func fail(
        _ message: String, code: String = "PARSE_SYNTAX_ERROR", at span: SourceSpan, remedy: String? = nil
    ) -> EngineError {
        .user(code, message, remedy: remedy, at: source.location(span))
    }

    /// Returns the error for the current token where something else was expected. A word just here or just
    /// before that is nearly a keyword is the likelier mistake: `SELECT a FORM t` breaks at `t`, and means
    /// FROM.
    func unexpected(_ expected: String) -> EngineError {
        if let remedy = pathRemedy {
            let span = atEnd ? endSpan : current.span
            let place = atEnd ? "the end of the statement" : "or near '\(shortened(text(current)))'"
            return fail("Syntax error at \(place): expected \(expected).", at: span, remedy: remedy)
        }
        if let (token, keyword) = misspelt(expected) {
            return fail(
                "Syntax error at or near '\(text(token))'.", at: token.span,
                remedy: "Did you mean '\(keyword)'?")
        }
        if atEnd {
            return fail(
                "Syntax error at the end of the statement: expected \(expected).", at: endSpan,
                remedy: unclosedRemedy)
        }
        return fail(
            "Syntax error at or near '\(shortened(text(current)))': expected \(expected).", at: current.span)
    }

    /// What to do where a file's path is no name: without its backquotes, which a shell takes out of text in
    /// double quotes, or in a string's quotes behind FROM.
    private var pathRemedy: String? {
        if atString, index > 0, [.FROM, .JOIN].contains(tokens[index - 1].keyword) {
            return "Name a file's format before its path, which stands in backquotes: json.`path/`."
        }
        if let path = barePath {
            let formats = [
                "json": "json", "jsonl": "json", "ndjson": "json", "csv": "csv", "txt": "text", "orc": "orc",
                "avro": "avro",
            ]
            let ending = path.split(separator: "/").last?.split(separator: ".").dropFirst().first
            let format = formats[ending?.lowercased() ?? ""] ?? "parquet"
            return "Name a file's format before its path, which stands in backquotes: \(format).`\(path)`."
        }
        // The mistake stands at most some words before the place where it shows: `json. GROUP BY a`.
        for place in max(0, index - 4)...max(0, index) where isFormat(at: place) {
            let next = tokens[min(place + 2, tokens.count - 1)]
            if next.kind == .end || next.span.start > tokens[place + 1].span.end {
                return "No path stands behind \(text(tokens[place])). A shell takes backquotes for its own "
                    + "within double quotes: put the SQL into single quotes, or write \\`path\\`."
            }
            // A path goes on where a name has ended: `json.data/raw`.
            let after = tokens[min(place + 3, tokens.count - 1)]
            let goesOn = after.kind == .symbol && after.span.start == next.span.end
            if next.kind == .symbol || (next.kind != .quotedWord && goesOn && after.symbol != .semicolon) {
                return "Put the path into backquotes: \(text(tokens[place])).`path/`."
            }
        }
        return nil
    }

    /// The path around the current token that stands bare behind FROM or JOIN: `FROM data/raw`. Nil where
    /// there is none, and for the paths behind a format, of which more can be said.
    private var barePath: String? {
        func touches(_ place: Int) -> Bool { tokens[place - 1].span.end == tokens[place].span.start }
        var first = index
        while first > 0, touches(first) { first -= 1 }
        guard first > 0, [.FROM, .JOIN].contains(tokens[first - 1].keyword), !isFormat(at: first) else {
            return nil
        }
        var last = first
        while last + 1 < tokens.count, touches(last + 1), tokens[last + 1].kind != .end,
            ![Symbol.semicolon, .rightParenthesis, .comma].contains(tokens[last + 1].symbol)
        { last += 1 }
        let path = tokens[first...last].map { text($0) }.joined()
        let isPlain = !path.contains { "`'\"()".contains($0) }
        return path.contains("/") && isPlain ? path : nil
    }

    /// Whether `json.`, `csv.` … stands there, behind FROM or JOIN.
    private func isFormat(at place: Int) -> Bool {
        guard place > 0, place + 1 < tokens.count, tokens[place].kind == .word,
            tokens[place + 1].symbol == .dot, tokens[place + 1].kind == .symbol,
            [.FROM, .JOIN].contains(tokens[place - 1].keyword)
        else { return false }
        return ["json", "csv", "parquet", "text", "orc", "avro"].contains(text(tokens[place]).lowercased())
    }

    /// The last character of the text that is not white space, or the end.
    private var endSpan: SourceSpan {
        guard index > 0 else { return current.span }
        let end = Int(tokens[index - 1].span.end)
        return SourceSpan(start: end, end: end + 1)
    }

    private var unclosedRemedy: String? {
        var open = 0
        for token in tokens where token.kind == .symbol {
            if token.symbol == .leftParenthesis { open += 1 }
            if token.symbol == .rightParenthesis { open -= 1 }
        }
        return open > 0 ? "Close the parenthesis: \(open) still open." : nil
    }

    private func shortened(_ text: String) -> String {
        text.count <= 60 ? text : String(text.prefix(57)) + "..."
    }

    private func misspelt(_ expected: String) -> (Token, String)? {
        let here = expected.split(separator: "'").map(String.init).filter { Keyword.byWord[$0] != nil }
        if let keyword = nearest(current, among: here + Keyword.suggested) { return (current, keyword) }
        if index > 0, let keyword = nearest(tokens[index - 1], among: Keyword.suggested) {
            return (tokens[index - 1], keyword)
        }
        // `sum(a) oer (…)`: what was meant for a keyword was taken for a name.
        if current.symbol == .leftParenthesis, index > 1, tokens[index - 2].symbol == .rightParenthesis,
            let keyword = nearest(tokens[index - 1], among: ["OVER", "FILTER"])
        {
            return (tokens[index - 1], keyword)
        }
        return nil
    }

    private func nearest(_ token: Token, among keywords: [String]) -> String? {
        guard token.kind == .word, token.keyword == nil, token.span.end - token.span.start >= 3,
            token.span.end - token.span.start <= 16
        else { return nil }
        return Suggestion.nearest(to: text(token).uppercased(), among: keywords)
    }
}
