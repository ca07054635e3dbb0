import Vocabulary

// Databases, views that are kept, and what changes tables.
extension Parser {
    mutating func createDatabase() throws(EngineError) -> CreateDatabaseSyntax {
        let ifNotExists = try ifNotExists()
        var database = CreateDatabaseSyntax(
            name: try qualifiedName("a database's name"), ifNotExists: ifNotExists)
        while true {
            if take(.COMMENT) {
                database.comment = try stringValue()
            } else if take(.LOCATION) {
                database.location = try stringValue("a path in quotes")
            } else if at(.WITH), peek().kind == .word {
                advance()
                advance()
                database.properties = try options()
            } else {
                return database
            }
        }
    }

    mutating func dropDatabase() throws(EngineError) -> StatementSyntax.Kind {
        let ifExists = take(.IF, .EXISTS)
        let name = try qualifiedName("a database's name")
        let cascades = takeWord("CASCADE")
        if !cascades { _ = takeWord("RESTRICT") }
        return .dropDatabase(DropDatabaseSyntax(name: name, ifExists: ifExists, cascades: cascades))
    }

    mutating func createStoredView(replaces: Bool) throws(EngineError) -> StatementSyntax.Kind {
        let ifNotExists = try ifNotExists()
        let name = try qualifiedName("a view name")
        var view = CreateStoredViewSyntax(
            name: name, replaces: replaces, ifNotExists: ifNotExists, comment: nil, properties: [],
            content: ViewQuerySyntax(query: QuerySyntax(body: .values([], span: .none), span: .none)))
        if at(.leftParenthesis) {
            view.content.columns = try parenthesised { (parser) throws(EngineError) in
                let column = try parser.name("a column name")
                return ViewColumnSyntax(
                    name: column, comment: parser.take(.COMMENT) ? try parser.stringValue() : nil)
            }
        }
        while true {
            if take(.COMMENT) {
                view.comment = try stringValue()
            } else if take(.TBLPROPERTIES) {
                view.properties = try options()
            } else {
                break
            }
        }
        if !take(.AS) { throw unexpected("'AS'") }
        view.content.query = try query()
        return .createStoredView(view)
    }

    /// Parses `name LIKE other` and what the new table has of its own; nil where something else follows the
    /// name.
    mutating func createTableLike(replaces: Bool) throws(EngineError) -> StatementSyntax.Kind? {
        let before = self
        let ifNotExists = try ifNotExists()
        let name = try qualifiedName("a table name")
        guard !replaces, take(.LIKE) else {
            self = before
            return nil
        }
        var like = CreateTableLikeSyntax(
            name: name, like: try qualifiedName("a table name"), ifNotExists: ifNotExists)
        while true {
            if like.format == nil, let format = try tableFormat() {
                like.format = format
            } else if like.location == nil, take(.LOCATION) {
                like.location = try stringValue("a path in quotes")
            } else if like.properties.isEmpty, take(.TBLPROPERTIES) {
                like.properties = try options()
            } else {
                return .createTableLike(like)
            }
        }
    }

    /// Parses `USING format`, or Hive's `STORED AS format` for formats that are Spark's, too; nil where
    /// neither stands.
    mutating func tableFormat() throws(EngineError) -> NameSyntax? {
        if take(.USING) { return try name("a format such as parquet") }
        if at(word: "ROW"), text(peek()).uppercased() == "FORMAT" { throw hiveFormat("ROW FORMAT") }
        guard at(word: "STORED"), peek().keyword == .AS || peek().keyword == .BY else { return nil }
        guard peek().keyword == .AS, ["PARQUET", "ORC", "AVRO"].contains(text(peek(2)).uppercased()) else {
            throw hiveFormat("STORED \(text(peek()).uppercased()) \(text(peek(2)).uppercased())")
        }
        advance()
        advance()
        return try name("a format such as PARQUET")
    }

    private func hiveFormat(_ clause: String) -> EngineError {
        fail(
            "Hive's \(clause) is not supported.", code: "UNSUPPORTED_FEATURE.HIVE_FORMAT", at: current.span,
            remedy: "Write STORED AS PARQUET, ORC or AVRO, or USING csv OPTIONS (sep ',').")
    }

    // MARK: ALTER

    mutating func alter() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        if take(.DATABASE) || takeWord("SCHEMA") || takeWord("NAMESPACE") { return try alterDatabase() }
        let isView = at(.VIEW)
        guard take(.VIEW) || take(.TABLE) else { throw unexpected("'TABLE', 'VIEW' or 'DATABASE'") }
        let name = try qualifiedName(isView ? "a view name" : "a table name")
        let action = isView ? try viewAction() : try tableAction()
        return .alterTable(AlterTableSyntax(name: name, isView: isView, action: action))
    }

    private mutating func alterDatabase() throws(EngineError) -> StatementSyntax.Kind {
        let name = try qualifiedName("a database's name")
        try expect(.SET)
        if take(.LOCATION) {
            return .alterDatabase(AlterDatabaseSyntax(name: name, action: .location(try stringValue())))
        }
        guard takeWord("DBPROPERTIES") || takeWord("PROPERTIES") else { throw unexpected("'DBPROPERTIES'") }
        return .alterDatabase(AlterDatabaseSyntax(name: name, action: .properties(try options())))
    }

    private mutating func viewAction() throws(EngineError) -> AlterTableSyntax.Action {
        if take(.AS) || startsQuery(after: 0) { return .query(ViewQuerySyntax(query: try query())) }
        guard let action = try propertiesOrName() else { throw unexpected("'AS', 'SET' or 'RENAME TO'") }
        return action
    }

    /// Parses what tables and views have in common; nil for anything else.
    private mutating func propertiesOrName() throws(EngineError) -> AlterTableSyntax.Action? {
        if at(word: "RENAME"), peek().keyword == .TO {
            advance()
            advance()
            return .rename(to: try qualifiedName("a name"))
        }
        if take(.SET, .TBLPROPERTIES) { return .setProperties(try options()) }
        if at(word: "UNSET") {
            advance()
            try expect(.TBLPROPERTIES)
            _ = take(.IF, .EXISTS)
            let keys = try parenthesised { (parser) throws(EngineError) in try parser.propertyKey() }
            return .unsetProperties(keys)
        }
        return nil
    }

    mutating func propertyKey() throws(EngineError) -> String {
        if atString { return try stringValue() }
        var key = try name("a property's name").text
        while take(.dot) { key += "." + (try name("the rest of the property's name").text) }
        return key
    }

    private mutating func tableAction() throws(EngineError) -> AlterTableSyntax.Action {
        if let shared = try propertiesOrName() { return shared }
        if take(.SET, .LOCATION) { return .location(try stringValue("a path in quotes")) }
        if at(word: "ADD") {
            advance()
            let ifNotExists = try ifNotExists()
            if atConstraint { throw unsupportedColumn("constraints") }
            if at(.PARTITION) {
                return .addPartitions(try partitionLists(), ifNotExists: ifNotExists)
            }
            guard takeWord("COLUMNS") || takeWord("COLUMN") else {
                throw unexpected("'COLUMNS' or 'PARTITION'")
            }
            if at(.leftParenthesis) { return .addColumns(try columnDefinitions()) }
            return .addColumns(
                try commaSeparated { (parser) throws(EngineError) in try parser.columnDefinition() })
        }
        if take(.DROP) {
            let ifExists = take(.IF, .EXISTS)
            if at(.PARTITION) { return .dropPartitions(try partitionLists(), ifExists: ifExists) }
            return try refused("DROP COLUMN")
        }
        if at(word: "RENAME") { return try refused("RENAME COLUMN") }
        if at(word: "REPLACE") { return try refused("REPLACE COLUMNS") }
        if takeWord("RECOVER") {
            try expectWord("PARTITIONS")
            return .repairPartitions
        }
        if at(.PARTITION) { return try refused("RENAME PARTITION") }
        guard takeWord("ALTER") || takeWord("CHANGE") else {
            throw unexpected("'ADD', 'DROP', 'SET' or 'RENAME TO'")
        }
        return try columnAction()
    }

    /// Takes the rest of a statement that tables of files do not take.
    private mutating func refused(_ words: String) throws(EngineError) -> AlterTableSyntax.Action {
        while !atEnd, !at(.semicolon) { advance() }
        return .refused(words)
    }

    /// Parses `[COLUMN] name {COMMENT text | TYPE type | SET DEFAULT value | DROP DEFAULT
    /// | [name] type [COMMENT text]}`.
    private mutating func columnAction() throws(EngineError) -> AlterTableSyntax.Action {
        _ = takeWord("COLUMN")
        let column = try name("a column name")
        if take(.COMMENT) { return .columnComment(column, try stringValue()) }
        if takeWord("TYPE") { return .columnType(column, try type()) }
        if at(.SET) || at(.DROP), peek().kind == .word, text(peek()).uppercased() == "DEFAULT" {
            let isSet = at(.SET)
            advance()
            advance()
            return .columnDefault(column, isSet ? try defaultText() : nil)
        }
        if at(.SET) || at(.DROP) || at(.FIRST) || at(word: "AFTER") { return try refused("ALTER COLUMN") }
        let next = try name("a column name")
        if next.text.lowercased() != column.text.lowercased() { return try refused("RENAME COLUMN") }
        let type = try self.type()
        guard take(.COMMENT) else { return .columnType(column, type) }
        return .columnComment(column, try stringValue())
    }

    /// Parses `PARTITION (…) [PARTITION (…)] …`.
    private mutating func partitionLists() throws(EngineError) -> [[PartitionValueSyntax]] {
        var lists: [[PartitionValueSyntax]] = []
        while take(.PARTITION) {
            lists.append(try partitionValues())
            _ = take(.comma)
        }
        if at(.LOCATION) {
            throw .user(
                "UNSUPPORTED_FEATURE.TABLE_OPERATION",
                "A partition lies in its folder below the table; it takes no LOCATION.",
                at: source.location(current.span))
        }
        return lists
    }

    /// Parses `(a = 1, b)`.
    mutating func partitionValues() throws(EngineError) -> [PartitionValueSyntax] {
        try parenthesised { (parser) throws(EngineError) in
            let name = try parser.name("a partition column")
            return PartitionValueSyntax(
                name: name, value: parser.take(.equal) ? try parser.expression() : nil)
        }
    }

    // MARK: Others

    /// Parses `ANALYZE TABLE name COMPUTE STATISTICS [NOSCAN | FOR COLUMNS a, b | FOR ALL COLUMNS]`.
    mutating func analyze() throws(EngineError) -> StatementSyntax.Kind {
        var analyze = AnalyzeSyntax(
            table: try qualifiedName("a table name"), columns: .none, isSizeOnly: false)
        if take(.PARTITION) {
            // Statistics are those of the whole table.
            _ = try partitionValues()
        }
        try expectWord("COMPUTE")
        try expectWord("STATISTICS")
        if takeWord("NOSCAN") {
            analyze.isSizeOnly = true
        } else if take(.FOR) {
            if take(.ALL) {
                try expectWord("COLUMNS")
                analyze.columns = .all
            } else {
                try expectWord("COLUMNS")
                analyze.columns = .named(
                    try commaSeparated { (parser) throws(EngineError) in try parser.name("a column name") })
            }
        }
        return .analyze(analyze)
    }

    /// Parses `COMMENT ON {TABLE | DATABASE} name IS {text | NULL}`.
    mutating func commentOn() throws(EngineError) -> StatementSyntax.Kind {
        advance()
        try expect(.ON)
        let isTable = take(.TABLE)
        guard isTable || take(.DATABASE) || takeWord("SCHEMA") || takeWord("NAMESPACE") else {
            throw unexpected("'TABLE' or 'DATABASE'")
        }
        let name = try qualifiedName()
        try expect(.IS)
        let text = take(.NULL) ? nil : try stringValue()
        if isTable {
            return .alterTable(AlterTableSyntax(name: name, isView: false, action: .comment(text)))
        }
        return .alterDatabase(AlterDatabaseSyntax(name: name, action: .comment(text ?? "")))
    }
}
