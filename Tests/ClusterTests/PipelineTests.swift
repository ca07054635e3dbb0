import Foundation
import Programs
import Testing

/// Runs pipelines on a coordinator and workers as processes, and kills them.
@Suite("Pipelines on a cluster", .serialized)
struct PipelineTests {
    /// Files of a pipeline whose step `slow` takes some seconds, between `first` and `last`.
    static func files(_ out: String) -> [String: String] {
        [
            "etl.yml": """
            name: shop
            default_args: {retries: 1, retry_delay: 0.1s}
            extract: [{name: users, file: {path: data/users.csv}}]
            transform:
              - name: first
                sql: "SELECT id FROM {{ ref('users') }}"
                columns: [{name: id, tests: [unique]}]
              - name: slow
                sql: >
                  SELECT sum(sin(f.id * x.id * y.id)) AS s
                  FROM {{ ref('first') }} f CROSS JOIN range(400) y CROSS JOIN range(100000) x
              - name: last
                sql: "SELECT count(*) AS n FROM {{ ref('slow') }}"
                write: {path: "\(out)", mode: append}
            """, "data/users.csv": "id\n1\n2\n",
        ]
    }

    static func folder(_ cluster: TestCluster, _ name: String, _ files: [String: String]) throws -> String {
        let root = cluster.file(name)
        for (path, text) in files {
            let file = URL(fileURLWithPath: root).appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return root
    }

    /// Shows a run, as REST tells.
    struct Run: Decodable {
        struct Step: Decodable {
            var name: String
            var state: String
            var attempts: Int
            var rowsOut: Int
        }
        var id: String
        var kind: String
        var state: String
        var intervalStart: String
        var steps: [Step]
        func state(of name: String) -> String { steps.first { $0.name == name }?.state ?? "none" }
    }

    static func run(_ id: String, _ cluster: TestCluster) throws -> Run {
        try JSONDecoder().decode(Run.self, from: Data(try cluster.get("/api/v1/jobs/\(id)/run").utf8))
    }

    static func rows(_ sql: String, _ cluster: TestCluster) throws -> String {
        let answer = try cluster.submit(["run", "-e", sql, "--output", "csv", "--progress", "none"])
        #expect(answer.status == 0, "\(answer.errors)")
        return answer.output.split(separator: "\n").dropFirst().joined(separator: " ")
    }

    @Test(
        "a coordinator killed in mid-run goes on with it, runs no finished step again, and etl-submit waits")
    func killed() throws {
        let cluster = try TestCluster(workers: 2, hasStorage: true)
        defer { cluster.stop() }
        let directory = try Self.folder(cluster, "shop", Self.files("out"))
        let submitted = try cluster.start([directory, "--progress", "plain"])
        let id = try cluster.jobID(of: submitted)
        #expect(try eventually(within: 30) { try Self.run(id, cluster).state(of: "slow") == "running" })
        // The job of the step must have begun, so that it is gone on with.
        #expect(try eventually(within: 10) { try cluster.metric("etl_slots_used") > 0 })
        try cluster.killCoordinator()
        usleep(200_000)
        try cluster.startCoordinator()
        let ended = try submitted.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.errors.contains("does not answer"), "the run ended before the fault struck")
        let run = try Self.run(id, cluster)
        #expect(run.state == "succeeded")
        #expect(run.steps.map(\.attempts) == [1, 1, 1, 1], "\(run.steps)")
        #expect(try Self.rows("SELECT n FROM parquet.`out`", cluster) == "1")
        let log = try cluster.submit(["logs", id]).output
        for line in ["done    extract users", "pass    test unique_first_id", "done    transform last"] {
            #expect(log.ranges(of: line).count == 1, "\(log)")
        }
        // What the jobs of a run's steps read counts, though they are not listed as jobs.
        #expect(try cluster.metric("etl_bytes_read_total") > 0)
        // Runs are listed as jobs, the jobs of their steps are not.
        let list = try cluster.submit(["list", "--all"]).output
        #expect(list.contains(id) && !list.contains("step first"), "\(list)")
        #expect(try cluster.submit(["status", id]).output.contains("transform slow"))
    }

    @Test("fails with the step's error, goes on by retry where it failed, and is cancelled like any job")
    func retried() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        var files = Self.files("out2")
        files["etl.yml"] = """
            name: broken
            transform:
              - {name: good, sql: SELECT 1 AS x}
              - {name: bad, sql: "SELECT x FROM parquet.`later`"}
              - {name: after, sql: "SELECT x FROM {{ ref('bad') }}"}
            """
        let directory = try Self.folder(cluster, "broken", files)
        let failed = try cluster.submit([directory])
        #expect(failed.status == 1)
        #expect(failed.errors.contains("PATH_NOT_FOUND") && failed.errors.contains("etl-submit retry"))
        let id = try #require(failed.errors.firstMatch(of: /job (\S+)/)).1
        #expect(try Self.run(String(id), cluster).state(of: "after") == "skipped")
        _ = try cluster.submit([
            "run", "-e", "CREATE TABLE l USING parquet LOCATION 'later' AS SELECT 7 AS x", "--output", "none",
        ])
        let next = try cluster.submit(["retry", String(id)]).output.split(separator: "\n").joined()
        #expect(try cluster.submit(["wait", next]).status == 0)
        let run = try Self.run(next, cluster)
        #expect(run.kind == "retry" && run.state == "succeeded")
        #expect(run.steps.map { "\($0.name) \($0.attempts)" } == ["good 0", "bad 1", "after 1"])
        try Self.corrected(cluster, directory, files)
        let slow = try cluster.start([try Self.folder(cluster, "shop", Self.files("out3"))])
        let slowID = try cluster.jobID(of: slow)
        #expect(try eventually(within: 30) { try Self.run(slowID, cluster).state(of: "slow") == "running" })
        let cancelled = try cluster.submit(["cancel", slowID]).errors
        #expect(
            cancelled.contains("is asked to end") || cancelled.contains("is cancelled"), "\(cancelled)")
        #expect(try slow.waited().status == 1)
        #expect(try Self.run(slowID, cluster).state == "cancelled")
        #expect(try eventually(within: 10) { try cluster.metric("etl_slots_used") == 0 })
    }

    /// Breaks a step of the pipeline, mends it, and goes on with the directory.
    private static func corrected(
        _ cluster: TestCluster, _ directory: String, _ files: [String: String]
    ) throws {
        #expect(try cluster.submit(["retry", directory]).errors.contains("RUN_SUCCEEDED"))
        let (good, file) = (files["etl.yml"] ?? "", URL(fileURLWithPath: directory + "/etl.yml"))
        try Data(good.replacingOccurrences(of: "SELECT x FROM parquet", with: "SELCT x FROM parquet").utf8)
            .write(to: file)
        let broken = try cluster.submit([directory])
        #expect(
            broken.status == 1 && broken.errors.contains("etl-submit retry DIRECTORY"), "\(broken.errors)")
        // The whole error stands once, where the step failed.
        #expect(broken.errors.ranges(of: "PARSE_SYNTAX_ERROR").count == 1, "\(broken.errors)")
        try Data(good.utf8).write(to: file)
        let mended = try cluster.submit(["retry", directory, "--detach"])
        #expect(mended.status == 0, "\(mended.errors)")
        let id = mended.output.split(separator: "\n").joined()
        #expect(try cluster.submit(["wait", id]).status == 0)
        let run = try Self.run(id, cluster)
        #expect(run.kind == "retry" && run.state == "succeeded")
        #expect(run.steps.map { "\($0.name) \($0.attempts)" } == ["good 0", "bad 1", "after 1"])
        _ = try cluster.submit(["test", directory])
        #expect(try cluster.submit(["runs", "broken"]).output.contains("  test  "))
    }

    @Test("mistakes are told before a run is accepted, and secrets of the coordinator are kept")
    func refused() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let wrong = try Self.folder(cluster, "wrong", ["etl.yml": "name: w\ntransfrom: []\n"])
        let answer = try cluster.submit([wrong])
        #expect(answer.status == 1)
        #expect(answer.errors.contains("etl.yml:2:1") && answer.errors.contains("Did you mean transform?"))
        let secret = try Self.folder(
            cluster, "secret",
            ["etl.yml": "name: s\ntransform: [{name: a, sql: \"SELECT '{{ env_var('HOME') }}' AS x\"}]\n"])
        let kept = try cluster.submit([secret])
        #expect(kept.status == 1)
        #expect(kept.errors.contains("may not read the environment variable: HOME"), "\(kept.errors)")
        #expect(try cluster.submit(["list", "--all"]).output.split(separator: "\n").count <= 1)
    }

    @Test(
        "deployed runs each missed interval once, over a kill -9; a backfill runs the past"
    )
    func deployed() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withFullDate, .withTime, .withColonSeparatorInTime]
        // 12 whole minutes are over; none of them ends soon.
        let start = formatter.string(from: Date(timeIntervalSinceNow: -12 * 60)).prefix(16)
        let directory = try Self.folder(
            cluster, "tick",
            [
                "etl.yml": """
                name: tick
                schedule: "*/2 * * * *"
                start_date: \(start)
                catchup: true
                transform:
                  - name: tick
                    sql: "SELECT '{{ data_interval_start }}' AS start, '{{ run_id }}' AS run"
                    write: {path: ticks, mode: append}
                """
            ])
        let answer = try cluster.submit(["deploy", directory])
        #expect(answer.status == 0 && answer.output.contains("pipeline tick is active"), "\(answer.errors)")
        #expect(
            try eventually(within: 20) {
                try cluster.get("/api/v1/pipelines/tick/runs").contains("succeeded")
            })
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        let caughtUp = try eventually(within: 60) {
            let runs = try Self.runs(cluster)
            return runs.count >= 5 && runs.allSatisfy { $0.state == "succeeded" }
        }
        let seen = try cluster.get("/api/v1/pipelines/tick/runs")
        #expect(caughtUp, "\(seen)")
        _ = try cluster.submit(["pause", "tick"])
        let count = try Self.runs(cluster).count
        let written = try Self.rows("SELECT count(*), count(DISTINCT start) FROM parquet.`ticks`", cluster)
        #expect(written == "\(count),\(count)")
        let backfilled = try cluster.submit([
            "backfill", "tick", "--from", "2024-01-01", "--to", "2024-01-01T00:06",
        ])
        #expect(backfilled.output.split(separator: "\n").count == 4, "\(backfilled.errors)")
        #expect(try eventually(within: 30) { try Self.runs(cluster).allSatisfy { $0.state == "succeeded" } })
        #expect(try Self.runs(cluster).count { $0.kind == "backfill" } == 3)
        // The same again asks for nothing new.
        let again = try cluster.submit([
            "backfill", "tick", "--from", "2024-01-01", "--to", "2024-01-01T00:06",
        ])
        #expect(
            again.output.isEmpty && again.errors.contains("0 new runs, 3 intervals ran already"),
            "\(again.output)\(again.errors)")
        #expect(try Self.runs(cluster).count == count + 3)
        // A directory stands for the name in its etl.yml, and a run of tests is not the last one.
        let listed = try cluster.submit(["runs", directory])
        #expect(listed.output.contains("backfill"), "\(listed.errors)")
        let last = try cluster.submit(["runs"]).output.split(separator: " ").last
        #expect(try cluster.submit(["test", directory]).status == 0)
        #expect(try cluster.submit(["runs"]).output.split(separator: " ").last == last)
        try Data("-- another\n".utf8).write(to: URL(fileURLWithPath: directory + "/more.sql"))
        let other = try cluster.submit(["deploy", directory])
        #expect(other.errors.contains("replaces the deployment of 20"), "\(other.errors)")
        #expect(try cluster.submit(["resume", "tick"]).output.contains("active"))
        #expect(try cluster.submit(["remove", "tick"]).status == 0)
        #expect(try cluster.submit(["pause", "tick"]).errors.contains("no deployed pipeline"))
    }

    private static func runs(_ cluster: TestCluster) throws -> [Run] {
        struct Runs: Decodable { var runs: [Run] }
        let text = try cluster.get("/api/v1/pipelines/tick/runs")
        return try JSONDecoder().decode(Runs.self, from: Data(text.utf8)).runs
    }
}
