import Foundation
import Programs
import Testing

/// Runs pipelines that extract from a database and load into it.
@Suite("Pipelines on PostgreSQL", .serialized) struct DatabasePipelineTests {
    let server: PostgresServer
    let submit: Submit

    init() throws {
        server = try PostgresServer.shared.get()
        submit = try Submit()
    }

    private func run(_ expected: Int32 = 0) throws -> ProgramRun {
        let run = try submit.run(["p"])
        #expect(run.status == expected, "\(run.errors)")
        return run
    }

    private func table(_ name: String, _ columns: String = "*") throws -> String {
        let run = try submit.sql(
            "CREATE TEMPORARY VIEW t USING parquet OPTIONS (path 'p/.millrace/tables/\(name)', "
                + "mergeSchema 'true'); "
                + "SELECT \(columns) FROM t ORDER BY 1")
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    private func pipeline(_ extract: String, _ rest: String = "") throws {
        try submit.write(
            "p/etl.yml",
            "name: p\nconnections:\n  pg: {uri: \"{{ env_var('MILLRACE_PG') "
                + "}}\"}\nextract:\n\(extract)\n\(rest)\n"
        )
    }

    @Test("the example runs on a real server")
    func example() throws {
        let source = ProgramRun.root.appendingPathComponent("examples/databases")
        _ = try server.rows("DROP TABLE IF EXISTS users, orders, spending")
        _ = try server.rows(
            try String(contentsOf: source.appendingPathComponent("sample.sql"), encoding: .utf8))
        let target = submit.folder.appendingPathComponent("e")
        try FileManager.default.copyItem(at: source, to: target)
        let file = target.appendingPathComponent("connectors/postgres-source.json")
        let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(
            of: "jdbc:postgresql://localhost:5432/mydb", with: "${env:MILLRACE_PG}")
        try text.write(to: file, atomically: true, encoding: .utf8)
        setenv("PG_URI", server.uri, 1)
        for rows in ["1|15.50 2|1.00\n", "1|15.50 2|101.00\n"] {
            let run = try submit.run(["e"])
            #expect(run.status == 0, "\(run.errors)")
            let found = try server.rows(
                "SELECT string_agg(user_id || '|' || spent, ' ' ORDER BY user_id) FROM spending")
            #expect(found == rows, "\(run.errors)")
            _ = try server.rows("INSERT INTO orders(user_id, amount) VALUES (2, 100)")
        }
    }

    @Test("a row that commits late is read, and none twice")
    func lateCommit() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS late; CREATE TABLE late(id int8); INSERT INTO late VALUES (1), (2)")
        try pipeline(
            "  - name: late\n    sql: {connection: pg, table: late, incremental: {cursor_path: id}}\n"
                + "  - name: asked\n    sql: {connection: pg, query: SELECT id + 0 AS id FROM late, "
                + "incremental: {cursor_path: id}}")
        // A session that has written id 3, and a second row with id 2, and stays open.
        let open = Process()
        open.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        open.arguments = ["psql", "-qX", server.uri]
        let input = Pipe()
        open.standardInput = input
        try open.run()
        defer { open.terminate() }
        func say(_ text: String) { input.fileHandleForWriting.write(Data((text + "\n").utf8)) }
        say("BEGIN; INSERT INTO late VALUES (3), (2); CREATE TABLE IF NOT EXISTS late_is_open(a int);")
        let end = Date().addingTimeInterval(10)
        while try server.rows("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
            == "0\n",
            Date() < end
        { usleep(20_000) }
        _ = try server.rows("INSERT INTO late VALUES (4)")
        let first = try run().errors
        #expect(first.contains("warning: asked: a row that commits after another one"), "\(first)")
        #expect(!first.contains("warning: late:"), "\(first)")
        // The later transaction has the greater cursor; it waits for the open one.
        #expect(try table("late") == "{\"id\":1}\n{\"id\":2}\n")
        #expect(try table("asked", "count(*) AS n") == "{\"n\":3}\n", "rows of a query do not wait")
        _ = try server.rows("INSERT INTO late VALUES (5)")
        say("COMMIT;\n\\q")
        open.waitUntilExit()
        _ = try run()
        let all = [1, 2, 2, 3, 4, 5].map { "{\"id\":\($0)}\n" }.joined()
        #expect(try table("late") == all)
        _ = try run()
        #expect(try table("late") == all)
        let shown = try submit.run(["state", "show", "p"])
        #expect(
            shown.output == "asked: cursor 5, 4 rows read in all, 0 in the latest read\n"
                + "late: cursor 5, 6 rows read in all, 0 in the latest read\n", "\(shown.errors)")
        #expect(try submit.run(["state", "rewind", "p", "late", "--to", "4"]).status == 0)
        _ = try run()
        #expect(try table("late", "count(*) AS n") == "{\"n\":7}\n")
        #expect(try submit.run(["state", "reset", "p", "late"]).status == 0)
        _ = try run()
        #expect(try table("late") == all)
    }

    @Test("a failed extract publishes nothing, leaves the cursor, and names the line")
    func failure() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS f; CREATE TABLE f(id int8, v int4); INSERT INTO f VALUES (1, 1)")
        try pipeline(
            "  - name: f\n    sql: {connection: pg, table: f, incremental: {cursor_path: id}}\n    "
                + "schema_contract: freeze"
        )
        _ = try run()
        let state = try submit.run(["state", "show", "p"]).output
        _ = try server.rows("ALTER TABLE f ALTER v TYPE text; INSERT INTO f VALUES (2, 'x')")
        let changed = try run(1)
        #expect(
            changed.errors.contains("[SCHEMA_CONTRACT] The type of a column changed from int to string"),
            "\(changed.errors)")
        #expect(
            changed.errors.contains("--> p/etl.yml:6:10") || changed.errors.contains("etl.yml:6"),
            "\(changed.errors)")
        _ = try server.rows("DROP TABLE f")
        #expect(
            try run(1).errors.contains("[TABLE_OR_VIEW_NOT_FOUND] PostgreSQL: relation \"f\" does not exist"))
        #expect(try submit.run(["state", "show", "p"]).output == state)
        #expect(try table("f") == "{\"id\":1,\"v\":1}\n")
    }

    @Test("the contract's other modes evolve, and discard values or rows")
    func contracts() throws {
        let expected = [
            (
                "evolve",
                "{\"id\":1,\"v\":1,\"v__v_string\":null,\"w\":null}\n"
                    + "{\"id\":2,\"v\":null,\"v__v_string\":\"x\",\"w\":7}\n"
            ),
            ("discard_value", "{\"id\":1,\"v\":1}\n{\"id\":2,\"v\":null}\n"),
            ("discard_row", "{\"id\":1,\"v\":1}\n"),
        ]
        for (mode, rows) in expected {
            _ = try server.rows(
                "DROP TABLE IF EXISTS g; CREATE TABLE g(id int8, v int4); INSERT INTO g VALUES (1, 1)")
            try pipeline(
                "  - name: g_\(mode)\n    sql: {connection: pg, table: g}\n    write_disposition: merge\n "
                    + "   primary_key: id\n"
                    + "    schema_contract: \(mode)")
            _ = try run()
            _ = try server.rows(
                "ALTER TABLE g ALTER v TYPE text; ALTER TABLE g ADD w int4; INSERT INTO g VALUES (2, 'x', 7)")
            _ = try run()
            #expect(try table("g_\(mode)") == rows, "\(mode)")
        }
    }

    @Test("Kafka Connect's timestamp modes read each version of a row")
    func timestamps() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS ts; CREATE TABLE ts(id int NOT NULL, at timestamp NOT NULL); INSERT "
                + "INTO ts VALUES "
                + "(1, '2024-01-01'), (2, '2024-01-01')")
        try submit.write(
            "p/c.json",
            """
            {"name": "k", "config": {"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
             "connection.url": "${env:MILLRACE_PG}", "mode": "timestamp+incrementing",
             "timestamp.column.name": "at",
             "incrementing.column.name": "id", "table.whitelist": "ts", "topic.prefix": "k-"}}
            """)
        try submit.write("p/etl.yml", "name: p\nextract: [{connector: c.json}]\n")
        _ = try run()
        _ = try server.rows(
            "INSERT INTO ts VALUES (3, '2024-01-01'); UPDATE ts SET at = '2024-02-01' WHERE id = 1")
        _ = try run()
        _ = try run()
        #expect(
            try table("k_ts", "concat(id, ' ', date(at)) AS v")
                == ["1 2024-01-01", "1 2024-02-01", "2 2024-01-01", "3 2024-01-01"].map {
                    "{\"v\":\"\($0)\"}\n"
                }.joined())
        _ = try server.rows("ALTER TABLE ts ALTER at DROP NOT NULL; INSERT INTO ts VALUES (9, NULL)")
        #expect(try run(1).errors.contains("[NULL_CURSOR]"))
    }

    @Test("a load that appends a table which grows says that earlier rows come again")
    func appendedAgain() throws {
        _ = try server.rows(
            "DROP TABLE IF EXISTS h, h2; CREATE TABLE h(id int8); INSERT INTO h VALUES (1), (2)")
        try pipeline(
            "  - name: h\n    sql: {connection: pg, table: h, incremental: {cursor_path: id}}",
            "load: [{name: l, from: h, connection: pg, table: h2}]")
        #expect(try !run().errors.contains("append loads all rows"))
        _ = try server.rows("INSERT INTO h VALUES (3)")
        #expect(try run().errors.contains("warning: l: append loads all rows of h in every run"))
        #expect(try server.rows("SELECT count(*) FROM h2") == "5\n")
    }
}
