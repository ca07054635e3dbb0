import Columns
import Execution
import Kernels
import Plans
import Vocabulary

/// Reads from databases and writes to them, through ADBC drivers: Spark's `USING jdbc` with its options.
package struct DatabaseConnector: SourceProvider, SinkProvider {
    package init() {}

    /// What a source is taken for that does not tell its size.
    private static let usualBytes = 1 << 20

    package func describe(
        _ relation: ExternalRelation, _ context: ConnectorContext
    ) throws -> ExternalRelation {
        let target = try DatabaseTarget(relation, context.secrets)
        let zone = context.settings.timeZone
        let connection = try DatabaseConnector.connect(target, context, isFirst: true)
        var described = relation
        if let probe = try DatabaseProbe(target) {
            described.schema = probe.schema
            described.splits = [ExternalSplit(payload: [], byteCount: 0)]
            return described
        }
        let source = try target.relation()
        let columns = try target.dialect.columns(connection, target, relation: source, zone: zone)
        if relation.schema.fields.isEmpty {
            described.schema = Schema(columns.map { Field($0.name, $0.type) })
        } else {
            try DatabaseConnector.check(relation.schema, in: columns, relation.name)
        }
        // Reads of what is new are small, and a query's condition hides where its rows lie.
        var parts = SourceParts(conditions: [""])
        if target.options["incremental.column"] == nil || target.options["partitioncolumn"] != nil {
            parts = try target.dialect.parts(connection, target, relation: source)
        }
        if let holder = parts.holder { context.holdForJob(holder) }
        let bytes = (parts.byteCount ?? DatabaseConnector.usualBytes) / parts.conditions.count
        described.splits = parts.conditions.map {
            ExternalSplit(
                payload: DatabaseSplit($0, parts.snapshot, parts.identity).payload, byteCount: bytes)
        }
        described.rowCount = parts.rowCount
        return described
    }

    package func open(
        _ request: SourceRequest, _ context: ConnectorContext
    ) throws -> any SourceReader {
        try DatabaseReader(request, context)
    }

    package func load(
        _ rows: RowQueue, into target: ExternalRelation, _ context: ConnectorContext
    ) throws -> [String: String] {
        let order = try LoadOrder(target, context)
        return try order.target.dialect.loading.load(rows, order, context)
    }

    /// Connects with the session's settings, to a file only where jobs may. `mayCreate`: whether the file may
    /// be missing. `session`: what the driver is told instead of the session's time zone. `isFirst`: whether
    /// what the driver knows of the server's types may be too old.
    static func connect(
        _ target: DatabaseTarget, _ context: ConnectorContext, mayCreate: Bool = false,
        session: DriverSession? = nil, isFirst: Bool = false
    ) throws -> DatabaseConnection {
        try target.checkFile(context, mayCreate: mayCreate)
        let session =
            session ?? DriverSession(zone: context.settings.timeZone, scratch: context.spillDirectory)
        let connection = try DatabaseConnection(
            target, context.secrets, session: session, job: context.jobID, isFirst: isFirst)
        for statement in target.dialect.settings(zone: context.settings.timeZone) {
            try connection.execute(statement)
        }
        if let statement = target.options["sessioninitstatement"] { try connection.execute(statement) }
        return connection
    }

    /// A type that a column has now and one that was given before may differ: reading casts, or fails.
    private static func check(_ schema: Schema, in columns: [SourceColumn], _ name: String) throws {
        for field in schema.fields where !columns.contains(where: { $0.name == field.name }) {
            let near = Suggestion.nearest(to: field.name, among: columns.map(\.name))
            throw EngineError.user(
                "UNRESOLVED_COLUMN", "The source \(name) has no column of this name: \(field.name)",
                remedy: near.map { "Did you mean \($0)?" })
        }
    }
}

/// A part of a table or query: its condition, and the snapshot that it is read from, with the table's
/// identity.
struct DatabaseSplit {
    var condition: String
    var snapshot: String?
    var identity: String?

    init(_ condition: String, _ snapshot: String?, _ identity: String?) {
        self.condition = condition
        self.snapshot = snapshot
        self.identity = identity
    }

    init(_ payload: [UInt8]) {
        let parts = payload.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        func text(_ place: Int) -> String? {
            place < parts.count && !parts[place].isEmpty ? String(decoding: parts[place], as: UTF8.self) : nil
        }
        condition = text(0) ?? ""
        snapshot = text(1)
        identity = text(2)
    }

    var payload: [UInt8] {
        Array(condition.utf8) + [0] + Array((snapshot ?? "").utf8) + [0] + Array((identity ?? "").utf8)
    }
}
