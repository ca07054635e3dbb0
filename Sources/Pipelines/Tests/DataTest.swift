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
    /// What the value in the first wrong row should have been, for tests of one value: `rows, at least 10
    /// wanted`.
    var wanted: String?
    /// Tables that the query reads.
    var relations: [Relation]
    var location: SourceLocation
    /// Where its query stands in the user's files; nil where the user wrote none.
    var places: QueryPlaces?
    /// What `test_name:` chooses it by, such as `unique`; nil for a test with a file of its own.
    var kind: String?
    /// That file.
    var file: String?
    /// Whether it is a constraint of a contract, which no selector leaves out.
    var isConstraint = false
    /// The source whose table it is of: project, source and table.
    var source: [String]?
    /// What the user has set, such as tags and severity.
    var settings: [String: TemplateValue] = [:]

    /// Words that `tag:` chooses it by.
    var tags: [String] {
        switch settings["tags"] {
        case .list(let items)?: items.map(\.printed)
        case .text(let text)?: [text]
        default: []
        }
    }

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
