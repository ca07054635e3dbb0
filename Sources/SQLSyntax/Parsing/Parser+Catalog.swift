import Vocabulary

// Statements about the catalog, and those that only help other engines.
extension Parser {
    /// Parses what follows SHOW.
    mutating func show() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        let word = current.kind == .word ? text(current).uppercased() : ""
        switch word {
        case "TABLES", "VIEWS":
            advance()
            if takeIn() { _ = try qualifiedName("a database") }
            return .show(word == "TABLES" ? .tables(pattern: try pattern()) : .views(pattern: try pattern()))
        case "DATABASES", "SCHEMAS", "NAMESPACES":
            advance()
            return .show(.databases(pattern: try pattern()))
        case "COLUMNS":
            advance()
            guard takeIn() else { throw unexpected("'IN' or 'FROM'") }
            return .show(.columns(try qualifiedName("a table name")))
        case "FUNCTIONS":
            advance()
            return .show(.functions(pattern: try pattern()))
        case "CATALOGS":
            advance()
            return .show(.catalogs)
        case "CURRENT":
            advance()
            guard takeWord("NAMESPACE") || takeWord("SCHEMA") || takeWord("DATABASE") else {
                throw unexpected("'NAMESPACE'")
            }
            return .show(.namespace)
        case "CREATE":
            advance()
            try expect(.TABLE)
            return .show(.createTable(try qualifiedName("a table name")))
        default:
            throw unexpected("'TABLES', 'VIEWS', 'COLUMNS', 'DATABASES', 'FUNCTIONS' or 'CREATE TABLE'")
        }
    }

    private mutating func takeIn() -> Bool { take(.IN) || take(.FROM) }

    private mutating func pattern() throws(EngineError) -> String? {
        _ = take(.LIKE)
        return atString ? try stringValue() : nil
    }

    /// Parses CACHE, UNCACHE, CLEAR CACHE, REFRESH, ANALYZE and USE; nil for other statements. What is kept
    /// for
    /// a later statement, and by which statistics joins are ordered, is decided here without being told.
    mutating func advisory() throws(EngineError) -> StatementSyntax.Kind? {
        guard current.kind == .word else { return nil }
        switch text(current).uppercased() {
        case "CACHE":
            advance()
            _ = takeWord("LAZY")
            try expect(.TABLE)
            let name = try qualifiedName("a table name")
            if take(.OPTIONS) { _ = try options() }
            if !take(.AS), !startsQuery(after: 0) { return .advice(table: name) }
            let view = CreateViewSyntax(
                name: name, replaces: false, ifNotExists: false,
                content: .query(try query(), columns: []))
            return .createView(view)
        case "UNCACHE":
            advance()
            try expect(.TABLE)
            if take(.IF, .EXISTS) {
                _ = try qualifiedName("a table name")
                return .advice(table: nil)
            }
            return .advice(table: try qualifiedName("a table name"))
        case "CLEAR" where peek().keyword == .CACHE:
            advance()
            advance()
            return .advice(table: nil)
        case "REFRESH":
            advance()
            if atString {
                _ = try stringValue()
                return .advice(table: nil)
            }
            _ = take(.TABLE)
            return .advice(table: try qualifiedName("a table name"))
        case "ANALYZE" where peek().keyword == .TABLE:
            advance()
            advance()
            let name = try qualifiedName("a table name")
            while !atEnd, !at(.semicolon) { advance() }
            return .advice(table: name)
        case "USE":
            advance()
            _ = take(.DATABASE) || takeWord("SCHEMA") || takeWord("NAMESPACE")
            return .use(try qualifiedName("a database"))
        default: return nil
        }
    }
}
