import Vocabulary

extension Parser {
    /// Parses CREATE [OR REPLACE] [TEMPORARY] VIEW | TABLE, and CREATE DATABASE.
    mutating func create() throws(EngineError) -> StatementSyntax.Kind {
        let start = index
        advance()
        let replaces = take(.OR, .REPLACE)
        if at(.DATABASE) || at(word: "SCHEMA") || at(word: "NAMESPACE"), !replaces {
            advance()
            return .createDatabase(try createDatabase())
        }
        let isGlobal = take(.GLOBAL)
        let isTemporary = take(.TEMPORARY) || take(.TEMP)
        if take(.VIEW) {
            guard isTemporary else {
                if isGlobal { throw unexpected("'TEMPORARY VIEW'") }
                return try createStoredView(replaces: replaces)
            }
            var view = try createView(replaces: replaces)
            if isGlobal, view.name.count == 1 { view.name.insert(NameSyntax("global_temp"), at: 0) }
            return .createView(view)
        }
        if isGlobal { throw unexpected("'VIEW'") }
        if at(word: "FUNCTION") {
            return .createFunction(
                try createFunction(replaces: replaces, isTemporary: isTemporary, from: start))
        }
        guard take(.TABLE) else { throw unexpected("'TABLE', 'VIEW', 'TEMPORARY VIEW' or 'FUNCTION'") }
        if let like = try createTableLike(replaces: replaces) { return like }
        var table = try createTable(replaces: replaces)
        table.isTemporary = isTemporary
        return .createTable(table)
    }

    mutating func ifNotExists() throws(EngineError) -> Bool {
        guard at(.IF), peek().keyword == .NOT else { return false }
        advance()
        advance()
        try expect(.EXISTS)
        return true
    }

    private mutating func createView(replaces: Bool) throws(EngineError) -> CreateViewSyntax {
        let ifNotExists = try ifNotExists()
        let name = try qualifiedName("a view name")
        var columns: [NameSyntax] = []
        var schema: [FieldSyntax]?
        if at(.leftParenthesis) {
            // A list of plain names belongs to a query, names with types to files.
            let second = peek(2)
            if second.symbol == .comma || second.symbol == .rightParenthesis || second.keyword == .COMMENT {
                columns = try parenthesised { (parser) throws(EngineError) in
                    let column = try parser.name("a column name")
                    if parser.take(.COMMENT) { _ = try parser.stringValue() }
                    return column
                }
            } else {
                schema = try schemaFields()
            }
        }
        if take(.COMMENT) { _ = try stringValue() }
        if take(.TBLPROPERTIES) { _ = try options() }
        if schema != nil || at(.USING) {
            if !columns.isEmpty { throw unexpected("'AS'") }
            try expect(.USING)
            let format = try self.name("a format such as csv")
            let options = take(.OPTIONS) ? try self.options() : []
            return CreateViewSyntax(
                name: name, replaces: replaces, ifNotExists: ifNotExists,
                content: .files(format: format, options: options, schema: schema))
        }
        if !take(.AS) { throw unexpected("'AS' or 'USING'") }
        let query = try self.query()
        return CreateViewSyntax(
            name: name, replaces: replaces, ifNotExists: ifNotExists, content: .query(query, columns: columns)
        )
    }

    private mutating func createTable(replaces: Bool) throws(EngineError) -> CreateTableSyntax {
        let ifNotExists = try ifNotExists()
        let name = try qualifiedName("a table name")
        var table = CreateTableSyntax(
            name: name, replaces: replaces, ifNotExists: ifNotExists, schema: [], format: nil, options: [],
            partitionedBy: [], location: nil, comment: nil, properties: [], query: nil)
        if at(.leftParenthesis), !startsQuery(after: 0) { table.schema = try columnDefinitions() }
        while true {
            if let format = try tableFormat() {
                table.format = format
            } else if take(.OPTIONS) {
                table.options = try options()
            } else if take(.PARTITIONED) {
                try expect(.BY)
                table.partitionedBy = try parenthesised { (parser) throws(EngineError) in
                    let column = try parser.name("a partition column")
                    if !parser.at(.comma), !parser.at(.rightParenthesis) {
                        table.schema.append(
                            FieldSyntax(name: column, type: try parser.type(), isNullable: true, comment: nil)
                        )
                    }
                    return column
                }
            } else if at(word: "CLUSTERED") {
                table.buckets = try buckets()
            } else if take(.LOCATION) {
                let path = index
                table.location = try stringValue("a path in quotes")
                table.locationSpan = span(from: path)
            } else if take(.COMMENT) {
                table.comment = try stringValue()
            } else if take(.TBLPROPERTIES) {
                table.properties = try options()
            } else {
                break
            }
        }
        if take(.AS) || startsQuery(after: 0) {
            table.query = try query()
        } else if table.schema.isEmpty && table.format == nil {
            throw unexpected("'USING' or 'AS'")
        }
        return table
    }

    /// Parses `CLUSTERED BY (a, b) [SORTED BY (c [ASC])] INTO n BUCKETS`.
    private mutating func buckets() throws(EngineError) -> BucketSyntax {
        advance()
        try expect(.BY)
        var buckets = BucketSyntax(columns: try nameList(), sortedBy: [], count: 0, countSpan: current.span)
        if takeWord("SORTED") {
            try expect(.BY)
            buckets.sortedBy = try parenthesised { (parser) throws(EngineError) in
                let column = try parser.name("a column name")
                if parser.take(.DESC) {
                    throw parser.fail(
                        "The rows of a bucket are sorted upwards.", code: "UNSUPPORTED_FEATURE.BUCKET_ORDER",
                        at: column.span, remedy: "Leave out DESC.")
                }
                _ = parser.take(.ASC)
                return column
            }
        }
        try expect(.INTO)
        buckets.countSpan = current.span
        buckets.count = try integerValue("a number of buckets")
        try expectWord("BUCKETS")
        return buckets
    }

    /// Parses the columns of a table: as those of a view, but with DEFAULT.
    mutating func columnDefinitions() throws(EngineError) -> [FieldSyntax] {
        try parenthesised { (parser) throws(EngineError) in try parser.columnDefinition() }
    }

    /// Parses `name type` and, in any order, NOT NULL, COMMENT and DEFAULT.
    mutating func columnDefinition() throws(EngineError) -> FieldSyntax {
        if atConstraint { throw unsupportedColumn("constraints") }
        var field = try self.field()
        while true {
            if at(word: "GENERATED") { throw unsupportedColumn("generated columns") }
            for word in ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES"] where at(word: word) {
                throw unsupportedColumn("constraints")
            }
            if field.defaultText == nil, takeWord("DEFAULT") {
                field.defaultText = try defaultText()
            } else if field.comment == nil, take(.COMMENT) {
                field.comment = try stringValue()
            } else if field.isNullable, take(.NOT) {
                try expect(.NULL)
                field.isNullable = false
            } else {
                return field
            }
        }
    }

    /// Whether a constraint of the table begins, with a name or without.
    var atConstraint: Bool {
        let kinds = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
        if at(word: "CONSTRAINT") { return kinds.contains(text(peek(2)).uppercased()) }
        guard current.kind == .word, kinds.contains(text(current).uppercased()) else { return false }
        return peek().symbol == .leftParenthesis && peek().kind == .symbol
            || text(peek()).uppercased() == "KEY"
    }

    func unsupportedColumn(_ what: String) -> EngineError {
        fail(
            "Tables of files have no \(what).", code: "UNSUPPORTED_FEATURE.TABLE_OPERATION", at: current.span)
    }

    /// Parses an expression and returns its text.
    mutating func defaultText() throws(EngineError) -> String {
        let start = index
        _ = try expression()
        return source.text(span(from: start))
    }

    /// Parses `(name type [NOT NULL] [COMMENT '…'], …)`.
    mutating func schemaFields() throws(EngineError) -> [FieldSyntax] {
        try parenthesised { (parser) throws(EngineError) in try parser.field() }
    }
}
