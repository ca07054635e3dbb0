import Columns
import Execution
import Kernels
import Vocabulary

/// Loads into Snowflake by COPY INTO: rows are written as Parquet files, sent to a stage, and taken from
/// there in a transaction that also notes the load's id. Or the files are on a stage already, and Snowflake's
/// own history of files tells which of them are new.
///
/// ```
///   tables and columns made (each statement of that kind commits by itself)
///     ─▶ rows ─▶ Parquet files ─▶ PUT @stage
///     ─▶ begin ─▶ note the id ──known──▶ nothing to do
///                    │new
///                    ├ append     COPY INTO table
///                    ├ overwrite  COPY INTO aside, INSERT OVERWRITE
///                    └ merge      COPY INTO aside, MERGE by key ─▶ commit
/// ```
struct SnowflakeLoad: TableLoading {
    /// A file is sent when it has about this many bytes, as Snowflake advises: 100 to 250 MB.
    static let fileBytes = 128 << 20

    func load(
        _ rows: RowQueue, _ order: LoadOrder, _ context: ConnectorContext
    ) throws -> [String: String] {
        let copy = try SnowflakeCopy(order.target.options)
        if let source = copy.source, order.mode != .append {
            throw EngineError.user(
                "INVALID_OPTION",
                "Files of a stage are appended; mode must not be \(order.mode.rawValue): \(source)")
        }
        let folder = try UploadFolder(below: context.spillDirectory)
        // The files hold instants in UTC, and Snowflake reads them in the session's zone.
        let connection = try DatabaseConnector.connect(
            order.target, context, session: DriverSession(zone: "UTC", scratch: folder.path))
        rows.whenStopped { connection.cancel() }
        defer { rows.whenStopped(nil) }
        let ledger = SnowflakeLedger(order, connection)
        try ledger.prepare()
        if let known = try ledger.known() { return ["rows": known, "repeated": "true"] }
        if let source = copy.source {
            let report = try ledger.take(inTransaction: !copy.purges) {
                let sql = copy.statement(into: order.table.sql, from: source)
                let report = SnowflakeCopyReport(try connection.records(sql))
                return (report, report.rows)
            }
            return ["rows": "0", "copied": "\(report.rows)"].merging(report.notes) { $1 }
        }
        let upload = try SnowflakeUpload(order, copy, connection, folder, context)
        try upload.send(rows)
        try upload.makeAside()
        let report = try ledger.take(inTransaction: true) { (try upload.copy(), upload.rowCount) }
        return ["rows": "\(upload.rowCount)"].merging(report.notes) { $1 }
    }
}

/// Notes which loads a schema's tables have had. Two tries of one load at the same moment are kept apart by
/// the engine, which lets only one commit: Snowflake enforces no keys.
private struct SnowflakeLedger {
    private let connection: DatabaseConnection
    private let table: String
    private let id: String

    init(_ order: LoadOrder, _ connection: DatabaseConnection) {
        self.connection = connection
        table = order.table.sibling("_MILLRACE_LOADS").sql
        id = order.target.dialect.literal(order.id)
    }

    func prepare() throws {
        // Asked first: IF NOT EXISTS needs the right to make tables.
        do throws(EngineError) {
            _ = try connection.query("SELECT \"LOAD_ID\" FROM \(table) LIMIT 0")
        } catch {
            if error.code != "TABLE_OR_VIEW_NOT_FOUND" { throw error }
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS \(table) (\"LOAD_ID\" VARCHAR NOT NULL, \"ROWS\" NUMBER(38, 0), "
                    + "\"LOADED_AT\" TIMESTAMP_LTZ DEFAULT CURRENT_TIMESTAMP())")
        }
    }

    /// Returns how many rows the load had, nil when it was not done.
    func known() throws -> String? {
        try connection.row("SELECT CAST(\"ROWS\" AS VARCHAR) FROM \(table) WHERE \"LOAD_ID\" = \(id)")?.first
            ?? nil
    }

    /// Does the work and notes the load, both or none. Files that Snowflake deletes do not come back with a
    /// transaction: then each statement is for itself, and files that are gone, or that the history knows,
    /// are not taken twice.
    func take(
        inTransaction: Bool, _ work: () throws -> (SnowflakeCopyReport, rows: Int)
    ) throws -> SnowflakeCopyReport {
        if inTransaction { try connection.execute("BEGIN") }
        do {
            let (report, rows) = try work()
            try connection.execute(
                "INSERT INTO \(table) (\"LOAD_ID\", \"ROWS\") SELECT \(id), \(rows)")
            if inTransaction { try connection.execute("COMMIT") }
            return report
        } catch {
            if inTransaction { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }
}
