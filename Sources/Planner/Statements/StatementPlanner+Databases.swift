import Columns
import Plans
import SQLSyntax
import Vocabulary

// Databases, and the names of what lies in them.
extension StatementPlanner {
    func createDatabase(_ create: CreateDatabaseSyntax) throws(EngineError) -> PlannedStatement {
        let name = try databaseName(create.name)
        if catalog.database(named: name) != nil {
            if create.ifNotExists { return PlannedStatement(work: .none) }
            throw .user(
                "SCHEMA_ALREADY_EXISTS", "There is a database of this name already: \(name)",
                remedy: "Use CREATE DATABASE IF NOT EXISTS.", at: span(of: create.name))
        }
        let database = DatabaseDefinition(
            name: name, comment: create.comment ?? "",
            location: create.location ?? catalog.defaultLocation(ofDatabase: name, warehouse: warehouse),
            properties: optionTexts(create.properties))
        return PlannedStatement(work: .none, change: .store([.putDatabase(database)]))
    }

    func dropDatabase(_ drop: DropDatabaseSyntax) throws(EngineError) -> PlannedStatement {
        let name = try databaseName(drop.name)
        if name == "default" {
            throw .user(
                "UNSUPPORTED_FEATURE.DROP_DATABASE", "The database default cannot be dropped.",
                at: span(of: drop.name))
        }
        guard catalog.database(named: name) != nil else {
            if drop.ifExists { return PlannedStatement(work: .none) }
            throw noDatabase(name, at: span(of: drop.name))
        }
        let held = catalog.storedNames(in: name)
        let isEmpty =
            held.tables.isEmpty && held.views.isEmpty && catalog.functionNames(in: name).isEmpty
        if !drop.cascades, !isEmpty {
            throw .user(
                "SCHEMA_NOT_EMPTY", "The database has tables, views or functions: \(name)",
                remedy: "Drop them first, or use DROP DATABASE … CASCADE.", at: span(of: drop.name))
        }
        var planned = PlannedStatement(work: .none, change: .store([.dropDatabase(name: name)]))
        planned.removedPaths = held.tables.compactMap { table in
            catalog.table(named: [name, table]).flatMap { $0.isManaged ? $0.location : nil }
        }
        return planned
    }

    func alterDatabase(_ alter: AlterDatabaseSyntax) throws(EngineError) -> PlannedStatement {
        var database = try database(alter.name)
        switch alter.action {
        case .properties(let properties): database.properties.merge(optionTexts(properties)) { $1 }
        case .location(let path): database.location = path
        case .comment(let text): database.comment = text
        }
        return PlannedStatement(work: .none, change: .store([.putDatabase(database)]))
    }

    func use(_ name: [NameSyntax]) throws(EngineError) -> PlannedStatement {
        if name.map({ $0.text.lowercased() }) == ["spark_catalog"] { return PlannedStatement(work: .none) }
        return PlannedStatement(work: .none, change: .useDatabase(try database(name).name))
    }

    func describeDatabase(_ name: [NameSyntax], isExtended: Bool) throws(EngineError) -> PlannedStatement {
        let database = try database(name)
        var rows = [
            ["Catalog Name", "spark_catalog"], ["Namespace Name", database.name],
            ["Comment", database.comment], ["Location", database.location],
        ]
        if isExtended {
            let list = database.properties.sorted { $0.key < $1.key }.map { "(\($0.key),\($0.value))" }
            rows.append(["Properties", list.isEmpty ? "" : "(\(list.joined(separator: ", ")))"])
        }
        return PlannedStatement(
            work: .rows(
                rows.map { $0.map { .string($0) } },
                schema: Schema([Field("info_name", .string, nullable: false), Field("info_value", .string)])))
    }

    /// The session's own root of directories of tables without LOCATION.
    var warehouse: String? { settings.options[SettingNames.warehouse] }

    // MARK: Names

    /// Returns the database's name in lower case. Throws for names of other catalogs.
    private func databaseName(_ parts: [NameSyntax]) throws(EngineError) -> String {
        var names = parts.map { $0.text.lowercased() }
        if names.count == 2, names[0] == "spark_catalog" { names.removeFirst() }
        guard names.count == 1, let name = names.first else {
            throw noDatabase(names.joined(separator: "."), at: span(of: parts))
        }
        return name
    }

    /// Finds the database that is named; nil stands for the one in use.
    func database(_ parts: [NameSyntax]?) throws(EngineError) -> DatabaseDefinition {
        let name =
            try parts.map { parts throws(EngineError) in try databaseName(parts) }
            ?? catalog.currentDatabase
        guard let database = catalog.database(named: name) else {
            throw noDatabase(name, at: parts.flatMap { span(of: $0) })
        }
        return database
    }

    func noDatabase(_ name: String, at place: SourceLocation?) -> EngineError {
        let near = Suggestion.nearest(to: name, among: catalog.databaseNames)
        return .user(
            "SCHEMA_NOT_FOUND", "There is no database of this name: \(name)",
            remedy: near.map { "Did you mean \($0)?" } ?? "Make it with CREATE DATABASE.", at: place)
    }

    /// Returns the database and the name of a table or view that is to be made. Throws where there is no such
    /// database.
    func newName(_ parts: [NameSyntax]) throws(EngineError) -> (database: String, name: String) {
        guard let qualified = catalog.qualified(parts.map(\.text)) else {
            throw .user(
                "REQUIRES_SINGLE_PART_NAMESPACE",
                "A name has a database at most before it: \(parts.map(\.text).joined(separator: "."))",
                at: span(of: parts))
        }
        if catalog.database(named: qualified.database) == nil {
            throw noDatabase(qualified.database, at: span(of: parts))
        }
        return qualified
    }

    /// Returns options by names as they were written.
    func optionTexts(_ options: [OptionSyntax]) -> [String: String] {
        Dictionary(options.map { ($0.key, $0.value) }, uniquingKeysWith: { _, later in later })
    }
}
