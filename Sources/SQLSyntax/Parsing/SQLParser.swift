import Vocabulary

/// Parses SQL text. Every function throws PARSE_SYNTAX_ERROR with its place; none traps on any text.
package enum SQLParser {
    /// Parses a whole job: statements between semicolons. Empty statements vanish; no statement at all is an
    /// error.
    package static func statements(
        _ source: SQLSource, parameters: StatementParameters = StatementParameters()
    ) throws(EngineError) -> [StatementSyntax] {
        var parser = try Parser(source, parameters: parameters)
        var statements: [StatementSyntax] = []
        while true {
            while parser.take(.semicolon) {}
            if parser.atEnd { break }
            parser.height = 0
            parser.openAngles = 0
            statements.append(try parser.statement())
            if !parser.at(.semicolon), !parser.atEnd { throw parser.unexpected("the end of the statement") }
        }
        if statements.isEmpty {
            throw .user(
                "PARSE_EMPTY_STATEMENT", "There is no SQL statement in \(source.file).",
                remedy: "Write at least one, such as SELECT 1.")
        }
        return statements
    }

    /// Parses exactly one statement, a semicolon behind it allowed.
    package static func statement(
        _ source: SQLSource, parameters: StatementParameters = StatementParameters()
    ) throws(EngineError) -> StatementSyntax {
        let all = try statements(source, parameters: parameters)
        guard all.count == 1, let only = all.first else {
            throw .user(
                "PARSE_SYNTAX_ERROR", "One statement was expected, not \(all.count).",
                at: all.dropFirst().first.map { source.location($0.span) })
        }
        return only
    }

    /// Parses text that is one expression and nothing else.
    package static func expression(_ source: SQLSource) throws(EngineError) -> ExpressionSyntax {
        var parser = try Parser(source)
        let expression = try parser.expression()
        if !parser.atEnd { throw parser.unexpected("the end of the expression") }
        return expression
    }

    /// Parses text that is one name, such as `a.b`.
    package static func name(_ source: SQLSource) throws(EngineError) -> [NameSyntax] {
        var parser = try Parser(source)
        let parts = try parser.qualifiedName()
        if !parser.atEnd { throw parser.unexpected("the end of the name") }
        return parts
    }

    /// Parses text that is one type, such as `DECIMAL(10,2)`.
    package static func type(_ source: SQLSource) throws(EngineError) -> TypeSyntax {
        var parser = try Parser(source)
        let type = try parser.type()
        if !parser.atEnd { throw parser.unexpected("the end of the type") }
        return type
    }

    /// Parses a schema as Spark's readers take it: `a INT, b STRING`.
    package static func schema(_ source: SQLSource) throws(EngineError) -> [FieldSyntax] {
        var parser = try Parser(source)
        let fields = try parser.commaSeparated { (parser) throws(EngineError) in try parser.field() }
        if !parser.atEnd { throw parser.unexpected("the end of the schema") }
        return fields
    }
}
