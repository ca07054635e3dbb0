import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// DESCRIBE EXTENDED … AS JSON, with Spark's keys.
extension StatementPlanner {
    func describeJSON(_ name: [NameSyntax]) throws(EngineError) -> PlannedStatement {
        let parts = name.map(\.text)
        let pairs: [(String, String)]
        if let table = storedTable(parts) {
            pairs = members(of: table)
        } else if !catalog.isTemporary(parts), let view = catalog.storedView(named: parts) {
            pairs = members(of: view)
        } else {
            pairs =
                head(parts.last ?? "", database: "session", catalog: "system")
                + [("columns", columns(of: try schema(of: name))), ("type", "VIEW".jsonQuoted)]
        }
        let text = object(pairs + [("collation", "UTF8_BINARY".jsonQuoted)])
        return listing(["json_metadata"], [[.string(text)]])
    }

    private func members(of table: TableDefinition) -> [(String, String)] {
        var pairs = head(table.name, database: table.database)
        let described = columns(
            of: table.schema, comments: table.columnComments, defaults: table.columnDefaults)
        pairs.append(("columns", described))
        if let buckets = table.buckets {
            pairs += [
                ("num_buckets", "\(buckets.count)"), ("bucket_columns", texts(buckets.columns)),
                ("sort_columns", texts(buckets.sortedBy)),
            ]
        }
        pairs.append(("location", table.location.jsonQuoted))
        if !table.options.isEmpty { pairs.append(("storage_properties", texts(table.options))) }
        pairs += times(table.createdMilliseconds)
        pairs += [
            ("type", (table.isManaged ? "MANAGED" : "EXTERNAL").jsonQuoted),
            ("provider", table.format.rawValue.jsonQuoted),
        ]
        if let comment = table.comment { pairs.append(("comment", comment.jsonQuoted)) }
        if !table.properties.isEmpty { pairs.append(("table_properties", texts(table.properties))) }
        if let statistics = table.statistics {
            let rows = statistics.rowCount.map { [("num_rows", "\($0)")] } ?? []
            pairs.append(("statistics", object([("size_in_bytes", "\(statistics.byteCount)")] + rows)))
        }
        if !table.partitionColumns.isEmpty {
            pairs += [
                ("partition_provider", "Catalog".jsonQuoted),
                ("partition_columns", texts(table.partitionColumns)),
            ]
        }
        return pairs
    }

    private func members(of view: StoredView) -> [(String, String)] {
        var pairs = head(view.name, database: view.database)
        pairs.append(("columns", columns(of: view.schema, comments: view.columnComments)))
        pairs += times(view.createdMilliseconds)
        pairs.append(("type", "VIEW".jsonQuoted))
        if let comment = view.comment { pairs.append(("comment", comment.jsonQuoted)) }
        if !view.properties.isEmpty { pairs.append(("table_properties", texts(view.properties))) }
        return pairs + [
            ("view_text", view.text.jsonQuoted), ("view_original_text", view.text.jsonQuoted),
            ("view_schema_mode", "COMPENSATION".jsonQuoted),
            ("view_catalog_and_namespace", "spark_catalog.\(view.namespace)".jsonQuoted),
            ("view_query_output_columns", texts(view.queryColumns)),
        ]
    }

    private func head(
        _ name: String, database: String, catalog: String = "spark_catalog"
    ) -> [(String, String)] {
        [
            ("table_name", name.jsonQuoted), ("catalog_name", catalog.jsonQuoted),
            ("namespace", texts([database])), ("schema_name", database.jsonQuoted),
        ]
    }

    private func times(_ created: Int64) -> [(String, String)] {
        let instant = Expression.literal(Literal(.integer(created * 1000), .timestamp))
        let call = FunctionCall(
            "date_format", [instant, .literal(.string("yyyy-MM-dd'T'HH:mm:ssXXX"))], type: .string)
        var text = "\(created)"
        if case .literal(let literal) = ConstantFolding.fold(.call(call), settings: settings),
            case .string(let value) = literal.value
        {
            text = value
        }
        return [
            ("created_time", text.jsonQuoted), ("last_access", "UNKNOWN".jsonQuoted),
            ("created_by", "Millrace".jsonQuoted),
        ]
    }

    private func columns(
        of schema: Schema, comments: [String: String] = [:], defaults: [String: String] = [:]
    ) -> String {
        list(
            schema.fields.map { field in
                let key = field.name.lowercased()
                return object(
                    [
                        ("name", field.name.jsonQuoted), ("type", type(field.type)),
                        ("nullable", "\(field.nullable)"),
                    ] + (comments[key].map { [("comment", $0.jsonQuoted)] } ?? [])
                        + (defaults[key].map { [("default", $0.jsonQuoted)] } ?? []))
            })
    }

    private func type(_ type: DataType) -> String {
        var pairs: [(String, String)] = []
        switch type {
        case .string: pairs = [("name", "string".jsonQuoted), ("collation", "UTF8_BINARY".jsonQuoted)]
        case .timestamp: pairs = [("name", "timestamp_ltz".jsonQuoted)]
        case .decimal(let precision, let scale):
            pairs = [("name", "decimal".jsonQuoted), ("precision", "\(precision)"), ("scale", "\(scale)")]
        case .yearMonthInterval(let fields), .dayTimeInterval(let fields):
            let units = fields.sqlName.lowercased().split(separator: " ").map { String($0).jsonQuoted }
            pairs = [("name", "interval".jsonQuoted)]
            if let first = units.first, let last = units.last {
                pairs += [("start_unit", first), ("end_unit", last)]
            }
        case .array(let element, let containsNull):
            pairs = [
                ("name", "array".jsonQuoted), ("element_type", self.type(element)),
                ("element_nullable", "\(containsNull)"),
            ]
        case .map(let key, let value, let containsNull):
            pairs = [
                ("name", "map".jsonQuoted), ("key_type", self.type(key)), ("value_type", self.type(value)),
                ("value_nullable", "\(containsNull)"),
            ]
        case .structure(let fields):
            let members = fields.map { field in
                object([
                    ("name", field.name.jsonQuoted), ("type", self.type(field.type)),
                    ("nullable", "\(field.nullable)"),
                ])
            }
            pairs = [("name", "struct".jsonQuoted), ("fields", list(members))]
        default: pairs = [("name", type.catalogName.jsonQuoted)]
        }
        return object(pairs)
    }

    // MARK: Text

    private func object(_ pairs: [(String, String)]) -> String {
        "{\(pairs.map { "\($0.0.jsonQuoted):\($0.1)" }.joined(separator: ","))}"
    }

    private func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }

    private func texts(_ items: [String]) -> String { list(items.map(\.jsonQuoted)) }

    private func texts(_ pairs: [String: String]) -> String {
        object(pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value.jsonQuoted) })
    }
}

extension String {
    fileprivate var jsonQuoted: String { JSONString.quoted(self) }
}
