import Columns
import Vocabulary

/// Holds the columns that a model must give: dbt's `contract: {enforced: true}` and `columns` with their
/// `data_type`.
struct ModelContract: Sendable {
    var columns: [ColumnNote]
    var location: SourceLocation?

    /// Reads a model's contract, nil where it has none that is enforced. Throws what dbt refuses, too.
    init?(_ step: PipelineStep, _ properties: FormatValue?) throws {
        guard case .map(let contract)? = step.dbt.settings["contract"], contract["enforced"]?.isTrue == true
        else { return nil }
        let notes = properties?["columns"]?.elements ?? []
        let place = notes.first?.location ?? properties?.location ?? step.location
        func wrong(_ message: String, _ remedy: String) -> EngineError {
            .user("PIPELINE_FORMAT", message, remedy: remedy, at: place)
        }
        if step.materialization.kind == .ephemeral {
            throw wrong(
                "An ephemeral model has no contract, as it makes no table: \(step.name)",
                "Set materialized to table, view or incremental, or leave the contract out.")
        }
        let change = step.materialization.onSchemaChange
        if step.materialization.kind == .incremental, ![.fail, .appendNewColumns].contains(change) {
            throw wrong(
                "An incremental model with a contract needs on_schema_change: \(step.name)",
                "Set it to append_new_columns or fail.")
        }
        if notes.isEmpty {
            throw wrong(
                "The model has an enforced contract, and no columns are listed for it: \(step.name)",
                "List them with name and data_type in a YAML file beside the model.")
        }
        if let bare = notes.first(where: { $0["data_type"] == nil }) {
            throw bare.error(
                "The contract of \(step.name) gives no type for the column \(bare["name"]?.printed ?? "")",
                remedy: "Add its data_type.")
        }
        columns = notes.map {
            ColumnNote(
                name: $0["name"]?.printed ?? "", description: "", type: $0["data_type"]?.printed)
        }
        location = place
    }

    /// The query whose columns have the types of the contract.
    var typesQuery: String {
        let list = columns.map { column in
            "CAST(NULL AS \(ModelContract.sqlType(column.type ?? ""))) AS \(SQLText.name(column.name))"
        }
        return "SELECT \(list.joined(separator: ", ")) LIMIT 0"
    }

    /// What stands before a query and after it, to have its columns in the contract's order.
    var frame: (before: String, after: String) {
        let list = columns.map { SQLText.name($0.name) }.joined(separator: ", ")
        return ("SELECT \(list) FROM (", "\n) millrace_model")
    }

    /// Returns the error of a query whose columns are not the contract's, nil when they are. Precision and
    /// scale of decimals do not count, as in dbt. `wanted` are the columns of `typesQuery`.
    func breach(_ given: [Field], wanted: [Field]) -> EngineError? {
        var rows: [[String]] = []
        for field in given {
            guard let other = wanted.first(where: { $0.name.lowercased() == field.name.lowercased() }) else {
                rows.append([field.name, field.type.sqlName, "", "missing in contract"])
                continue
            }
            if ModelContract.base(field.type) == ModelContract.base(other.type) { continue }
            rows.append([field.name, field.type.sqlName, other.type.sqlName, "data type mismatch"])
        }
        for field in wanted where !given.contains(where: { $0.name.lowercased() == field.name.lowercased() })
        {
            rows.append([field.name, "", field.type.sqlName, "missing in definition"])
        }
        if rows.isEmpty { return nil }
        rows.sort { $0[0] < $1[0] }
        let head = ["column_name", "definition_type", "contract_type", "mismatch_reason"]
        return .user(
            "CONTRACT_VIOLATED",
            "This model has an enforced contract that failed.\nPlease ensure the name, data_type, and number "
                + "of columns in your contract match the columns in your model's definition.\n\n"
                + ModelContract.table([head] + rows),
            remedy: "Cast the columns in the query, or change the contract.", at: location)
    }

    private static func base(_ type: DataType) -> String {
        if case .decimal = type { return "DECIMAL" }
        return type.sqlName
    }

    /// Returns rows as dbt prints them; the first is the head.
    private static func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String], _ fill: Character = " ") -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: fill, count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = line(widths.map { _ in "" }, "-")
        return ([line(rows.first ?? []), rule] + rows.dropFirst().map { line($0) }).joined(separator: "\n")
    }

    /// Returns a type that other engines name otherwise as SQL here has it.
    static func sqlType(_ name: String) -> String {
        let others = [
            "text": "string", "varchar": "string", "bool": "boolean", "json": "string", "int64": "bigint",
            "int4": "int", "int8": "bigint", "float64": "double", "double precision": "double",
            "datetime": "timestamp", "number": "decimal(38,0)", "character varying": "string",
        ]
        return others[name.lowercased()] ?? name
    }
}
