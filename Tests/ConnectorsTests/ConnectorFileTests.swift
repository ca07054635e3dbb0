import Foundation
import Programs
import Testing

/// Runs files of Kafka Connect's JDBC source as they are, on a database of their own.
@Suite("Kafka Connect's files on PostgreSQL", .serialized) struct ConnectorFileTests {
    let server: PostgresServer
    let submit: Submit

    init() throws {
        server = try PostgresServer.shared.get()
        submit = try Submit()
    }

    /// Makes a database anew and returns its address.
    private func database(_ name: String, _ statements: String) throws -> String {
        _ = try server.rows("DROP DATABASE IF EXISTS \(name)")
        _ = try server.rows("CREATE DATABASE \(name)")
        let address = "postgresql://postgres@127.0.0.1:\(server.port)/\(name)"
        try change(address, statements)
        return address
    }

    private func change(_ address: String, _ statements: String) throws {
        let run = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statements, address], seconds: 30)
        try #require(run.status == 0, "\(run.errors)")
    }

    private func write(_ address: String, _ settings: [String: String]) throws {
        var all = settings
        all["connector.class"] = "io.confluent.connect.jdbc.JdbcSourceConnector"
        all["connection.url"] = "jdbc:" + address
        all["topic.prefix"] = "kc-"
        let text = String(decoding: try JSONEncoder().encode(["config": all]), as: UTF8.self)
        try submit.write("p/c.json", text)
        try submit.write("p/etl.yml", "name: p\nextract: [{connector: c.json}]\n")
    }

    /// The steps of the pipeline, as `plan` lists them.
    private func steps(of folder: String = "p") throws -> [String] {
        let plan = try submit.run(["plan", folder])
        #expect(plan.status == 0, "\(plan.errors)")
        return plan.output.matches(of: /extract (\w+)/).map { String($0.1) }
    }

    private func run(_ folder: String = "p") throws {
        let run = try submit.run([folder, "--progress", "none"])
        #expect(run.status == 0, "\(run.errors)")
    }

    private func rows(_ step: String, _ columns: String, in folder: String = "p") throws -> String {
        let run = try submit.sql(
            "SELECT \(columns) FROM parquet.`\(folder)/.millrace/tables/\(step)` ORDER BY 1")
        #expect(run.status == 0, "\(run.errors)")
        return run.output.replacing("\n", with: " ")
    }

    @Test("without table.whitelist all tables are read that schema.pattern, table.types and blacklist leave")
    func catalog() throws {
        let address = try database(
            "kc",
            """
            CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.users(id int); INSERT INTO a.users VALUES (1);
            CREATE TABLE a."Odd name"(id int); CREATE TABLE a.hidden(id int); CREATE TABLE b.users(id int);
            CREATE VIEW a.seen AS SELECT id FROM a.users; CREATE TABLE b.alone(id int)
            """)
        try write(address, ["mode": "bulk", "schema.pattern": "a", "table.blacklist": "a.hidden"])
        #expect(try steps() == ["kc_Odd_name", "kc_users"])
        try run()
        #expect(try rows("kc_users", "id") == #"{"id":1} "#)
        // bulk reads the whole table anew each time.
        try change(address, "INSERT INTO a.users VALUES (2)")
        try run()
        #expect(try rows("kc_users", "id") == #"{"id":1} {"id":2} "#)

        try write(address, ["mode": "bulk", "schema.pattern": "_", "table.types": "VIEW"])
        #expect(try steps() == ["kc_seen"])
        try write(address, ["mode": "bulk", "table.exclude.list": "b.users", "catalog.pattern": "k%"])
        #expect(try steps() == ["kc_Odd_name", "kc_hidden", "kc_users", "kc_alone"])
        for (settings, text) in [
            ([:], "Two tables would be one step, kc_users: \"a\".\"users\" and \"b\".\"users\""),
            (["schema.pattern": "none"], "no table that it reads"),
            (["catalog.pattern": "other"], "no table that it reads"),
            (["table.types": "VIEWS"], "Did you mean VIEW?"),
        ] {
            try write(address, settings.merging(["mode": "bulk"]) { $1 })
            let refused = try submit.run(["plan", "p"])
            #expect(refused.status == 1 && refused.errors.contains(text), "\(refused.errors)")
        }
    }

    @Test("mode timestamp reads what changed, strictly after the last time, without more settings")
    func timestamp() throws {
        let address = try database(
            "kt",
            """
            CREATE TABLE visits(id int, at timestamp NOT NULL);
            INSERT INTO visits VALUES (1, '2024-01-01'), (2, '2024-01-02')
            """)
        try write(address, ["mode": "timestamp", "timestamp.column.name": "at"])
        try run()
        // The same time again is not after it; an earlier one is neither.
        try change(
            address,
            "UPDATE visits SET at = '2024-01-03' WHERE id = 1; INSERT INTO visits VALUES (4, '2023-01-01')")
        try run()
        try run()
        let read = try rows("kc_visits", "concat(id, ' ', date(at)) AS v")
        for row in ["1 2024-01-01", "1 2024-01-03", "2 2024-01-02"] { #expect(read.contains(row), "\(read)") }
        let state = try submit.run(["state", "show", "p"]).output
        #expect(state.hasPrefix("kc_visits: cursor 2024-01-03"), "\(state)")
    }

    @Test("without incrementing.column.name the first column that the database counts up itself is taken")
    func counter() throws {
        let address = try database(
            "ki",
            """
            CREATE TABLE events(kind text, no int GENERATED ALWAYS AS IDENTITY, other serial);
            INSERT INTO events(kind) VALUES ('a'), ('b'); CREATE TABLE plain(id int PRIMARY KEY);
            CREATE TABLE old(v text, at timestamp, n bigserial); INSERT INTO old VALUES ('x', '2024-01-01')
            """)
        try write(address, ["mode": "incrementing", "table.whitelist": "public.events,old"])
        try run()
        try change(
            address, "INSERT INTO events(kind) VALUES ('c'); UPDATE events SET kind = 'z' WHERE no = 1")
        try run()
        let read = try rows("kc_events", "no, kind")
        #expect(read == #"{"no":1,"kind":"a"} {"no":2,"kind":"b"} {"no":3,"kind":"c"} "#)
        #expect(try rows("kc_old", "n, v") == #"{"n":1,"v":"x"} "#)
        try write(
            address,
            [
                "mode": "timestamp+incrementing", "timestamp.column.name": "at", "table.include.list": "old",
            ])
        #expect(try submit.run(["plan", "p"]).status == 0)
        // Of all tables one has no such column.
        try write(address, ["mode": "incrementing"])
        let refused = try submit.run(["plan", "p"])
        #expect(refused.status == 1)
        #expect(
            refused.errors.contains("No column of the table counts up by itself: public.plain"),
            "\(refused.errors)")
        try write(address, ["mode": "incrementing", "query": "SELECT 1 AS n"])
        #expect(try submit.run(["plan", "p"]).errors.contains("of a query needs incrementing.column.name"))
    }

    @Test("the seed's file runs as it is but for the server's address, and reads on from the greatest id")
    func seed() throws {
        let address = try database(
            "mydb",
            """
            CREATE TABLE users(id int PRIMARY KEY, name text);
            INSERT INTO users VALUES (1, 'ada'), (2, 'kurt');
            CREATE TABLE orders(id int PRIMARY KEY, amount numeric(10,2));
            INSERT INTO orders VALUES (7, 1.5)
            """)
        let folder = submit.folder.appendingPathComponent("seed")
        try FileManager.default.copyItem(
            at: ProgramRun.root.appendingPathComponent("examples/seed/postgres"), to: folder)
        let file = folder.appendingPathComponent("postgres-source.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let moved = text.replacing("postgresql://localhost:5432/mydb", with: address)
        try #require(moved != text)
        try moved.write(to: file, atomically: true, encoding: .utf8)
        #expect(try steps(of: "seed") == ["postgres_orders", "postgres_users"])
        try run("seed")
        try change(address, "INSERT INTO users VALUES (3, 'alan'); UPDATE users SET name = 'x' WHERE id = 1")
        try run("seed")
        #expect(
            try rows("postgres_users", "id, name", in: "seed")
                == #"{"id":1,"name":"ada"} {"id":2,"name":"kurt"} {"id":3,"name":"alan"} "#)
        #expect(try rows("postgres_orders", "*", in: "seed") == #"{"id":7,"amount":1.50} "#)
    }
}
