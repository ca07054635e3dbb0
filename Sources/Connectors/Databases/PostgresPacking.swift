import Columns

/// Writes the expression by which several columns of a row travel as one value; `PostgresRecord` reads it.
///
/// ```
///   coalesce(CASE WHEN no column is null THEN FF || int8send(id) || … || textsend(name) END,
///            record_send(ROW(id, …, name)))
/// ```
/// The condition spares rows with nulls the joining, which would come to nothing.
enum PostgresPacking {
    /// Returns how all columns of single values travel; one alone is cheaper as it is. Of texts that are
    /// cast, as JSON is, there may be one: the last, which needs no length, so that nothing is cast twice.
    static func rows(_ columns: [SourceColumn]) -> RowPacking? {
        let packed = columns.indices.filter { columns[$0].form != nil }
            .sorted { (rank(columns[$0]), $0) < (rank(columns[$1]), $1) }
        guard packed.count > 1 else { return nil }
        let chosen = packed.map { columns[$0] }
        let hasDense = chosen.count(where: { rank($0) == 2 }) <= 1
        let record = PostgresRecord(
            columns: chosen.compactMap { column in column.form.map { ($0, column.type) } })
        return RowPacking(
            expression: row(chosen, hasDense ? dense(chosen, endsOpen: true) : nil), columns: packed,
            record: record)
    }

    /// Returns how all columns of many rows travel as one value, the expression being one of an aggregate;
    /// nil where a column is a list. Every row tells its own length; texts that are cast are records of one.
    static func chunks(_ columns: [SourceColumn]) -> RowPacking? {
        let forms = columns.compactMap { column in
            column.form.map { rank(column) == 2 ? PostgresForm.wrapped : $0 }
        }
        guard forms.count == columns.count else { return nil }
        var chosen = columns
        for index in chosen.indices { chosen[index].form = forms[index] }
        let record = PostgresRecord(
            columns: zip(forms, columns).map { ($0, $1.type) }, hasChunks: true)
        var expression = "int4send(count(*)::int4)"
        if !columns.isEmpty {
            expression += " || string_agg(\(row(chosen, dense(chosen, endsOpen: false))), ''::bytea)"
        }
        return RowPacking(expression: expression, columns: Array(columns.indices), record: record)
    }

    /// Where a column comes in the row: fixed widths first, a text that is cast last.
    private static func rank(_ column: SourceColumn) -> Int {
        switch column.form {
        case .text, .wrapped, .padded, .bytes: column.isCast ? 2 : 1
        default: 0
        }
    }

    /// Returns a row, `dense` where that is not null.
    private static func row(_ columns: [SourceColumn], _ dense: String?) -> String {
        let whole = "record_send(ROW(\(columns.map(\.expression).joined(separator: ", "))))"
        return dense.map { "coalesce(\($0), \(whole))" } ?? whole
    }

    /// Returns the dense row, null where a column is. `endsOpen`: a text at its end comes without its length.
    private static func dense(_ columns: [SourceColumn], endsOpen: Bool) -> String {
        var pieces = ["decode('ff', 'hex')"]
        for (place, column) in columns.enumerated() {
            guard let form = column.form else { continue }
            if rank(column) > 0, form != .wrapped, !endsOpen || place < columns.count - 1 {
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
        case .wrapped: "record_send(ROW(\(expression)))"
        // As a text it would lose its blanks.
        case .padded: "bpcharsend(\(expression))"
        }
    }
}

extension SourceColumn {
    /// Whether the database makes another value of the column's before it is sent.
    fileprivate var isCast: Bool { expression != DatabaseText.name(name) }
}
