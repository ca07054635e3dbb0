import Columns
import Formats
import Planner
import Plans
import SQLSyntax
import Synchronization
import Vocabulary

/// Knows what names and paths of one job stand for: its temporary views, tables and variables, what is kept
/// in the metastore, and files. Thread-safe.
package final class SessionCatalog: JobCatalog, Sendable {
    let tree: any FileTree
    /// Those that earlier jobs have read, too.
    private let parquet: ParquetFooters
    let footers: FooterCache<ParquetFile>
    let stripes: FooterCache<ORCFile>
    let heads: FooterCache<AvroFile>
    let metastore: Metastore
    let names = Mutex(Names())

    struct Names {
        var views: [String: (name: String, relation: CatalogRelation)] = [:]
        /// Tables of the job alone.
        var tables: [String: TableDefinition] = [:]
        var database = "default"
        /// Where tables lay that were dropped.
        var droppedLocations: Set<String> = []
        var timeZone = "UTC"
        var infersPartitionTypes = true
        /// Records that were not JSON when columns were inferred, by the relation's name.
        var brokenCounts: [String: Int] = [:]
        var variables: [String: SessionVariable] = [:]
        /// Functions of the job alone, by lower-case name.
        var functions: [String: FunctionDefinition] = [:]
        /// What statements that do not run would write, by place.
        var expected: [String: FileWrite] = [:]
    }

    /// Makes a catalog without names of its own, over what is kept. `parquet` holds footers for other jobs,
    /// too.
    package init(
        tree: any FileTree, metastore: Metastore = Metastore(), parquet: ParquetFooters = ParquetFooters()
    ) {
        self.tree = tree
        self.parquet = parquet
        self.footers = FooterCache(tree: tree) { path, source throws(EngineError) in
            try parquet.file(at: path, source).withoutSource()
        }
        self.heads = FooterCache(tree: tree) { _, source throws(EngineError) in try AvroFile(source: source) }
        self.stripes = FooterCache(tree: tree) { _, source throws(EngineError) in
            try ORCFile(source: source)
        }
        self.metastore = metastore
    }

    /// Returns a catalog over a copy of what is kept, for a job that is explained and changes nothing.
    package func detached() -> SessionCatalog {
        SessionCatalog(tree: tree, metastore: metastore.copy(), parquet: parquet)
    }

    /// Takes the session's zone, in which names of folders show instants, and whether what they show has
    /// types, for the statements from now on.
    package func use(timeZone: String, infersPartitionTypes: Bool = true) {
        names.withLock {
            $0.timeZone = timeZone
            $0.infersPartitionTypes = infersPartitionTypes
        }
    }

    var timeZone: String { names.withLock { $0.timeZone } }

    /// Forgets what was read of files, once no statement will be planned any more.
    package func forgetFiles() {
        footers.removeAll()
        stripes.removeAll()
        heads.removeAll()
    }

    // MARK: names

    package var currentDatabase: String { names.withLock { $0.database } }

    package func relation(named parts: [String]) throws(EngineError) -> CatalogRelation? {
        if let key = Self.ownKey(parts) {
            let own = names.withLock { state in (state.views[key]?.relation, state.tables[key]) }
            if let view = own.0 { return view }
            if let table = own.1 { return .files(try files(of: table)) }
        }
        return try relation(named: parts, in: currentDatabase)
    }

    package func relation(named parts: [String], in database: String) throws(EngineError) -> CatalogRelation?
    {
        if let table = keptTable(parts, in: database) { return .files(try files(of: table)) }
        guard let view = keptView(parts, in: database) else { return nil }
        let source = SQLSource(view.text, file: "view \(view.database).\(view.name)")
        guard case .query(let query) = try SQLParser.statement(source).kind else {
            throw .internal("The view \(view.name) holds no query: \(view.text)")
        }
        var definition = ViewDefinition(
            query: query, columns: view.schema.names, source: source, database: view.namespace)
        definition.queryColumns = view.queryColumns
        definition.ansi = view.ansi
        return .view(definition)
    }

    package func declaredTypes(named parts: [String], in database: String?) -> [String: String] {
        if database == nil, parts.count == 1, let key = parts.first?.lowercased() {
            let own = names.withLock { state in (state.views[key] != nil, state.tables[key]) }
            if own.0 { return [:] }
            if let table = own.1 { return table.limitedTypes }
        }
        return keptTable(parts, in: database ?? currentDatabase)?.limitedTypes ?? [:]
    }

    private func keptTable(_ parts: [String], in database: String) -> TableDefinition? {
        guard let (database, name) = Self.place(parts, database) else { return nil }
        return metastore.read { $0.tables[database]?[name] }
    }

    private func keptView(_ parts: [String], in database: String) -> StoredView? {
        guard let (database, name) = Self.place(parts, database) else { return nil }
        return metastore.read { $0.views[database]?[name] }
    }

    /// Returns what a view or table of the job alone is kept under; nil for names that it cannot have. Views
    /// that are global to the job are of the database `global_temp`.
    private static func ownKey(_ parts: [String]) -> String? {
        switch parts.count {
        case 1: parts[0].lowercased()
        case 2 where parts[0].lowercased() == "global_temp": "global_temp.\(parts[1].lowercased())"
        default: nil
        }
    }

    /// Returns database and name in lower case; nil for more parts than a name has.
    private static func place(_ parts: [String], _ database: String) -> (String, String)? {
        var parts = parts.map { $0.lowercased() }
        if parts.count == 3, parts[0] == "spark_catalog" { parts.removeFirst() }
        guard let name = parts.last, parts.count <= 2 else { return nil }
        return (parts.count == 2 ? parts[0] : database, name)
    }

    package func isTemporary(_ parts: [String]) -> Bool {
        guard let key = Self.ownKey(parts) else { return false }
        return names.withLock { $0.views[key] != nil || $0.tables[key] != nil }
    }

    package func variable(named parts: [String]) -> SessionVariable? {
        SessionVariable.key(parts).flatMap { key in names.withLock { $0.variables[key] } }
    }

    package func storedFunction(named parts: [String], in database: String) -> FunctionDefinition? {
        guard let (database, name) = Self.place(parts, database) else { return nil }
        return metastore.read { $0.functions[database]?[name] }
    }

    package func temporaryFunction(named name: String) -> FunctionDefinition? {
        names.withLock { $0.functions[name.lowercased()] }
    }

    package func functionNames(in database: String) -> [String] {
        metastore.read { ($0.functions[database] ?? [:]).keys.sorted() }
    }

    package var temporaryFunctionNames: [String] { names.withLock { $0.functions.keys.sorted() } }

    package var relationNames: [String] {
        let (own, database) = names.withLock { state in
            (state.views.values.map(\.name) + state.tables.values.map(\.name), state.database)
        }
        let kept = storedNames(in: database)
        return (own + kept.tables + kept.views).sorted()
    }

    package var temporaryViewNames: [String] {
        names.withLock { $0.views.values.map(\.name).filter { !$0.contains(".") }.sorted() }
    }

    package func table(named parts: [String]) -> TableDefinition? {
        if parts.count == 1, let key = parts.first?.lowercased(),
            let own = names.withLock({ $0.tables[key] })
        {
            return own
        }
        return keptTable(parts, in: currentDatabase)
    }

    package func storedView(named parts: [String]) -> StoredView? { keptView(parts, in: currentDatabase) }

    package func database(named name: String) -> DatabaseDefinition? {
        metastore.read { $0.databases[name.lowercased()] }
    }

    package var databaseNames: [String] { metastore.read { $0.databases.keys.sorted() } }

    package func storedNames(in database: String) -> (tables: [String], views: [String]) {
        metastore.read { state in
            (
                (state.tables[database] ?? [:]).values.map(\.name).sorted(),
                (state.views[database] ?? [:]).values.map(\.name).sorted()
            )
        }
    }

    package func defaultLocation(
        ofTable name: String, in database: String, warehouse: String?
    ) -> String {
        metastore.location(ofTable: name, in: database, warehouse: warehouse)
    }

    package func defaultLocation(ofDatabase name: String, warehouse: String?) -> String {
        "\(warehouse ?? metastore.warehouse)/\(name).db"
    }

    package func hasDroppedTable(at location: String) -> Bool {
        names.withLock { $0.droppedLocations.contains(location) }
    }

    package func holdsFiles(at location: String) throws(EngineError) -> Bool {
        let place = PathListing.trimmed(location)
        if try expectedWrite(at: place) != nil { return true }
        guard try tree.entry(at: place) != nil else { return false }
        return try !PathListing(tree: tree).files(at: [place]).isEmpty
    }

    package func holdsWorkingDirectory(_ location: String) throws(EngineError) -> Bool {
        try tree.holdsWorkingDirectory(location)
    }

    /// Applies what a statement changes, once its work is done. Settings are the caller's.
    package func apply(_ change: CatalogChange) {
        forgetFiles()
        if case .store(let changes) = change {
            for case .dropTable(let database, let name) in changes {
                guard let table = keptTable([database, name], in: database) else { continue }
                names.withLock { _ = $0.droppedLocations.insert(table.location) }
            }
            for case .putTable(let table) in changes {
                names.withLock { _ = $0.droppedLocations.remove(table.location) }
            }
            return metastore.apply(changes)
        }
        names.withLock { state in
            switch change {
            case .createView(let name, let relation, _): state.views[name.lowercased()] = (name, relation)
            case .dropView(let name): state.views[name.lowercased()] = nil
            case .createTable(let table):
                state.droppedLocations.remove(table.location)
                state.tables[table.name.lowercased()] = table
            case .dropTable(let name):
                if let table = state.tables.removeValue(forKey: name.lowercased()) {
                    state.droppedLocations.insert(table.location)
                }
            case .useDatabase(let name): state.database = name
            case .setVariables(let variables):
                for variable in variables { state.variables[variable.name.lowercased()] = variable }
            case .dropVariable(let name): state.variables[name.lowercased()] = nil
            case .createFunction(let function): state.functions[function.name] = function
            case .dropFunction(let name): state.functions[name] = nil
            case .set, .resetSettings, .store, .statistics: break
            }
        }
    }

    /// The files of a table as they are now; a table that nothing was written to has none.
    private func files(of table: TableDefinition) throws(EngineError) -> FileRelation {
        let data = table.schema.fields.filter { field in
            !table.partitionColumns.contains { $0.lowercased() == field.name.lowercased() }
        }
        let isExpected = try expectedWrite(at: table.location) != nil
        let entry = try tree.entry(at: table.location)
        guard isExpected || entry != nil else {
            let partitions = table.partitionColumns.compactMap { name in
                table.schema.index(of: name).map { table.schema[$0] }
            }
            return FileRelation(
                format: table.format, files: [], dataSchema: Schema(data),
                partitionSchema: Schema(partitions),
                options: table.options, name: table.name)
        }
        var options = table.options
        for (name, text) in table.earlierValues { options[FileRelation.earlierValueOption + name] = text }
        var relation = try files(
            format: table.format, paths: [table.location], options: options, schema: table.schema)
        relation.name = table.name
        return relation
    }
}
