import Columns
import Vocabulary

/// Loads into SQLite. What it has no type for is stored as text: dates and times as ISO 8601, lists as JSON.
struct SQLiteLoad: LoadDialect {
    func prepareLoads(_ connection: DatabaseConnection, _ table: TableName) throws {
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS \(loads(table).sql) (load_id TEXT PRIMARY KEY, rows INTEGER, "
                + "loaded_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)")
    }

    func claim(_ id: String, _ connection: DatabaseConnection, _ table: TableName) throws -> String? {
        let loads = loads(table).sql
        let text = DatabaseText.literal(id)
        // Writing takes the database's lock: a second try waits for the first one's end.
        try connection.execute("INSERT OR IGNORE INTO \(loads) (load_id) VALUES (\(text))")
        let row = try connection.row(
            "SELECT coalesce(CAST(rows AS TEXT), '') FROM \(loads) WHERE load_id = \(text)")
        let known = row?.first ?? nil
        return known == "" ? nil : known
    }

    func columns(of table: TableName, _ connection: DatabaseConnection) throws -> [TargetColumn] {
        let rows = try connection.rows(
            "SELECT '' AS name, '' AS type UNION ALL SELECT name, type FROM pragma_table_info("
                + DatabaseText.literal(table.name) + ")")
        return rows.compactMap { row in
            guard let name = row[0], !name.isEmpty, let type = row[1] else { return nil }
            return TargetColumn(name: name, type: type.uppercased(), declaration: type)
        }
    }

    func createAside(_ table: TableName, _ fields: [Field]) throws -> String {
        throw EngineError.internal("SQLite takes every value as it is sent")
    }

    func typeName(of type: DataType, _ column: String) throws -> String {
        switch type {
        case .boolean: return "BOOLEAN"
        case .int8, .int16, .int32, .int64: return "INTEGER"
        case .float, .double: return "REAL"
        case .decimal(let precision, let scale): return "DECIMAL(\(precision),\(scale))"
        case .binary: return "BLOB"
        case .date: return "DATE"
        case .timestamp, .timestampNTZ: return "TIMESTAMP"
        default: return "TEXT"
        }
    }

    func makeLike(_ new: TableName, _ old: TableName, _ connection: DatabaseConnection) throws {
        // The statement that made the old one, with another name: constraints are part of it.
        let made = try connection.row(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = \(DatabaseText.literal(old.name))")
        guard let sql = made?.first ?? nil, let start = sql.firstIndex(of: "(") else {
            throw EngineError.user("TABLE_OR_VIEW_NOT_FOUND", "SQLite: this is no table: \(old.name)")
        }
        try connection.execute("CREATE TABLE \(new.sql) \(sql[start...])")
    }

    func makeAside(
        _ new: TableName, like old: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws {
        try connection.execute(
            "CREATE TEMP TABLE \(new.sql) AS SELECT \(list(columns)) FROM \(old.sql) WHERE 0")
    }

    /// Indexes of the old table are made again.
    func swap(_ new: TableName, for old: TableName, _ connection: DatabaseConnection) throws {
        let indexes = try connection.rows(
            "SELECT '' AS sql UNION ALL SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT "
                + "NULL AND tbl_name = \(DatabaseText.literal(old.name))")
        try connection.execute("DROP TABLE \(old.sql)")
        try connection.execute("ALTER TABLE \(new.sql) RENAME TO \(DatabaseText.name(old.name))")
        for sql in indexes.compactMap({ $0[0] }) where !sql.isEmpty { try connection.execute(sql) }
    }

    func merge(
        _ aside: TableName, into table: TableName, _ columns: [String], _ keys: [String],
        _ connection: DatabaseConnection
    ) throws -> [String] {
        let same = keys.map { "s.\(DatabaseText.name($0)) = t.\(DatabaseText.name($0))" }.joined(
            separator: " AND ")
        return [
            "DELETE FROM \(table.sql) AS t WHERE EXISTS (SELECT 1 FROM temp.\(aside.sql) AS s WHERE \(same))",
            "INSERT INTO \(table.sql) (\(list(columns))) SELECT \(list(columns)) FROM temp.\(aside.sql)",
            "DROP TABLE temp.\(aside.sql)",
        ]
    }

    func sending(_ type: DataType, to column: TargetColumn) -> (type: DataType, cast: String?) {
        switch type {
        case .boolean, .int8, .int16, .int32, .int64: (.int64, nil)
        case .float, .double: (.double, nil)
        case .binary: (.binary, nil)
        default: (.string, nil)
        }
    }

    func ingestOptions(_ table: TableName) -> [(name: String, value: String)] {
        var options = [
            (name: "adbc.ingest.target_table", value: table.name),
            (name: "adbc.ingest.mode", value: "adbc.ingest.mode.append"),
        ]
        if table.isTemporary { options.append(("adbc.ingest.target_catalog", "temp")) }
        return options
    }
}
