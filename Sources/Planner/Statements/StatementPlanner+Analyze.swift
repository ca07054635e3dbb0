import Columns
import Plans
import SQLSyntax
import Vocabulary

// ANALYZE TABLE: a query over the table whose one row becomes its statistics. And TRUNCATE TABLE.
extension StatementPlanner {
    func analyze(_ analyze: AnalyzeSyntax) throws(EngineError) -> PlannedStatement {
        var table = try keptTable(analyze.table, "ANALYZE TABLE")
        guard case .files(let relation)? = try catalog.relation(named: analyze.table.map(\.text)) else {
            throw notFound(analyze.table)
        }
        let old = table.statistics
        table.statistics = TableStatistics(byteCount: relation.byteCount, rowCount: old?.rowCount)
        table.statistics?.columns = old?.columns ?? [:]
        if analyze.isSizeOnly { return put(table) }
        let columns = try analysedColumns(analyze, table)
        let text = Self.query(table, columns)
        let source = SQLSource(text, file: "ANALYZE TABLE")
        guard case .query(let query) = try SQLParser.statement(source).kind else {
            throw .internal("ANALYZE TABLE made no query: \(text)")
        }
        let bound = try Binder(catalog: catalog, settings: settings, source: source).bind(query)
        let planner = queryPlanner
        return PlannedStatement(
            work: .stages(try planner.plan(bound, collecting: 1)),
            change: .statistics(table, columns: columns.map(\.name)))
    }

    private func analysedColumns(_ analyze: AnalyzeSyntax, _ table: TableDefinition) throws(EngineError)
        -> [Field]
    {
        var fields: [Field] = []
        switch analyze.columns {
        case .none: return []
        case .all: fields = table.schema.fields
        case .named(let names):
            for name in names {
                guard let position = table.schema.index(of: name.text) else {
                    throw .user(
                        "COLUMN_NOT_FOUND", "The table has no column of this name: \(name.text)",
                        at: location(name.span))
                }
                fields.append(table.schema[position])
            }
        }
        for field in fields where field.type.isNested || field.type.isInterval {
            throw .user(
                "UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE",
                "ANALYZE TABLE takes no column of type \(field.type.sqlName): \(field.name)",
                remedy: "Name the other columns: FOR COLUMNS a, b.", at: span(of: analyze.table))
        }
        return fields
    }

    /// Values of a column's part of the row, in order.
    static let columnValues = 6

    private static func query(_ table: TableDefinition, _ columns: [Field]) -> String {
        func quoted(_ name: String) -> String { "`\(name.doubling("`"))`" }
        let parts = columns.map { field -> String in
            let name = quoted(field.name)
            let isText = field.type == .string || field.type == .binary
            let ends =
                isText
                ? "CAST(NULL AS STRING), CAST(NULL AS STRING)"
                : "CAST(min(\(name)) AS STRING), CAST(max(\(name)) AS STRING)"
            let lengths =
                isText
                ? "CAST(ceil(avg(length(\(name)))) AS BIGINT), CAST(max(length(\(name))) AS BIGINT)"
                : "\(width(field.type))L, \(width(field.type))L"
            return "\(ends), approx_count_distinct(\(name)), count(*) - count(\(name)), \(lengths)"
        }
        let list = (["count(*)"] + parts).joined(separator: ", ")
        let name = table.isTemporary ? quoted(table.name) : "\(quoted(table.database)).\(quoted(table.name))"
        return "SELECT \(list) FROM \(name)"
    }

    /// Bytes of a value, as Spark's `DataType.defaultSize`.
    private static func width(_ type: DataType) -> Int {
        switch type {
        case .boolean, .int8: 1
        case .int16: 2
        case .int32, .float, .date: 4
        case .decimal(let precision, _): precision <= 18 ? 8 : 16
        default: 8
        }
    }

    // MARK: TRUNCATE and LIKE

    /// Plans TRUNCATE TABLE: no row in place of those that are there, in all partitions or in those named,
    /// which stay as they are without files.
    func truncate(
        _ name: [NameSyntax], _ partition: [PartitionValueSyntax]
    ) throws(EngineError) -> PlannedStatement {
        var table = try keptTable(name, "TRUNCATE TABLE")
        if !table.isManaged, !table.isTemporary {
            throw .user(
                "INVALID_STATEMENT_OR_CLAUSE",
                "TRUNCATE TABLE takes a table without a LOCATION: \(table.name)",
                remedy: "Use INSERT OVERWRITE … SELECT … WHERE false.", at: span(of: name))
        }
        table.statistics = nil
        var emptied: [String]?
        if !partition.isEmpty {
            let folders = try emptyPartitions(partition, of: table, at: name)
            table.addedPartitions += folders.filter { !table.addedPartitions.contains($0) }
            emptied = folders
        }
        var planned = put(table)
        let root = table.location.hasSuffix("/") ? String(table.location.dropLast()) : table.location
        planned.removedPaths = emptied?.map { "\(root)/\($0)" } ?? [table.location]
        return planned
    }

    func createTableLike(_ create: CreateTableLikeSyntax) throws(EngineError) -> PlannedStatement {
        let (name, like) = (create.name, create.like)
        let (database, text) = try newName(name)
        if catalog.table(named: [database, text]) != nil
            || catalog.storedView(named: [database, text]) != nil
        {
            if create.ifNotExists { return PlannedStatement(work: .none) }
            throw .user(
                "TABLE_OR_VIEW_ALREADY_EXISTS", "There is a table or view of this name already: \(text)",
                remedy: "Use IF NOT EXISTS, or drop it first.", at: span(of: name))
        }
        var table: TableDefinition
        if let known = catalog.table(named: like.map(\.text)) {
            table = known
        } else {
            table = TableDefinition(name: text, location: "", format: .parquet, schema: try schema(of: like))
        }
        table.name = text
        table.database = database
        // The options are those of the other table's format.
        if let format = create.format {
            table.format = try fileFormat(format)
            table.options = [:]
        }
        table.location =
            create.location
            ?? catalog.defaultLocation(ofTable: text, in: database, warehouse: warehouse)
        table.isManaged = create.location == nil
        table.isTemporary = false
        table.createdMilliseconds = settings.nowMicroseconds / 1000
        table.addedPartitions = []
        table.statistics = nil
        table.comment = nil
        table.properties = optionTexts(create.properties)
        return put(table)
    }
}

extension TableDefinition {
    /// Returns the table with what a row of ANALYZE TABLE's query says of it.
    func analysed(_ row: [Literal], _ names: [String]) throws(EngineError) -> TableDefinition {
        func number(_ place: Int) -> Int {
            if place < row.count, case .integer(let value) = row[place].value { Int(value) } else { 0 }
        }
        func text(_ place: Int) -> String? {
            if place < row.count, case .string(let value) = row[place].value { value } else { nil }
        }
        var result = self
        let rows = number(0)
        result.statistics?.rowCount = rows
        for (index, name) in names.enumerated() {
            let first = 1 + index * StatementPlanner.columnValues
            result.statistics?.columns[name.lowercased()] = TableStatistics.Column(
                minimum: text(first), maximum: text(first + 1), distinctCount: min(rows, number(first + 2)),
                nullCount: number(first + 3), averageBytes: number(first + 4),
                maximumBytes: number(first + 5))
        }
        return result
    }
}
