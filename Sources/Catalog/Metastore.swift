import Columns
import Planner
import Plans
import Synchronization
import Vocabulary

/// Holds the databases, tables, views and functions that jobs made, for the jobs after them. Its owner keeps
/// the changes and applies them again after a restart, in the order in which they were made. Thread-safe: one
/// mutex.
package final class Metastore: Sendable {
    /// Holds everything, by lower-case names.
    struct State {
        var databases: [String: DatabaseDefinition]
        var tables: [String: [String: TableDefinition]] = [:]
        var views: [String: [String: StoredView]] = [:]
        var functions: [String: [String: FunctionDefinition]] = [:]
    }

    let warehouse: String
    private let state: Mutex<State>

    /// Begins with the one database `default`. Tables without LOCATION go below `warehouse`.
    package init(warehouse: String = "spark-warehouse") {
        self.warehouse = warehouse
        let first = DatabaseDefinition(name: "default", comment: "default database", location: warehouse)
        state = Mutex(State(databases: ["default": first]))
    }

    /// Returns a copy that changes by itself.
    func copy() -> Metastore {
        let copy = Metastore(warehouse: warehouse)
        let now = read { $0 }
        copy.state.withLock { $0 = now }
        return copy
    }

    func read<Value>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }

    /// Applies changes that are committed.
    package func apply(_ changes: [StoreChange]) {
        state.withLock { state in
            for change in changes { Self.apply(change, to: &state) }
        }
    }

    private static func apply(_ change: StoreChange, to state: inout State) {
        switch change {
        case .putDatabase(let database): state.databases[database.name] = database
        case .dropDatabase(let name):
            state.databases[name] = nil
            state.tables[name] = nil
            state.views[name] = nil
            state.functions[name] = nil
        case .putTable(let table): state.tables[table.database, default: [:]][table.name.lowercased()] = table
        case .dropTable(let database, let name): state.tables[database]?[name.lowercased()] = nil
        case .putView(let view): state.views[view.database, default: [:]][view.name.lowercased()] = view
        case .dropView(let database, let name): state.views[database]?[name.lowercased()] = nil
        case .putFunction(let function):
            state.functions[function.database ?? "default", default: [:]][function.name] = function
        case .dropFunction(let database, let name): state.functions[database]?[name] = nil
        }
    }

    /// Returns the directory of a table without LOCATION: its name below the database's, or a name with a
    /// number where a renamed table has that one.
    func location(ofTable name: String, in database: String, warehouse given: String?) -> String {
        let key = name.lowercased()
        return read { state in
            let known = state.databases[database]?.location ?? warehouse
            let root = database == "default" ? given ?? known : known
            let others = state.tables.values.flatMap(\.values).filter {
                $0.database != database || $0.name.lowercased() != key
            }
            let taken = Set(others.map(\.location))
            let place = (root.hasSuffix("/") ? String(root.dropLast()) : root) + "/" + key
            var candidate = place
            var number = 2
            while taken.contains(candidate) {
                candidate = "\(place)-\(number)"
                number += 1
            }
            return candidate
        }
    }
}
