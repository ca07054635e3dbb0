import Columns
import Execution
import Functions
import Kernels
import Plans
import Vocabulary

/// Loads rows into a table: all in one transaction, which also notes the load's id, so that a load is there
/// once however often it is tried.
///
/// ```
///   begin ─▶ note the id ──known──▶ nothing to do
///                 │new
///                 ├ append     bulk rows into the table
///                 ├ overwrite  bulk rows into a new table, which takes the old one's place; aside, where
///                 │            the old one must stay, and then into that one, emptied
///                 └ merge      bulk rows aside, then update and insert by key ─▶ commit
/// ```
struct TransactionLoad: TableLoading {
    private let dialect: any LoadDialect

    init(_ dialect: any LoadDialect) { self.dialect = dialect }

    func load(
        _ rows: RowQueue, _ order: LoadOrder, _ context: ConnectorContext
    ) throws -> [String: String] {
        let connection = try DatabaseConnector.connect(order.target, context, mayCreate: true)
        rows.whenStopped { connection.cancel() }
        defer { rows.whenStopped(nil) }
        let table = order.table
        try dialect.prepareLoads(connection, table)
        try connection.begin()
        do {
            if let known = try dialect.claim(order.id, connection, table) {
                try connection.rollback()
                return ["rows": known, "repeated": "true"]
            }
            let count = try TableFill(dialect, connection, order, context).run(rows)
            try dialect.note(count, of: order.id, connection, table)
            try connection.commit()
            return ["rows": String(count)]
        } catch {
            try? connection.rollback()
            throw error
        }
    }
}

/// Is one load within its transaction.
private struct TableFill {
    private let dialect: any LoadDialect
    private let connection: DatabaseConnection
    private let schema: Schema
    private let table: TableName
    private let mode: LoadMode
    private let keys: [String]
    private let settings: SessionSettings
    private let zone: Zone

    init(
        _ dialect: any LoadDialect, _ connection: DatabaseConnection, _ order: LoadOrder,
        _ context: ConnectorContext
    ) throws {
        self.dialect = dialect
        self.connection = connection
        schema = order.schema
        table = order.table
        mode = order.mode
        keys = order.keys
        settings = context.settings
        zone = try Zone.named(context.settings.timeZone)
    }

    func run(_ rows: RowQueue) throws -> Int {
        var columns = try dialect.columns(of: table, connection)
        if columns.isEmpty {
            try connection.execute(dialect.create(table, schema, keys: mode == .merge ? keys : []))
            columns = try dialect.columns(of: table, connection)
            if mode == .overwrite { return try bulk(rows, into: table, columns) }
        } else {
            for field in schema.fields where !columns.contains(where: { $0.name == field.name }) {
                try connection.execute(
                    "ALTER TABLE \(table.sql) ADD COLUMN \(DatabaseText.name(field.name)) "
                        + (try dialect.typeName(of: field.type, field.name)))
            }
            columns = try dialect.columns(of: table, connection)
        }
        switch mode {
        case .append: return try bulk(rows, into: table, columns)
        case .overwrite:
            if try dialect.keepsPlace(table, connection) {
                return try aside(rows, columns) {
                    try dialect.replace(table, by: $0, schema.names, connection)
                }
            }
            let new = table.sibling("millrace_new")
            try dialect.makeLike(new, table, connection)
            let count = try bulk(rows, into: new, columns)
            try dialect.swap(new, for: table, connection)
            return count
        case .merge:
            return try aside(rows, columns) {
                try refuseDuplicates($0)
                return try dialect.merge($0, into: table, schema.names, keys, connection)
            }
        }
    }

    /// Throws `DUPLICATE_KEY` (data) when a key is there twice among the rows to merge: which of them comes
    /// last is an accident.
    private func refuseDuplicates(_ aside: TableName) throws {
        let names = keys.map { DatabaseText.name($0) }
        let found = try connection.row(
            "SELECT \(names.map { "CAST(\($0) AS text)" }.joined(separator: ", ")) FROM \(aside.sql) "
                + "GROUP BY \(names.joined(separator: ", ")) HAVING count(*) > 1 "
                + "ORDER BY \(names.joined(separator: ", ")) LIMIT 1")
        if let found { throw LoadOrder.duplicate(zip(keys, found).map { ($0, $1) }, table) }
    }

    /// Brings rows into a table of this connection, and from there by statements into the target.
    private func aside(
        _ rows: RowQueue, _ columns: [TargetColumn], _ statements: (TableName) throws -> [String]
    ) throws -> Int {
        let aside = TableName.temporary("millrace_aside")
        try dialect.makeAside(aside, like: table, schema.names, connection)
        let count = try bulk(rows, into: aside, columns)
        for statement in try statements(aside) { try connection.execute(statement) }
        return count
    }

    /// Sends rows as fast as the database takes them; those of types that the driver cannot send go through a
    /// table of texts.
    private func bulk(
        _ rows: RowQueue, into table: TableName, _ columns: [TargetColumn]
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
        let conversion = try RowConversion(schema, to: sent, settings, zone)
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
