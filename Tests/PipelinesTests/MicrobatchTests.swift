import Pipelines
import Protocol
import Testing
import Vocabulary

/// Holds dbt's strategy microbatch, its arithmetic and real runs.
@Suite("A microbatch model")
struct MicrobatchTests {
    private static func time(_ text: String) -> Int { CivilTime.parse(text) ?? -1 }

    /// Size, lookback, the run's interval, what kind of run, and first start, last end and count of batches.
    /// Starts and ends are those that dbt-core's MicrobatchBuilder gives for the same times.
    static let cuts: [(String, Int, String, String, String, first: String, last: String, count: Int)] = [
        ("hour", 1, "2024-09-17T16:06", "2024-09-17T16:06", "on", "2024-09-17T15:00", "2024-09-17T17:00", 2),
        ("hour", 1, "2024-09-17T16:00", "2024-09-17T16:00", "on", "2024-09-17T14:00", "2024-09-17T16:00", 2),
        ("day", 0, "2024-09-17T16:06", "2024-09-17T16:06", "on", "2024-09-17T00:00", "2024-09-18T00:00", 1),
        ("day", 2, "2024-09-17T16:06", "2024-09-17T16:06", "on", "2024-09-15T00:00", "2024-09-18T00:00", 3),
        ("day", 1, "2024-09-16", "2024-09-17", "on", "2024-09-15T00:00", "2024-09-17T00:00", 2),
        ("month", 3, "2024-03-31", "2024-03-31", "on", "2023-12-01T00:00", "2024-04-01T00:00", 4),
        ("year", 1, "2024-02-29", "2024-02-29", "on", "2023-01-01T00:00", "2025-01-01T00:00", 2),
        // The interval is longer than what is looked back at.
        ("day", 1, "2024-09-01", "2024-10-01", "on", "2024-09-01T00:00", "2024-10-01T00:00", 30),
        ("day", 1, "2024-01-03T05:00", "2024-01-03T05:00", "anew", "2024-01-01T00:00", "2024-01-04T00:00", 3),
        ("month", 1, "2024-03-05", "2024-03-05", "anew", "2024-01-01T00:00", "2024-04-01T00:00", 3),
        (
            "day", 5, "2024-09-01T03:00", "2024-09-03T03:00", "backfill", "2024-09-01T00:00",
            "2024-09-04T00:00", 3
        ),
        // Before its begin a model has one batch without rows.
        ("day", 1, "2023-05-05", "2023-05-06", "anew", "2024-01-01T00:00", "2024-01-02T00:00", 1),
    ]

    @Test("is cut as dbt cuts it", arguments: cuts)
    func cut(
        size: String, lookback: Int, from: String, to: String, kind: String, first: String, last: String,
        count: Int
    ) throws {
        let text =
            "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', "
            + "batch_size='\(size)', lookback=\(lookback), begin='2024-01-01 00:00:00') }}SELECT 1 AS at"
        let folder = try ProjectFolder(["etl.yml": "name: p\ntransform: [{dbt: {}}]\n", "models/m.sql": text])
        var run = RunContext(
            runID: "r", intervalStart: Self.time(from), intervalEnd: Self.time(to), acceptedAt: 0,
            hasTable: { _ in kind != "anew" })
        run.isBackfill = kind == "backfill"
        var loader = PipelineLoader(directory: folder.path, run: run, environment: { _ in nil })
        let batches = try #require(try loader.load().step(named: "m")).batches
        #expect(batches.first?.start == Self.time(first))
        #expect(batches.last?.end == Self.time(last))
        #expect(batches.count == count)
        for (one, next) in zip(batches, batches.dropFirst()) { #expect(one.end == next.start) }
    }

    private static func project(_ more: String = "", sql: String? = nil) -> [String: String] {
        [
            "etl.yml": """
            name: p
            extract: [{name: visits, file: {path: visits.json, schema: "at TIMESTAMP, v BIGINT"}}]
            transform: [{dbt: {}}]
            """,
            "visits.json": """
            {"at": "2024-01-01T01:00:00Z", "v": 1}
            {"at": "2024-01-01T23:59:59Z", "v": 2}
            {"at": "2024-01-02T00:00:00Z", "v": 4}
            {"at": "2024-01-03T12:00:00Z", "v": 8}
            """,
            "models/s.yml":
                "sources: [{name: raw, tables: [{name: visits, config: {event_time: at}}]}]",
            "models/m.sql":
                "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', "
                + "batch_size='day', begin='2024-01-01'\(more)) }}\n"
                + (sql
                    ?? "SELECT date_trunc('DAY', min(at)) AS day, sum(v) AS v, count(*) AS n "
                    + "FROM {{ source('raw', 'visits') }} HAVING count(*) > 0")
                ,
        ]
    }

    private static let query = "SELECT date_format(day, 'dd'), v, n FROM {m} ORDER BY day"

    @Test("builds each batch from the rows of its time, and replaces the latest ones as rows come late")
    func builds() async throws {
        // A common table expression called as the table does not hide it.
        let sql =
            "WITH visits AS (SELECT * FROM {{ source('raw', 'visits') }}) SELECT date_trunc('DAY', min(at)) "
            + "AS day, sum(v) AS v, count(*) AS n FROM visits HAVING count(*) > 0"
        let bench = try await RunBench(Self.project(sql: sql))
        let first = try await bench.run(interval: ("2024-01-02", "2024-01-03"))
        #expect(first.state == .succeeded, "\(first.steps)")
        // An aggregate of all rows at once would be one row.
        #expect(try await bench.rows(Self.query) == ["01,3,2", "02,4,1"])
        // Late rows: of the 1st, which is not looked back at, and of the 2nd, which is.
        try bench.folder.write([
            "visits.json": (Self.project()["visits.json"] ?? "") + """

                {"at": "2024-01-01T05:00:00Z", "v": 100}
                {"at": "2024-01-02T05:00:00Z", "v": 16}
                """
        ])
        #expect(try await bench.run(interval: ("2024-01-03", "2024-01-04")).state == .succeeded)
        #expect(try await bench.rows(Self.query) == ["01,3,2", "02,20,2", "03,8,1"])
        // The same run again changes nothing.
        #expect(try await bench.run(interval: ("2024-01-03", "2024-01-04")).state == .succeeded)
        #expect(try await bench.rows(Self.query) == ["01,3,2", "02,20,2", "03,8,1"])
        // A backfill makes its interval alone.
        try bench.folder.write([
            "visits.json": (Self.project()["visits.json"] ?? "") + """

                {"at": "2024-01-01T05:00:00Z", "v": 100}
                """
        ])
        let back = try await bench.run(interval: ("2024-01-01", "2024-01-02"), isBackfill: true)
        #expect(back.state == .succeeded)
        #expect(try await bench.rows(Self.query) == ["01,103,3", "02,20,2", "03,8,1"])
        #expect(bench.warned.all == [])
        // All batches anew from begin.
        let anew = try await bench.run(fullRefresh: true, interval: ("2024-01-01", "2024-01-02"))
        #expect(anew.state == .succeeded)
        #expect(try await bench.rows(Self.query) == ["01,103,3"])
    }

    /// Types of an event time, and values of three days.
    static let times: [(type: String, values: [String])] = [
        ("DATE", ["2024-01-01", "2024-01-02", "2024-01-03"]),
        ("TIMESTAMP_NTZ", ["2024-01-01T00:00:00", "2024-01-02T00:30:00", "2024-01-03T23:59:59"]),
        ("TIMESTAMP", ["2024-01-01T00:00:00Z", "2024-01-02T00:30:00Z", "2024-01-03T23:59:59Z"]),
    ]

    @Test(
        "puts dates and times without a zone into the batch of their day, whatever the session's zone is",
        arguments: times, ["Europe/Berlin", "America/New_York"])
    func types(time: (type: String, values: [String]), zone: String) async throws {
        var files = Self.project(
            ", lookback=0", sql: "SELECT at AS day, v, 1L AS n FROM {{ source('raw', 'visits') }}")
        files["etl.yml"] = files["etl.yml"]?.replacing("at TIMESTAMP", with: "at \(time.type)")
        let rows = time.values.enumerated().map { "{\"at\": \"\($1)\", \"v\": \($0 + 1)}" }
        files["visits.json"] = rows.joined(separator: "\n") + "\n"
        let bench = try await RunBench(files)
        let conf = ["spark.sql.session.timeZone": zone]
        for (start, end) in [("01", "02"), ("02", "03"), ("02", "03"), ("03", "04")] {
            let run = try await bench.run(conf: conf, interval: ("2024-01-\(start)", "2024-01-\(end)"))
            #expect(run.state == .succeeded, "\(run.steps)")
        }
        #expect(try await bench.rows("SELECT v, n FROM {m} ORDER BY v") == ["1,1", "2,1", "3,1"])
        #expect(bench.warned.all == [])
    }

    @Test("that fails in one batch leaves the table as it was")
    func fails() async throws {
        let bench = try await RunBench(Self.project())
        #expect(try await bench.run(interval: ("2024-01-01", "2024-01-02")).state == .succeeded)
        try bench.folder.write(
            Self.project(
                sql:
                    "SELECT at AS day, if(v = 8, CAST(raise_error('eight') AS BIGINT), v * 10) AS v, 0L AS n "
                    + "FROM {{ source('raw', 'visits') }}"
            ).filter { $0.key == "models/m.sql" })
        #expect(try await bench.run(interval: ("2024-01-01", "2024-01-04")).state == .failed)
        #expect(try await bench.rows(Self.query) == ["01,3,2"])
    }

    @Test("says so when nothing it reads has an event_time, and when rows lie outside of the batches")
    func warns() async throws {
        var files = Self.project(
            sql: "SELECT at - INTERVAL 1 YEAR AS day, v, 1L AS n FROM {{ source('raw', 'visits') }}")
        files["models/s.yml"] = "sources: [{name: raw, tables: [{name: visits}]}]"
        let bench = try await RunBench(files)
        #expect(try await bench.run(interval: ("2024-01-01", "2024-01-02")).state == .succeeded)
        let warned = bench.warned.all
        #expect(warned.contains { $0.contains("has an event_time") }, "\(warned)")
        #expect(warned.contains { $0.contains("4 rows of the query have a day outside") }, "\(warned)")
    }

    @Test("reads models, seeds and ephemeral models by their event_time, and its own table whole")
    func inputs() async throws {
        var files = Self.project(
            sql: """
                SELECT e.at AS day, e.v, s.v + (SELECT count(*) FROM
                {% if is_incremental() %} {{ this }} {% else %} (SELECT 1 WHERE false) {% endif %})
                AS n FROM {{ ref('e') }} e LEFT JOIN {{ ref('s') }} s ON true
                """)
        files["models/e.sql"] =
            "{{ config(materialized='ephemeral', event_time='at') }}SELECT at, v FROM {{ ref('visits') }}"
        files["seeds/s.csv"] = "at,v\n2024-01-01,7\n2024-01-02,9\n"
        files["models/s.yml"] = "seeds: [{name: s, config: {event_time: at}}]"
        let bench = try await RunBench(files)
        let first = try await bench.run(interval: ("2024-01-02", "2024-01-03"))
        #expect(first.state == .succeeded, "\(first.steps)")
        #expect(try await bench.rows(Self.query) == ["01,1,7", "01,2,7", "02,4,9"])
        let second = try await bench.run(interval: ("2024-01-02", "2024-01-03"), isBackfill: true)
        #expect(second.state == .succeeded, "\(second.steps)")
        #expect(try await bench.rows(Self.query) == ["01,1,7", "01,2,7", "02,4,12"])
    }
}
