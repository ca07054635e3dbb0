import Columns
import Formats
import Planner
import Plans
import Synchronization
import Vocabulary

/// Knows what names and paths of one job stand for: its temporary views, the tables it made, and files.
/// Thread-safe.
package final class SessionCatalog: JobCatalog, Sendable {
    let tree: any FileTree
    let footers: FooterCache
    private let warehouse: String
    let names = Mutex(Names())

    struct Names {
        var views: [String: (name: String, relation: CatalogRelation)] = [:]
        var tables: [String: TableDefinition] = [:]
        /// Where tables lay that were dropped.
        var droppedLocations: Set<String> = []
        var timeZone = "UTC"
        /// Records that were not JSON when columns were inferred, by the relation's name.
        var brokenCounts: [String: Int] = [:]
        var variables: [String: SessionVariable] = [:]
        /// What statements that do not run would write, by place.
        var expected: [String: FileWrite] = [:]
    }

    /// Makes an empty catalog. Tables without LOCATION go below `warehouse`.
    package init(tree: any FileTree, warehouse: String = "spark-warehouse") {
        self.tree = tree
        self.footers = FooterCache(tree: tree)
        self.warehouse = warehouse
    }

    /// Takes the session's zone, in which names of folders show instants, for the statements from now on.
    package func use(timeZone: String) { names.withLock { $0.timeZone = timeZone } }

    var timeZone: String { names.withLock { $0.timeZone } }

    /// Forgets what was read of files, once no statement will be planned any more.
    package func forgetFiles() { footers.removeAll() }

    // MARK: names

    package func relation(named parts: [String]) throws(EngineError) -> CatalogRelation? {
        guard let key = Self.key(parts) else { return nil }
        let found = names.withLock { state in (state.views[key]?.relation, state.tables[key]) }
        if parts.count == 1, let view = found.0 { return view }
        guard let table = found.1 else { return nil }
        return .files(try files(of: table))
    }

    /// Returns the name that is looked up: the last part, in lower case; `default.t` is `t`.
    private static func key(_ parts: [String]) -> String? {
        if parts.count == 1 || (parts.count == 2 && parts[0].lowercased() == "default") {
            return parts.last?.lowercased()
        }
        return nil
    }

    package func variable(named parts: [String]) -> SessionVariable? {
        SessionVariable.key(parts).flatMap { key in names.withLock { $0.variables[key] } }
    }

    package var relationNames: [String] {
        names.withLock { state in (state.views.values.map(\.name) + state.tables.values.map(\.name)).sorted()
        }
    }

    package func table(named parts: [String]) -> TableDefinition? {
        guard let key = Self.key(parts) else { return nil }
        return names.withLock { $0.tables[key] }
    }

    package func defaultLocation(ofTable name: String) -> String { "\(warehouse)/\(name.lowercased())" }

    package func hasDroppedTable(at location: String) -> Bool {
        names.withLock { $0.droppedLocations.contains(location) }
    }

    package func holdsFiles(at location: String) throws(EngineError) -> Bool {
        let place = PathListing.trimmed(location)
        if try expectedWrite(at: place) != nil { return true }
        guard try tree.entry(at: place) != nil else { return false }
        return try !PathListing(tree: tree).files(at: [place]).isEmpty
    }

    /// Applies what a statement changes, once its work is done. Settings are the caller's.
    package func apply(_ change: CatalogChange) {
        footers.removeAll()
        names.withLock { state in
            switch change {
            case .createView(let name, let relation, _): state.views[name.lowercased()] = (name, relation)
            case .dropView(let name): state.views[name.lowercased()] = nil
            case .createTable(let table, _):
                state.tables[table.name.lowercased()] = table
                state.droppedLocations.remove(table.location)
            case .dropTable(let name):
                if let table = state.tables.removeValue(forKey: name.lowercased()) {
                    state.droppedLocations.insert(table.location)
                }
            case .set, .resetSettings: break
            case .setVariables(let variables):
                for variable in variables { state.variables[variable.name.lowercased()] = variable }
            case .dropVariable(let name): state.variables[name.lowercased()] = nil
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
        var relation = try files(
            format: table.format, paths: [table.location], options: table.options, schema: table.schema)
        relation.name = table.name
        return relation
    }
}
