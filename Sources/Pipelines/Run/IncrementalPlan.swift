import Columns
import Vocabulary

/// Says how a model's table comes about.
package struct Materialization: Sendable, Hashable {
    /// dbt's kinds; `view` is kept as a table, too.
    package enum Kind: String, Sendable, Hashable { case table, view, incremental, ephemeral }
    /// What becomes of the rows that are there.
    package enum Strategy: String, Sendable, Hashable {
        case append, merge, microbatch
        case insertOverwrite = "insert_overwrite"
        case deleteInsert = "delete+insert"
    }
    /// What happens when the new rows have other columns.
    package enum SchemaChange: String, Sendable, Hashable {
        case ignore, fail
        case appendNewColumns = "append_new_columns"
        case syncAllColumns = "sync_all_columns"
    }

    package var kind = Kind.table
    package var strategy = Strategy.append
    package var uniqueKey: [String] = []
    package var partitionBy: [String] = []
    package var onSchemaChange = SchemaChange.ignore
    /// How the strategy `microbatch` cuts the model; nil for all others.
    package var microbatch: Microbatch?

    package init() {}
}

/// Writes the queries that bring an incremental model's new rows into its table. The table is written anew
/// beside the old one, but where rows are only added; the views `millrace_old` and `millrace_new` hold both
/// parts.
struct IncrementalPlan {
    let how: Materialization
    let old: [Field]
    let new: [Field]
    /// The time of the new rows, for `microbatch`: earlier rows of it are replaced.
    var replaced: TimeRange?

    static let oldView = "millrace_old"
    static let newView = "millrace_new"

    private static func key(_ name: String) -> String { name.lowercased() }

    /// Columns of the table afterwards. Throws `SCHEMA_CHANGE` (user) when the new rows do not fit.
    func columns() throws -> [Field] {
        let columns = try columnsByName()
        // With `sync_all_columns` it is the table that takes the query's types.
        guard how.onSchemaChange != .syncAllColumns else { return columns }
        for column in columns {
            guard let old = IncrementalPlan.named(column.name, old),
                let new = IncrementalPlan.named(column.name, new),
                !StoreAssignment.isAssignable(new, to: old)
            else { continue }
            throw EngineError.user(
                "SCHEMA_CHANGE",
                "The column \(old.name) of the table holds \(old.type.sqlName), which the query's "
                    + "\(new.type.sqlName) is not "
                    + "made into",
                remedy: "Cast it in the query, or make the table anew with --full-refresh.")
        }
        return columns
    }

    private func columnsByName() throws -> [Field] {
        let before = Set(old.map { IncrementalPlan.key($0.name) })
        let after = Set(new.map { IncrementalPlan.key($0.name) })
        let added = new.filter { !before.contains(IncrementalPlan.key($0.name)) }
        let missing = old.filter { !after.contains(IncrementalPlan.key($0.name)) }
        switch how.onSchemaChange {
        case .ignore:
            if let column = missing.first {
                throw EngineError.user(
                    "SCHEMA_CHANGE", "The query gives no column \(column.name) any more, which the table has",
                    remedy: "Give it, set on_schema_change, or make the table anew with --full-refresh.")
            }
            return old
        case .fail:
            let changed = old.first { column in
                IncrementalPlan.named(column.name, new).map { $0.type.sqlName != column.type.sqlName }
                    ?? false
            }
            if let column = added.first ?? missing.first ?? changed {
                throw EngineError.user(
                    "SCHEMA_CHANGE",
                    "The columns changed, and on_schema_change is fail: \(column.name)",
                    remedy: "Make the table anew with --full-refresh.")
            }
            return old
        case .appendNewColumns: return old + added
        case .syncAllColumns:
            return old.filter { after.contains(IncrementalPlan.key($0.name)) } + added
        }
    }

    /// Whether the new rows' files may stand beside the old ones as they are.
    var onlyAdds: Bool {
        how.strategy == .append && old.map(\.name) == new.map(\.name)
            && old.map(\.type.sqlName) == new.map(\.type.sqlName)
    }

    /// Returns the query of the whole table. Throws `SCHEMA_CHANGE`.
    func query() throws -> String {
        let columns = try columns()
        let kept = list(columns, from: old) { stored("o", $0) }
        let added = list(columns, from: new) { given("n", $0) }
        let both = "SELECT \(added) FROM \(IncrementalPlan.newView) n"
        switch how.strategy {
        case .append: return "SELECT \(kept) FROM \(IncrementalPlan.oldView) o UNION ALL \(both)"
        case .merge, .deleteInsert:
            return remainder(kept, how.uniqueKey, "=") + " UNION ALL " + both
        case .insertOverwrite:
            if how.partitionBy.isEmpty { return both }
            return remainder(kept, how.partitionBy, "<=>") + " UNION ALL " + both
        case .microbatch:
            guard let replaced, let microbatch = how.microbatch else { return both }
            let isReplaced = replaced.condition("o.\(SQLText.name(microbatch.eventTime))")
            return
                "SELECT \(kept) FROM \(IncrementalPlan.oldView) o WHERE NOT coalesce(\(isReplaced), false) "
                + "UNION ALL " + both
        }
    }

    /// The old rows whose keys none of the new ones has.
    private func remainder(_ columns: String, _ keys: [String], _ same: String) -> String {
        let condition = keys.enumerated().map { "\(stored("o", $1)) \(same) n.k\($0)" }
        return "SELECT \(columns) FROM \(IncrementalPlan.oldView) o LEFT ANTI JOIN \(newKeys(keys)) n ON "
            + condition.joined(separator: " AND ")
    }

    /// The new rows' keys as the table stores them: `k0`, `k1`, ….
    private func newKeys(_ keys: [String]) -> String {
        let given = keys.enumerated().map { "\(self.given("n", $1)) AS k\($0)" }
        return "(SELECT \(given.joined(separator: ", ")) FROM \(IncrementalPlan.newView) n)"
    }

    private static func named(_ name: String, _ columns: [Field]) -> Field? {
        columns.first { key($0.name) == key(name) }
    }

    /// The value of a column of the table, which `sync_all_columns` brings to the query's type, if it loses
    /// nothing by it.
    private func stored(_ alias: String, _ name: String) -> String {
        let value = "\(alias).\(SQLText.name(name))"
        guard how.onSchemaChange == .syncAllColumns, let old = IncrementalPlan.named(name, old),
            let new = IncrementalPlan.named(name, new), new.type != .null
        else { return value }
        return StoreAssignment.changed(value, of: old, to: new)
    }

    /// The value of a column of the query, which takes the table's type otherwise.
    private func given(_ alias: String, _ name: String) -> String {
        let value = "\(alias).\(SQLText.name(name))"
        guard how.onSchemaChange != .syncAllColumns, let old = IncrementalPlan.named(name, old),
            let new = IncrementalPlan.named(name, new)
        else { return value }
        return StoreAssignment.value(value, of: new, for: old)
    }

    private func list(
        _ columns: [Field], from side: [Field], _ value: (String) -> String
    ) -> String {
        columns.map { column in
            let name = SQLText.name(column.name)
            guard IncrementalPlan.named(column.name, side) != nil else {
                return "CAST(NULL AS \(column.type.sqlName)) AS \(name)"
            }
            return "\(value(column.name)) AS \(name)"
        }
        .joined(separator: ", ")
    }

    /// Returns the query that finds a key which the new rows have twice, as the table stores it; nil where
    /// that is allowed.
    var duplicates: String? {
        guard how.strategy == .merge else { return nil }
        let keys = how.uniqueKey.indices.map { "k\($0)" }
        let shown = keys.map { "CAST(\($0) AS STRING)" }.joined(separator: ", ")
        return "SELECT concat_ws(', ', \(shown)) AS millrace_key FROM \(newKeys(how.uniqueKey)) WHERE "
            + keys.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
            + " GROUP BY \(keys.joined(separator: ", ")) HAVING count(*) > 1 LIMIT 1"
    }
}
