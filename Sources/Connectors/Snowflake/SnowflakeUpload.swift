import Columns
import Execution
import Formats
import Kernels
import Memory
import Vocabulary

/// Sends one load's rows to a stage and brings them from there into the table. Used by one thread.
final class SnowflakeUpload {
    private let order: LoadOrder
    private let copyOptions: SnowflakeCopy
    private let connection: DatabaseConnection
    private let folder: UploadFolder
    private let conversion: RowConversion
    /// The table's columns that the rows fill, in the rows' order, and the types in which they are sent.
    private let columns: [TargetColumn]
    private let sent: [Field]
    private let stage: String
    /// A table of this session that rows go to first, unless they are appended.
    private let aside: TableName
    private(set) var rowCount = 0
    private var fileCount = 0

    /// Column of the files that numbers the rows: of rows with equal keys the last one wins.
    private static let rowNumber = "MILLRACE_ROW"

    /// Makes what is missing of the table, and the stage.
    init(
        _ order: LoadOrder, _ copy: SnowflakeCopy, _ connection: DatabaseConnection, _ folder: UploadFolder,
        _ context: ConnectorContext
    ) throws {
        self.order = order
        self.connection = connection
        self.folder = folder
        copyOptions = copy
        columns = try SnowflakeColumns.prepared(order, connection)
        sent = zip(order.schema.fields, columns).map {
            Field($1.name, SnowflakeColumns.sending($0.type, to: $1))
        }
        conversion = try RowConversion(
            order.schema, to: sent, context.settings, try Zone.named(context.settings.timeZone))
        let mark = String(UInt64.random(in: .min ... .max), radix: 36).uppercased()
        aside = order.table.sibling("MILLRACE_ASIDE_" + mark)
        if let named = copy.stage {
            let file = String(order.id.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
            stage = named + (named.hasSuffix("/") ? "" : "/") + file + "/" + mark + "/"
        } else {
            let name = order.table.sibling("MILLRACE_STAGE_" + mark).sql
            try connection.execute("CREATE TEMPORARY STAGE \(name)")
            stage = "@\(name)/rows/"
        }
    }

    /// Writes all rows into files and sends them.
    func send(_ rows: RowQueue) throws {
        let schema = Schema(sent + [Field(SnowflakeUpload.rowNumber, .int64)])
        var writer: ParquetWriter?
        defer { writer?.abort() }
        while let batch = try rows.next() {
            if batch.count == 0 { continue }
            let file = try writer ?? folder.parquet(fileName, schema)
            writer = file
            let converted = try conversion.convert(batch)
            try file.write(
                Batch(columns: converted.columns + [numbers(batch.count)], count: batch.count))
            rowCount += batch.count
            if file.byteCount >= SnowflakeLoad.fileBytes {
                try put(file)
                writer = nil
            }
        }
        if let file = writer { try put(file) }
        writer = nil
    }

    private var fileName: String { "part-\(fileCount).parquet" }

    private func numbers(_ count: Int) -> Vector {
        let values = Buffer(byteCount: max(1, count) * 8)
        let out = values.pointer(as: Int64.self)
        for row in 0..<count { out[row] = Int64(rowCount + row) }
        return .flat(.int64, count: count, values: values)
    }

    private func put(_ file: ParquetWriter) throws {
        _ = try file.finish()
        let path = order.target.dialect.literal("file://\(folder.path)/\(fileName)")
        try connection.execute(
            "PUT \(path) \(stage) AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = NONE OVERWRITE = TRUE")
        folder.remove(fileName)
        fileCount += 1
    }

    /// Brings the files into the table. Throws when Snowflake took other rows than were sent.
    func copy() throws -> SnowflakeCopyReport {
        let names = columns.map(\.name)
        if order.mode == .append {
            return try take(into: order.table.sql, names, columns.indices.map { value($0) })
        }
        let report = try take(
            into: aside.sql, names + [SnowflakeUpload.rowNumber],
            columns.indices.map { value($0) } + ["$1:\(SnowflakeUpload.rowNumber)::NUMBER(38, 0)"])
        let list = names.map { DatabaseText.name($0) }.joined(separator: ", ")
        if order.mode == .overwrite {
            try connection.execute(
                "INSERT OVERWRITE INTO \(order.table.sql) (\(list)) SELECT \(list) FROM \(aside.sql)")
        } else {
            try refuseDuplicates(names)
            try connection.execute(merge(names))
        }
        return report
    }

    /// Makes the table that rows go to first, where they do. Outside of the transaction: it would end it.
    func makeAside() throws {
        if order.mode == .append { return }
        let list = columns.map { "\(DatabaseText.name($0.name)) \(cast($0))" }.joined(separator: ", ")
        try connection.execute(
            "CREATE TEMPORARY TABLE \(aside.sql) (\(list), "
                + "\(DatabaseText.name(SnowflakeUpload.rowNumber)) NUMBER(38, 0))")
    }

    private func take(into table: String, _ names: [String], _ values: [String]) throws -> SnowflakeCopyReport
    {
        if rowCount == 0 { return SnowflakeCopyReport([]) }
        let sql = copyOptions.statement(into: table, names, values: values, from: stage)
        let report = SnowflakeCopyReport(try connection.records(sql))
        guard report.rows == rowCount || copyOptions.toleratesErrors else {
            throw EngineError.system(
                "DATABASE_ROWS_MISSING",
                "Snowflake took \(report.rows) of the \(rowCount) rows that were sent: \(report.text)")
        }
        return report
    }

    /// What a column gets of a file's row.
    private func value(_ index: Int) -> String {
        let column = columns[index]
        let name = "$1:\(DatabaseText.name(column.name))"
        switch column.type {
        case "VARIANT" where order.schema.fields[index].type.isNested: return "PARSE_JSON(\(name))"
        case "OBJECT", "ARRAY": return "PARSE_JSON(\(name))::\(column.type)"
        default: return "\(name)::\(cast(column))"
        }
    }

    /// A cast to a type with a length would cut what is too long, which is to be an error instead.
    private func cast(_ column: TargetColumn) -> String {
        ["VARCHAR", "BINARY"].contains(column.type) ? column.type : column.declaration
    }

    /// The keys as the table names them.
    private func keyNames(_ names: [String]) -> [String] {
        order.keys.compactMap { key in order.schema.index(of: key).map { DatabaseText.name(names[$0]) } }
    }

    /// Throws `DUPLICATE_KEY` (data) when a key is there twice among the rows to merge.
    private func refuseDuplicates(_ names: [String]) throws {
        let keys = keyNames(names)
        let list = keys.joined(separator: ", ")
        let found = try connection.row(
            "SELECT \(keys.map { "CAST(\($0) AS VARCHAR)" }.joined(separator: ", ")) FROM \(aside.sql) "
                + "GROUP BY \(list) HAVING COUNT(*) > 1 ORDER BY \(list) LIMIT 1")
        if let found { throw LoadOrder.duplicate(zip(order.keys, found).map { ($0, $1) }, order.table) }
    }

    private func merge(_ names: [String]) -> String {
        let keys = keyNames(names)
        let all = names.map { DatabaseText.name($0) }
        let sets = all.filter { !keys.contains($0) }.map { "\($0) = s.\($0)" }.joined(separator: ", ")
        return "MERGE INTO \(order.table.sql) t USING \(aside.sql) s ON "
            + keys.map { "t.\($0) = s.\($0)" }.joined(separator: " AND ")
            + (sets.isEmpty ? "" : " WHEN MATCHED THEN UPDATE SET \(sets)")
            + " WHEN NOT MATCHED THEN INSERT (\(all.joined(separator: ", "))) VALUES ("
            + all.map { "s.\($0)" }.joined(separator: ", ") + ")"
    }
}
