import Foundation
import Pipelines
import Protocol
import Testing
import Vocabulary

/// Holds dbt's incremental models, run for real.
@Suite("An incremental model")
struct IncrementalTests {
    static func project(_ config: String, _ sql: String) -> [String: String] {
        [
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n",
            "models/m.sql": "{{ config(materialized='incremental'\(config)) }}\n\(sql)",
        ]
    }

    /// What the second run gives, by strategy.
    static let strategies: [(config: String, after: [String])] = [
        ("", ["1,a", "2,b", "2,B", "3,c"]),
        (", incremental_strategy='append'", ["1,a", "2,b", "2,B", "3,c"]),
        (", unique_key='id'", ["1,a", "2,B", "3,c"]),
        (", unique_key=['id'], incremental_strategy='delete+insert'", ["1,a", "2,B", "3,c"]),
        (", incremental_strategy='insert_overwrite'", ["2,B", "3,c"]),
        (", incremental_strategy='insert_overwrite', partition_by='id'", ["1,a", "2,B", "3,c"]),
    ]

    static let twoRuns = """
        {% if is_incremental() %}
        SELECT id, v FROM VALUES (2, 'B'), (3, 'c') AS t(id, v) WHERE id >= (SELECT max(id) FROM {{ this }})
        {% else %}
        SELECT id, v FROM VALUES (1, 'a'), (2, 'b') AS t(id, v)
        {% endif %}
        """

    @Test("brings its new rows in by its strategy, and is made anew by a full refresh", arguments: strategies)
    func bringsRows(config: String, after: [String]) async throws {
        let bench = try await RunBench(Self.project(config, Self.twoRuns))
        #expect(try await bench.run().state == .succeeded)
        let query = "SELECT id, v FROM {m} ORDER BY id, v DESC"
        #expect(try await bench.rows(query) == ["1,a", "2,b"])
        let folder = StateFolder.tables(in: bench.state).table("m")
        let files = {
            try Set(FileManager.default.contentsOfDirectory(atPath: folder)).filter { $0.hasPrefix("part-") }
        }
        let old = try files()
        let record = try await bench.run()
        #expect(record.state == .succeeded, "\(RunBench.errors(record)) \(record.steps)")
        #expect(record.steps["m"]?.rowsOut == 2)
        #expect(try await bench.rows(query) == after)
        let tables = StateFolder.tables(in: bench.state)
        #expect(tables.progress.map { "\($0.step) \($0.kind) \($0.latestRows ?? -1)" } == ["m grows 2"])
        let error = #expect(throws: EngineError.self) {
            try tables.change(StateChange(action: "rewind", step: "m", to: "1"))
        }
        #expect(error?.message.contains("keeps the rows of earlier runs") == true)
        // Only appending writes no old row again.
        #expect(try !old.isEmpty && old.isSubset(of: files()) == (after.count == 4))
        #expect(try await bench.run(fullRefresh: true).state == .succeeded)
        #expect(try await bench.rows(query) == ["1,a", "2,b"])
    }

    @Test("with a key twice among its new rows fails, and the table stays")
    func duplicates() async throws {
        let bench = try await RunBench(
            Self.project(
                ", unique_key='id'",
                "SELECT id, 1 AS v FROM VALUES (1), ({{ 1 if is_incremental() else 2 }}) AS t(id)"
            ))
        try await bench.run()
        let record = try await bench.run()
        #expect(RunBench.errors(record) == ["m": "DUPLICATE_KEY"])
        #expect(try await bench.rows("SELECT id FROM {m} ORDER BY id") == ["1", "2"])
    }

    @Test(
        "with keys among its new rows that the table's type makes one fails, and the table stays",
        arguments: [
            ("1", "('1'), ('01')"), ("CAST(1 AS DECIMAL(10,2))", "(1.001D), (1.004D)"),
            ("CAST(1 AS BIGINT)", "('7'), (' 7')"),
        ])
    func equalKeys(first: String, second: String) async throws {
        let bench = try await RunBench(
            Self.project(
                ", unique_key='id'",
                "{% if is_incremental() %}SELECT id, 'b' AS v FROM VALUES \(second) AS t(id)"
                    + "{% else %}SELECT \(first) AS id, 'a' AS v{% endif %}"))
        #expect(try await bench.run().state == .succeeded)
        #expect(RunBench.errors(try await bench.run()) == ["m": "DUPLICATE_KEY"])
        #expect(try await bench.rows("SELECT v FROM {m}") == ["a"])
    }

    @Test("replaces the row of a key that its query gives in another type", arguments: ["'1'", "1.0D"])
    func keyOfOtherType(key: String) async throws {
        let bench = try await RunBench(
            Self.project(
                ", unique_key='id'",
                "{% if is_incremental() %}SELECT \(key) AS id, 'b' AS v"
                    + "{% else %}SELECT CAST(1 AS BIGINT) AS id, 'a' AS v{% endif %}"))
        #expect(try await bench.run().state == .succeeded)
        let record = try await bench.run()
        #expect(record.state == .succeeded, "\(record.steps)")
        #expect(try await bench.rows("SELECT id, v FROM {m}") == ["1,b"])
    }

    /// Columns after the second run, which gives id and w instead of id and v; nil where it fails.
    static let changes: [(policy: String, columns: String?)] = [
        ("ignore", nil), ("fail", nil), ("append_new_columns", "1,a,null 2,null,b"),
        ("sync_all_columns", "1,null 2,b"),
    ]

    @Test("takes other columns as on_schema_change says", arguments: changes)
    func schemas(policy: String, columns: String?) async throws {
        let bench = try await RunBench(
            Self.project(
                ", on_schema_change='\(policy)'",
                "{% if is_incremental() %}SELECT 2 AS id, 'b' AS w"
                    + "{% else %}SELECT 1 AS id, 'a' AS v{% endif %}"
            ))
        try await bench.run()
        let record = try await bench.run()
        if let columns {
            #expect(record.state == .succeeded, "\(RunBench.errors(record))")
            #expect(try await bench.rows("SELECT * FROM {m} ORDER BY id").joined(separator: " ") == columns)
        } else {
            #expect(RunBench.errors(record) == ["m": "SCHEMA_CHANGE"])
        }
    }

    /// What the table holds after a first query's v and then a second one's; nil where the run fails.
    static let otherTypes: [(first: String, second: String, rows: [String]?)] = [
        ("CAST('12345678901234567.89' AS DECIMAL(20,2))", "1.5D", ["1,12345678901234567.89", "2,1.50"]),
        ("9007199254740993", "2.0D", ["1,9007199254740993", "2,2"]),
        ("9007199254740993", "1.5D", nil),
        ("1", "1.5D", ["1,1.0", "2,1.5"]),
        ("1", "5000000000", ["1,1", "2,5000000000"]),
        ("1.5", "12345.678", ["1,1.500", "2,12345.678"]),
        ("CAST(1 AS DECIMAL(38,18))", "CAST(2 AS DECIMAL(38,0))", ["1,1", "2,2"]),
        ("'x'", "10", ["1,x", "2,10"]),
        ("10", "'11'", ["1,10", "2,11"]),
        ("10", "'x'", nil),
    ]

    @Test(
        "changes no row that is there by the type of a new one", arguments: otherTypes,
        ["unique_key='id'", "incremental_strategy='append'"])
    func keepsValues(change: (first: String, second: String, rows: [String]?), config: String) async throws {
        let bench = try await RunBench(
            Self.project(
                ", " + config,
                "{% if is_incremental() %}SELECT 2 AS id, \(change.second) AS v"
                    + "{% else %}SELECT 1 AS id, \(change.first) AS v{% endif %}"))
        #expect(try await bench.run().state == .succeeded)
        let record = try await bench.run()
        #expect((record.state == .succeeded) == (change.rows != nil), "\(record.steps)")
        let cell = change.first.contains("38,18") ? "CAST(v AS INT)" : "v"
        let rows = try await bench.rows("SELECT id, \(cell) FROM {m} ORDER BY id")
        #expect(change.rows.map { rows == $0 } ?? (rows.count == 1), "\(rows)")
    }

    @Test(
        "refuses a type that an INSERT does not make into the column's",
        arguments: [
            ("TIMESTAMP '2024-01-01 00:00:00'", "1704067200L"), ("1704067200L", "current_timestamp()"),
            ("1", "true"), ("true", "1"), ("DATE '2024-01-01'", "1"), ("1", "DATE '2024-01-01'"),
        ], ["unique_key='id'", "incremental_strategy='append'", "on_schema_change='append_new_columns'"])
    func refusesTypes(change: (first: String, second: String), config: String) async throws {
        let bench = try await RunBench(
            Self.project(
                ", " + config,
                "{% if is_incremental() %}SELECT 2 AS id, \(change.second) AS v"
                    + "{% else %}SELECT 1 AS id, \(change.first) AS v{% endif %}"))
        #expect(try await bench.run().state == .succeeded)
        #expect(RunBench.errors(try await bench.run()) == ["m": "SCHEMA_CHANGE"])
        #expect(try await bench.rows("SELECT id FROM {m}") == ["1"])
    }

    @Test(
        "stores no null for a value that its column cannot hold, without ANSI mode either",
        arguments: [("10", "'abc'"), ("10", "'1.5'"), ("DATE '2024-01-01'", "'soon'"), ("1.5", "1e30")])
    func noNulls(first: String, second: String) async throws {
        let conf = ["spark.sql.ansi.enabled": "false"]
        let bench = try await RunBench(
            Self.project(
                "",
                "{% if is_incremental() %}SELECT 2 AS id, \(second) AS v UNION ALL SELECT 3, NULL"
                    + "{% else %}SELECT 1 AS id, \(first) AS v{% endif %}"))
        #expect(try await bench.run(conf: conf).state == .succeeded)
        let record = try await bench.run(conf: conf)
        #expect(RunBench.errors(record).keys.sorted() == ["m"], "\(record.steps)")
        #expect(try await bench.rows("SELECT id FROM {m}") == ["1"])
    }

    @Test("with another type of a column fails, or takes it, as on_schema_change says")
    func typeChanges() async throws {
        for (policy, rows) in [("fail", nil), ("sync_all_columns", ["1,1", "2,x"])] {
            let bench = try await RunBench(
                Self.project(
                    ", on_schema_change='\(policy)'",
                    "{% if is_incremental() %}SELECT 2 AS id, 'x' AS v"
                        + "{% else %}SELECT 1 AS id, 1 AS v{% endif %}"))
            try await bench.run()
            let record = try await bench.run()
            #expect(RunBench.errors(record) == (rows == nil ? ["m": "SCHEMA_CHANGE"] : [:]), "\(policy)")
            if let rows { #expect(try await bench.rows("SELECT id, v FROM {m} ORDER BY id") == rows) }
        }
    }

    /// What the table holds after its column takes the type of a second query's v; nil where a stored value
    /// would lose something by it, and the run fails.
    static let takenTypes: [(first: String, second: String, rows: [String]?)] = [
        ("10.0D", "1", ["1,10", "2,1"]), ("10.7D", "1", nil), ("'12'", "1", ["1,12", "2,1"]),
        ("'x'", "1", nil), ("5000000000", "1", nil), ("1.50", "1.5D", ["1,1.5", "2,1.5"]),
        ("TIMESTAMP '2024-01-01 00:00:00'", "DATE '2024-01-02'", ["1,2024-01-01", "2,2024-01-02"]),
        ("TIMESTAMP '2024-01-01 05:00:00'", "DATE '2024-01-02'", nil),
        ("named_struct('a', 1, 'b', 2)", "named_struct('a', 1)", nil),
        ("named_struct('a', 7)", "named_struct('a', 1L, 'b', 2)", [#"1,{"a":7}"#, #"2,{"a":1,"b":2}"#]),
    ]

    @Test(
        "takes the query's types with sync_all_columns where no stored value loses by it",
        arguments: takenTypes)
    func takesTypes(change: (first: String, second: String, rows: [String]?)) async throws {
        let bench = try await RunBench(
            Self.project(
                ", on_schema_change='sync_all_columns'",
                "{% if is_incremental() %}SELECT 2 AS id, \(change.second) AS v"
                    + "{% else %}SELECT 1 AS id, \(change.first) AS v{% endif %}"))
        #expect(try await bench.run().state == .succeeded)
        let record = try await bench.run()
        #expect((record.state == .succeeded) == (change.rows != nil), "\(record.steps)")
        let cell = change.first.contains("struct") ? "to_json(v)" : "v"
        let rows = try await bench.rows("SELECT id, \(cell) FROM {m} ORDER BY id")
        #expect(change.rows.map { rows == $0 } ?? (rows.count == 1), "\(rows)")
        if change.rows == nil {
            #expect(record.steps["m"]?.error?.message.contains("the table holds a value") == true)
        }
    }

    @Test("that fails a test on all its rows is not published")
    func tested() async throws {
        var files = Self.project("", "SELECT 1 AS id")
        files["models/s.yml"] = "models: [{name: m, columns: [{name: id, tests: [unique]}]}]"
        let bench = try await RunBench(files)
        #expect(try await bench.run().state == .succeeded)
        #expect(try await bench.run().state == .failed)
        #expect(try await bench.rows("SELECT count(*) FROM {m}") == ["1"])
    }

    @Test("has an id of its making that a cursor set back leaves, and another run replaces")
    func making() async throws {
        let bench = try await RunBench(Self.project("", "SELECT 1 AS id"))
        let tables = StateFolder.tables(in: bench.state)
        #expect(try tables.generation(of: "m") == nil)
        let first = try await bench.run()
        let id = try #require(try tables.generation(of: "m"))
        #expect(id == first.header.id)
        var state = TableState()
        state.cursor = "5"
        try tables.set(state, of: "m")
        #expect(tables.tableState("m")?.cursor == "5")
        #expect(try tables.generation(of: "m") == id, "a load would come again")
        let second = try await bench.run()
        #expect(try second.state == .succeeded && tables.generation(of: "m") == second.header.id)
        #expect(try await bench.rows("SELECT count(*) FROM {m}") == ["2"])
    }

    @Test("ephemeral models stand in the queries that read them, seeds are read and tested")
    func ephemeral() async throws {
        let bench = try await RunBench([
            "etl.yml": "name: p\ntransform: [{dbt: {}}]\n", "seeds/s.csv": "id,v\n1,a\n2,b\n",
            "models/e.sql":
                "{{ config(materialized='ephemeral') }}\nSELECT id * 10 AS id FROM {{ ref('s') }}",
            "models/f.sql": "{{ config(materialized='ephemeral') }} SELECT id + 1 AS id FROM {{ ref('e') }}",
            "models/m.sql": "SELECT f.id FROM {{ ref('f') }} f JOIN {{ ref('e') }} e ON f.id = e.id + 1",
            "models/s.yml": "seeds: [{name: s, columns: [{name: id, tests: [unique, not_null]}]}]",
        ])
        let record = try await bench.run()
        #expect(record.state == .succeeded, "\(RunBench.errors(record))")
        #expect(record.order.sorted() == ["m", "s"])
        #expect(record.summary.testsPassed == 2)
        #expect(try await bench.rows("SELECT id FROM {m} ORDER BY id") == ["11", "21"])
    }
}
