/// Brings values of a query's columns to those of a table that is there, as an INSERT does. What is stored
/// never changes by it: types widen only where each earlier value stays what it was.
enum StoreAssignment {
    private static let whole = ["TINYINT", "SMALLINT", "INT", "BIGINT"]

    /// Says whether a column takes values of the query's type: numbers, times and texts those of their kind,
    /// texts all that is plain; and a text is read.
    static func isAssignable(_ new: ColumnFact, to old: ColumnFact) -> Bool {
        let (from, to) = (new.type.uppercased(), old.type.uppercased())
        if from == to || from == "VOID" || isWidened(to, by: from) { return true }
        return from == "STRING" || to == "STRING" || isNumber(from) && isNumber(to)
    }

    /// Returns the new value as the table's column takes it; as it is, where a type that both fit into holds
    /// all values of both. What the column cannot hold ends the query, a fraction for whole numbers as well.
    static func value(_ expression: String, of new: ColumnFact, for old: ColumnFact) -> String {
        let (from, to) = (new.type.uppercased(), old.type.uppercased())
        if from == to || from == "VOID" || isWidened(to, by: from) { return expression }
        if to == "STRING" { return "CAST(\(expression) AS \(old.type))" }
        // Where `spark.sql.ansi.enabled` is false, CAST would give null.
        let cast = "try_cast(\(expression) AS \(old.type))"
        let fits =
            whole.contains(to) && ["FLOAT", "DOUBLE"].contains(from)
            ? "CAST(\(cast) AS DOUBLE) <=> \(expression)" : "\(expression) IS NULL OR \(cast) IS NOT NULL"
        let message =
            "The column \(old.name) of the table holds \(old.type), and the query gives a value that it "
            + "cannot hold; cast it in the query, or make the table anew with --full-refresh: "
        return "if(\(fits), \(cast), CAST(raise_error(concat(\(SQLText.value(message)), "
            + "CAST(\(expression) AS STRING))) AS \(old.type)))"
    }

    private static func isNumber(_ type: String) -> Bool {
        whole.contains(type) || type == "FLOAT" || type == "DOUBLE" || type.hasPrefix("DECIMAL(")
    }

    /// Says whether the type that a UNION gives both has room for all values of both; types that have none in
    /// common are refused there.
    private static func isWidened(_ old: String, by new: String) -> Bool {
        if old == "VOID" || isNested(old) || isNested(new) { return true }
        if whole.contains(old), whole.contains(new) { return true }
        if old == "FLOAT", new == "DOUBLE" { return true }
        if old != "BIGINT", whole.contains(old), new == "DOUBLE" { return true }
        let dates = ["DATE", "TIMESTAMP", "TIMESTAMP_NTZ"]
        if dates.contains(old), dates.contains(new) { return true }
        if let a = digits(old), let b = digits(new) {
            return max(a.whole, b.whole) + max(a.fraction, b.fraction) <= 38
        }
        return false
    }

    private static func isNested(_ type: String) -> Bool {
        ["ARRAY<", "STRUCT<", "MAP<"].contains { type.hasPrefix($0) }
    }

    /// Digits before and after the point of an exact number; nil for other types.
    private static func digits(_ type: String) -> (whole: Int, fraction: Int)? {
        if let place = whole.firstIndex(of: type) { return ([3, 5, 10, 20][place], 0) }
        guard type.hasPrefix("DECIMAL("), type.hasSuffix(")") else { return nil }
        let parts = type.dropFirst(8).dropLast().split(separator: ",").compactMap {
            Int($0.filter(\.isNumber))
        }
        return parts.count == 2 ? (parts[0] - parts[1], parts[1]) : nil
    }
}
