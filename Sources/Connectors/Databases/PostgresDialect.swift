import Columns
import Execution
import Kernels
import Plans
import Storage
import Vocabulary

/// Speaks PostgreSQL. Types are mapped as Spark's JDBC source maps them.
struct PostgresDialect: DatabaseDialect {
    let driver = "postgresql"
    let sharesHandles = true
    let title = "PostgreSQL"
    let addressForm = "postgresql://user@host:5432/database"
    var loading: any TableLoading { TransactionLoad(PostgresLoad()) }

    /// Bytes of a table's file that one part covers, when nobody says how many parts there shall be.
    static let partBytes = 32 << 20
    static let mostParts = 64

    func address(
        _ address: String, user: String?, password: String?, session: DriverSession
    ) throws(EngineError) -> String {
        // libpq takes every setting as a parameter of the URL.
        var added: [String] = []
        if let user { added.append("user=" + WebAddress.encoded(user)) }
        if let password { added.append("password=" + WebAddress.encoded(password)) }
        if added.isEmpty { return address }
        return address + (address.contains("?") ? "&" : "?") + added.joined(separator: "&")
    }

    func settings(zone: String) -> [String] {
        ["SET TimeZone TO \(DatabaseText.literal(zone))", "SET client_encoding TO 'UTF8'"]
    }

    /// Arrays of about a megabyte, so that reading and computing overlap.
    var readOptions: [(name: String, value: String)] {
        [("adbc.postgresql.batch_size_hint_bytes", "1048576")]
    }

    func firstRow(_ columns: [SourceColumn]) -> String? { nil }

    // MARK: columns

    func columns(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String, zone: String
    ) throws -> [SourceColumn] {
        let rows = try connection.query("SELECT * FROM \(relation) LIMIT 0")
        return rows.fields.map { field in
            let name = field.metadata["POSTGRESQL:type"] ?? ""
            let modifier = field.metadata["POSTGRESQL:typmod"].flatMap { Int($0) } ?? -1
            let found = PostgresTypes.reading(
                name, modifier: modifier, column: quoted(field.name),
                keepsZoneless: target.options["prefertimestampntz"] == "true",
                numeric: target.options["numericmapping"] ?? "none")
            return SourceColumn(
                name: field.name, type: found.type, expression: found.expression, isPlain: found.isPlain,
                form: found.form)
        }
    }

    func packing(_ columns: [SourceColumn]) -> RowPacking? { PostgresPacking.rows(columns) }

    func chunks(
        _ columns: [SourceColumn], _ condition: String, _ target: DatabaseTarget,
        _ connection: DatabaseConnection
    ) throws -> ChunkedRows? { try PostgresChunks.query(columns, condition, target, connection) }

    func literal(_ value: Scalar, _ type: DataType) -> String? {
        switch (type, value) {
        case (.string, .string(let text)) where !text.contains("\0"): DatabaseText.literal(text)
        case (.boolean, .boolean(let isTrue)): isTrue ? "TRUE" : "FALSE"
        case (.int8, .integer(let number)), (.int16, .integer(let number)), (.int32, .integer(let number)),
            (.int64, .integer(let number)):
            String(number)
        case (.decimal(_, let scale), .decimal(let number)): Literal.decimalText(number, scale: scale)
        case (.date, .integer(let days)): "(DATE '1970-01-01' + \(days))"
        case (.timestamp, .integer(let microseconds)):
            "(TIMESTAMPTZ '1970-01-01 00:00:00+00' + INTERVAL '\(microseconds) microseconds')"
        default: nil
        }
    }

    // MARK: parts

    func parts(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String
    ) throws -> SourceParts {
        let wanted = try target.number("numpartitions", atLeast: 1)
        var parts = SourceParts(conditions: [""])
        if let column = target.options["partitioncolumn"] {
            parts.conditions = try byColumn(column, connection, target, relation, wanted)
        } else if let table = try plainTable(connection, target) {
            parts.identity = try identity(of: target, connection)
            parts.rowCount = table.rows
            parts.byteCount = table.bytes
            let count = wanted ?? min(PostgresDialect.mostParts, table.bytes / PostgresDialect.partBytes)
            parts.conditions = BlockRange.parts(blocks: table.blocks, count: count).map(\.condition)
        }
        guard parts.conditions.count > 1 else { return parts }
        // All parts see the table at one moment: that of a snapshot which a connection keeps until the job
        // ends.
        let holder = try connection.another()
        try holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        parts.snapshot = try holder.row("SELECT pg_export_snapshot()")?.first ?? nil
        parts.holder = holder
        return parts
    }

    /// Size of a table that has places (`ctid`) by which it can be cut; nil for views, queries, partitioned
    /// tables, and servers that would read the whole table for each part.
    private func plainTable(
        _ connection: DatabaseConnection, _ target: DatabaseTarget
    ) throws -> (blocks: Int, bytes: Int, rows: Int)? {
        guard let table = target.options["dbtable"], !table.contains("(") else { return nil }
        let found = try connection.row(
            "SELECT pg_relation_size(c.oid), current_setting('block_size')::int8, "
                + "greatest(c.reltuples, 0)::int8 FROM pg_class c WHERE c.oid = to_regclass("
                + DatabaseText.literal(table) + ") AND c.relkind IN ('r', 'm') "
                + "AND current_setting('server_version_num')::int >= 140000")
        guard let found, let bytes = found[0].flatMap({ Int($0) }), let block = found[1].flatMap({ Int($0) }),
            let rows = found[2].flatMap({ Int($0) })
        else { return nil }
        return (bytes / max(1, block), bytes, rows)
    }

    /// Names the table and its file as they are now, whatever the transaction's snapshot sees.
    private func identity(of target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String? {
        guard let table = target.options["dbtable"] else { return nil }
        let name = "to_regclass(\(DatabaseText.literal(table)))"
        let row = try connection.row(
            "SELECT \(name)::oid::int8 || '/' || pg_relation_filenode(\(name))::int8")
        return row?.first ?? nil
    }

    /// A table that took this one's place after the snapshot, as a load by `overwrite` makes one, has no rows
    /// that the snapshot sees. Held before it is looked at, so that none can come in between.
    func hold(_ identity: String, _ target: DatabaseTarget, _ connection: DatabaseConnection) throws {
        guard let table = target.options["dbtable"] else { return }
        // As LOCK TABLE does, which does not take materialized views.
        try connection.execute("SELECT FROM \(table) LIMIT 0")
        guard try self.identity(of: target, connection) == identity else {
            throw EngineError.system(
                "TABLE_REPLACED", "The table was replaced while its parts were read: \(table)",
                remedy: "Run the job again.")
        }
    }

    private func byColumn(
        _ column: String, _ connection: DatabaseConnection, _ target: DatabaseTarget, _ relation: String,
        _ wanted: Int?
    ) throws -> [String] {
        let name = quoted(column)
        let count = min(wanted ?? ColumnParts.usualCount, ColumnParts.mostCount)
        let found = try connection.row(
            "SELECT pg_typeof(min(\(name)))::text, min(\(name))::text, max(\(name))::text FROM \(relation)")
        guard let found, let kind = found[0] else { return [""] }
        let lower = target.options["lowerbound"] ?? found[1]
        let upper = target.options["upperbound"] ?? found[2]
        guard let lower, let upper else { return [""] }
        if kind == "date" || kind.hasPrefix("timestamp") {
            func day(_ text: String) throws -> Int128 {
                let asked = "SELECT (\(DatabaseText.literal(text))::date - DATE '1970-01-01')::int8"
                return (try connection.row(asked)?.first ?? nil).flatMap { Int128($0) } ?? 0
            }
            return ColumnParts.conditions(
                name, from: try day(lower), through: try day(upper), count: count
            ) { "(DATE '1970-01-01' + \($0))" }
        }
        guard ["smallint", "integer", "bigint", "numeric"].contains(kind) else {
            throw EngineError.user(
                "INVALID_OPTION",
                "A table is cut by a number, a date or a timestamp, not by \(kind): \(column)")
        }
        func whole(_ text: String) throws -> Int128 {
            guard let number = Int128(text.prefix { $0 != "." }) else {
                throw EngineError.user("INVALID_OPTION", "The bound is no number: \(text)")
            }
            return number
        }
        return ColumnParts.conditions(
            name, from: try whole(lower), through: try whole(upper), count: count
        ) { String($0) }
    }

    // MARK: incremental reads

    func now(minusMilliseconds delay: Int) -> String {
        "(CURRENT_TIMESTAMP - INTERVAL '\(delay) milliseconds')"
    }

    /// Transactions that may begin between asking for a bound and reading.
    private static let margin: Int64 = 10_000_000
    /// No server comes to so many.
    private static let greatest: Int64 = 1 << 62

    /// Reads a bound: the oldest transaction that was open, and the first that had not begun.
    private static func numbers(_ bound: String) -> (open: Int64, next: Int64)? {
        let parts = bound.split(separator: ":").compactMap { Int64($0) }
        let isBound = parts.count == 2 && parts[0] >= 0 && parts[0] <= parts[1] && parts[1] <= greatest
        return isBound ? (parts[0], parts[1]) : nil
    }

    /// `xmin` has the low 32 bits of the transaction that wrote the row, also long after it was frozen: only
    /// rows just after the bound are told apart, so that old ones are never taken for new.
    private static func lies(after first: Int64, within width: Int64) -> String {
        let low = first & 0xFFFF_FFFF
        return "mod(xmin::text::int8 - \(low) + 4294967296, 4294967296) < \(min(width, 1 << 31))"
    }

    func hasEnded(by bound: String) -> String? {
        guard let (open, next) = PostgresDialect.numbers(bound) else { return nil }
        return "NOT (\(PostgresDialect.lies(after: open, within: next - open + PostgresDialect.margin)))"
    }

    func wasOpen(at earlier: String, now bound: String) -> String? {
        guard let (open, before) = PostgresDialect.numbers(earlier),
            let (_, next) = PostgresDialect.numbers(bound)
        else { return nil }
        // Numbers that went back are those of another server: what is there may all be new.
        if next < before { return "TRUE" }
        return PostgresDialect.lies(after: open, within: next - open + PostgresDialect.margin)
    }

    /// Texts in the order of their bytes, whatever the database's language is.
    func cursor(_ column: SourceColumn) -> String {
        column.type == .string ? "(\(column.expression)) COLLATE \"C\"" : quoted(column.name)
    }

    func boundQuery(_ target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String {
        guard let table = target.options["dbtable"], !table.contains("("),
            let kind = try connection.row(
                "SELECT c.relkind::text FROM pg_class c WHERE c.oid = to_regclass("
                    + DatabaseText.literal(table) + ")")?.first,
            kind == "r" || kind == "p"
        else { return "SELECT NULL::text AS bound, NULL::text AS key" }
        return "SELECT txid_snapshot_xmin(s) || ':' || txid_snapshot_xmax(s) AS bound, (SELECT "
            + "string_agg(a.attname::text, chr(\(DatabaseProbe.separatorCode)) ORDER BY k.place) "
            + "FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place) "
            + "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = "
            + "to_regclass(\(DatabaseText.literal(table))) AND i.indisprimary) AS key "
            + "FROM txid_current_snapshot() s"
    }
}

extension PostgresDialect {
    /// The server's own tables, and Millrace's note of loads, are no data of users.
    func tablesQuery(_ pattern: CatalogPattern) throws -> String {
        let kinds = try pattern.kinds(in: [
            ("TABLE", "r"), ("PARTITIONED TABLE", "p"), ("VIEW", "v"), ("MATERIALIZED VIEW", "m"),
            ("FOREIGN TABLE", "f"),
        ])
        var query =
            "SELECT n.nspname::text AS table_schema, c.relname::text AS table_name, coalesce((SELECT "
            + "a.attname::text FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d "
            + "ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 "
            + "AND NOT a.attisdropped AND (a.attidentity <> '' "
            + "OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%') "
            + "ORDER BY a.attnum LIMIT 1), '') AS table_counter "
            + "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            + "WHERE c.relkind::text IN (\(kinds)) AND n.nspname !~ '^pg_' "
            + "AND n.nspname <> 'information_schema' AND c.relname <> '_millrace_loads'"
        if let schema = pattern.schema { query += " AND n.nspname LIKE \(DatabaseText.literal(schema))" }
        if let catalog = pattern.catalog {
            query += " AND current_database() LIKE \(DatabaseText.literal(catalog))"
        }
        return query + " ORDER BY 1, 2"
    }
}

/// Maps types of PostgreSQL to those of Spark.
enum PostgresTypes {
    /// What reading a column takes.
    struct Reading {
        var type: DataType
        var expression: String
        var isPlain = false
        /// How its values come in a packed row; nil for lists, which the driver reads.
        var form: PostgresForm?
    }

    /// Digits of a numeric column that declares none, as in Spark.
    private static let openDecimal = DataType.decimal(precision: 38, scale: 18)

    static func reading(
        _ name: String, modifier: Int, column: String, keepsZoneless: Bool, numeric: String
    ) -> Reading {
        switch name {
        case "bool": return Reading(type: .boolean, expression: column, isPlain: true, form: .boolean)
        case "int2": return Reading(type: .int16, expression: column, isPlain: true, form: .int16)
        case "int4": return Reading(type: .int32, expression: column, isPlain: true, form: .int32)
        case "int8": return Reading(type: .int64, expression: column, isPlain: true, form: .int64)
        case "float4": return Reading(type: .float, expression: column, form: .float)
        case "float8": return Reading(type: .double, expression: column, form: .double)
        case "text", "varchar": return Reading(type: .string, expression: column, isPlain: true, form: .text)
        case "bpchar": return Reading(type: .string, expression: column, form: .padded)
        case "name": return Reading(type: .string, expression: column, form: .text)
        case "bytea": return Reading(type: .binary, expression: column, form: .bytes)
        case "date": return Reading(type: .date, expression: column, isPlain: true, form: .date)
        case "timestamptz":
            return Reading(type: .timestamp, expression: column, isPlain: true, form: .timestamp)
        case "timestamp":
            if keepsZoneless { return Reading(type: .timestampNTZ, expression: column, form: .timestamp) }
            return Reading(type: .timestamp, expression: "\(column)::timestamptz", form: .timestamp)
        case "time":
            let moment = "(DATE '1970-01-01' + \(column))::timestamptz"
            return Reading(type: .timestamp, expression: moment, form: .timestamp)
        case "oid": return Reading(type: .int64, expression: "\(column)::int8", form: .int64)
        case "numeric": return decimal(modifier, column, numeric)
        case _ where name.hasPrefix("_"): return array(String(name.dropFirst()), column)
        default: return Reading(type: .string, expression: "\(column)::text", form: .text)
        }
    }

    private static func array(_ element: String, _ column: String) -> Reading {
        let inner = reading(element, modifier: -1, column: column, keepsZoneless: true, numeric: "none")
        let isNative = [
            "bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "date", "bytea",
            "timestamp", "timestamptz", "numeric",
        ].contains(element)
        return Reading(
            type: .array(inner.type, containsNull: true),
            expression: flat(isNative ? column : "\(column)::text[]", isNative ? element : "text", column))
    }

    /// Has the server fail for arrays of more dimensions than one, which no type tells and the driver would
    /// flatten: what is no array is cast to one, in words that `DatabaseFailure` knows.
    private static func flat(_ array: String, _ element: String, _ column: String) -> String {
        let words = DatabaseText.literal(" \(manyDimensions) \(column)")
        return "CASE WHEN array_ndims(\(column)) > 1 THEN (array_ndims(\(column)) || \(words))::\(element)[] "
            + "ELSE \(array) END"
    }

    /// What stands between the number of dimensions and the column in the error that `flat` makes.
    static let manyDimensions = "dimensions has an array of"

    /// `numeric.mapping` of Kafka Connect's JDBC source says when numbers become whole or floating.
    private static func decimal(_ modifier: Int, _ column: String, _ mapping: String) -> Reading {
        guard modifier >= 4 else {
            return Reading(type: openDecimal, expression: column, form: .numeric)
        }
        let precision = ((modifier - 4) >> 16) & 0xFFFF
        // Eleven bits with a sign since version 15.
        let raw = (modifier - 4) & 0x7FF
        let scale = raw >= 1024 ? raw - 2048 : raw
        if mapping != "none", scale <= 0, precision - min(scale, 0) < 19 {
            let digits = precision - min(scale, 0)
            let type: DataType = digits < 3 ? .int8 : digits < 5 ? .int16 : digits < 10 ? .int32 : .int64
            return Reading(type: type, expression: "\(column)::int8", form: .int64)
        }
        if scale > 0, mapping == "best_fit_eager_double" || (mapping == "best_fit" && precision < 19) {
            return Reading(type: .double, expression: "\(column)::float8", form: .double)
        }
        let kept = max(0, min(scale, 38))
        return Reading(
            type: .decimal(precision: max(1, min(38, precision - min(scale, 0))), scale: kept),
            expression: column, isPlain: precision <= 38 && scale >= 0, form: .numeric)
    }
}
