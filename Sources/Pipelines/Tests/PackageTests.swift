import Vocabulary

/// Makes the tests of the package dbt_utils that most projects use, under their names there.
enum PackageTests {
    static let prefix = "dbt_utils."
    static let names = ["unique_combination_of_columns", "accepted_range"]
    static let arguments = [
        "unique_combination_of_columns": ["combination_of_columns", "quote_columns"],
        "accepted_range": ["min_value", "max_value", "inclusive"],
    ]

    /// Returns the name of a test here: that of one of the package's without the package.
    static func plain(_ kind: String) -> String {
        guard kind.hasPrefix(prefix) else { return kind }
        let name = String(kind.dropFirst(prefix.count))
        return name == "expression_is_true" ? "expression" : names.contains(name) ? name : kind
    }

    /// Says what to do where a test of a package is not here.
    static func missing(_ kind: String) -> String {
        let name = kind.split(separator: ".").last.map(String.init) ?? kind
        return "Packages are not read: write it in tests/generic/\(name).sql as "
            + "{% test \(name)(model, column_name) %} SELECT … {% endtest %}, and use it as \(name)."
    }

    /// Returns the query for the rows that are wrong.
    static func sql(
        _ kind: String, column: String?, _ table: String, _ values: [String: FormatValue], _ item: FormatValue
    ) throws -> String {
        if kind == "unique_combination_of_columns" {
            let columns = values["combination_of_columns"]?.texts ?? []
            if columns.isEmpty { throw item.error("\(kind) needs its combination_of_columns") }
            let list = columns.map(SQLText.name).joined(separator: ", ")
            return "SELECT \(list) FROM \(table) GROUP BY \(list) HAVING count(*) > 1"
        }
        guard let column else {
            throw item.error("The test \(kind) belongs to a column", remedy: "Put it below columns.")
        }
        let name = SQLText.name(column)
        let equal = values["inclusive"].map(\.isTrue) == false ? "" : "="
        let wrong = [("min_value", ">"), ("max_value", "<")].compactMap { key, sign in
            values[key].map { "NOT \(name) \(sign)\(equal) \($0.printed)" }
        }
        if wrong.isEmpty { throw item.error("\(kind) needs min_value, max_value or both") }
        return "SELECT * FROM \(table) WHERE \(wrong.joined(separator: " OR "))"
    }
}
