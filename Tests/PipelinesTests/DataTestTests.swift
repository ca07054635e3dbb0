import Foundation
import Pipelines
import Protocol
import Testing
import Vocabulary

/// Holds what tests of tables decide, with dbt's meaning, run for real.
@Suite("A test of a table")
struct DataTestTests {
    /// Tests of a table of x = 1, 1, 2, null and y = 'a', 'b', 'c', 'd'; and how they end.
    static let cases: [(test: String, outcome: TestOutcome, failures: Int)] = [
        ("columns: [{name: y, tests: [not_null]}]", .pass, 0),
        ("columns: [{name: x, tests: [not_null]}]", .fail, 1),
        ("columns: [{name: x, tests: [{not_null: {severity: warn}}]}]", .warn, 1),
        ("columns: [{name: x, tests: [{not_null: {where: \"y < 'd'\"}}]}]", .pass, 0),
        ("columns: [{name: x, tests: [{not_null: {config: {error_if: '>1', warn_if: '>0'}}}]}]", .warn, 1),
        ("columns: [{name: x, tests: [{not_null: {config: {error_if: '>1', warn_if: '>1'}}}]}]", .pass, 1),
        ("columns: [{name: x, tests: [unique]}]", .fail, 1),
        ("columns: [{name: y, tests: [unique]}]", .pass, 0),
        ("tests: [{unique: {column_name: x}}]", .fail, 1),
        ("tests: [{not_null: {column_name: y, name: named}}]", .pass, 0),
        ("data_tests: [{accepted_values: {arguments: {column_name: y, values: [a, b, c]}}}]", .fail, 1),
        (
            "columns: [{name: x, tests: [{not_null: {warn_if: 'between 1 and 2', error_if: '> 1'}}]}]", .warn,
            1
        ),
        ("columns: [{name: y, tests: [{accepted_values: {values: [a, b, c]}}]}]", .fail, 1),
        ("columns: [{name: x, tests: [{accepted_values: {values: [1, 2], quote: false}}]}]", .pass, 0),
        ("columns: [{name: x, tests: [{relationships: {to: ref('other'), field: id}}]}]", .fail, 1),
        ("columns: [{name: x, tests: [{relationships: {to: ref('other'), field: id, limit: 1}}]}]", .fail, 1),
        ("tests: [{row_count: {min: 4, max: 4}}]", .pass, 0), ("tests: [{row_count: {equals: 5}}]", .fail, 1),
        ("tests: [{expression: \"length(y) = 1\"}]", .pass, 0),
        ("tests: [{expression: \"x < 2\"}]", .fail, 1),
        ("columns: [{name: x, tests: [{expression: \"< 2\"}]}]", .fail, 1),
        ("tests: [{dbt_utils.unique_combination_of_columns: {combination_of_columns: [x, y]}}]", .pass, 0),
        ("tests: [{unique_combination_of_columns: {combination_of_columns: [x]}}]", .fail, 1),
        ("columns: [{name: x, tests: [{dbt_utils.accepted_range: {min_value: 1, max_value: 2}}]}]", .pass, 0),
        ("columns: [{name: x, tests: [{accepted_range: {min_value: 1, inclusive: false}}]}]", .fail, 2),
        ("columns: [{name: x, tests: [{not_null: {fail_calc: \"sum(1) + 5\"}}]}]", .fail, 6),
        ("columns: [{name: x, tests: [{not_null: {store_failures: true}}]}]", .fail, 1),
    ]

    static func files(_ test: String) -> [String: String] {
        [
            "etl.yml": """
            name: p
            transform:
              - {name: other, sql: SELECT 1 AS id}
              - name: t
                sql: "SELECT x, y FROM VALUES (1, 'a'), (1, 'b'), (2, 'c'), (NULL, 'd') AS v(x, y)"
                \(test)
            """
        ]
    }

    @Test("passes, warns or fails as dbt's does", arguments: cases)
    func decides(test: String, outcome: TestOutcome, failures: Int) async throws {
        let bench = try await RunBench(Self.files(test))
        let record = try await bench.run()
        #expect(record.tests.count == 1)
        #expect(record.tests.first?.outcome == outcome, "\(RunBench.errors(record))")
        #expect(record.tests.first?.failures == failures)
        #expect(StateFolder.hasTable("t", in: bench.state) == (outcome != .fail))
    }

    @Test("with store_failures keeps the wrong rows, also when there are none")
    func stores() async throws {
        let bench = try await RunBench(
            Self.files(
                "columns: [{name: x, tests: [{not_null: {store_failures: true, severity: warn}}]}, "
                    + "{name: y, tests: [{not_null: {store_failures: true}}]}]"))
        #expect(try await bench.run().state == .succeeded)
        let folder = bench.state + "/failures/"
        #expect(try await bench.rows("SELECT count(*) FROM parquet.`\(folder)not_null_t_x`") == ["1"])
        #expect(try await bench.rows("SELECT count(*) FROM parquet.`\(folder)not_null_t_y`") == ["0"])
    }

    @Test("as a file has config(), and is skipped when what it reads was not made")
    func singular() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n", "models/a.sql": "SELECT nope AS x",
            "models/b.sql": "SELECT 1 AS x",
            "tests/warns.sql": "{{ config(severity='warn') }} SELECT * FROM {{ ref('b') }}",
            "tests/off.sql": "{{ config(enabled=false) }} SELECT * FROM {{ ref('b') }}",
            "tests/both.sql": "SELECT * FROM {{ ref('a') }} JOIN {{ ref('b') }} USING (x)",
        ])
        let record = try await bench.run()
        #expect(
            record.tests.map { "\($0.name) \($0.outcome.rawValue)" }.sorted() == ["both skip", "warns warn"])
        #expect(record.steps.mapValues(\.state) == ["a": .failed, "b": .succeeded])
    }

    @Test("may be a macro of the project, with arguments, defaults and settings of its own")
    func custom() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n",
            "models/a.sql": "SELECT * FROM VALUES (1, 5), (2, -1) AS v(id, x)",
            "models/b.sql": "SELECT 1 AS id",
            "tests/generic/more.sql": """
            {% test more(model, column_name, than=0) %}
            {{ config(severity='warn') }}
            SELECT * FROM {{ model }} WHERE {{ column_name }} <= {{ than }}
            {% endtest %}
            """,
            "macros/linked.sql": """
            {% test linked(model, column_name, to) %}
            SELECT * FROM {{ model }} LEFT ANTI JOIN {{ to }} USING ({{ column_name }})
            {% endtest %}
            {% macro test_not_null(model, column_name) %}SELECT 1 AS always{% endmacro %}
            """,
            "models/s.yml": """
            models:
              - name: a
                columns:
                  - name: x
                    tests: [more, {more: {than: -1, name: second, severity: error}}, {more: {than: -2}}]
                  - {name: id, tests: [{linked: {to: ref('b'), where: id < 2}}, {not_null: {severity: warn}}]}
            """,
        ])
        let record = try await bench.run()
        #expect(
            record.tests.map { "\($0.name) \($0.outcome.rawValue) \($0.failures)" }.sorted() == [
                "linked_a_id pass 0", "more_a_x warn 1", "more_a_x_2 pass 0", "not_null_a_id warn 1",
                "second fail 1",
            ], "\(RunBench.errors(record))")
    }

    @Test("may be of a source, whose tables are tested before anything is made of them")
    func sources() async throws {
        let bench = try await RunBench([
            "etl.yml": """
            name: p
            extract: [{name: users, file: {path: users.csv}}]
            transform: [{dbt: {}}]
            """,
            "users.csv": "id,at\n1,2020-01-01T00:00:00Z\n1,2020-01-02T00:00:00Z\n",
            "far.csv": "id\n1\n\"\"\n", "models/a.sql": "SELECT * FROM {{ source('raw', 'users') }}",
            "models/b.sql": "SELECT * FROM {{ source('raw', 'far') }}",
            "models/s.yml": """
            sources:
              - name: raw
                config: {loaded_at_field: at, freshness: {error_after: {count: 20000, period: day}}}
                tables:
                  - name: users
                    freshness:
                      warn_after: {count: 12, period: hour}
                      error_after: {count: 20000, period: day}
                    columns: [{name: id, tests: [{unique: {severity: warn}}]}]
                  - {name: far, meta: {external_location: far.csv}, columns: [{name: id, tests: [not_null]}]}
                  - {name: unused, tests: [{row_count: {min: 1}}]}
                  - name: gone
                    config: {enabled: false}
                    meta: {external_location: no.csv}
                    tests: [{row_count: {min: 1}}]
            """,
        ])
        let record = try await bench.run()
        #expect(
            record.tests.map { "\($0.name) \($0.outcome.rawValue)" }.sorted() == [
                "source_freshness_raw_users warn", "source_not_null_raw_far_id fail",
                "source_unique_raw_users_id warn",
            ], "\(RunBench.errors(record))")
        #expect(record.steps.mapValues(\.state) == ["users": .succeeded, "a": .succeeded, "b": .failed])
        // The age is said as such, and the selector of the source chooses its tests.
        let age = record.tests.first { $0.name == "source_freshness_raw_users" }?.found ?? ""
        #expect(age.hasSuffix(" seconds since the youngest row came, at most 43200 wanted"), "\(age)")
        let far = try await bench.run(select: ["source:raw.far"], testsOnly: true)
        #expect(far.tests.map(\.name) == ["source_not_null_raw_far_id"])
    }

    @Test("can be run alone on what is published")
    func alone() async throws {
        let bench = try await RunBench(Self.files("columns: [{name: y, tests: [not_null]}]"))
        try await bench.run()
        let record = try await bench.run(testsOnly: true)
        #expect(record.state == .succeeded && record.tests.count == 1)
    }
}
