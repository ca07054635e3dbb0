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
            let database = takeIn() ? try qualifiedName("a database") : nil
            let pattern = try pattern()
            return .show(
                word == "TABLES"
                    ? .tables(in: database, pattern: pattern) : .views(in: database, pattern: pattern))
        case "TABLE":
            advance()
            try expect(.EXTENDED)
            let database = takeIn() ? try qualifiedName("a database") : nil
            guard let pattern = try pattern() else { throw unexpected("'LIKE'") }
            return .show(.tableDetails(in: database, pattern: pattern))
        case "PARTITIONS":
            advance()
            let table = try qualifiedName("a table name")
            return .show(.partitions(table, take(.PARTITION) ? try partitionValues() : []))
        case "TBLPROPERTIES":
            advance()
            let table = try qualifiedName("a table name")
            var key: String?
            if take(.leftParenthesis) {
                key = try propertyKey()
                try expect(.rightParenthesis)
            }
            return .show(.properties(table, key: key))
        case "DATABASES", "SCHEMAS", "NAMESPACES":
            advance()
            return .show(.databases(pattern: try pattern()))
        case "COLUMNS":
            advance()
            guard takeIn() else { throw unexpected("'IN' or 'FROM'") }
            var table = try qualifiedName("a table name")
            if takeIn() { table = try qualifiedName("a database") + table.suffix(1) }
            return .show(.columns(table))
        case "FUNCTIONS", "USER", "SYSTEM", "ALL": return .show(try showFunctions())
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

    mutating func takeIn() -> Bool { take(.IN) || take(.FROM) }

    mutating func pattern() throws(EngineError) -> String? {
        _ = take(.LIKE)
        return atString ? try stringValue() : nil
    }

    /// Parses CACHE, UNCACHE, CLEAR CACHE, REFRESH, ANALYZE, TRUNCATE, MSCK and USE; nil for other
    /// statements. What is kept for a later statement is decided here without being told.
    mutating func advisory() throws(EngineError) -> StatementSyntax.Kind? {
        guard current.kind == .word else { return nil }
        let word = text(current).uppercased()
        switch word {
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
            return try analyze()
        case "TRUNCATE":
            advance()
            try expect(.TABLE)
            let name = try qualifiedName("a table name")
            return .truncateTable(name, partition: take(.PARTITION) ? try partitionValues() : [])
        case "MSCK", "REPAIR":
            advance()
            if word == "MSCK" { try expectWord("REPAIR") }
            try expect(.TABLE)
            let name = try qualifiedName("a table name")
            if takeWord("ADD") || take(.DROP) || takeWord("SYNC") { try expectWord("PARTITIONS") }
            return .alterTable(AlterTableSyntax(name: name, isView: false, action: .repairPartitions))
        case "USE":
            advance()
            _ = take(.DATABASE) || takeWord("SCHEMA") || takeWord("NAMESPACE")
            return .use(try qualifiedName("a database"))
        default: return nil
        }
    }
}
