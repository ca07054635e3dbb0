import Columns

/// Brings values of a query's columns to those of a table that is there, as an INSERT does. What is stored
/// never changes by it: types widen only where each earlier value stays what it was.
enum StoreAssignment {
    /// Says whether a column takes values of the query's type: those that INSERT takes, and texts, which are
    /// read. Of nested types the UNION of both decides.
    static func isAssignable(_ new: Field, to old: Field) -> Bool {
        let (from, to) = (new.type, old.type)
        return from == .string || from.isStorable(as: to) || isWidened(to, by: from)
    }

    /// Returns the new value as the table's column takes it; as it is, where a type that both fit into holds
    /// all values of both. What the column cannot hold ends the query, a fraction for whole numbers as well.
    static func value(_ expression: String, of new: Field, for old: Field) -> String {
        let (from, to) = (new.type, old.type)
        if from == to || from == .null || isWidened(to, by: from) { return expression }
        if to == .string { return "CAST(\(expression) AS STRING)" }
        // Where `spark.sql.ansi.enabled` is false, CAST would give null.
        let cast = "try_cast(\(expression) AS \(to.sqlName))"
        let fits =
            to.isIntegral && from.isFloating
            ? "CAST(\(cast) AS DOUBLE) <=> \(expression)" : "\(expression) IS NULL OR \(cast) IS NOT NULL"
        let message =
            "The column \(old.name) of the table holds \(to.sqlName), and the query gives a value that it "
            + "cannot hold; cast it in the query, or make the table anew with --full-refresh: "
        return "if(\(fits), \(cast), \(failure(message, expression, from, to)))"
    }

    /// Returns a stored value in the type that the query gives now. One that would lose anything by it ends
    /// the query: what is stored is what the table is for.
    static func changed(_ expression: String, of old: Field, to new: Field) -> String {
        let fit = ValueFit(known: new.type, found: old.type, evolves: false)
        if fit.known == fit.found { return expression }
        let conditions = [fit.fits(expression), fit.isWhole(expression)].compactMap { $0 }
        let message =
            "The query gives the column \(old.name) as \(new.type.sqlName) now, and the table holds a value "
            + "that this type cannot hold; cast it in the query, or make the table anew with --full-refresh: "
        return "if(\(conditions.joined(separator: " AND ")), \(fit.kept(expression)), "
            + "\(failure(message, expression, old.type, new.type)))"
    }

    /// The expression that ends the query, of a type.
    private static func failure(
        _ message: String, _ value: String, _ from: DataType, _ to: DataType
    ) -> String {
        let shown = ValueFit.isJSON(from) ? "to_json(\(value))" : "CAST(\(value) AS STRING)"
        return "CAST(raise_error(concat(\(SQLText.value(message)), \(shown))) AS \(to.sqlName))"
    }

    /// Says whether the type that a UNION gives both has room for all values of both; types that have none in
    /// common are refused there.
    private static func isWidened(_ old: DataType, by new: DataType) -> Bool {
        if old == .null || old.isNested || new.isNested { return true }
        if old.isIntegral, new.isIntegral { return true }
        if old == .float, new == .double { return true }
        if old != .int64, old.isIntegral, new == .double { return true }
        if old.isTime, new.isTime { return true }
        if let a = digits(old), let b = digits(new) {
            return max(a.whole, b.whole) + max(a.fraction, b.fraction) <= DataType.maximumPrecision
        }
        return false
    }

    /// Digits before and after the point of an exact number; nil for other types.
    private static func digits(_ type: DataType) -> (whole: Int, fraction: Int)? {
        switch type {
        case .int8: (3, 0)
        case .int16: (5, 0)
        case .int32: (10, 0)
        case .int64: (20, 0)
        case .decimal(let precision, let scale): (precision - scale, scale)
        default: nil
        }
    }
}
