import Columns
import Execution
import Functions
import Kernels
import Plans
import Vocabulary

/// Names what becomes of the rows that a target has.
enum LoadMode: String, CaseIterable {
    case append, overwrite, merge
}

/// Loads rows into a table: all in one transaction, which also notes the load's id, so that a load is there
/// once however often it is tried.
///
/// ```
///   begin ─▶ note the id ──known──▶ nothing to do
///                 │new
///                 ├ append     bulk rows into the table
///                 ├ overwrite  bulk rows into a new table, which takes the old one's place
///                 └ merge      bulk rows aside, then update and insert by key ─▶ commit
/// ```
struct DatabaseLoad {
    private let target: DatabaseTarget
    private let schema: Schema
    private let table: TableName
    private let mode: LoadMode
    private let keys: [String]
    private let loadID: String
    private let context: ConnectorContext
    private let zone: Zone

    init(_ relation: ExternalRelation, _ context: ConnectorContext) throws {
        target = try DatabaseTarget(relation, context.secrets)
        schema = relation.schema
        self.context = context
        zone = try Zone.named(context.settings.timeZone)
        guard let name = target.options["dbtable"] else {
            throw EngineError.user("INVALID_OPTION", "Rows go into a table: dbtable is missing")
        }
        table = try TableName(name)
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
                "INVALID_OPTION", "mode merge needs primarykey, the columns that tell rows apart")
        }
        for key in keys where relation.schema.index(of: key) == nil {
            throw EngineError.user(
                "UNRESOLVED_COLUMN", "The rows have no column of the key's name: \(key)",
                remedy: Suggestion.nearest(to: key, among: relation.schema.names).map {
                    "Did you mean \($0)?"
                })
        }
        loadID = target.options["loadid"] ?? context.loadID
    }

    /// Loads all rows and returns how many there were.
    func run(_ rows: RowQueue) throws -> [String: String] {
        let connection = try DatabaseConnector.connect(target, context, mayCreate: true)
        rows.whenStopped { connection.cancel() }
        defer { rows.whenStopped(nil) }
        let dialect = target.dialect.loading
        try dialect.prepareLoads(connection, table)
        try connection.begin()
        do {
            if let known = try dialect.claim(loadID, connection, table) {
                try connection.rollback()
                return ["rows": known, "repeated": "true"]
            }
            let count = try fill(connection, rows, dialect)
            try dialect.note(count, of: loadID, connection, table)
            try connection.commit()
            return ["rows": String(count)]
        } catch {
            try? connection.rollback()
            throw error
        }
    }

    private func fill(
        _ connection: DatabaseConnection, _ rows: RowQueue, _ dialect: any LoadDialect
    ) throws -> Int {
        var columns = try dialect.columns(of: table, connection)
        if columns.isEmpty {
            try connection.execute(dialect.create(table, schema, keys: mode == .merge ? keys : []))
            columns = try dialect.columns(of: table, connection)
            if mode == .overwrite { return try bulk(rows, into: table, columns, connection, dialect) }
        } else {
            for field in schema.fields where !columns.contains(where: { $0.name == field.name }) {
                try connection.execute(
                    "ALTER TABLE \(table.sql) ADD COLUMN \(DatabaseText.name(field.name)) "
                        + (try dialect.typeName(of: field.type, field.name)))
            }
            columns = try dialect.columns(of: table, connection)
        }
        switch mode {
        case .append: return try bulk(rows, into: table, columns, connection, dialect)
        case .overwrite:
            let new = table.sibling("millrace_new")
            try dialect.makeLike(new, table, connection)
            let count = try bulk(rows, into: new, columns, connection, dialect)
            try dialect.swap(new, for: table, connection)
            return count
        case .merge:
            let aside = TableName.temporary("millrace_merge")
            try dialect.makeAside(aside, like: table, connection)
            let count = try bulk(rows, into: aside, columns, connection, dialect)
            for statement in try dialect.merge(aside, into: table, schema.names, keys, connection) {
                try connection.execute(statement)
            }
            return count
        }
    }

    /// Sends rows as fast as the database takes them; those of types that the driver cannot send go through a
    /// table of texts.
    private func bulk(
        _ rows: RowQueue, into table: TableName, _ columns: [TargetColumn], _ connection: DatabaseConnection,
        _ dialect: any LoadDialect
    ) throws -> Int {
        var sent: [Field] = []
        var casts: [String] = []
        var isDirect = true
        for field in schema.fields {
            guard let column = columns.first(where: { $0.name == field.name }) else {
                throw EngineError.internal("the target has no column \(field.name)")
            }
            let way = dialect.sending(field.type, to: column)
            sent.append(Field(field.name, way.type))
            casts.append(
                way.cast.map { "CAST(\(DatabaseText.name(field.name)) AS \($0))" }
                    ?? DatabaseText.name(field.name))
            if way.cast != nil { isDirect = false }
        }
        let conversion = try RowConversion(schema, to: sent, context.settings, zone)
        var count = 0
        let place = isDirect ? table : TableName.temporary("millrace_texts")
        if !isDirect { try connection.execute(dialect.createAside(place, sent)) }
        try connection.ingest(sent, options: dialect.ingestOptions(place)) {
            guard let batch = try rows.next() else { return nil }
            count += batch.count
            return try conversion.convert(batch)
        }
        if !isDirect {
            let names = schema.names.map { DatabaseText.name($0) }.joined(separator: ", ")
            try connection.execute(
                "INSERT INTO \(table.sql) (\(names)) SELECT \(casts.joined(separator: ", ")) FROM "
                    + "\(place.sql)"
            )
            try connection.execute("DROP TABLE \(place.sql)")
        }
        return count
    }
}

/// Brings batches to the types that a target takes.
private struct RowConversion {
    private let evaluator: Evaluator?

    init(_ schema: Schema, to fields: [Field], _ settings: SessionSettings, _ zone: Zone) throws {
        var isNeeded = false
        let expressions = zip(schema.fields, fields).enumerated().map { position, pair -> Expression in
            let column = Expression.input(position, pair.0.type)
            if pair.0.type == pair.1.type { return column }
            isNeeded = true
            if pair.1.type == .string, pair.0.type.isNested {
                return .call(FunctionCall("to_json", [column], type: .string))
            }
            return .cast(column, to: pair.1.type, mode: .ansi)
        }
        evaluator = isNeeded ? try Evaluator(expressions, settings: settings) : nil
    }

    func convert(_ batch: Batch) throws -> Batch {
        guard let evaluator else { return batch }
        return Batch(columns: try evaluator.evaluate(batch), count: batch.count)
    }
}
