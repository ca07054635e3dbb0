import Columns
import Vocabulary

/// Fits rows to the columns of a table of Snowflake.
enum SnowflakeColumns {
    /// Returns the columns that the rows fill, in the rows' order. A missing table is made, missing columns
    /// are added; names are matched as Snowflake matches those without quotes.
    static func prepared(_ order: LoadOrder, _ connection: DatabaseConnection) throws -> [TargetColumn] {
        var known = try columns(of: order.table, connection)
        let missing = order.schema.fields.filter { match($0.name, known) == nil }
        if known.isEmpty {
            let list = missing.map { "\(newName($0.name)) \(typeName(of: $0.type))" }
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS \(order.table.sql) (\(list.joined(separator: ", ")))")
        } else {
            for field in missing {
                try connection.execute(
                    "ALTER TABLE \(order.table.sql) ADD COLUMN IF NOT EXISTS \(newName(field.name)) "
                        + typeName(of: field.type))
            }
        }
        if !missing.isEmpty { known = try columns(of: order.table, connection) }
        return try order.schema.fields.map { field in
            guard let column = match(field.name, known) else {
                throw EngineError.internal("the target has no column \(field.name)")
            }
            return column
        }
    }

    private static func match(_ name: String, _ columns: [TargetColumn]) -> TargetColumn? {
        columns.first { $0.name == name } ?? columns.first { $0.name == name.uppercased() }
    }

    /// As Snowflake folds it, so that queries need no quotes, where it is a plain word.
    private static func newName(_ name: String) -> String {
        let isPlain = name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
        return DatabaseText.name(isPlain ? name.uppercased() : name)
    }

    /// Returns the table's columns, none when there is no such table.
    private static func columns(
        of table: TableName, _ connection: DatabaseConnection
    ) throws -> [TargetColumn] {
        let records: [[String: String]]
        do throws(EngineError) {
            records = try connection.records("DESCRIBE TABLE \(table.sql)")
        } catch {
            if error.code == "TABLE_OR_VIEW_NOT_FOUND" { return [] }
            throw error
        }
        return records.compactMap { record in
            guard let name = record["name"], let declaration = record["type"] else { return nil }
            return TargetColumn(
                name: name, type: String(declaration.prefix { $0 != "(" }).uppercased(),
                declaration: declaration)
        }
    }

    private static func typeName(of type: DataType) -> String {
        switch type {
        case .boolean: "BOOLEAN"
        case .int8, .int16, .int32, .int64: "NUMBER(38, 0)"
        case .float, .double: "FLOAT"
        case .decimal(let precision, let scale): "NUMBER(\(precision), \(scale))"
        case .binary: "BINARY"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP_LTZ"
        case .timestampNTZ: "TIMESTAMP_NTZ"
        case .array, .structure, .map: "VARIANT"
        case .string, .null, .yearMonthInterval, .dayTimeInterval, .calendarInterval, .variant, .time,
            .unsupported:
            "VARCHAR"
        }
    }

    /// Returns the type in which a column is sent: conversions that can fail are made here, where the error
    /// names the value.
    static func sending(_ type: DataType, to column: TargetColumn) -> DataType {
        switch column.type {
        case "NUMBER":
            let digits = column.declaration.matches(of: /[0-9]+/).compactMap { Int($0.output) }
            guard digits.count == 2, (1...38).contains(digits[0]), digits[1] <= digits[0] else {
                return type.isNested ? .string : type
            }
            if type.isIntegral, digits[1] == 0, digits[0] >= 19 { return type }
            if case .decimal(let precision, let scale) = type, scale <= digits[1],
                precision - scale <= digits[0] - digits[1]
            {
                return type
            }
            return .decimal(precision: digits[0], scale: digits[1])
        case "FLOAT": return .double
        case "BOOLEAN": return .boolean
        case "DATE": return .date
        case "TIMESTAMP_NTZ": return .timestampNTZ
        case "TIMESTAMP_LTZ", "TIMESTAMP_TZ": return .timestamp
        case "BINARY": return .binary
        case "VARIANT" where !type.isNested && type != .null: return type
        default: return .string
        }
    }
}
