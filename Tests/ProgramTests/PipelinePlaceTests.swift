import Foundation
import Programs
import Testing

/// Holds the places that errors of pipelines name: the user's own file and line, whatever was rendered.
@Suite("Places of errors in pipelines")
struct PipelinePlaceTests {
    /// Files of a pipeline, and the place that its error must name.
    static let cases: [(what: String, files: [String: String], place: String)] = [
        (
            "a literal block",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - name: t
                    sql: |
                      SELECT 1 AS x,
                        nope

                """
            ], "p/etl.yml:6:9"
        ),
        (
            "a folded block",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - name: t
                    sql: >
                      SELECT 1 AS x,
                      nope

                """
            ], "p/etl.yml:6:7"
        ),
        (
            "plain text over two lines",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - name: t
                    sql: SELECT 1 AS x,
                      nope

                """
            ], "p/etl.yml:5:7"
        ),
        (
            "quoted text after a template",
            [
                "etl.yml":
                    """
                name: p
                vars: {a: a_long_name}
                transform:
                  - {name: t, sql: "SELECT 'its' AS {{ var('a') }}, nope"}

                """
            ], "p/etl.yml:4:53"
        ),
        (
            "a template in a step",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - name: t
                    sql: |
                      SELECT 1 AS x,
                        {{ nope }}

                """
            ], "p/etl.yml:6:12"
        ),
        (
            "a model below loops",
            [
                "etl.yml":
                    """
                name: p
                transform: [{dbt: {}}]

                """,
                "models/m.sql":
                    """
                {{ config(materialized='table') }}
                SELECT
                  {% for i in [1, 2] %}{{ i }} AS c{{ i }},
                  {% endfor %}
                  nope

                """,
            ], "p/models/m.sql:5:3"
        ),
        (
            "a singular test",
            [
                "etl.yml":
                    """
                name: p
                transform: [{name: t, sql: SELECT 1 AS x}, {dbt: {}}]

                """,
                "tests/s.sql":
                    """
                SELECT *
                FROM {{ ref('t') }}
                WHERE nope > 1

                """,
            ], "p/tests/s.sql:3:7"
        ),
        (
            "a singular test that keeps rows",
            [
                "etl.yml":
                    """
                name: p
                transform: [{name: t, sql: SELECT 1 AS x}, {dbt: {}}]

                """,
                "tests/s.sql":
                    """
                {{ config(store_failures=true) }}
                SELECT *
                FROM {{ ref('t') }}
                WHERE nope > 1

                """,
            ], "p/tests/s.sql:4:7"
        ),
        (
            "a test of a column",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - name: t
                    sql: SELECT 1 AS x
                    columns: [{name: nope, tests: [not_null]}]

                """
            ], "p/etl.yml:5:36"
        ),
        (
            "a missing file",
            [
                "etl.yml":
                    """
                name: p
                extract:
                  - name: e
                    file: {path: nosuch.csv}

                """
            ], "p/etl.yml:4:18"
        ),
        (
            "a schema of a file",
            [
                "etl.yml":
                    """
                name: p
                extract:
                  - name: e
                    file: {path: d.csv, schema: a NOPE}

                """,
                "d.csv":
                    """
                a
                1

                """,
            ], "p/etl.yml:4:18"
        ),
        (
            "a circle",
            [
                "etl.yml":
                    """
                name: p
                transform:
                  - {name: a, sql: "SELECT * FROM {{ ref('b') }}"}
                  - {name: b, sql: "SELECT * FROM {{ ref('a') }}"}

                """
            ], "p/etl.yml:3:12"
        ),
    ]

    @Test("are those of the user's file", arguments: cases)
    func places(what: String, files: [String: String], place: String) throws {
        let program = try Program()
        for (name, text) in files { try program.write("p/\(name)", text) }
        let run = try program.run(["p", "--progress", "none"])
        #expect(run.status == 1)
        #expect(run.errors.contains("  --> \(place)\n"), "\(what): \(run.errors)")
    }
}
