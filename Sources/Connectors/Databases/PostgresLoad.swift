import Columns
import Vocabulary

/// Loads into PostgreSQL; the driver sends rows by COPY in binary.
struct PostgresLoad: LoadDialect {
    func prepareLoads(_ connection: DatabaseConnection, _ table: TableName) throws {
        let loads = loads(table)
        let text = DatabaseText.literal(loads.sql)
        // Asked first: on a table that is there, CREATE … IF NOT EXISTS would need the right to make tables.
        if try connection.row("SELECT to_regclass(\(text))::text")?.first ?? nil != nil { return }
        do throws(EngineError) {
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS \(loads.sql) (load_id text PRIMARY KEY, "
                    + "rows int8, loaded_at timestamptz NOT NULL DEFAULT now())")
        } catch {
            // Another load may have made it at the same moment.
            if error.code != "CONSTRAINT_VIOLATION" { throw error }
        }
    }

    /// The row of the id is also a lock: a second try of the same load waits here for the first one's end.
    func claim(_ id: String, _ connection: DatabaseConnection, _ table: TableName) throws -> String? {
        let loads = loads(table).sql
        let text = DatabaseText.literal(id)
        try connection.execute(
            "INSERT INTO \(loads) (load_id) VALUES (\(text)) ON CONFLICT (load_id) DO NOTHING")
        let row = try connection.row("SELECT rows::text FROM \(loads) WHERE load_id = \(text)")
        return row?.first ?? nil
    }

    func columns(of table: TableName, _ connection: DatabaseConnection) throws -> [TargetColumn] {
        let place = table.isTemporary ? "pg_temp." + DatabaseText.name(table.name) : table.sql
        let rows = try connection.rows(
            "SELECT a.attname::text, t.typname::text, format_type(a.atttypid, a.atttypmod) FROM "
                + "pg_attribute a "
                + "JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = to_regclass("
                + DatabaseText.literal(place) + ") AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
        return rows.compactMap { row in
            guard let name = row[0], let type = row[1], let declaration = row[2] else { return nil }
            return TargetColumn(name: name, type: type, declaration: declaration)
        }
    }

    func createAside(_ table: TableName, _ fields: [Field]) throws -> String {
        "CREATE TEMPORARY TABLE \(table.sql) (\(try declarations(fields))) ON COMMIT DROP"
    }

    func typeName(of type: DataType, _ column: String) throws -> String {
        switch type {
        case .boolean: return "boolean"
        case .int8, .int16: return "smallint"
        case .int32: return "integer"
        case .int64: return "bigint"
        case .float: return "real"
        case .double: return "double precision"
        case .decimal(let precision, let scale): return "numeric(\(precision),\(scale))"
        case .string, .null: return "text"
        case .binary: return "bytea"
        case .date: return "date"
        case .timestamp: return "timestamptz"
        case .timestampNTZ: return "timestamp"
        case .array(let element, _) where !element.isNested:
            return try typeName(of: element, column) + "[]"
        case .array, .structure, .map: return "jsonb"
        case .yearMonthInterval, .dayTimeInterval, .calendarInterval, .variant, .time, .unsupported:
            return "text"
        }
    }

    func makeLike(_ new: TableName, _ old: TableName, _ connection: DatabaseConnection) throws {
        try connection.execute("CREATE TABLE \(new.sql) (LIKE \(old.sql) INCLUDING ALL)")
    }

    func makeAside(
        _ new: TableName, like old: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws {
        try connection.execute(
            "CREATE TEMPORARY TABLE \(new.sql) ON COMMIT DROP AS SELECT \(list(columns)) FROM \(old.sql) "
                + "WITH NO DATA")
    }

    /// What `LIKE … INCLUDING ALL` does not copy, or DROP TABLE would take away or fail for: partitions,
    /// owners, rights, policies, triggers, foreign keys of it and to it, views and functions of it, sequences
    /// that it owns, publications, and where and how it is stored.
    private static let bound = """
        SELECT (c.relkind <> 'r' OR c.relispartition OR c.relacl IS NOT NULL OR c.relrowsecurity
          OR c.relhasrules OR c.reloptions IS NOT NULL OR c.reltablespace <> 0 OR c.relpersistence <> 'p'
          OR c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
          OR EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
          OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid))
          OR EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND c.oid IN (k.conrelid, k.confrelid))
          OR EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid)
          OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
            AND (a.attacl IS NOT NULL OR a.attidentity <> ''))
          OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
            AND (d.deptype = 'n' AND (d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass))
              OR d.deptype = 'a' AND d.classid = 'pg_class'::regclass
                AND (SELECT s.relkind = 'S' FROM pg_class s WHERE s.oid = d.objid)))
        )::text FROM pg_class c WHERE c.oid = to_regclass(
        """

    func keepsPlace(_ table: TableName, _ connection: DatabaseConnection) throws -> Bool {
        let row = try connection.row(PostgresLoad.bound + DatabaseText.literal(table.sql) + ")")
        return row?.first == "true"
    }

    /// TRUNCATE does not empty a table that foreign keys of others refer to: DELETE does, as long as no row
    /// refers to one. Where a key would then change the other table's rows, TRUNCATE refuses.
    func replace(
        _ table: TableName, by aside: TableName, _ columns: [String], _ connection: DatabaseConnection
    ) throws -> [String] {
        let isOnlyReferred = try connection.row(
            "SELECT (count(*) > 0 AND bool_and(confdeltype IN ('a', 'r')))::text FROM pg_constraint WHERE "
                + "contype = 'f' AND confrelid <> conrelid AND confrelid = to_regclass("
                + DatabaseText.literal(table.sql) + ")")
        return [
            (isOnlyReferred?.first == "true" ? "DELETE FROM " : "TRUNCATE ") + table.sql,
            "INSERT INTO \(table.sql) (\(list(columns))) OVERRIDING SYSTEM VALUE "
                + "SELECT \(list(columns)) FROM \(aside.sql)",
        ]
    }

    func swap(_ new: TableName, for old: TableName, _ connection: DatabaseConnection) throws {
        try connection.execute("DROP TABLE \(old.sql)")
        try connection.execute("ALTER TABLE \(new.sql) RENAME TO \(DatabaseText.name(old.name))")
    }

    func merge(
        _ aside: TableName, into table: TableName, _ columns: [String], _ keys: [String],
        _ connection: DatabaseConnection
    ) throws -> [String] {
        let rows = "SELECT \(list(columns)) FROM \(aside.sql)"
        if try hasIndex(on: keys, of: table, connection) {
            let sets = columns.filter { !keys.contains($0) }.map {
                "\(DatabaseText.name($0)) = EXCLUDED.\(DatabaseText.name($0))"
            }.joined(separator: ", ")
            return [
                "INSERT INTO \(table.sql) (\(list(columns))) OVERRIDING SYSTEM VALUE \(rows) "
                    + "ON CONFLICT (\(list(keys))) DO "
                    + (sets.isEmpty ? "NOTHING" : "UPDATE SET \(sets)")
            ]
        }
        let same = keys.map { "t.\(DatabaseText.name($0)) = s.\(DatabaseText.name($0))" }.joined(
            separator: " AND ")
        return [
            "DELETE FROM \(table.sql) t USING \(aside.sql) s WHERE \(same)",
            "INSERT INTO \(table.sql) (\(list(columns))) OVERRIDING SYSTEM VALUE \(rows)",
        ]
    }

    /// Whether exactly the keys are unique, so that ON CONFLICT may name them.
    private func hasIndex(
        on keys: [String], of table: TableName, _ connection: DatabaseConnection
    ) throws -> Bool {
        let found = try connection.row(
            "SELECT count(*)::text FROM pg_index i WHERE i.indrelid = "
                + "to_regclass(\(DatabaseText.literal(table.sql))) "
                + "AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND "
                + "(SELECT array_agg(a.attname::text ORDER BY a.attname::text) FROM pg_attribute a WHERE "
                + "a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[])) = ARRAY["
                + keys.sorted().map { DatabaseText.literal($0) }.joined(separator: ", ") + "]::text[]")
        return (found?.first ?? nil) != "0"
    }

    func sending(_ type: DataType, to column: TargetColumn) -> (type: DataType, cast: String?) {
        switch column.type {
        case "int2": return (.int16, nil)
        case "int4": return (.int32, nil)
        case "int8": return (.int64, nil)
        case "float4": return (.float, nil)
        case "float8": return (.double, nil)
        case "bool": return (.boolean, nil)
        case "date": return (.date, nil)
        case "timestamp": return (.timestampNTZ, nil)
        case "timestamptz": return (.timestamp, nil)
        case "bytea": return (.binary, nil)
        case "text", "varchar", "bpchar": return (.string, nil)
        case "numeric":
            if type.isDecimal { return (type, nil) }
            if type.isIntegral { return (.decimal(precision: 19, scale: 0), nil) }
            return (.string, column.declaration)
        case "_int2", "_int4", "_int8", "_text", "_float8", "_float4", "_bool":
            if case .array(let element, _) = type, let wanted = PostgresLoad.elements[column.type],
                !element.isNested
            {
                return (.array(wanted, containsNull: true), nil)
            }
            return (.string, column.declaration)
        default: return (.string, column.declaration)
        }
    }

    private static let elements: [String: DataType] = [
        "_int2": .int16, "_int4": .int32, "_int8": .int64, "_text": .string, "_float8": .double,
        "_float4": .float, "_bool": .boolean,
    ]

    func ingestOptions(_ table: TableName) -> [(name: String, value: String)] {
        var options = [
            (name: "adbc.ingest.target_table", value: table.name),
            (name: "adbc.ingest.mode", value: "adbc.ingest.mode.append"),
        ]
        if let schema = table.schema { options.append(("adbc.ingest.target_db_schema", schema)) }
        if table.isTemporary { options.append(("adbc.ingest.temporary", "true")) }
        return options
    }
}
