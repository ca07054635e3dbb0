import Columns
import Execution
import Plans
import Vocabulary

/// Names what becomes of the rows that a target has.
enum LoadMode: String, CaseIterable {
    case append, overwrite, merge
}

/// Says which rows go into which table of which database, and what becomes of those that are there.
struct LoadOrder {
    let target: DatabaseTarget
    let schema: Schema
    let table: TableName
    let mode: LoadMode
    /// Columns by which a merge finds rows.
    let keys: [String]
    /// Names the load: the same in every try of it.
    let id: String

    /// Throws `user` errors for options that are missing or do not go together.
    init(_ relation: ExternalRelation, _ context: ConnectorContext) throws {
        target = try DatabaseTarget(relation, context.secrets)
        schema = relation.schema
        guard let name = target.options["dbtable"] else {
            throw EngineError.user("INVALID_OPTION", "Rows go into a table: dbtable is missing")
        }
        table = try TableName(name, of: target.dialect)
        let mode = target.options["mode"] ?? "append"
        guard let known = LoadMode(rawValue: mode.lowercased()) else {
            let near = Suggestion.nearest(to: mode, among: LoadMode.allCases.map(\.rawValue))
            throw EngineError.user(
                "INVALID_OPTION", "mode is append, overwrite or merge: \(mode)",
                remedy: near.map { "Did you mean \($0)?" })
        }
        self.mode = known
        keys = (target.options["primarykey"] ?? "").split(separator: ",").map { $0.trimmingSpaces }
        if known == .merge, keys.isEmpty {
            throw EngineError.user(
                "INVALID_OPTION", "mode merge needs primaryKey, the columns that tell rows apart")
        }
        for key in keys where relation.schema.index(of: key) == nil {
            throw EngineError.user(
                "UNRESOLVED_COLUMN", "The rows have no column of the key's name: \(key)",
                remedy: Suggestion.nearest(to: key, among: relation.schema.names).map {
                    "Did you mean \($0)?"
                })
        }
        id = target.options["loadid"] ?? context.loadID
    }

    /// The error of rows to merge of which two have one key: either could stay. (Spark's MERGE refuses them,
    /// too.)
    static func duplicate(_ key: [(name: String, value: String?)], _ table: TableName) -> EngineError {
        let text = key.map { "\($0.name) = \($0.value ?? "NULL")" }.joined(separator: ", ")
        return .data(
            "DUPLICATE_KEY",
            "The rows to merge into \(table.sql) have a key twice, so that either could stay: \(text)",
            remedy: "Make the key unique in the query of the rows, as by row_number() OVER (PARTITION BY key "
                + "ORDER BY …) = 1; a test `unique` says where it is not.")
    }
}

/// Brings rows into a table of one kind of database.
protocol TableLoading: Sendable {
    /// Loads all rows, so that they are there once however often the load is tried, and returns what is to be
    /// known of it: `rows`, how many there were; `copied`, how many the database took from elsewhere; `log`,
    /// lines for the job's log.
    func load(_ rows: RowQueue, _ order: LoadOrder, _ context: ConnectorContext) throws -> [String: String]
}
