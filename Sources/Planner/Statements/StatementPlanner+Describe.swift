import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// DESCRIBE and SHOW CREATE TABLE, in Spark's form.
extension StatementPlanner {
    func describe(_ describe: DescribeSyntax) throws(EngineError) -> PlannedStatement {
        switch describe {
        case .query(let query): return described(rows(of: try schema(of: query), comments: [:]))
        case .function(let name, let isExtended):
            return try describeFunction(name, isExtended: isExtended)
        case .json(let name): return try describeJSON(name)
        case .database(let name, let isExtended): return try describeDatabase(name, isExtended: isExtended)
        case .column(let table, let column, let isExtended):
            return try describeColumn(table, column, isExtended: isExtended)
        case .table(let name, let isExtended):
            let parts = name.map(\.text)
            if let table = storedTable(parts) { return described(rows(of: table, isExtended: isExtended)) }
            if !catalog.isTemporary(parts), let view = catalog.storedView(named: parts) {
                var list = rows(of: view.schema, comments: view.columnComments)
                if isExtended { list += detailed(details(of: view)) }
                return described(list)
            }
            return described(rows(of: try schema(of: name), comments: [:]))
        }
    }

    /// Returns the table, unless a temporary view hides it.
    func storedTable(_ parts: [String]) -> TableDefinition? {
        if catalog.isTemporary(parts), catalog.table(named: parts)?.isTemporary != true { return nil }
        return catalog.table(named: parts)
    }

    private func described(_ rows: [[Literal]]) -> PlannedStatement {
        PlannedStatement(
            work: .rows(
                rows,
                schema: Schema([
                    Field("col_name", .string, nullable: false), Field("data_type", .string, nullable: false),
                    Field("comment", .string),
                ])))
    }

    private func rows(of schema: Schema, comments: [String: String], table: TableDefinition? = nil)
        -> [[Literal]]
    {
        schema.fields.map {
            [
                .string($0.name),
                .string(table?.limitedType(of: $0.name)?.catalogName ?? $0.type.catalogName),
                comments[$0.name.lowercased()].map { .string($0) } ?? .null(.string),
            ]
        }
    }

    private func rows(of table: TableDefinition, isExtended: Bool) -> [[Literal]] {
        var list = rows(of: table.schema, comments: table.columnComments, table: table)
        if !table.partitionColumns.isEmpty {
            list.append(["# Partition Information", "", ""].map { .string($0) })
            list.append(["# col_name", "data_type", "comment"].map { .string($0) })
            let folders = table.partitionColumns.compactMap { name in
                table.schema.index(of: name).map { table.schema[$0] }
            }
            list += rows(of: Schema(folders), comments: table.columnComments, table: table)
        }
        if isExtended { list += detailed(details(of: table)) }
        return list + defaults(of: table)
    }

    private func defaults(of table: TableDefinition) -> [[Literal]] {
        let rows = table.schema.fields.compactMap { field in
            table.columnDefaults[field.name.lowercased()].map { [field.name, field.type.catalogName, $0] }
        }
        if rows.isEmpty { return [] }
        return ([["", "", ""], ["# Column Default Values", "", ""]] + rows).map { $0.map { .string($0) } }
    }

    private func detailed(_ pairs: [(String, String)]) -> [[Literal]] {
        [("", ""), ("# Detailed Table Information", "")].map { [.string($0.0), .string($0.1), .string("")] }
            + pairs.map { [.string($0.0), .string($0.1), .string("")] }
    }

    /// What is known of a table, in the order in which Spark shows it.
    func details(of table: TableDefinition) -> [(String, String)] {
        var pairs = head(table.database, table.name, table.createdMilliseconds)
        pairs += [("Type", table.isManaged ? "MANAGED" : "EXTERNAL"), ("Provider", table.format.rawValue)]
        if let comment = table.comment { pairs.append(("Comment", comment)) }
        if !table.properties.isEmpty { pairs.append(("Table Properties", list(table.properties))) }
        if let buckets = table.buckets {
            func names(_ list: [String]) -> String {
                "[\(list.map { "`\($0)`" }.joined(separator: ", "))]"
            }
            pairs += [
                ("Num Buckets", "\(buckets.count)"), ("Bucket Columns", names(buckets.columns)),
                ("Sort Columns", names(buckets.sortedBy)),
            ]
        }
        if let statistics = table.statistics {
            let rows = statistics.rowCount.map { ", \($0) rows" } ?? ""
            pairs.append(("Statistics", "\(statistics.byteCount) bytes\(rows)"))
        }
        pairs.append(("Location", table.location))
        if !table.options.isEmpty { pairs.append(("Storage Properties", list(table.options))) }
        if !table.partitionColumns.isEmpty { pairs.append(("Partition Provider", "Catalog")) }
        return pairs
    }

    func details(of view: StoredView) -> [(String, String)] {
        var pairs = head(view.database, view.name, view.createdMilliseconds)
        pairs.append(("Type", "VIEW"))
        if let comment = view.comment { pairs.append(("Comment", comment)) }
        let columns = view.queryColumns.map { "`\($0)`" }.joined(separator: ", ")
        pairs += [
            ("View Text", view.text), ("View Original Text", view.text),
            ("View Schema Mode", "COMPENSATION"),
            ("View Catalog and Namespace", "spark_catalog.\(view.namespace)"),
            ("View Query Output Columns", "[\(columns)]"),
        ]
        if !view.properties.isEmpty { pairs.append(("Table Properties", list(view.properties))) }
        return pairs
    }

    private func head(_ database: String, _ name: String, _ created: Int64) -> [(String, String)] {
        [
            ("Catalog", "spark_catalog"), ("Database", database), ("Table", name),
            ("Created Time", timeText(created)), ("Last Access", "UNKNOWN"), ("Created By", "Millrace"),
        ]
    }

    private func list(_ properties: [String: String]) -> String {
        "[\(properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))]"
    }

    /// Writes an instant as Java's `Date.toString` does.
    private func timeText(_ milliseconds: Int64) -> String {
        let instant = Expression.literal(Literal(.integer(milliseconds * 1000), .timestamp))
        let call = FunctionCall(
            "date_format", [instant, .literal(.string("EEE MMM dd HH:mm:ss z yyyy"))], type: .string)
        guard case .literal(let text) = ConstantFolding.fold(.call(call), settings: settings),
            case .string(let value) = text.value
        else { return "\(milliseconds)" }
        return value
    }

    // MARK: Columns

    private func describeColumn(
        _ name: [NameSyntax], _ column: [NameSyntax], isExtended: Bool
    ) throws(EngineError) -> PlannedStatement {
        let table = storedTable(name.map(\.text))
        let schema: Schema
        if let table { schema = table.schema } else { schema = try self.schema(of: name) }
        let comments = table?.columnComments ?? catalog.storedView(named: name.map(\.text))?.columnComments
        guard column.count == 1, let text = column.first?.text, let position = schema.index(of: text) else {
            throw .user(
                "COLUMN_NOT_FOUND",
                "The table has no column of this name: \(column.map(\.text).joined(separator: "."))",
                at: span(of: column))
        }
        let key = text.lowercased()
        var pairs = [
            ("col_name", schema[position].name),
            ("data_type", table?.limitedType(of: text)?.catalogName ?? schema[position].type.catalogName),
            ("comment", comments?[key] ?? "NULL"),
        ]
        if isExtended {
            let known = table?.statistics?.columns[key]
            pairs += [
                ("min", known?.minimum ?? "NULL"), ("max", known?.maximum ?? "NULL"),
                ("num_nulls", known.map { "\($0.nullCount)" } ?? "NULL"),
                ("distinct_count", known.map { "\($0.distinctCount)" } ?? "NULL"),
                ("avg_col_len", known.map { "\($0.averageBytes)" } ?? "NULL"),
                ("max_col_len", known.map { "\($0.maximumBytes)" } ?? "NULL"), ("histogram", "NULL"),
            ]
        }
        return listing(["info_name", "info_value"], pairs.map { [.string($0.0), .string($0.1)] })
    }

    // MARK: SHOW CREATE TABLE

    /// Source: the form of Spark's ShowCreateTable.
    func showCreate(_ name: [NameSyntax]) throws(EngineError) -> PlannedStatement {
        let parts = name.map(\.text)
        let text: String
        if let table = storedTable(parts) {
            text = createText(table)
        } else if !catalog.isTemporary(parts), let view = catalog.storedView(named: parts) {
            text = createText(view)
        } else {
            if try catalog.relation(named: parts) == nil { throw notFound(name) }
            throw .user(
                "UNSUPPORTED_SHOW_CREATE_TABLE.ON_TEMPORARY_VIEW",
                "SHOW CREATE TABLE shows tables and views that are kept, not temporary ones.",
                at: span(of: name))
        }
        return listing(["createtab_stmt"], [[.string(text)]])
    }

    private func quoted(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy {
            $0 == 95 || $0 >= 48 && $0 <= 57 || $0 | 32 >= 97 && $0 | 32 <= 122
        }
        return isPlain ? name : "`\(name.doubling("`"))`"
    }

    private func text(_ value: String) -> String { "'\(value.backslashing("'"))'" }

    private func properties(_ pairs: [String: String]) -> String {
        pairs.sorted { $0.key < $1.key }.map { "  \(text($0.key)) = \(text($0.value))" }
            .joined(separator: ",\n")
    }

    private func createText(_ table: TableDefinition) -> String {
        let columns = table.schema.fields.map { field in
            let comment = table.columnComments[field.name.lowercased()].map { " COMMENT \(text($0))" } ?? ""
            let type = table.limitedTypes[field.name.lowercased()] ?? field.type.sqlName
            let value = table.columnDefaults[field.name.lowercased()].map { " DEFAULT \($0)" } ?? ""
            return "  \(quoted(field.name)) \(type)\(value)\(comment)"
        }
        var lines = ["CREATE TABLE spark_catalog.\(quoted(table.database)).\(quoted(table.name)) ("]
        lines.append(columns.joined(separator: ",\n") + ")")
        lines.append("USING \(table.format.rawValue)")
        if !table.options.isEmpty { lines.append("OPTIONS (\n\(properties(table.options)))") }
        if !table.partitionColumns.isEmpty {
            lines.append("PARTITIONED BY (\(table.partitionColumns.map(quoted).joined(separator: ", ")))")
        }
        if let buckets = table.buckets {
            lines.append("CLUSTERED BY (\(buckets.columns.map(quoted).joined(separator: ", ")))")
            if !buckets.sortedBy.isEmpty {
                lines.append("SORTED BY (\(buckets.sortedBy.map(quoted).joined(separator: ", ")))")
            }
            lines.append("INTO \(buckets.count) BUCKETS")
        }
        if let comment = table.comment { lines.append("COMMENT \(text(comment))") }
        if !table.isManaged { lines.append("LOCATION \(text(table.location))") }
        if !table.properties.isEmpty { lines.append("TBLPROPERTIES (\n\(properties(table.properties)))") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func createText(_ view: StoredView) -> String {
        let columns = view.schema.fields.map { field in
            let comment = view.columnComments[field.name.lowercased()].map { " COMMENT \(text($0))" } ?? ""
            return "  \(quoted(field.name))\(comment)"
        }
        var lines = ["CREATE VIEW \(quoted(view.database)).\(quoted(view.name)) ("]
        lines.append(columns.joined(separator: ",\n") + ")")
        if let comment = view.comment { lines.append("COMMENT \(text(comment))") }
        if !view.properties.isEmpty { lines.append("TBLPROPERTIES (\n\(properties(view.properties)))") }
        lines.append("WITH SCHEMA COMPENSATION")
        lines.append("AS \(view.text)")
        return lines.joined(separator: "\n") + "\n"
    }
}
