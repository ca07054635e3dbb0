import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// SHOW and the statements that change nothing here.
extension StatementPlanner {
    func show(_ show: ShowSyntax) throws(EngineError) -> PlannedStatement {
        switch show {
        case .tables(let pattern):
            return listing(["namespace", "tableName", "isTemporary"], relations(pattern))
        case .views(let pattern):
            let views = relations(pattern).filter { $0[2] == .boolean(true) }
            return listing(["namespace", "viewName", "isTemporary"], views)
        case .databases(let pattern):
            return listing(["namespace"], matching(["default"], pattern).map { [.string($0)] })
        case .columns(let name):
            let names = try schema(of: name).fields.map { [Literal.string($0.name)] }
            return listing(["col_name"], names)
        case .functions(let pattern):
            let names = Array(Set(FunctionRegistry.shared.names)).sorted()
            return listing(["function"], matching(names, pattern).map { [.string($0)] })
        case .catalogs: return listing(["catalog"], [[.string("spark_catalog")]])
        case .namespace:
            return listing(["catalog", "namespace"], [[.string("spark_catalog"), .string("default")]])
        case .createTable(let name): return try showCreate(name)
        }
    }

    private func listing(_ names: [String], _ rows: [[Literal]]) -> PlannedStatement {
        let fields = names.map { Field($0, $0 == "isTemporary" ? .boolean : .string, nullable: false) }
        return PlannedStatement(work: .rows(rows, schema: Schema(fields)))
    }

    private func relations(_ pattern: String?) -> [[Literal]] {
        matching(catalog.relationNames.sorted(), pattern).map { name -> [Literal] in
            let isTable = catalog.table(named: [name]) != nil
            return [.string(isTable ? "default" : ""), .string(name), .boolean(!isTable)]
        }
    }

    /// Keeps the names that fit a pattern of `*` and `|`, in any case.
    private func matching(_ names: [String], _ pattern: String?) -> [String] {
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

    /// Source: the form of Spark's ShowCreateTable.
    private func showCreate(_ name: [NameSyntax]) throws(EngineError) -> PlannedStatement {
        guard let table = catalog.table(named: name.map(\.text)) else {
            if try catalog.relation(named: name.map(\.text)) == nil { throw notFound(name) }
            throw .user(
                "UNSUPPORTED_SHOW_CREATE_TABLE.ON_TEMPORARY_VIEW",
                "SHOW CREATE TABLE shows tables, not temporary views.", at: span(of: name))
        }
        func quoted(_ name: String) -> String {
            let isPlain = name.utf8.allSatisfy {
                $0 == 95 || $0 >= 48 && $0 <= 57 || $0 | 32 >= 97 && $0 | 32 <= 122
            }
            return isPlain ? name : "`\(name.split(separator: "`").joined(separator: "``"))`"
        }
        let columns = table.schema.fields.map { "  \(quoted($0.name)) \($0.type.sqlName)" }
        var lines = ["CREATE TABLE spark_catalog.default.\(quoted(table.name)) ("]
        lines.append(columns.joined(separator: ",\n") + ")")
        lines.append("USING \(table.format.rawValue)")
        if !table.partitionColumns.isEmpty {
            lines.append("PARTITIONED BY (\(table.partitionColumns.map(quoted).joined(separator: ", ")))")
        }
        lines.append("LOCATION '\(table.location)'\n")
        return listing(["createtab_stmt"], [[.string(lines.joined(separator: "\n"))]])
    }

    /// Plans a statement that only advises: the table that it names has to be there.
    func advice(_ table: [NameSyntax]?) throws(EngineError) -> PlannedStatement {
        if let table, try catalog.relation(named: table.map(\.text)) == nil { throw notFound(table) }
        return PlannedStatement(work: .none)
    }

    func use(_ name: [NameSyntax]) throws(EngineError) -> PlannedStatement {
        let parts = name.map { $0.text.lowercased() }
        if parts == ["default"] || parts == ["spark_catalog"] || parts == ["spark_catalog", "default"] {
            return PlannedStatement(work: .none)
        }
        throw .user(
            "SCHEMA_NOT_FOUND", "There is no database of this name: \(parts.joined(separator: ".")).",
            remedy: "The only one is default.", at: span(of: name))
    }
}
