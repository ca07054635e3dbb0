import Columns

/// Writes the expression by which several columns of a row travel as one value; `PostgresRecord` reads it.
///
/// ```
///   coalesce(CASE WHEN no column is null THEN FF || int8send(id) || … || textsend(name) END,
///            record_send(ROW(id, …, name)))
/// ```
/// The condition spares rows with nulls the joining, which would come to nothing. Of texts that are cast, as
/// JSON is, there may be one: the last, which needs no length, so that nothing is cast twice.
enum PostgresPacking {
    /// Returns how all columns of single values travel; one alone is cheaper as it is.
    static func packing(_ columns: [SourceColumn]) -> RowPacking? {
        let packed = columns.indices.filter { columns[$0].form != nil }
            .sorted { (rank(columns[$0]), $0) < (rank(columns[$1]), $1) }
        guard packed.count > 1 else { return nil }
        let chosen = packed.map { columns[$0] }
        let record = PostgresRecord(
            columns: chosen.compactMap { column in column.form.map { ($0, column.type) } })
        let whole = "record_send(ROW(\(chosen.map(\.expression).joined(separator: ", "))))"
        let expression = dense(chosen).map { "coalesce(\($0), \(whole))" } ?? whole
        return RowPacking(expression: expression, columns: packed, record: record)
    }

    /// Where a column comes in the row: fixed widths first, a text that is cast last.
    private static func rank(_ column: SourceColumn) -> Int {
        switch column.form {
        case .text, .padded, .bytes: column.isCast ? 2 : 1
        default: 0
        }
    }

    /// Returns the dense row, null where a column is; nil where the columns do not allow it.
    private static func dense(_ columns: [SourceColumn]) -> String? {
        guard columns.count(where: { rank($0) == 2 }) <= 1 else { return nil }
        var pieces = ["decode('ff', 'hex')"]
        for (place, column) in columns.enumerated() {
            guard let form = column.form else { return nil }
            if rank(column) > 0, place < columns.count - 1 {
                pieces.append("int4send(octet_length(\(column.expression)))")
            }
            pieces.append(sent(column.expression, form, column.type))
        }
        let conditions = columns.map { "\(DatabaseText.name($0.name)) IS NOT NULL" }
        return "CASE WHEN \(conditions.joined(separator: " AND ")) THEN "
            + "\(pieces.joined(separator: " || ")) END"
    }

    /// Returns the expression of a value's binary form.
    private static func sent(_ expression: String, _ form: PostgresForm, _ type: DataType) -> String {
        switch form {
        case .boolean: "boolsend(\(expression))"
        case .int16: "int2send(\(expression))"
        case .int32: "int4send(\(expression))"
        case .int64: "int8send(\(expression))"
        case .float: "float4send(\(expression))"
        case .double: "float8send(\(expression))"
        case .date: "date_send(\(expression))"
        // The other's function would take it, too, and move it by the session's zone.
        case .timestamp where type == .timestampNTZ: "timestamp_send(\(expression))"
        case .timestamp: "timestamptz_send(\(expression))"
        case .numeric: "numeric_send(\(expression))"
        case .bytes: expression
        case .text: "textsend(\(expression))"
        // As a text it would lose its blanks.
        case .padded: "bpcharsend(\(expression))"
        }
    }
}

extension SourceColumn {
    /// Whether the database makes another value of the column's before it is sent.
    fileprivate var isCast: Bool { expression != DatabaseText.name(name) }
}
