import Vocabulary

// Functions that SQL defines: CREATE, DROP, DESCRIBE and SHOW of them.
extension Parser {
    /// Parses what follows CREATE [OR REPLACE] [TEMPORARY], from the word FUNCTION on.
    mutating func createFunction(
        replaces: Bool, isTemporary: Bool, from start: Int
    ) throws(EngineError) -> CreateFunctionSyntax {
        advance()
        let ifNotExists = try ifNotExists()
        let name = try qualifiedName("a function's name")
        if ifNotExists, isTemporary || replaces {
            throw fail(
                isTemporary
                    ? "CREATE TEMPORARY FUNCTION takes no IF NOT EXISTS."
                    : "A function is replaced, or left as it is where it exists, not both.",
                code: isTemporary
                    ? "INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS"
                    : "INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE",
                at: span(from: start), remedy: "Leave out IF NOT EXISTS.")
        }
        guard at(.leftParenthesis) else {
            if at(.AS) {
                throw fail(
                    "Functions of Java classes cannot be called.", code: "UNSUPPORTED_FEATURE.JAVA_FUNCTION",
                    at: current.span,
                    remedy: "Write it in SQL: CREATE FUNCTION f(x INT) RETURNS INT RETURN ….")
            }
            throw unexpected("'('")
        }
        var parameters: [FieldSyntax] = []
        if peek().symbol == .rightParenthesis {
            advance()
            advance()
        } else {
            parameters = try columnDefinitions()
        }
        var function = CreateFunctionSyntax(
            name: name, isTemporary: isTemporary, replaces: replaces, ifNotExists: ifNotExists,
            parameters: parameters, result: .value(nil), isQuery: false, bodySpan: current.span)
        if at(word: "RETURNS"), peek().keyword != .NULL {
            advance()
            function.result = try returned()
        }
        try characteristics(of: &function)
        try expectWord("RETURN")
        let body = index
        var isTable = false
        if case .table = function.result { isTable = true }
        function.isQuery = isTable || startsBody
        if function.isQuery { _ = try query() } else { _ = try expression() }
        function.bodySpan = span(from: body)
        return function
    }

    /// Whether a query that is not in parentheses stands here.
    private var startsBody: Bool {
        switch current.keyword {
        case .SELECT, .WITH, .VALUES, .FROM: startsQuery(after: 0) || at(.FROM)
        default: false
        }
    }

    private mutating func returned() throws(EngineError) -> CreateFunctionSyntax.Result {
        guard take(.TABLE) else { return .value(try type()) }
        guard at(.leftParenthesis) else { return .table(nil) }
        return .table(try schemaFields())
    }

    private mutating func characteristics(of function: inout CreateFunctionSyntax) throws(EngineError) {
        while true {
            if take(.COMMENT) {
                function.comment = try stringValue()
            } else if takeWord("LANGUAGE") {
                let language = try self.name("SQL")
                if language.text.uppercased() != "SQL" {
                    throw fail(
                        "Functions are written in SQL, not in \(language.text).",
                        code: "UNSUPPORTED_FEATURE.FUNCTION_LANGUAGE", at: language.span)
                }
            } else if takeWord("DETERMINISTIC") {
                function.isDeterministic = true
            } else if at(.NOT), peek().kind == .word, text(peek()).uppercased() == "DETERMINISTIC" {
                advance()
                advance()
                function.isDeterministic = false
            } else if takeWord("SPECIFIC") {
                _ = try qualifiedName()
            } else if takeWords("CONTAINS", "SQL") || takeWords("NO", "SQL")
                || takeWords("READS", "SQL", "DATA") || takeWords("RETURNS", "NULL", "ON", "NULL", "INPUT")
                || takeWords("CALLED", "ON", "NULL", "INPUT") || takeWords("SQL", "SECURITY", "DEFINER")
                || takeWords("SQL", "SECURITY", "INVOKER")
            {
                continue
            } else {
                return
            }
        }
    }

    /// Takes the words where they all stand here, one behind the other.
    private mutating func takeWords(_ words: String...) -> Bool {
        for (place, word) in words.enumerated() {
            let token = peek(place)
            guard token.kind == .word, text(token).uppercased() == word else { return false }
        }
        for _ in words { advance() }
        return true
    }

    /// Parses `[TEMPORARY] FUNCTION [IF EXISTS] name` behind DROP; nil for other things that are dropped.
    mutating func dropFunction() throws(EngineError) -> StatementSyntax.Kind? {
        let isTemporary = at(.TEMPORARY) || at(.TEMP)
        let word = isTemporary ? peek() : current
        guard word.kind == .word, text(word).uppercased() == "FUNCTION" else { return nil }
        if isTemporary { advance() }
        advance()
        let ifExists = take(.IF, .EXISTS)
        return .dropFunction(
            name: try qualifiedName("a function's name"), isTemporary: isTemporary, ifExists: ifExists)
    }

    /// Parses `[USER | SYSTEM | ALL] FUNCTIONS [IN database] [[LIKE] pattern]`.
    mutating func showFunctions() throws(EngineError) -> ShowSyntax {
        var kinds = FunctionKinds.all
        if !at(word: "FUNCTIONS") {
            kinds = FunctionKinds(rawValue: text(current).uppercased()) ?? .all
            advance()
        }
        try expectWord("FUNCTIONS")
        let database = takeIn() ? try qualifiedName("a database") : nil
        if let pattern = try pattern() { return .functions(kinds, in: database, pattern: pattern) }
        guard current.kind == .word || current.kind == .quotedWord else {
            return .functions(kinds, in: database, pattern: nil)
        }
        let name = try qualifiedName("a function's name")
        return .functions(
            kinds, in: name.count > 1 ? Array(name.dropLast()) : database, pattern: name.last?.text)
    }
}
