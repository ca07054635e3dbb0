import Vocabulary

/// Parses tokens by recursive descent, with a loop over precedence for operators. Each method named after a
/// piece of grammar leaves `index` behind that piece or throws PARSE_SYNTAX_ERROR; none traps, whatever the
/// tokens.
///
/// **Invariant:** `tokens` ends with one `.end` token, and `index` never passes it.
struct Parser {
    let source: SQLSource
    let tokens: [Token]
    /// Places of the hints `/*+ … */`, by the index of the token behind.
    let hints: [Int: SourceSpan]
    var index = 0
    /// Levels of recursion now open.
    var depth = 0
    /// Height of the tallest tree built since it was last set to zero: chains such as `1 + 1 + …` grow trees
    /// without recursion here, but those who walk the tree recurse.
    var height = 0
    /// Number of CASE expressions now open, within which WHEN, THEN, ELSE and END are no names.
    var openCases = 0
    /// Number of `>` already taken out of a `>>` or `>>>`.
    var openAngles = 0
    /// What `:name` and `?` stand for.
    var parameters = StatementParameters()
    /// Number of `?` met so far.
    var markerCount = 0

    /// Tallest tree that a chain of operators, joins or set operations may build.
    static let treeHeight = 400

    init(_ source: SQLSource, parameters: StatementParameters = StatementParameters()) throws(EngineError) {
        self.source = source
        self.parameters = parameters
        (tokens, hints) = try Lexer.tokens(of: source)
    }

    /// Parses a part of a text.
    init(_ source: SQLSource, at place: SourceSpan) throws(EngineError) {
        self.source = source
        (tokens, hints) = try Lexer.tokens(of: source, at: place)
    }

    // MARK: Looking

    var current: Token { tokens[index] }

    func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }

    func at(_ keyword: Keyword) -> Bool { current.keyword == keyword }

    func at(_ symbol: Symbol) -> Bool { current.symbol == symbol && current.kind == .symbol }

    func at(_ first: Keyword, _ second: Keyword) -> Bool { at(first) && peek().keyword == second }

    func text(_ token: Token) -> String { source.text(token.span) }

    var atString: Bool { current.kind == .string || current.kind == .rawString }

    var atEnd: Bool { current.kind == .end }

    // MARK: Moving

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    mutating func take(_ keyword: Keyword) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(_ first: Keyword, _ second: Keyword) -> Bool {
        guard at(first, second) else { return false }
        advance()
        advance()
        return true
    }

    /// Tells whether a word without a meaning of its own elsewhere stands here.
    func at(word: String) -> Bool { current.kind == .word && text(current).uppercased() == word }

    mutating func takeWord(_ word: String) -> Bool {
        guard at(word: word) else { return false }
        advance()
        return true
    }

    mutating func expectWord(_ word: String) throws(EngineError) {
        if !takeWord(word) { throw unexpected("'\(word)'") }
    }

    mutating func expect(_ keyword: Keyword) throws(EngineError) {
        if !take(keyword) { throw unexpected("'\(keyword.rawValue)'") }
    }

    mutating func expect(_ symbol: Symbol) throws(EngineError) {
        if !take(symbol) { throw unexpected("'\(symbol.rawValue)'") }
    }

    /// The span from the token at `start` to the one before the current.
    func span(from start: Int) -> SourceSpan {
        let last = max(start, index - 1)
        return tokens[start].span.union(tokens[min(last, tokens.count - 1)].span)
    }

    // MARK: Bounds

    /// Runs `body` one level deeper, and refuses nesting beyond `Limits.nestingDepth`.
    mutating func nested<T>(_ body: (inout Parser) throws(EngineError) -> T) throws(EngineError) -> T {
        depth += 1
        defer { depth -= 1 }
        if depth > Limits.nestingDepth { throw tooDeep() }
        let result = try body(&self)
        try grow()
        return result
    }

    /// Counts one more level on top of the tallest tree, and refuses trees taller than `treeHeight`.
    mutating func grow(by levels: Int = 1) throws(EngineError) {
        height += levels
        if height > Self.treeHeight { throw tooDeep() }
    }

    /// Reports a chain of AND, OR or UNION ALL beyond `Limits.chainLength`.
    func tooLong(_ operation: String, at span: SourceSpan) -> EngineError {
        fail(
            "The statement chains too many operations: the limit is \(Limits.chainLength) of \(operation).",
            at: span, remedy: "Use IN (…), VALUES or a table of the values instead.")
    }

    private func tooDeep() -> EngineError {
        fail(
            "The statement is nested too deeply, or chains too many operators: the limits are "
                + "\(Limits.nestingDepth) levels of nesting and \(Self.treeHeight) operators, joins or set "
                + "operations in a row.", at: current.span,
            remedy: "Split it with common table expressions or temporary views.")
    }

    // MARK: Lists

    /// Parses one or more items between commas.
    mutating func commaSeparated<T>(_ item: (inout Parser) throws(EngineError) -> T) throws(EngineError)
        -> [T]
    {
        var items = [try item(&self)]
        while take(.comma) { items.append(try item(&self)) }
        return items
    }

    /// Parses `( item, … )` of one or more items.
    mutating func parenthesised<T>(_ item: (inout Parser) throws(EngineError) -> T) throws(EngineError) -> [T]
    {
        try expect(.leftParenthesis)
        let items = try commaSeparated(item)
        try expect(.rightParenthesis)
        return items
    }
}
