import Vocabulary

extension Parser {
    /// Parses one statement; what follows must be `;` or the end.
    mutating func statement() throws(EngineError) -> StatementSyntax {
        let start = index
        let kind = try nested { (parser) throws(EngineError) in try parser.statementKind() }
        return StatementSyntax(kind: kind, span: span(from: start))
    }

    private mutating func statementKind() throws(EngineError) -> StatementSyntax.Kind {
        switch current.keyword {
        case .SELECT, .WITH, .VALUES, .TABLE, .FROM: return try queryStatement()
        case .CREATE: return try create()
        case .DROP: return try drop()
        case .INSERT: return try insert()
        case .EXPLAIN: return try explain()
        case .SET: return try set()
        case .RESET:
            advance()
            return .reset(key: atEnd || at(.semicolon) ? nil : try settingKey())
        case .DESCRIBE, .DESC: return try describe()
        case .SHOW: return try show()
        case .UPDATE, .DELETE, .MERGE:
            throw .user(
                "UNSUPPORTED_FEATURE.TABLE_OPERATION",
                "Files cannot be changed in place: \(text(current).uppercased()).",
                remedy:
                    "Write the changed rows to a new directory with INSERT OVERWRITE DIRECTORY … SELECT ….",
                at: source.location(current.span))
        default:
            if at(.leftParenthesis) { return try queryStatement() }
            if at(word: "DECLARE") { return try declareVariable() }
            if at(word: "ALTER") { return try alter() }
            if at(.COMMENT), peek().keyword == .ON { return try commentOn() }
            if at(word: "EXECUTE") { return try executeImmediate() }
            if let advisory = try advisory() { return advisory }
            if at(word: "BEGIN") { throw scripting }
            throw unexpected("a statement such as 'SELECT', 'INSERT' or 'CREATE'")
        }
    }

    private var scripting: EngineError {
        fail(
            "SQL scripts with BEGIN … END are not supported.", code: "UNSUPPORTED_FEATURE.SQL_SCRIPTING",
            at: current.span,
            remedy: "Write the statements one after the other: DECLARE, SET VARIABLE and EXECUTE IMMEDIATE "
                + "work there.")
    }

    /// Parses a query; `WITH … INSERT …` puts its common tables before the inserted query's own.
    private mutating func queryStatement() throws(EngineError) -> StatementSyntax.Kind {
        let start = index
        let with = try withClause()
        if at(.FROM), let inserts = try insertsAfterFrom(with) { return inserts }
        guard !with.isEmpty, at(.INSERT) else {
            index = start
            return .query(try query())
        }
        switch try insert() {
        case .insertDirectory(var insert):
            insert.query.with = with + insert.query.with
            return .insertDirectory(insert)
        case .insertTable(var insert):
            insert.query.with = with + insert.query.with
            return .insertTable(insert)
        case let other:
            return other
        }
    }

    private mutating func explain() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        var mode = ExplainMode.simple
        switch current.keyword {
        case .FORMATTED: mode = .formatted
        case .EXTENDED: mode = .extended
        case .ANALYZE: mode = .analyze
        case .COST: mode = .cost
        case .CODEGEN: mode = .codegen
        default: break
        }
        if mode != .simple { advance() }
        if at(.EXPLAIN) { throw unexpected("a statement to explain") }
        return .explain(try statement(), mode: mode)
    }

    /// Parses `SET`, `SET key`, `SET key = value`; the value is the text up to the semicolon.
    private mutating func set() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        if atEnd || at(.semicolon) { return .set(key: nil, value: nil) }
        if at(word: "VARIABLE") || at(word: "VAR"),
            !(peek().kind == .symbol && peek().symbol != .leftParenthesis)
        {
            advance()
            return try setVariables()
        }
        if current.kind == .word, text(current).uppercased() == "TIME", peek().kind == .word,
            text(peek()).uppercased() == "ZONE"
        {
            advance()
            advance()
            var zone = try zoneOffset()
            if zone == nil { zone = try settingValue() }
            return .set(key: "spark.sql.session.timeZone", value: zone)
        }
        if at(word: "CATALOG"), peek().kind != .symbol, peek().kind != .end { return try setCatalog() }
        let key = try settingKey()
        guard take(.equal) else {
            if atEnd || at(.semicolon) { return .set(key: key, value: nil) }
            throw unexpected("'='")
        }
        return .set(key: key, value: try settingValue())
    }

    /// Parses `SET CATALOG name`; there is one catalog.
    private mutating func setCatalog() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        let place = current.span
        let catalog = atString ? try stringValue() : try name("a catalog").text
        if catalog.lowercased() == "spark_catalog" { return .advice(table: nil) }
        throw fail(
            "There is no catalog of this name: \(catalog)", code: "CATALOG_NOT_FOUND", at: place,
            remedy: "There is one, spark_catalog.")
    }

    /// Parses the offset that `SET TIME ZONE INTERVAL '5:30' HOUR TO MINUTE` gives; nil for a name.
    private mutating func zoneOffset() throws(EngineError) -> String? {
        guard at(word: "INTERVAL") else { return nil }
        let start = index
        guard let literal = try intervalLiteral(), case .literal(.interval(let interval)) = literal.kind,
            case .microseconds(let micros, _, _) = interval, micros % 1_000_000 == 0,
            micros.magnitude <= 18 * 3_600_000_000
        else {
            throw fail(
                "The offset of a timezone is an interval of whole seconds, of at most 18 hours.",
                code: "INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", at: span(from: start),
                remedy: "Write SET TIME ZONE INTERVAL '5:30' HOUR TO MINUTE.")
        }
        let seconds = Int(micros.magnitude / 1_000_000)
        func digits(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        let parts = [seconds / 3600, seconds / 60 % 60] + (seconds % 60 == 0 ? [] : [seconds % 60])
        return (micros < 0 ? "-" : "+") + parts.map(digits).joined(separator: ":")
    }

    private mutating func settingKey() throws(EngineError) -> String {
        var key = try name("a setting such as spark.sql.ansi.enabled").text
        while at(.dot) || at(.minus) || at(.colon) {
            key += text(current)
            advance()
            key += try name("the rest of the setting's name").text
        }
        return key
    }

    private mutating func settingValue() throws(EngineError) -> String {
        if atString, peek().kind == .end || peek().symbol == .semicolon { return try stringValue() }
        let start = index
        while !atEnd, !at(.semicolon) { advance() }
        if index == start { throw unexpected("a value") }
        return source.text(span(from: start))
    }

    private mutating func describe() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        if at(.SELECT) || at(.WITH) || at(.leftParenthesis) || at(.VALUES) {
            return .describe(.query(try query()))
        }
        if current.kind == .word, text(current).uppercased() == "QUERY", peek().keyword == .SELECT {
            advance()
            return .describe(.query(try query()))
        }
        if at(.DATABASE) || at(word: "SCHEMA") || at(word: "NAMESPACE"), peek().kind != .end,
            peek().symbol != .semicolon
        {
            advance()
            let isExtended = take(.EXTENDED)
            return .describe(.database(try qualifiedName("a database's name"), isExtended: isExtended))
        }
        if at(word: "FUNCTION"), peek().kind == .word || peek().kind == .quotedWord {
            advance()
            let isExtended = peek().kind != .end && peek().symbol != .semicolon && take(.EXTENDED)
            return .describe(.function(try qualifiedName("a function's name"), isExtended: isExtended))
        }
        if peek().kind == .word || peek().kind == .quotedWord { _ = take(.TABLE) }
        var isExtended = false
        if peek().kind == .word || peek().kind == .quotedWord {
            isExtended = take(.EXTENDED) || take(.FORMATTED)
        }
        let table = try qualifiedName("a table name")
        if take(.PARTITION) { _ = try partitionValues() }
        if atEnd || at(.semicolon) { return .describe(.table(table, isExtended: isExtended)) }
        let place = index
        if take(.AS) {
            try expectWord("JSON")
            if isExtended { return .describe(.json(table)) }
            throw fail(
                "DESCRIBE … AS JSON shows what DESCRIBE EXTENDED does.", code: "DESCRIBE_JSON_NOT_EXTENDED",
                at: span(from: place), remedy: "Write DESCRIBE EXTENDED.")
        }
        return .describe(.column(table, try qualifiedName("a column name"), isExtended: isExtended))
    }

    private mutating func drop() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        if at(.TEMPORARY) || at(.TEMP), peek().kind == .word, text(peek()).uppercased() == "VARIABLE" {
            advance()
            advance()
            let ifExists = take(.IF, .EXISTS)
            return .dropVariable(name: try qualifiedName("a variable's name"), ifExists: ifExists)
        }
        if let function = try dropFunction() { return function }
        if take(.DATABASE) || takeWord("SCHEMA") || takeWord("NAMESPACE") { return try dropDatabase() }
        let isView = at(.VIEW)
        if !isView, !at(.TABLE) { throw unexpected("'VIEW', 'TABLE' or 'DATABASE'") }
        advance()
        let ifExists = take(.IF, .EXISTS)
        let name = try qualifiedName(isView ? "a view name" : "a table name")
        if !isView { _ = takeWord("PURGE") }
        return isView ? .dropView(name: name, ifExists: ifExists) : .dropTable(name: name, ifExists: ifExists)
    }

    // MARK: INSERT

    /// Parses an INSERT with the query behind it, as `query` reads one.
    mutating func insert(
        _ query: (inout Parser) throws(EngineError) -> QuerySyntax = { (parser) throws(EngineError) in
            try parser.query()
        }
    ) throws(EngineError) -> StatementSyntax.Kind {
        advance()
        let overwrites = take(.OVERWRITE)
        if !overwrites { try expect(.INTO) }
        if overwrites, at(.DIRECTORY) || at(.LOCAL, .DIRECTORY) {
            _ = take(.LOCAL)
            advance()
            return .insertDirectory(try insertDirectory(query))
        }
        _ = take(.TABLE)
        var insert = InsertTableSyntax(
            table: try qualifiedName("a table name"), overwrites: overwrites, columns: [], isByName: false,
            partition: [], query: QuerySyntax(body: .values([], span: current.span), span: current.span))
        if take(.PARTITION) {
            insert.partition = try partitionValues()
            if at(.IF) {
                guard overwrites, insert.partition.allSatisfy({ $0.value != nil }) else {
                    throw fail(
                        "IF NOT EXISTS stands behind INSERT OVERWRITE … PARTITION (column = value).",
                        code: "INVALID_SQL_SYNTAX", at: current.span)
                }
                advance()
                try expect(.NOT)
                try expect(.EXISTS)
                insert.ifNotExists = true
            }
        }
        if take(.BY, .NAME) {
            insert.isByName = true
        } else if at(.leftParenthesis), !startsQuery(after: 0) {
            insert.columns = try nameList()
        }
        insert.query = try query(&self)
        return .insertTable(insert)
    }

    private mutating func insertDirectory(
        _ query: (inout Parser) throws(EngineError) -> QuerySyntax
    ) throws(EngineError) -> InsertDirectorySyntax {
        let start = index
        let path = atString ? try stringValue() : nil
        let pathSpan = path.map { _ in span(from: start) }
        try expect(.USING)
        let format = try name("a format such as parquet")
        let options = take(.OPTIONS) ? try self.options() : []
        let query = try query(&self)
        return InsertDirectorySyntax(
            path: path, pathSpan: pathSpan, format: format, options: options, query: query)
    }

    // MARK: Options

    /// Parses `(key 'value', a.b = 1, …)`.
    mutating func options() throws(EngineError) -> [OptionSyntax] {
        try parenthesised { (parser) throws(EngineError) in
            let start = parser.index
            var key: String
            if parser.atString {
                key = parser.stringText(parser.current)
                parser.advance()
            } else {
                key = try parser.name("an option's name").text
                while parser.take(.dot) {
                    key += "." + (try parser.name("the rest of the option's name").text)
                }
            }
            _ = parser.take(.equal)
            let valueStart = parser.index
            let value = try parser.optionValue()
            return OptionSyntax(
                key: key, value: value, span: parser.span(from: start),
                valueSpan: parser.span(from: valueStart))
        }
    }

    private mutating func optionValue() throws(EngineError) -> String {
        if atString { return try stringValue() }
        let start = index
        _ = take(.minus)
        switch current.kind {
        case .integer, .decimal, .exponent, .suffixed: advance()
        case .word where at(.TRUE) || at(.FALSE): advance()
        default: throw unexpected("an option's value in quotes")
        }
        let value = source.text(span(from: start))
        return value.lowercased() == "true" || value.lowercased() == "false" ? value.lowercased() : value
    }
}
