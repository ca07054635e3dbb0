import Foundation
import Pipelines
import Programs
import Protocol
import Testing
import Vocabulary

/// Reads a table of SQLite by a cursor, run after run.
@Suite("A read by cursor")
struct CursorReadTests {
    /// A pipeline that reads the table, or a query, of a database beside it.
    private struct Source {
        let bench: RunBench
        var database: String { bench.folder.path + "/s.db" }

        /// `sql` is what stands in `extract[].sql` beside the connection.
        init(_ sql: String, _ settings: String = "") async throws {
            bench = try await RunBench([:])
            try bench.folder.write([
                "etl.yml": """
                name: p
                connections: {db: {uri: "sqlite:\(bench.folder.path)/s.db"}}
                extract: [{name: x, sql: {connection: db, \(sql)}\(settings)}]
                """
            ])
        }

        /// Changes the database.
        func change(_ statements: String) throws {
            let code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])"
            let run = try ProgramRun.run(ProgramRun.python, ["-c", code, database, statements], seconds: 20)
            try #require(run.status == 0, "\(run.errors)")
        }

        /// Runs the pipeline and returns the table's rows.
        func read(_ columns: String) async throws -> [String] {
            let record = try await bench.run()
            #expect(record.state == .succeeded, "\(record.steps)")
            return try await bench.rows("SELECT \(columns) FROM {x} ORDER BY ALL")
        }

        var state: TableState? { StateFolder.tables(in: bench.state).tableState("x") }
    }

    /// A type of a column, and values in their order.
    static let cursors: [(type: String, values: [String])] = [
        ("INTEGER", ["-1", "9", "10", "11"]), ("REAL", ["0.1", "0.25", "2.5", "10.5"]),
        ("DECIMAL(10,2)", ["0.5", "9.25", "10.5", "100"]),
        ("DATE", ["'2023-12-31'", "'2024-01-01'", "'2024-01-02'", "'2024-02-01'"]),
        (
            "TIMESTAMP",
            [
                "'2023-12-31T00:00:00Z'", "'2024-01-01 00:00:00'", "'2024-01-01T09:00:00.5Z'",
                "'2024-01-02T00:00:00Z'",
            ]
        ), ("TEXT", ["'9'", "'B'", "'a'", "'b'"]), ("TEXT COLLATE NOCASE", ["'A'", "'B'", "'a'", "'b'"]),
    ]

    @Test(
        "begins with initial_value, takes rows that tie with the last, however often, and none twice",
        arguments: cursors, ["table: t", "query: SELECT * FROM t"])
    func ties(cursor: (type: String, values: [String]), what: String) async throws {
        let value = cursor.values
        let first = value[1].replacing("'", with: "")
        let source = try await Source("\(what), incremental: {cursor_path: at, initial_value: \"\(first)\"}")
        try source.change(
            "CREATE TABLE t(at \(cursor.type), v TEXT); INSERT INTO t VALUES (\(value[0]), 'before'), "
                + "(\(value[1]), 'a'), (\(value[2]), 'b'), (\(value[2]), 'b')")
        #expect(try await source.read("v") == ["a", "b", "b"])
        #expect(try await source.read("v") == ["a", "b", "b"], "nothing is new")
        #expect(source.state?.latestRows == 0)
        try source.change(
            "INSERT INTO t VALUES (\(value[2]), 'b'), (\(value[2]), 'c'), (\(value[2]), NULL)")
        #expect(try await source.read("v") == ["null", "a", "b", "b", "b", "c"])
        try source.change("INSERT INTO t VALUES (\(value[3]), 'd')")
        #expect(try await source.read("v") == ["null", "a", "b", "b", "b", "c", "d"])
        #expect(source.state?.latestRows == 1 && source.state?.totalRows == 7)
        #expect(try await source.read("v").count == 7)
    }

    @Test("of a query whose cursor is no column of a table goes on as well")
    func expression() async throws {
        let source = try await Source("query: SELECT n + 1 AS n FROM t, incremental: {cursor_path: n}")
        try source.change("CREATE TABLE t(n); INSERT INTO t VALUES (1), (8)")
        #expect(try await source.read("n") == ["2", "9"])
        try source.change("INSERT INTO t VALUES (9)")
        #expect(try await source.read("n") == ["2", "9", "10"])
    }

    @Test(
        "tells rows by their key where one is known: what changed under the same cursor does not come again",
        arguments: ["PRIMARY KEY (k, at)", "CHECK (k > 0)"])
    func keys(constraint: String) async throws {
        let isKnown = constraint.hasPrefix("PRIMARY")
        let source = try await Source(
            "table: t, incremental: {cursor_path: at}", isKnown ? "" : ", primary_key: k")
        try source.change(
            "CREATE TABLE t(k INT, at INT, v TEXT, \(constraint)); "
                + "INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b')"
        )
        #expect(try await source.read("k, v") == ["1,a", "2,b"])
        try source.change("UPDATE t SET v = 'new'; INSERT INTO t VALUES (3, 1, 'c'), (1, 2, 'later')")
        #expect(try await source.read("k, v") == ["1,a", "1,later", "2,b", "3,c"])
        // A column that came since is no change of the rows either.
        try source.change("ALTER TABLE t ADD w INT DEFAULT 5; INSERT INTO t VALUES (4, 2, 'd', 6)")
        #expect(
            try await source.read("k, v, w") == ["1,a,null", "1,later,null", "2,b,null", "3,c,null", "4,d,6"])
    }

    @Test("fails for rows without a cursor, and leaves them out or takes them where that is said")
    func missing() async throws {
        for (how, rows, more) in [
            ("raise", nil, nil), ("exclude", ["1", "2"], ["1", "2", "3"]),
            ("include", ["null", "1", "2"], ["null", "null", "1", "2", "3"]),
        ] as [(String, [String]?, [String]?)] {
            let source = try await Source(
                "table: t, incremental: {cursor_path: at, on_cursor_value_missing: \(how)}")
            try source.change("CREATE TABLE t(at INT, v INT); INSERT INTO t VALUES (1, 1), (2, 2), (NULL, 0)")
            guard let rows else {
                #expect(RunBench.errors(try await source.bench.run()) == ["x": "NULL_CURSOR"])
                #expect(source.state == nil)
                continue
            }
            #expect(try await source.read("at") == rows, "\(how)")
            #expect(try await source.read("at") == rows, "\(how)")
            try source.change("INSERT INTO t VALUES (3, 3), (NULL, 9)")
            #expect(try await source.read("at") == more, "\(how)")
        }
    }

    @Test("fails for a cursor that the rows do not have, which SQLite takes for a text")
    func misspelt() async throws {
        let source = try await Source("table: t, incremental: {cursor_path: att}")
        try source.change("CREATE TABLE t(at INT, v INT); INSERT INTO t VALUES (1, 1), (2, 2)")
        let run = try await source.bench.run()
        #expect(RunBench.errors(run) == ["x": "UNRESOLVED_COLUMN.WITH_SUGGESTION"])
        #expect(source.state == nil)
    }

    @Test("that merges keeps of two rows with one key that with the greatest cursor, else the last")
    func merges() async throws {
        let source = try await Source(
            "table: t, incremental: {cursor_path: at}", ", write_disposition: merge, primary_key: k")
        try source.change(
            "CREATE TABLE t(k INT, at INT, v TEXT); INSERT INTO t VALUES (1, 2, 'b'), (1, 1, 'a'), "
                + "(2, 5, 'x'), (2, 5, 'y')")
        #expect(try await source.read("k, v") == ["1,b", "2,y"])
        try source.change("INSERT INTO t VALUES (2, 5, 'z'), (1, 6, 'd'), (1, 5, 'c')")
        #expect(try await source.read("k, v") == ["1,d", "2,z"])
        let rows = (0..<40).map { "{\"id\": \($0 % 4), \"v\": \($0)}" }.joined(separator: "\n")
        let files = try await ExtractTests.table(
            "write_disposition: merge, primary_key: id", files: [rows], "SELECT id, v FROM {x} ORDER BY id")
        #expect(files == ["0,36", "1,37", "2,38", "3,39"], "the last that was read")
    }

    @Test("set back reads again from there, also from before its begin")
    func rewound() async throws {
        let source = try await Source("table: t, incremental: {cursor_path: n, initial_value: 2}")
        try source.change("CREATE TABLE t(n INT); INSERT INTO t VALUES (1), (2), (3)")
        #expect(try await source.read("n") == ["2", "3"])
        try StateFolder.tables(in: source.bench.state).change(
            StateChange(action: "rewind", step: "x", to: "0"))
        #expect(try await source.read("n") == ["1", "2", "2", "3", "3"])
        #expect(try await source.read("n").count == 5)
    }
}
