import Columns
import Execution
import Formats
import Kernels
import Plans
import Vocabulary

/// Speaks Snowflake. Its driver is written in Go: it is opened by the first job that uses it, takes about
/// 60 MB then, and keeps threads of its own.
struct SnowflakeDialect: DatabaseDialect {
    let driver = "snowflake"
    let title = "Snowflake"
    let addressForm = "snowflake://user@account/database/schema?warehouse=name"
    let mostNameParts = 3
    var loading: any TableLoading { SnowflakeLoad() }
    var options: Set<String> { SnowflakeCopy.options }

    func address(
        _ address: String, user: String?, password: String?, session: DriverSession
    ) throws(EngineError) -> String {
        try SnowflakeAddress(address).driverText(user: user, password: password, session: session)
    }

    func folded(_ name: String) -> String { name.uppercased() }

    /// Backslashes begin escapes in Snowflake's literals.
    func literal(_ text: String) -> String {
        "'" + text.doubling("\\").doubling("'") + "'"
    }

    /// The driver is told the time zone when it connects.
    func settings(zone: String) -> [String] { [] }

    /// Few batches wait, and few pieces of the result are fetched side by side: by default the driver would
    /// keep 200 and 10.
    var readOptions: [(name: String, value: String)] {
        [("adbc.rpc.result_queue_size", "8"), ("adbc.snowflake.rpc.prefetch_concurrency", "4")]
    }

    func firstRow(_ columns: [SourceColumn]) -> String? { nil }

    // MARK: columns

    func columns(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String, zone: String
    ) throws -> [SourceColumn] {
        let rows = try connection.query("SELECT * FROM \(relation) LIMIT 0", options: readOptions)
        let keepsZoneless = target.options["prefertimestampntz"] == "true"
        return try rows.fields.map { field in
            let name = quoted(field.name)
            func reading(_ type: DataType, _ expression: String? = nil, plain: Bool = false) -> SourceColumn {
                SourceColumn(
                    name: field.name, type: type, expression: expression ?? name, isPlain: plain)
            }
            switch field.format.prefix(2) {
            case "d:": return reading(try ArrowImport.decimalType(field), plain: true)
            case "l": return reading(.int64, plain: true)
            case "g": return reading(.double)
            case "b": return reading(.boolean, plain: true)
            case "z": return reading(.binary)
            case "td": return reading(.date, plain: true)
            case "tt":
                // As Spark's JDBC source does: the time of the first day there is.
                return reading(
                    .timestamp, "TO_TIMESTAMP_NTZ('1970-01-01 ' || TO_VARCHAR(\(name), 'HH24:MI:SS.FF6'))")
            case "ts":
                let hasZone = field.metadata["logicalType"] != "TIMESTAMP_NTZ"
                return reading(hasZone || !keepsZoneless ? .timestamp : .timestampNTZ, plain: hasZone)
            case "u": return reading(.string, plain: field.metadata["logicalType"] == "TEXT")
            default: return reading(.string, "TO_VARCHAR(\(name))")
            }
        }
    }

    func literal(_ value: Scalar, _ type: DataType) -> String? {
        switch (type, value) {
        case (.string, .string(let text)): literal(text)
        case (.boolean, .boolean(let isTrue)): isTrue ? "TRUE" : "FALSE"
        case (.int64, .integer(let number)): String(number)
        case (.decimal(_, let scale), .decimal(let number)): Literal.decimalText(number, scale: scale)
        case (.date, .integer(let days)): "DATEADD(day, \(days), DATE '1970-01-01')"
        case (.timestamp, .integer(let microseconds)):
            "DATEADD(microsecond, \(microseconds), '1970-01-01 00:00:00 +00:00'::TIMESTAMP_TZ)"
        default: nil
        }
    }

    // MARK: parts

    /// One part unless a column cuts it: the driver fetches the pieces of a result side by side by itself.
    /// Parts are queries of their own, each of which sees the table as it is when it begins.
    func parts(
        _ connection: DatabaseConnection, _ target: DatabaseTarget, relation: String
    ) throws -> SourceParts {
        guard let wanted = target.options["partitioncolumn"] else { return SourceParts(conditions: [""]) }
        let known = try columns(connection, target, relation: relation, zone: "UTC")
        guard
            let column = known.first(where: { $0.name == wanted })
                ?? known.first(where: { $0.name.lowercased() == wanted.lowercased() })
        else {
            throw EngineError.user(
                "UNRESOLVED_COLUMN", "There is no column to cut the table by: \(wanted)",
                remedy: Suggestion.nearest(to: wanted, among: known.map(\.name)).map { "Did you mean \($0)?" }
            )
        }
        let name = quoted(column.name)
        let isDate = [.date, .timestamp, .timestampNTZ].contains(column.type)
        func whole(_ value: String) -> String {
            isDate ? "DATEDIFF(day, DATE '1970-01-01', \(value))" : "FLOOR(\(value))"
        }
        func bound(_ option: String, _ aggregate: String) -> String {
            let given = target.options[option].map { literal($0) + (isDate ? "::DATE" : "::NUMBER(38, 0)") }
            return "CAST(\(whole(given ?? "\(aggregate)(\(name))")) AS NUMBER(38, 0))"
        }
        guard isDate || column.type.isDecimal || column.type.isIntegral else {
            throw EngineError.user(
                "INVALID_OPTION", "A table is cut by a number, a date or a timestamp: \(column.name)")
        }
        let found = try connection.row(
            "SELECT \(bound("lowerbound", "MIN")), \(bound("upperbound", "MAX")) FROM \(relation)")
        guard let found, let lower = found[0].flatMap({ Int128($0) }),
            let upper = found[1].flatMap({ Int128($0) })
        else { return SourceParts(conditions: [""]) }
        let count = try target.number("numpartitions", atLeast: 1) ?? ColumnParts.usualCount
        return SourceParts(
            conditions: ColumnParts.conditions(
                name, from: lower, through: upper, count: min(count, ColumnParts.mostCount)
            ) { isDate ? "DATEADD(day, \($0), DATE '1970-01-01')" : String($0) })
    }

    // MARK: incremental reads

    func now(minusMilliseconds delay: Int) -> String {
        "DATEADD(millisecond, -\(delay), CURRENT_TIMESTAMP())"
    }

    func boundQuery(_ target: DatabaseTarget, _ connection: DatabaseConnection) throws -> String {
        "SELECT CAST(NULL AS VARCHAR) AS \"bound\", CAST(NULL AS VARCHAR) AS \"key\""
    }

    func tablesQuery(_ pattern: CatalogPattern) throws -> String {
        throw EngineError.user(
            "UNSUPPORTED_FEATURE", "Tables of Snowflake are not listed for connector files",
            remedy: "Name them: table.whitelist in the file, or tables beside it in etl.yml.")
    }
}
