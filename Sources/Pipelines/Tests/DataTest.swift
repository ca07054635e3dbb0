import Templates
import Vocabulary

/// Holds a test of a table: a query for the rows that are wrong, and how many of them are too many. The
/// queries are those of dbt's generic tests.
package struct DataTest: Sendable {
    /// What a failing test means.
    package enum Severity: String, Sendable {
        case error, warn
    }
    package var name: String
    /// Selects the rows that are wrong.
    var sql: String
    var severity = Severity.error
    var warnIf = "!= 0"
    var errorIf = "!= 0"
    var failCalculation = "count(*)"
    var limit: Int?
    /// Whether the wrong rows are kept as a table.
    var storesFailures = false
    /// Tables that the query reads.
    var relations: [Relation]
    var location: SourceLocation
    /// Where its query stands in the user's files; nil where the user wrote none.
    var places: QueryPlaces?

    /// Lines of `query` before `rows`.
    static let linesBefore = 2

    /// Returns the place in the user's files of a place in a job of the test, whose own query begins after
    /// some lines: the line of a singular test, else where the test stands.
    func place(of inner: SourceLocation?, after lines: Int) -> SourceLocation {
        guard let places, var inner, inner.line > lines else { return location }
        inner.line -= lines
        return places.place(of: inner)
    }

    /// Selects the wrong rows, at most `limit` of them.
    var rows: String { sql + (limit.map { "\nLIMIT \($0)" } ?? "") }

    /// The query that gives one row: failures, whether to warn, whether to fail.
    var query: String { query(over: rows) }

    /// Returns that query over other rows: those that were kept.
    func query(over rows: String) -> String {
        "SELECT CAST(failures AS BIGINT) AS failures, failures \(warnIf) AS should_warn, "
            + "failures \(errorIf) AS should_error FROM (\nSELECT "
            + "coalesce(\(failCalculation), 0) AS failures "
            + "FROM (\n\(rows)\n) dbt_internal_test\n) dbt_internal_failures"
    }

    /// Returns what the answers mean, as dbt decides it.
    func outcome(shouldWarn: Bool, shouldError: Bool) -> TestOutcome {
        if severity == .error, shouldError { return .fail }
        return shouldWarn ? .warn : .pass
    }
}

/// Makes tests of what schema.yml and etl.yml say.
struct TestReader {
    /// The step that the tests are of.
    let step: String
    let location: SourceLocation
    /// Renders text with ref() and returns it with the tables it reads.
    let render: (String, SourceLocation) throws -> (text: String, relations: [Relation])

    static let names = ["not_null", "unique", "accepted_values", "relationships", "row_count", "expression"]
    private static let settings = [
        "severity", "warn_if", "error_if", "where", "fail_calc", "limit", "name", "config", "arguments",
        "enabled", "tags", "meta", "description", "store_failures",
    ]
    private static let arguments = [
        "accepted_values": ["values", "quote"], "relationships": ["to", "field"],
        "row_count": ["min", "max", "equals"], "expression": ["expression"],
    ]

    /// Returns the tests of a step's or model's mapping: `tests` and those of its columns.
    func tests(in owner: FormatValue) throws -> [DataTest] {
        var found: [DataTest] = []
        for key in ["tests", "data_tests"] {
            for item in owner[key]?.elements ?? [] { found += try test(item, column: nil) }
            for column in owner["columns"]?.elements ?? [] {
                for item in column[key]?.elements ?? [] {
                    found += try test(item, column: column["name"]?.printed)
                }
            }
        }
        return found
    }

    private func test(_ item: FormatValue, column: String?) throws -> [DataTest] {
        var kind = item.printed
        var given: [(key: FormatValue, value: FormatValue)] = []
        var plain: FormatValue?
        if case .map(let pairs) = item.kind {
            guard pairs.count == 1 else {
                throw item.error("A test is a name, or one name with its arguments below it")
            }
            kind = pairs[0].key.printed
            if case .map(let inner) = pairs[0].value.kind { given = inner } else { plain = pairs[0].value }
        }
        if kind == "dbt_utils.expression_is_true" { kind = "expression" }
        guard TestReader.names.contains(kind) else {
            let near = Suggestion.nearest(to: kind, among: TestReader.names)
            throw item.error(
                "There is no test of this name: \(kind)",
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "Known are: \(TestReader.names.joined(separator: ", ")).")
        }
        let values = try flattened(given, kind)
        if values["enabled"]?.printed == "false" { return [] }
        return [try made(kind, column, values, plain, item)]
    }

    /// Arguments and settings in one map, from wherever dbt lets them stand.
    private func flattened(
        _ given: [(key: FormatValue, value: FormatValue)], _ kind: String
    ) throws -> [String: FormatValue] {
        let known = TestReader.settings + (TestReader.arguments[kind] ?? [])
        var values: [String: FormatValue] = [:]
        for (key, value) in given {
            let name = key.printed
            guard known.contains(name) else {
                let near = Suggestion.nearest(to: name, among: known)
                throw key.error(
                    "The test \(kind) has no argument of this name: \(name)",
                    remedy: near.map { "Did you mean \($0)?" })
            }
            if name == "config" || name == "arguments", case .map(let inner) = value.kind {
                values.merge(try flattened(inner, kind)) { $1 }
            } else {
                values[name] = value
            }
        }
        return values
    }

    private func made(
        _ kind: String, _ column: String?, _ values: [String: FormatValue], _ plain: FormatValue?,
        _ item: FormatValue
    ) throws -> DataTest {
        var test = DataTest(
            name: values["name"]?.printed ?? [kind, step, column].compactMap { $0 }.joined(separator: "_"),
            sql: "", relations: [Relation(view: step, step: step)], location: item.location)
        try TestSettings(values.mapValues(\.templateValue)).apply(to: &test) { item.error($0) }
        var table = SQLText.name(step)
        if let condition = values["where"]?.printed {
            let rendered = try render(condition, item.location)
            test.relations += rendered.relations
            table = "(SELECT * FROM \(table) WHERE \(rendered.text)) dbt_subquery"
        }
        test.sql = try sql(kind, column, table, values, plain, item, &test)
        return test
    }

    private func sql(
        _ kind: String, _ column: String?, _ table: String, _ values: [String: FormatValue],
        _ plain: FormatValue?, _ item: FormatValue, _ test: inout DataTest
    ) throws -> String {
        func named() throws -> String {
            guard let column else {
                throw item.error("The test \(kind) belongs to a column", remedy: "Put it below columns.")
            }
            return SQLText.name(column)
        }
        switch kind {
        case "not_null": return "SELECT \(try named()) FROM \(table) WHERE \(try named()) IS NULL"
        case "unique":
            return "SELECT \(try named()) AS unique_field, count(*) AS n_records FROM \(table) WHERE "
                + "\(try named()) IS NOT NULL GROUP BY \(try named()) HAVING count(*) > 1"
        case "accepted_values":
            guard let accepted = values["values"], !accepted.texts.isEmpty else {
                throw item.error("accepted_values needs its values")
            }
            let isQuoted = values["quote"]?.printed != "false"
            let list = accepted.texts.map { isQuoted ? SQLText.value($0) : $0 }.joined(separator: ", ")
            return "SELECT * FROM (SELECT \(try named()) AS value_field, count(*) AS n_records FROM \(table) "
                + "GROUP BY \(try named())) all_values WHERE value_field NOT IN (\(list))"
        case "relationships":
            guard let to = values["to"]?.printed, let field = values["field"]?.printed else {
                throw item.error("relationships needs to: ref('table') and field: column")
            }
            let isPlain = to.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
            let parent = try render(isPlain ? "{{ ref('\(to)') }}" : "{{ \(to) }}", item.location)
            test.relations += parent.relations
            return "SELECT from_field FROM (SELECT \(try named()) AS from_field FROM \(table) WHERE "
                + "\(try named()) IS NOT NULL) child LEFT JOIN (SELECT "
                + "\(SQLText.name(field)) AS to_field FROM "
                + "\(parent.text)) parent ON child.from_field = parent.to_field WHERE parent.to_field IS NULL"
        case "row_count":
            let bounds = [("min", ">="), ("max", "<="), ("equals", "=")].compactMap { key, symbol in
                values[key].map { (text: $0.printed, symbol: symbol) }
            }
            guard !bounds.isEmpty, bounds.allSatisfy({ Int($0.text) != nil }) else {
                throw item.error("row_count needs whole numbers as min, max or equals")
            }
            let condition = bounds.map { "n \($0.symbol) \($0.text)" }.joined(separator: " AND ")
            return "SELECT n FROM (SELECT count(*) AS n FROM \(table)) counted WHERE NOT (\(condition))"
        default:
            guard let text = values["expression"]?.printed ?? plain?.scalar else {
                throw item.error("expression needs a condition")
            }
            let rendered = try render(text, item.location)
            test.relations += rendered.relations
            let condition = column.map { "\(SQLText.name($0)) \(rendered.text)" } ?? rendered.text
            return "SELECT 1 FROM \(table) WHERE NOT (\(condition))"
        }
    }
}
