import Foundation
import Programs
import Testing

/// Runs intervals of a pipeline whose runs share its tables, on a coordinator and a worker as processes.
@Suite("Runs that share tables", .serialized)
struct SharedTablesTests {
    /// A table that each run replaces, an extract and a model that go on from run to run, and rows of a day.
    private static func files(_ name: String, active: Int) -> [String: String] {
        var files = [
            "etl.yml": """
            name: \(name)
            schedule: "@daily"
            start_date: 2100-01-01
            max_active_runs: \(active)
            extract:
              - {name: r, file: {path: "data/{{ ds }}.json"}}
              - {name: g, file: {path: "data/{{ ds }}.json"}, write_disposition: append}
            transform:
              - name: t
                sql: "select '{{ ds }}' as ds, day, x from {{ ref('r') }} , json.`gate_{{ ds }}.json`"
                write: {path: "\(name)-out", mode: append}
              - dbt: {}
            """,
            "dbt_project.yml": "name: d\n",
            "models/kept.sql": """
            {{ config(materialized='incremental') }}
            select '{{ ds }}' as ds, day, {{ 1 if is_incremental() else 0 }} as later from {{ ref('r') }}
            """,
        ]
        for day in 1...6 {
            let ds = "2026-10-0\(day)"
            files["data/\(ds).json"] = "{\"day\": \"day \(ds)\"}\n"
        }
        return files
    }

    private static func runs(_ name: String, _ cluster: TestCluster) throws -> [PipelineTests.Run] {
        struct Runs: Decodable { var runs: [PipelineTests.Run] }
        let text = try cluster.get("/api/v1/pipelines/\(name)/runs")
        return try JSONDecoder().decode(Runs.self, from: Data(text.utf8)).runs
    }

    /// Has days pass the model that waits for a file of theirs in the storage.
    private static func open(_ days: ClosedRange<Int>, _ cluster: TestCluster) throws {
        for day in days {
            let path = "storage/gate_2026-10-0\(day).json"
            try Data("{\"x\": 1}\n".utf8).write(to: URL(fileURLWithPath: cluster.file(path)))
        }
    }

    private static func backfill(_ name: String, active: Int, _ cluster: TestCluster) throws {
        let files = files(name, active: active)
        let folder = try PipelineTests.folder(cluster, name, files)
        let deployed = try cluster.submit(["deploy", folder])
        #expect(deployed.status == 0, "\(deployed.errors)")
        let asked = try cluster.submit(["backfill", name, "--from", "2026-10-01", "--to", "2026-10-07"])
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(
            try eventually(within: 120) {
                let runs = try runs(name, cluster)
                return runs.count == 6 && runs.allSatisfy { ["succeeded", "failed"].contains($0.state) }
            })
    }

    @Test("find their own interval's rows and no others', though several are at work")
    func together() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        try Self.open(1...6, cluster)
        try Self.backfill("many", active: 4, cluster)
        let runs = try Self.runs("many", cluster)
        #expect(runs.allSatisfy { $0.state == "succeeded" }, "\(runs)")
        let counts = "count(*), count(DISTINCT ds), count_if(day = concat('day ', ds))"
        #expect(try PipelineTests.rows("SELECT \(counts) FROM parquet.`many-out`", cluster) == "6,6,6")
        // What goes on from run to run lost no interval, and only the first run found nothing.
        let tables = "millrace-pipelines/many/tables"
        #expect(
            try PipelineTests.rows(
                "SELECT \(counts), sum(later) FROM parquet.`\(tables)/kept`", cluster) == "6,6,6,5")
        #expect(try PipelineTests.rows("SELECT count(*) FROM parquet.`\(tables)/g`", cluster) == "6")
    }

    @Test("a retry makes tables again that later runs have replaced")
    func retried() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        try Self.open(4...6, cluster)
        try Self.backfill("gated", active: 1, cluster)
        let failed = try Self.runs("gated", cluster).filter { $0.state == "failed" }
        #expect(failed.count == 3)
        let third = try #require(failed.first { $0.intervalStart.hasPrefix("2026-10-03") })
        // A backfill of the same says which intervals it does not run, and what does.
        let again = try cluster.submit(["backfill", "gated", "--from", "2026-10-01", "--to", "2026-10-07"])
        #expect(again.errors.contains("0 new runs, 3 intervals ran already, 3 failed"), "\(again.errors)")
        #expect(again.errors.contains("etl-submit retry \(third.id)"), "\(again.errors)")
        let future = try cluster.submit(["backfill", "gated", "--from", "2101-01-01", "--to", "2101-01-07"])
        #expect(future.errors.contains("The stretch is in the future"), "\(future.errors)")
        try Self.open(3...3, cluster)
        let retried = try cluster.submit(["retry", third.id])
        #expect(retried.status == 0, "\(retried.errors)")
        // Without a terminal its id is printed, and it goes on by itself.
        let id = try #require(retried.output.firstMatch(of: /[0-9a-f]{8}-[0-9a-f-]{27}/)).output
        #expect(
            try eventually(within: 30) { try PipelineTests.run(String(id), cluster).state == "succeeded" })
        let log = try cluster.submit(["logs", String(id)]).output
        #expect(log.contains("r: made again"), "\(log)")
        let rows = try PipelineTests.rows(
            "SELECT ds, day FROM parquet.`gated-out` WHERE ds = '2026-10-03'", cluster)
        #expect(rows == "2026-10-03,day 2026-10-03")
        // What keeps earlier rows is not done twice.
        let kept = "millrace-pipelines/gated/tables/kept"
        #expect(
            try PipelineTests.rows("SELECT count(*), count(DISTINCT ds) FROM parquet.`\(kept)`", cluster)
                == "6,6")
    }
}
