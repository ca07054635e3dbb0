import Columns
import Execution
import Plans
import Vocabulary

/// Speaks SQLite. Its values have types, its columns only leanings: what a column declares decides, and a
/// value that does not fit is an error.
struct SQLiteDialect: DatabaseDialect {
    let driver = "sqlite"
    let title = "SQLite"
    let addressForm = "sqlite:path"
    var loading: any TableLoading { TransactionLoad(SQLiteLoad()) }

    func address(
        _ address: String, user: String?, password: String?, session: DriverSession
    ) throws(EngineError) -> String {
        if address.hasPrefix("file:") { return address }
        var path = Substring(address.dropFirst("sqlite:".count))
        // sqlite:///relative, sqlite:////absolute (as SQLAlchemy writes them), sqlite:path
        if path.hasPrefix("///") { path = path.dropFirst(3) }
        return String(path)
    }

    func settings(zone: String) -> [String] { ["PRAGMA busy_timeout = 10000"] }
    var readOptions: [(name: String, value: String)] { [("adbc.sqlite.query.batch_rows", "8192")] }

    /// The driver takes a column's type from its first rows, which may all be null. So the first row is made
    /// up, of the right types, and dropped again.
    func firstRow(_ columns: [SourceColumn]) -> String? {
        let values = columns.map { column in
            switch column.storage {
            case "integer": "0"
            case "real": "0.0"
            case "blob": "x''"
            default: "''"
            }
        }
        return "SELECT \((values.isEmpty ? ["0"] : values).joined(separator: ", ")) UNION ALL "
    }

    func columns(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String, zone: String
    ) throws -> [SourceColumn] {
        // A view knows what its columns declare, where they are columns of tables.
        try connection.execute("CREATE TEMP VIEW millrace_columns AS SELECT * FROM \(relation)")
        let rows = try connection.rows(
            "SELECT '' AS name, '' AS type UNION ALL SELECT name, type FROM "
                + "pragma_table_info('millrace_columns')")
        var columns: [SourceColumn] = []
        for row in rows {
            guard let name = row[0], !name.isEmpty else { continue }
            columns.append(try column(name, row[1] ?? "", connection))
        }
        return columns
    }

    private func column(
        _ name: String, _ declared: String, _ connection: DatabaseConnection
    ) throws -> SourceColumn {
        let column = quoted(name)
        let upper = declared.uppercased()
        func reading(_ type: DataType, _ expression: String, _ storage: String, plain: Bool = false)
            -> SourceColumn
        {
            SourceColumn(name: name, type: type, expression: expression, isPlain: plain, storage: storage)
        }
        let text = "CAST(\(column) AS TEXT)"
        if upper.isEmpty {
            // An expression: the type of its values decides.
            let kinds = try connection.row(
                "SELECT coalesce(group_concat(DISTINCT typeof(\(column))), '') FROM millrace_columns "
                    + "WHERE \(column) IS NOT NULL")
            switch kinds?.first ?? nil {
            case "integer": return reading(.int64, column, "integer")
            case "real", "integer,real", "real,integer": return reading(.double, "\(column) + 0.0", "real")
            case "blob": return reading(.binary, column, "blob")
            default: return reading(.string, text, "text")
            }
        }
        if upper.contains("BOOL") { return reading(.boolean, column, "integer") }
        if upper == "DATE" { return reading(.date, text, "text") }
        if upper.contains("DATETIME") || upper.contains("TIMESTAMP") {
            return reading(.timestampNTZ, text, "text")
        }
        if upper.contains("INT") { return reading(.int64, column, "integer", plain: true) }
        if upper.contains("CHAR") || upper.contains("CLOB") || upper.contains("TEXT")
            || upper.contains("JSON")
        {
            return reading(.string, text, "text")
        }
        if upper.contains("BLOB") { return reading(.binary, column, "blob") }
        if upper.contains("DEC") || upper.contains("NUMERIC") {
            let digits = upper.matches(of: /\d+/).compactMap { Int($0.output) }
            if let precision = digits.first, (1...38).contains(precision),
                digits.dropFirst().first ?? 0 <= precision
            {
                return reading(
                    .decimal(precision: precision, scale: digits.dropFirst().first ?? 0), text, "text")
            }
            // As of PostgreSQL's numeric: a double would not hold every whole number.
            return reading(.decimal(precision: 38, scale: 18), text, "text")
        }
        if upper.contains("REAL") || upper.contains("FLOA") || upper.contains("DOUB") {
            return reading(.double, column, "real")
        }
        return reading(.string, text, "text")
    }

    func literal(_ value: Scalar, _ type: DataType) -> String? {
        if type == .int64, case .integer(let number) = value { return String(number) }
        return nil
    }

    /// One part unless a column cuts it: several connections need not see the file at one moment.
    func parts(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String
    ) throws -> SourceParts {
        guard let column = target.options["partitioncolumn"] else { return SourceParts(conditions: [""]) }
        let name = quoted(column)
        let found = try connection.row(
            "SELECT CAST(min(\(name)) AS TEXT), CAST(max(\(name)) AS TEXT) FROM \(relation)")
        let lower = target.options["lowerbound"] ?? found?[0]
        let upper = target.options["upperbound"] ?? found?[1]
        guard let lower, let upper else { return SourceParts(conditions: [""]) }
        guard let from = Int128(lower), let to = Int128(upper) else {
            throw EngineError.user("INVALID_OPTION", "A table is cut by a whole number: \(column)")
        }
        let count = try target.number("numpartitions", atLeast: 1) ?? ColumnParts.usualCount
        return SourceParts(
            conditions: ColumnParts.conditions(
                name, from: from, through: to, count: min(count, ColumnParts.mostCount)
            ) { String($0) })
    }

    func now(minusMilliseconds delay: Int) -> String {
        "strftime('%Y-%m-%d %H:%M:%f', 'now', '-\(Double(delay) / 1000) seconds')"
    }

    func boundQuery(_ target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String {
        // The driver takes types from the first row; of null it makes a number, which is cast.
        var key = "CAST(NULL AS TEXT)"
        if let text = target.options["dbtable"], let table = try? TableName(text, of: self) {
            key =
                "(SELECT group_concat(name, char(\(DatabaseProbe.separatorCode))) FROM (SELECT name FROM "
                + "pragma_table_info(\(DatabaseText.literal(table.name))) WHERE pk > 0 ORDER BY pk))"
        }
        return "SELECT CAST(NULL AS TEXT) AS bound, \(key) AS key"
    }

    func cursor(_ column: SourceColumn) -> String {
        column.type == .string ? "\(quoted(column.name)) COLLATE BINARY" : quoted(column.name)
    }

    /// A number is less than any text where neither side is a column of a table.
    func cursorLiteral(_ text: String, _ column: SourceColumn) -> String {
        let isNumber = ["integer", "real"].contains(column.storage) && Double(text)?.isFinite == true
        return isNumber ? text : literal(text)
    }

    /// Names have no catalog and no schema: patterns of theirs mean nothing, as for SQLite's JDBC driver. The
    /// driver infers types from the first row, so that there is one without a name.
    func tablesQuery(_ pattern: CatalogPattern) throws -> String {
        let kinds = try pattern.kinds(in: [("TABLE", "table"), ("VIEW", "view")])
        // The one key of a whole number is the row's own number.
        let keys = "FROM pragma_table_info(sqlite_master.name) WHERE pk > 0"
        return "SELECT CAST(NULL AS TEXT) AS table_schema, name AS table_name, coalesce((SELECT name \(keys) "
            + "AND upper(type) = 'INTEGER' AND (SELECT count(*) \(keys)) = 1), '') AS table_counter "
            + "FROM sqlite_master "
            + "WHERE type IN (\(kinds)) AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
            + "AND name <> '_millrace_loads' ORDER BY 2"
    }
}
