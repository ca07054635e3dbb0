import Vocabulary

// Cursors of the tables that a pipeline has here.
extension StateFolder {
    /// Returns what a published table's step wrote down; nil when it did not.
    package func tableState(_ name: String) -> TableState? { tables.tableState(name) }

    /// Changes a published table's cursor: the next run reads from there on.
    package func set(_ tableState: TableState, of name: String) throws {
        guard tables.hasTable(name) else {
            throw EngineError.user("TABLE_NOT_MADE", "The table of this step has not been made yet: \(name)")
        }
        try tables.set(tableState, of: name)
    }

    /// Forgets a table with its cursor: the next run makes it anew.
    package func reset(_ name: String) { tables.reset(name) }

    /// Names of published tables, sorted.
    package var tableNames: [String] { tables.names }
}
