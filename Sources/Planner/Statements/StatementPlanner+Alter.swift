import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// What changes tables and views that are there.
extension StatementPlanner {
    func alterTable(_ alter: AlterTableSyntax) throws(EngineError) -> PlannedStatement {
        let parts = alter.name.map(\.text)
        if let view = catalog.storedView(named: parts) { return try alterView(view, alter) }
        guard var table = catalog.table(named: parts) else {
            if try catalog.relation(named: parts) == nil { throw notFound(alter.name) }
            throw .user(
                alter.isView ? "EXPECT_PERMANENT_VIEW_NOT_TEMP" : "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
                "ALTER changes tables and views that are kept, and this is a temporary view: "
                    + parts.joined(separator: "."), at: span(of: alter.name))
        }
        if alter.isView {
            throw .user(
                "EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE",
                "This is a table, not a view: \(parts.joined(separator: "."))", remedy: "Use ALTER TABLE.",
                at: span(of: alter.name))
        }
        switch alter.action {
        case .rename(let name): return try rename(table, to: name)
        case .setProperties(let properties): table.properties.merge(optionTexts(properties)) { $1 }
        case .unsetProperties(let keys): for key in keys { table.properties[key] = nil }
        case .addColumns(let fields): try add(fields, to: &table, at: alter.name)
        case .columnComment(let column, let text):
            _ = try position(of: column, in: table)
            table.columnComments[column.text.lowercased()] = text
        case .columnType(let column, let type):
            let field = table.schema[try position(of: column, in: table)]
            let written = table.limitedTypes[field.name.lowercased()]
            if field.type != DataType(type) || written != (TextLimit(type).isNone ? nil : type.sql) {
                throw .user(
                    "NOT_SUPPORTED_CHANGE_COLUMN",
                    "The type of a column cannot change, as files hold it: \(field.name) is "
                        + "\(written ?? field.type.sqlName).",
                    remedy: "Write the table anew with CREATE TABLE … AS.", at: location(column.span))
            }
        case .columnDefault(let column, let text):
            let field = table.schema[try position(of: column, in: table)]
            if let text { _ = try defaultValue(text, of: field, at: location(column.span)) }
            table.columnDefaults[field.name.lowercased()] = text
        case .location(let path):
            table.location = path
            table.isManaged = false
            table.statistics = nil
        case .comment(let text): table.comment = text
        case .addPartitions(let lists, let ifNotExists):
            return try addPartitions(lists, to: table, ifNotExists: ifNotExists, at: alter.name)
        case .dropPartitions(let lists, let ifExists):
            return try dropPartitions(lists, of: table, ifExists: ifExists, at: alter.name)
        case .repairPartitions:
            // Partitions are the folders that are there.
            if table.partitionColumns.isEmpty { throw notPartitioned(table, at: alter.name) }
            return PlannedStatement(work: .none)
        case .query, .refused: throw refused(alter)
        }
        return put(table)
    }

    func put(_ table: TableDefinition) -> PlannedStatement {
        PlannedStatement(
            work: .none, change: table.isTemporary ? .createTable(table) : .store([.putTable(table)]))
    }

    private func refused(_ alter: AlterTableSyntax) -> EngineError {
        var words = "ALTER VIEW … AS"
        if case .refused(let text) = alter.action { words = "ALTER TABLE … \(text)" }
        return .user(
            "UNSUPPORTED_FEATURE.TABLE_OPERATION", "Tables of files do not take \(words).",
            remedy: "Write the table anew with CREATE TABLE … AS SELECT.", at: span(of: alter.name))
    }

    private func rename(_ table: TableDefinition, to parts: [NameSyntax]) throws(EngineError)
        -> PlannedStatement
    {
        var renamed = table
        let (database, name) = try target(parts, database: table.database)
        renamed.name = name
        if table.isTemporary { renamed.isTemporary = false }
        return PlannedStatement(
            work: .none,
            change: .store([.dropTable(database: database, name: table.name), .putTable(renamed)]))
    }

    /// Returns the new name of a table or view, which stays in its database and is not taken.
    private func target(_ parts: [NameSyntax], database: String) throws(EngineError) -> (String, String) {
        let texts = parts.map(\.text)
        guard let name = texts.last, let qualified = catalog.qualified(texts),
            texts.count == 1 || qualified.database == database
        else {
            throw .user(
                "UNSUPPORTED_FEATURE.RENAME_TO_OTHER_DATABASE",
                "A table stays in its database when it is renamed: \(database)", at: span(of: parts))
        }
        if catalog.table(named: [database, name]) != nil
            || catalog.storedView(named: [database, name]) != nil
        {
            throw .user(
                "TABLE_OR_VIEW_ALREADY_EXISTS", "There is a table or view of this name already: \(name)",
                at: span(of: parts))
        }
        return (database, name)
    }

    private func position(of column: NameSyntax, in table: TableDefinition) throws(EngineError) -> Int {
        guard let position = table.schema.index(of: column.text) else {
            let near = Suggestion.nearest(to: column.text, among: table.schema.names)
            throw .user(
                "UNRESOLVED_COLUMN.WITH_SUGGESTION", "The table has no column of this name: \(column.text)",
                remedy: near.map { "Did you mean '\($0)'?" }, at: location(column.span))
        }
        return position
    }

    /// Adds columns behind those that are in the files, before those that are folders.
    private func add(
        _ fields: [FieldSyntax], to table: inout TableDefinition, at name: [NameSyntax]
    ) throws(EngineError) {
        let folders = Set(table.partitionColumns.map { $0.lowercased() })
        var data = table.schema.fields.filter { !folders.contains($0.name.lowercased()) }
        let partitions = table.schema.fields.filter { folders.contains($0.name.lowercased()) }
        for field in fields {
            if (data + partitions).contains(where: { $0.name.lowercased() == field.name.text.lowercased() }) {
                throw .user(
                    "COLUMN_ALREADY_EXISTS", "The table has a column of this name: \(field.name.text)",
                    at: location(field.name.span))
            }
            if let text = field.defaultText { try addDefault(text, of: field, to: &table) }
            data.append(Field(field.name.text, DataType(field.type)))
            if let comment = field.comment { table.columnComments[field.name.text.lowercased()] = comment }
        }
        table.schema = Schema(data + partitions)
        table.note(fields)
    }

    /// Notes the default value of a column that is added, which rows that are there already have, too.
    private func addDefault(
        _ text: String, of field: FieldSyntax, to table: inout TableDefinition
    ) throws(EngineError) {
        let column = Field(field.name.text, DataType(field.type))
        let place = location(field.name.span)
        let value = try defaultValue(text, of: column, at: place)
        table.columnDefaults[column.name.lowercased()] = text
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let constant = binder.constant(value)
        if constant?.value.isNull == true { return }
        guard [.parquet, .orc, .csv, .json].contains(table.format), !column.type.isNested,
            column.type != .binary,
            case .string(let shown)? = binder.constant(.cast(value, to: .string, mode: .ansi))?.value
        else {
            throw .user(
                "UNSUPPORTED_FEATURE.TABLE_OPERATION",
                "Rows that are there already cannot take the default value of \(column.name): it is "
                    + "\(column.type.sqlName) in \(table.format.rawValue) files",
                remedy: "Add it without, then use ALTER TABLE … ALTER COLUMN … SET DEFAULT: rows that "
                    + "are there already have null.", at: place)
        }
        let zone = column.type == .timestamp ? " \(settings.timeZone)" : ""
        table.earlierValues[column.name.lowercased()] = shown + zone
    }

    // MARK: Views

    private func alterView(_ view: StoredView, _ alter: AlterTableSyntax) throws(EngineError)
        -> PlannedStatement
    {
        var changed = view
        switch alter.action {
        case .rename(let parts):
            let (database, name) = try target(parts, database: view.database)
            changed.name = name
            return PlannedStatement(
                work: .none,
                change: .store([.dropView(database: database, name: view.name), .putView(changed)]))
        case .setProperties(let properties): changed.properties.merge(optionTexts(properties)) { $1 }
        case .unsetProperties(let keys): for key in keys { changed.properties[key] = nil }
        case .comment(let text): changed.comment = text
        case .query(let content):
            var made = try storedView(content, database: view.database, name: view.name)
            made.comment = view.comment
            made.properties = view.properties
            made.createdMilliseconds = view.createdMilliseconds
            changed = made
        default:
            throw .user(
                "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
                "This is a view, not a table: \(view.name)", at: span(of: alter.name))
        }
        return PlannedStatement(work: .none, change: .store([.putView(changed)]))
    }

    // MARK: CREATE VIEW

    func createStoredView(_ create: CreateStoredViewSyntax) throws(EngineError) -> PlannedStatement {
        let (database, name) = try newName(create.name)
        if catalog.table(named: [database, name]) != nil
            || catalog.storedView(named: [database, name]) != nil
        {
            if create.ifNotExists { return PlannedStatement(work: .none) }
            if !create.replaces || catalog.storedView(named: [database, name]) == nil {
                throw .user(
                    "TABLE_OR_VIEW_ALREADY_EXISTS", "There is a table or view of this name already: \(name)",
                    remedy: "Use CREATE OR REPLACE VIEW, or IF NOT EXISTS, or drop it first.",
                    at: span(of: create.name))
            }
        }
        var view = try storedView(create.content, database: database, name: name)
        view.comment = create.comment
        view.properties = optionTexts(create.properties)
        return PlannedStatement(work: .none, change: .store([.putView(view)]))
    }

    /// Binds a view's query once, for its columns and its errors.
    private func storedView(
        _ content: ViewQuerySyntax, database: String, name: String
    ) throws(EngineError) -> StoredView {
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let output = try binder.bind(content.query).output
        if let temporary = binder.temporaryNames.first {
            throw .user(
                "INVALID_TEMP_OBJ_REFERENCE",
                "A view that is kept cannot refer to what the job alone has: \(temporary)",
                remedy: "Use CREATE TEMPORARY VIEW.", at: location(content.query.span))
        }
        if !content.columns.isEmpty, content.columns.count != output.count {
            throw .user(
                content.columns.count > output.count
                    ? "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                    : "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                "The view names \(content.columns.count) columns, but its query gives \(output.count)",
                at: span(of: content.columns.map(\.name)))
        }
        let names = content.columns.isEmpty ? output.map(\.name) : content.columns.map(\.name.text)
        var seen: Set<String> = []
        for name in names where !seen.insert(name.lowercased()).inserted {
            throw .user(
                "COLUMN_ALREADY_EXISTS", "Two columns of the view have the same name: \(name)",
                remedy: "Give one of them another name with AS.", at: location(content.query.span))
        }
        var view = StoredView(
            database: database, name: name, text: source.text(content.query.span),
            schema: Schema(zip(names, output).map { Field($0, $1.type) }),
            queryColumns: output.map(\.name), namesColumns: !content.columns.isEmpty)
        for column in content.columns {
            if let comment = column.comment { view.columnComments[column.name.text.lowercased()] = comment }
        }
        view.namespace = catalog.currentDatabase
        view.ansi = settings.ansi
        view.createdMilliseconds = settings.nowMicroseconds / 1000
        return view
    }
}
