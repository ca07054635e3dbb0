import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// SHOW and the statements that change nothing here.
extension StatementPlanner {
    func show(_ show: ShowSyntax) throws(EngineError) -> PlannedStatement {
        switch show {
        case .tables(let name, let pattern):
            return listing(
                ["namespace", "tableName", "isTemporary"], try relations(name, pattern, viewsOnly: false))
        case .views(let name, let pattern):
            return listing(
                ["namespace", "viewName", "isTemporary"], try relations(name, pattern, viewsOnly: true))
        case .tableDetails(let name, let pattern): return try tableDetails(name, pattern)
        case .databases(let pattern):
            return listing(["namespace"], matching(catalog.databaseNames, pattern).map { [.string($0)] })
        case .columns(let name):
            let names = try schema(of: name).fields.map { [Literal.string($0.name)] }
            return listing(["col_name"], names)
        case .functions(let kinds, let name, let pattern): return try showFunctions(kinds, name, pattern)
        case .catalogs: return listing(["catalog"], [[.string("spark_catalog")]])
        case .namespace:
            return listing(
                ["catalog", "namespace"], [[.string("spark_catalog"), .string(catalog.currentDatabase)]])
        case .createTable(let name): return try showCreate(name)
        case .partitions(let name, let spec): return try showPartitions(name, spec)
        case .properties(let name, let key): return try showProperties(name, key)
        }
    }

    func listing(_ names: [String], _ rows: [[Literal]]) -> PlannedStatement {
        let fields = names.map { Field($0, $0 == "isTemporary" ? .boolean : .string, nullable: false) }
        return PlannedStatement(work: .rows(rows, schema: Schema(fields)))
    }

    /// Lists the tables and views of a database, then the temporary views.
    private func relations(
        _ name: [NameSyntax]?, _ pattern: String?, viewsOnly: Bool
    ) throws(EngineError) -> [[Literal]] {
        let database = try database(name).name
        let stored = catalog.storedNames(in: database)
        let kept = matching((viewsOnly ? stored.views : stored.tables + stored.views).sorted(), pattern)
        return kept.map { [.string(database), .string($0), .boolean(false)] }
            + matching(catalog.temporaryViewNames, pattern).map {
                [.string(""), .string($0), .boolean(true)]
            }
    }

    /// Lists tables as SHOW TABLES does, each with all that is known of it as one text.
    private func tableDetails(_ name: [NameSyntax]?, _ pattern: String) throws(EngineError)
        -> PlannedStatement
    {
        let database = try database(name).name
        let stored = catalog.storedNames(in: database)
        var rows: [[Literal]] = []
        for kept in matching((stored.tables + stored.views).sorted(), pattern) {
            let parts = [database, kept]
            var lines: [String] = []
            var schema = Schema([Field]())
            if let table = catalog.table(named: parts) {
                lines = details(of: table).map { "\($0.0): \($0.1)" }
                if !table.partitionColumns.isEmpty {
                    let columns = table.partitionColumns.map { "`\($0)`" }.joined(separator: ", ")
                    lines.append("Partition Columns: [\(columns)]")
                }
                schema = table.schema
            } else if let view = catalog.storedView(named: parts) {
                lines = details(of: view).map { "\($0.0): \($0.1)" }
                schema = view.schema
            }
            lines.append("Schema: root")
            lines += schema.fields.map { " |-- \($0.name): \($0.type.catalogName) (nullable = true)" }
            let text = lines.joined(separator: "\n") + "\n\n"
            rows.append([.string(database), .string(kept), .boolean(false), .string(text)])
        }
        return listing(["namespace", "tableName", "isTemporary", "information"], rows)
    }

    private func showProperties(_ name: [NameSyntax], _ key: String?) throws(EngineError) -> PlannedStatement
    {
        let parts = name.map(\.text)
        let properties: [String: String]
        if let view = catalog.storedView(named: parts) {
            properties = view.properties
        } else {
            properties = try keptTable(name, "SHOW TBLPROPERTIES").properties
        }
        if let key {
            let database = catalog.qualified(parts).map { "\($0.database).\($0.name)" } ?? ""
            let missing = "Table spark_catalog.\(database) does not have property: \(key)"
            return listing(["key", "value"], [[.string(key), .string(properties[key] ?? missing)]])
        }
        return listing(
            ["key", "value"],
            properties.sorted { $0.key < $1.key }.map { [.string($0.key), .string($0.value)] })
    }

    /// Finds a table that is kept, or of the job. Throws for views, naming the statement.
    func keptTable(_ name: [NameSyntax], _ statement: String) throws(EngineError) -> TableDefinition {
        if let table = catalog.table(named: name.map(\.text)) { return table }
        if try catalog.relation(named: name.map(\.text)) == nil { throw notFound(name) }
        throw .user(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            "\(statement) takes a table, and this is a view: \(name.map(\.text).joined(separator: "."))",
            at: span(of: name))
    }

    /// Keeps the names that fit a pattern of `*` and `|`, in any case.
    func matching(_ names: [String], _ pattern: String?) -> [String] {
        guard let pattern else { return names }
        let choices = pattern.lowercased().split(separator: "|").map { Array($0.utf8) }
        return names.filter { name in
            choices.contains { Self.matches(Array(name.lowercased().utf8)[...], $0[...]) }
        }
    }

    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let star = UInt8(ascii: "*")
        if first != star { return text.first == first && matches(text.dropFirst(), pattern.dropFirst()) }
        let rest = pattern.drop { $0 == star }
        if rest.isEmpty { return true }
        return text.indices.contains { matches(text[$0...], rest) }
    }

    /// Returns the columns that a name stands for.
    func schema(of name: [NameSyntax]) throws(EngineError) -> Schema {
        switch try catalog.relation(named: name.map(\.text)) {
        case .files(let relation): return relation.schema
        case .external(let relation): return relation.schema
        case .view(let view):
            let bound = try Binder(catalog: catalog, settings: settings, source: view.source).bind(view.query)
            let fields = bound.output.schema.fields
            if view.columns.count != fields.count { return Schema(fields) }
            return Schema(zip(fields, view.columns).map { Field($1, $0.type, nullable: $0.nullable) })
        case nil: throw notFound(name)
        }
    }

    /// Plans a statement that only advises: the table that it names has to be there.
    func advice(_ table: [NameSyntax]?) throws(EngineError) -> PlannedStatement {
        if let table, try catalog.relation(named: table.map(\.text)) == nil { throw notFound(table) }
        return PlannedStatement(work: .none)
    }
}
