import Foundation
import Pipelines
import Protocol
import Testing
import Vocabulary

/// Runs pipelines for real, with faults between them and the cluster.
@Suite("A run")
struct RunTests {
    static func yml(_ text: String) -> [String: String] { ["etl.yml": "name: p\n" + text] }

    static let three = """
        default_args: {retries: 2, retry_delay: 0.01s}
        transform:
          - {name: a, sql: SELECT 1 AS x}
          - {name: b, sql: "SELECT x + 1 AS x FROM {{ ref('a') }}"}
          - {name: c, sql: SELECT 3 AS x}
        """

    @Test("tries again what the machine failed, as often as it may, and counts rows in and out")
    func retries() async throws {
        let bench = try await RunBench(Self.yml(Self.three))
        let faults = FlakyService.Faults(["step b": 2])
        let record = try await bench.run { FlakyService(inner: $0, faults: faults) }
        #expect(record.state == .succeeded, "\(bench.facts.latest)")
        #expect(record.steps["b"]?.attempt == 3)
        #expect(record.steps["b"]?.rowsIn == 1 && record.steps["b"]?.rowsOut == 1)
        #expect(try await bench.rows("SELECT x FROM {b}") == ["2"])
    }

    @Test("counts rows in where they come from outside, whatever stages are called")
    func rowsIn() async throws {
        func stage(_ id: String, _ name: String, _ rowsIn: Int, _ rowsOut: Int, _ above: [String] = [])
            -> StageStatus
        {
            StageStatus(
                id: id, name: name, state: "succeeded",
                tasks: .init(total: 1, done: 1, running: 0, failed: 0), rowsIn: rowsIn, rowsOut: rowsOut,
                dependsOn: above)
        }
        let stages = [
            stage("0.0", "read dim", 10, 10), stage("0.1", "scan fact, join", 1010, 700, ["0.0"]),
            stage("0.2", "aggregate scans", 700, 5, ["0.1"]), stage("0.3", "sort", 3, 3, ["0.2"]),
        ]
        #expect(StepJob.rowsRead(by: stages) == 1010)
        let bench = try await RunBench(
            Self.yml(
                """
                extract: [{name: fact, file: {path: fact.csv}}, {name: dim, file: {path: dim.csv}}]
                transform:
                  - name: total
                    sql: "SELECT g, count(*) AS n FROM {{ ref('fact') }} GROUP BY g ORDER BY n"
                  - name: joined
                    sql: "SELECT d.t, f.g FROM {{ ref('fact') }} f LEFT JOIN {{ ref('dim') }} d ON f.g = d.g"
                """
            ).merging(
                [
                    "fact.csv": "id,g\n" + (0..<1000).map { "\($0),\($0 % 7)\n" }.joined(),
                    "dim.csv": "g,t\n1,a\n2,b\n3,c\n",
                ]) { $1 })
        let record = try await bench.run()
        #expect(record.state == .succeeded, "\(bench.facts.latest)")
        #expect(record.steps.mapValues(\.rowsIn) == ["fact": 1000, "dim": 3, "total": 1000, "joined": 1003])
    }

    @Test("gives a step up after its tries, skips what needs it, and a retry goes on from there")
    func retry() async throws {
        let bench = try await RunBench(Self.yml(Self.three))
        let faults = FlakyService.Faults(["step a": 9])
        let failed = try await bench.run { FlakyService(inner: $0, faults: faults) }
        #expect(failed.state == .failed)
        #expect(failed.steps.mapValues(\.state) == ["a": .failed, "b": .skipped, "c": .succeeded])
        #expect(failed.steps["a"]?.attempt == 3)
        let kept = RunFile.runs(in: bench.state)
        #expect(kept.count == 1 && kept[0].state == .failed && kept[0].doneSteps == ["c"])
        let again = FlakyService.Faults([:])
        let record = try await bench.run(kept: kept[0].doneSteps) { FlakyService(inner: $0, faults: again) }
        #expect(record.state == .succeeded)
        #expect(record.summary.kept == 1 && record.summary.succeeded == 2)
        #expect(!again.submitted.contains { $0.contains("step c") })
    }

    @Test("a retry makes again what was corrected since, and what reads it, and nothing else")
    func corrected() async throws {
        let bench = try await RunBench([
            "etl.yml": """
            name: p
            extract:
              - {name: rows, file: {path: rows.json}, write_disposition: append}
            transform:
              - {name: stays, sql: "SELECT '{{ run_started_at }} {{ run_id }}' AS t"}
              - dbt: {}
            """,
            "rows.json": "{\"id\": 1}\n", "dbt_project.yml": "name: p\n", "seeds/zero.csv": "z\n0\n",
            "macros/m.sql": "{% macro one() %}1{% endmacro %}",
            "models/a.sql": "SELECT {{ one() }} AS x FROM {{ ref('rows') }}",
            "models/b.sql": "SELECT x FROM {{ ref('a') }}",
            "models/grows.sql": """
            {{ config(materialized='incremental', unique_key='id') }}
            SELECT id FROM {{ ref('rows') }} {% if is_incremental() %} WHERE id > 100 {% endif %}
            """,
            "models/bad.sql": "SELECT b.x / z.z AS q FROM {{ ref('b') }} b CROSS JOIN {{ ref('zero') }} z",
        ])
        let failed = try await bench.run()
        #expect(RunBench.errors(failed) == ["bad": "DIVIDE_BY_ZERO"])
        let all: Set<String> = ["a", "b", "grows", "rows", "stays", "zero"]
        // Neither the run's own values nor the tables that are there by now are a change.
        let same = try await bench.run(retrying: failed)
        #expect(same.state == .failed && same.kept == all, "\(bench.warned.all)")
        try FileManager.default.removeItem(atPath: bench.folder.path + "/rows.json")
        let seeded = try await bench.run(files: ["seeds/zero.csv": "z\n4\n"], retrying: same)
        #expect(seeded.state == .succeeded && seeded.kept == all.subtracting(["zero"]))
        #expect(try await bench.rows("SELECT q FROM {bad}") == ["0.25"])
        // A macro changes the models that call it, and those that read these. They read what finished steps
        // have published, whatever has become of the files that those came from.
        let macro = [
            "macros/m.sql": "{% macro one() %}2{% endmacro %}", "rows.json": "{\"id\": 8}\n{\"id\": 9}\n",
        ]
        let last = try await bench.run(files: macro, retrying: same)
        #expect(last.kept == ["grows", "rows", "stays"] && last.state == .succeeded, "\(bench.warned.all)")
        #expect(try await bench.rows("SELECT q FROM {bad}") == ["0.5"])
        #expect(try await bench.rows("SELECT id FROM {rows}") == ["1"])
        #expect(bench.warned.all.contains("a: made again, as it was changed since the run before"))
        #expect(bench.warned.all.contains("b: made again, as a step that it reads is made again"))
    }

    @Test("a retry makes again what a run has replaced meanwhile and it still reads, and nothing else")
    func replaced() async throws {
        let days = NSTemporaryDirectory() + "days-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: days) }
        let bench = try await RunBench(
            Self.yml(
                """
                extract: [{name: gate, file: {path: "gate_{{ ds }}.json"}}]
                transform:
                  - {name: day, sql: "SELECT '{{ ds }}' AS ds", write: {path: \(days), mode: append}}
                  - {name: unread, sql: "SELECT '{{ ds }}' AS ds"}
                  - name: out
                    sql: "SELECT a.ds, b.x FROM {{ ref('day') }} a CROSS JOIN {{ ref('gate') }} b"
                """))
        func put(_ day: String) throws {
            let file = URL(fileURLWithPath: "\(bench.folder.path)/gate_\(day).json")
            try Data("{\"x\": 1}\n".utf8).write(to: file)
        }
        let (first, second) = (("2024-01-01", "2024-01-02"), ("2024-01-02", "2024-01-03"))
        let failed = try await bench.run(interval: first)
        #expect(failed.doneSteps == ["day", "unread"])
        // Nothing came between: nothing is made again.
        let again = try await bench.run(interval: first, retrying: failed)
        #expect(again.state == .failed && again.kept == ["day", "unread"])
        try put("2024-01-02")
        #expect(try await bench.run(interval: second).state == .succeeded)
        try put("2024-01-01")
        let record = try await bench.run(interval: first, retrying: again)
        #expect(record.state == .succeeded, "\(bench.facts.latest)")
        #expect(record.kept == ["unread"] && record.summary.kept == 1 && record.summary.succeeded == 3)
        #expect(try await bench.rows("SELECT ds FROM {out}") == ["2024-01-01"])
        #expect(try await bench.rows("SELECT ds FROM {unread}") == ["2024-01-02"])
        #expect(bench.warned.all.contains { $0.hasPrefix("day: made again") })
        // What its first try had appended elsewhere is not appended again.
        let written = "SELECT ds FROM parquet.`\(days)` ORDER BY ds"
        #expect(try await bench.plainRows(written) == ["2024-01-01", "2024-01-02"])
        #expect(RunFile.runs(in: bench.state).last?.kept == ["unread"])
    }

    @Test("without a mail server warns of it at its begin, and logs a mail that could not be sent")
    func noMail() async throws {
        let alert = "alerts: [{on: failure, email: {to: [ops@example.org]}}]\n"
        let bench = try await RunBench(Self.yml(alert + "transform: [{name: a, sql: SELECT 1 AS x}]\n"))
        #expect(try await bench.run().state == .succeeded)
        #expect(bench.warned.all.contains { $0.contains("no mail server") })
        let broken = try await RunBench(Self.yml(alert + "transform: [{name: a, sql: SELECT nope AS x}]\n"))
        #expect(try await broken.run().state == .failed)
        #expect(
            broken.facts.all.contains {
                guard case .alerted(_, "failure", _, let error) = $0 else { return false }
                return error?.code == "OUTSIDE_CALL"
            })
    }

    @Test("never tries compile errors or failed tests again")
    func blame() async throws {
        let bench = try await RunBench(
            Self.yml(
                """
                default_args: {retries: 5, retry_delay: 0.01s}
                transform:
                  - {name: a, sql: SELECT nope AS x}
                  - name: b
                    sql: SELECT 1 AS x
                    columns: [{name: x, tests: [{accepted_values: {values: [2], quote: false}}]}]
                  - {name: c, sql: "SELECT 1 / (x - 1) AS y FROM (SELECT explode(array(1)) AS x)"}
                  - {name: d, sql: SELECT * FROM C}
                """))
        let record = try await bench.run()
        #expect(record.steps.values.allSatisfy { $0.attempt == 1 })
        let errors = RunBench.errors(record)
        #expect(errors["b"] == "TEST_FAILED")
        #expect(errors["c"] == "DIVIDE_BY_ZERO")
        #expect(errors["a"]?.hasPrefix("UNRESOLVED_COLUMN") == true)
        #expect(record.steps["a"]?.error?.line == 4)
        // A step's table is named by its reference.
        let unnamed = record.steps["d"]?.error?.engineError.remedy ?? ""
        #expect(unnamed.contains("{{ ref('c') }}"), "\(unnamed)")
        // What did not pass is not there.
        #expect(!StateFolder.hasTable("b", in: bench.state))
    }

    @Test("cancels a try that takes longer than execution_timeout, and tries again")
    func timeout() async throws {
        let bench = try await RunBench(
            Self.yml(
                """
                default_args: {retries: 1, retry_delay: 0.01s, execution_timeout: 0.3s}
                transform:
                  - name: a
                    sql: SELECT sum(sin(x.id * y.id)) AS s FROM range(100000) x CROSS JOIN range(100000) y
                """))
        let record = try await bench.run()
        #expect(RunBench.errors(record) == ["a": "STEP_TIMEOUT"])
        #expect(record.steps["a"]?.attempt == 2)
    }

    @Test("runs steps that do not need each other side by side, at most max_active_tasks")
    func parallel() async throws {
        for (limit, most) in [(1, 1), (3, 3)] {
            let names = (0..<6).map { "s\($0)" }
            let steps = names.map { "  - {name: \($0), sql: \"SELECT sum(id) AS s FROM range(3000000)\"}" }
            let bench = try await RunBench(
                Self.yml("max_active_tasks: \(limit)\ntransform:\n" + steps.joined(separator: "\n")))
            let record = try await bench.run()
            #expect(record.state == .succeeded)
            var (now, peak) = (0, 0)
            for fact in bench.facts.all {
                if case .stepStarted = fact { now += 1 }
                if case .stepDone = fact { now -= 1 }
                peak = max(peak, now)
            }
            #expect(peak == most, "limit \(limit)")
        }
    }

    @Test("goes on from its facts: finished steps are not run again, a staged table is not made again")
    func goesOn() async throws {
        let bench = try await RunBench(Self.yml(Self.three))
        let id = RunIdentity.new(milliseconds: 1)
        _ = try await bench.run(select: ["a"])
        let faults = FlakyService.Faults([:])
        let record = try await bench.run(
            id: id,
            facts: [
                .began(tables: [], steps: ["a", "b", "c"]), .stepStarted(step: "a", attempt: 1),
                .stepMade(step: "a", rowsIn: 0, rowsOut: 1, columns: []), .stepDone(step: "a", seconds: 0),
                .stepStarted(step: "b", attempt: 2),
            ]
        ) { FlakyService(inner: $0, faults: faults) }
        #expect(record.state == .succeeded)
        #expect(!faults.submitted.contains { $0.contains("step a") })
        #expect(record.steps["b"]?.attempt == 2)
        #expect(faults.submitted.count { $0.contains("step b") } == 1)
    }

    @Test("renders Airflow's and dbt's names for the data interval")
    func interval() async throws {
        let bench = try await RunBench(
            Self.yml(
                """
                transform:
                  - name: a
                    sql: >
                      SELECT '{{ ds }}' AS a, '{{ ds_nodash }}' AS b, '{{ data_interval_start }}' AS c,
                      '{{ data_interval_end }}' AS d, '{{ ts }}' AS e
                """))
        try await bench.run()
        #expect(
            try await bench.rows("SELECT * FROM {a}") == [
                "2024-01-01,20240101,2024-01-01T00:00:00+00:00,2024-01-02T00:00:00+00:00,"
                    + "2024-01-01T00:00:00+00:00"
            ])
    }

    static let modes: [(mode: String, after: [String], code: String?)] = [
        ("overwrite", ["2"], nil), ("append", ["1", "2"], nil), ("ignore", ["1"], nil),
        ("errorifexists", ["1"], "LOCATION_NOT_EMPTY"),
    ]

    @Test("writes with each of Spark's save modes", arguments: modes)
    func writes(mode: String, after: [String], code: String?) async throws {
        let bench = try await RunBench([:])
        let out = bench.folder.path + "/out"
        for value in [1, 2] {
            let partition = mode == "append" ? ", partitionBy: [k]" : ""
            try bench.folder.write(
                Self.yml(
                    "transform: [{name: a, sql: \"SELECT \(value) AS x, 'k' AS k\", "
                        + "write: {path: \"\(out)\", mode: \(mode)\(partition)}}]"))
            let record = try await bench.run()
            if value == 2, let code {
                #expect(RunBench.errors(record)["a"] == code)
                #expect(record.steps["a"]?.error?.message.contains("its mode is errorifexists") == true)
            } else {
                #expect(record.state == .succeeded, "\(RunBench.errors(record))")
            }
        }
        #expect(try await bench.rows("SELECT x FROM parquet.`\(out)` ORDER BY x") == after)
    }
}
