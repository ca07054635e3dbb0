import Foundation
import Programs
import Testing

/// Shows and changes what a coordinator's pipelines remember, with `etl-submit state` and over REST.
@Suite("State of pipelines on a cluster", .serialized)
struct PipelineStateTests {
    private func files(_ database: String) -> [String: String] {
        [
            "etl.yml": """
            name: shop
            connections: {db: {uri: "sqlite:\(database)"}}
            extract:
              - {name: sales, sql: {connection: db, table: sales, incremental: {cursor_path: id}}}
              - {name: lists, file: {path: data/*.csv}, write_disposition: append}
            transform:
              - {name: total, sql: "SELECT count(*) AS n FROM {{ ref('sales') }}"}
              - name: slow
                sql: >
                  SELECT sum(sin(x.id * y.id)) AS s FROM range(4000) x CROSS JOIN range(10000000) y
            """, "data/a.csv": "id\n1\n",
        ]
    }

    private struct Progress: Decodable, Equatable {
        var step: String
        var kind: String
        var cursor: String?
        var rows: Int?
        var files: Int?
    }
    private struct Answer: Decodable { var tables: [Progress] }

    @Test("is shown, rewound and reset by name or directory; runs go on from it, and hold it while at work")
    func state() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let database = cluster.file("storage/shop.db")
        let directory = try PipelineTests.folder(cluster, "shop", files(database))
        let made = try cluster.submit([
            "-e",
            "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'sqlite:\(database)', dbtable 'sales') "
                + "SELECT id, 'x' AS what FROM range(1, 4)",
        ])
        #expect(made.status == 0, "\(made.errors)")
        func run() throws {
            let answer = try cluster.submit([
                directory, "--select", "sales", "lists", "total", "--progress", "none",
            ])
            #expect(answer.status == 0, "\(answer.errors)")
        }
        func state(_ words: [String]) throws -> ProgramRun { try cluster.submit(["state"] + words) }
        func shown() throws -> [Progress] {
            let text = try cluster.get("/api/v1/pipelines/shop/state")
            return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).tables
        }
        let unknown = try state(["show", "shop"])
        #expect(unknown.status == 1 && unknown.errors.contains("PIPELINE_NOT_FOUND"), "\(unknown.errors)")

        try run()
        let expected = """
            lists: 1 file read, each once
            sales: cursor 3, 3 rows read in all, 3 in the latest read
            total: made anew by every run

            """
        for word in ["shop", directory] { #expect(try state(["show", word]).output == expected) }
        #expect(
            try shown() == [
                Progress(step: "lists", kind: "files", files: 1),
                Progress(step: "sales", kind: "cursor", cursor: "3", rows: 3),
                Progress(step: "total", kind: "anew"),
            ])

        // Rows after the cursor come again, and are added again.
        #expect(try state(["rewind", "shop", "sales", "--to", "1"]).status == 0)
        #expect(try shown()[1].cursor == "1")
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        try cluster.awaitWorkers(1)
        try run()
        let (rows, table) = (PipelineTests.rows, "parquet.`millrace-pipelines/shop/tables/sales`")
        #expect(try rows("SELECT count(*) FROM \(table)", cluster) == "5")
        #expect(try state(["reset", directory, "sales"]).status == 0)
        #expect(try shown().map(\.step) == ["lists", "total"])
        try run()
        #expect(try rows("SELECT count(*) FROM \(table)", cluster) == "3")

        for (words, answer) in [
            (["rewind", "shop", "total", "--to", "1"], "every run makes it anew: total"),
            (["rewind", "shop", "lists", "--to", "1"], "reads files, each once"),
            (["reset", "shop", "sale"], "Did you mean sales?"),
            (["reset", "shop", ".."], "no table of this"),
        ] {
            let refused = try state(words)
            #expect(refused.status == 1 && refused.errors.contains(answer), "\(refused.errors)")
        }
        try expectHeld(cluster, directory)
        #expect(try shown().map(\.step) == ["lists", "sales", "total"])
    }

    /// Begins a run, which holds the state until it ends.
    private func expectHeld(_ cluster: TestCluster, _ directory: String) throws {
        let slow = try cluster.start([directory, "--select", "slow"])
        let id = try cluster.jobID(of: slow)
        let runs = try eventually(within: 30) {
            try PipelineTests.run(id, cluster).state(of: "slow") == "running"
        }
        #expect(runs)
        let held = try cluster.submit(["state", "reset", "shop", "sales"])
        #expect(held.status == 1 && held.errors.contains("Another run of this pipeline"), "\(held.errors)")
        _ = try cluster.submit(["cancel", id])
        _ = try slow.waited()
    }

    @Test("a connector file that names no tables has a worker list those of the database, for each run")
    func catalog() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let database = cluster.file("storage/all.db")
        func make(_ table: String) throws {
            let made = try cluster.submit([
                "-e",
                "INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'sqlite:\(database)', "
                    + "dbtable '\(table)') SELECT id FROM range(1, 4)",
            ])
            #expect(made.status == 0, "\(made.errors)")
        }
        let directory = try PipelineTests.folder(
            cluster, "all",
            [
                "etl.yml": "name: all\nextract: [{connector: c.json}]\n",
                "c.json": """
                {"config": {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                 "mode": "bulk", "connection.url": "jdbc:sqlite:\(database)",
                 "topic.prefix": "k-", "table.blacklist": "b"}}
                """,
            ])
        for (table, steps) in [("a", ["k_a"]), ("b", ["k_a"]), ("c", ["k_a", "k_c"])] {
            try make(table)
            let run = try cluster.submit([directory, "--progress", "none"])
            #expect(run.status == 0, "\(run.errors)")
            let id = try #require(run.errors.firstMatch(of: /job (\S+)/)).1
            #expect(try PipelineTests.run(String(id), cluster).steps.map(\.name) == steps)
        }
        #expect(
            try PipelineTests.rows(
                "SELECT sum(id) FROM parquet.`millrace-pipelines/all/tables/k_c`", cluster) == "6")
    }
}
