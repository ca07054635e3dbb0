import Testing

/// Holds which files a query opens of a table in folders, before and while it runs.
@Suite("Files that are not opened")
struct PartitionPruningTests {
    private static let dimension =
        "(VALUES (3, 'x3', 'a'), (4, 'x4', 'b'), (9, 'x9', 'a')) AS dim(id, d, name)"

    /// Returns a program with eighty records in eight folders `k=0` to `k=7`, of which that of `k=0` is
    /// damaged: whoever reads it fails.
    private func prepared() throws -> Program {
        let program = try Program()
        let made = try program.sql(
            "CREATE TABLE t USING json PARTITIONED BY (k, d) LOCATION 'out' AS "
                + "SELECT id AS a, id % 8 AS k, concat('x', id % 8) AS d FROM range(80)")
        #expect(made.status == 0, "\(made.errors)")
        let files = try program.contents("out").keys
        let file = try #require(files.first { $0.hasPrefix("k=0/") && $0.hasSuffix(".json") })
        try program.write("out/" + file, "no JSON at all\n")
        return program
    }

    private func run(_ program: Program, _ query: String) throws -> (output: String, errors: String) {
        let view =
            "CREATE TEMPORARY VIEW v (a BIGINT, k INT, d STRING) USING json "
            + "OPTIONS (path 'out', mode 'FAILFAST'); "
        let run = try program.sql(view + query)
        return (run.output, run.errors)
    }

    @Test(
        "the keys of a join's small side rule out folders",
        arguments: [
            "JOIN \(dimension) ON k = id WHERE name = 'a'",
            "JOIN \(dimension) ON v.d = dim.d WHERE name = 'a'",
            "JOIN \(dimension) ON k = id AND v.d = dim.d WHERE name = 'a'",
            "JOIN \(dimension) ON k = id AND v.d = concat(dim.d, '') WHERE name = 'a'",
            "LEFT SEMI JOIN (SELECT * FROM \(dimension) WHERE name = 'a') ON k = id",
            "WHERE k IN (SELECT id FROM \(dimension) WHERE name = 'a')",
        ])
    func byJoinKeys(rest: String) throws {
        let program = try prepared()
        let counted = try run(program, "SELECT count(*) AS n, max(k) AS k FROM v \(rest)")
        #expect(counted.output == "{\"n\":10,\"k\":3}\n", "\(counted.errors)")
        let plan = try run(program, "EXPLAIN SELECT a FROM v \(rest)")
        #expect(plan.output.contains("dynamic partition filters: ["), "\(plan.output)")
        let measured = try run(program, "EXPLAIN ANALYZE SELECT a FROM v \(rest)")
        #expect(measured.output.contains("7 of 8 file parts skipped"), "\(measured.output)")
    }

    @Test(
        "a side whose rows all come out is read whole",
        arguments: [
            "LEFT JOIN \(dimension) ON k = id", "LEFT ANTI JOIN \(dimension) ON k = id",
            "WHERE k NOT IN (SELECT id FROM \(dimension) WHERE name = 'a')",
            "FULL JOIN \(dimension) ON k = id",
        ])
    func keptSides(rest: String) throws {
        let program = try prepared()
        let whole = try run(program, "SELECT count(*) AS n, count(a) AS a FROM v \(rest)")
        #expect(whole.errors.contains("MALFORMED_RECORD"), "\(whole)")
        let plan = try run(program, "EXPLAIN SELECT a FROM v \(rest)")
        #expect(!plan.output.contains("dynamic partition filters"), "\(plan.output)")
    }

    @Test("EXPLAIN counts the files that conditions on folders leave")
    func counted() throws {
        let program = try prepared()
        let plan = try run(program, "EXPLAIN EXTENDED SELECT a FROM v WHERE k IN (3, 4) AND a > 1")
        let scans = plan.output.matches(of: #/ files 2 of 8/#)
        #expect(scans.count == 2, "the physical plan and the stage: \(plan.output)")
        let all = try run(program, "EXPLAIN SELECT a FROM v")
        #expect(!all.output.contains(" of 8"), "\(all.output)")
    }

    @Test("statistics of Parquet files are held against the keys of a join")
    func byStatistics() throws {
        let program = try Program()
        var text = "CREATE TABLE p (a BIGINT, s STRING) USING parquet LOCATION 'p';"
        for part in 0..<4 {
            let ids = "range(\(part * 1000), \(part * 1000 + 1000))"
            text += "INSERT INTO p SELECT id, concat('s', id) FROM \(ids);"
        }
        let query =
            "SELECT p.a, s FROM parquet.`p` AS p "
            + "JOIN (VALUES (1500, 'x'), (1501, 'y'), (7, 'z')) AS few(a, name) "
            + "ON p.a = few.a WHERE name < 'z'"
        let rows = try program.sql(text + query + " ORDER BY 1")
        let wanted = "{\"a\":1500,\"s\":\"s1500\"}\n{\"a\":1501,\"s\":\"s1501\"}\n"
        #expect(rows.output == wanted, "\(rows.errors)")
        let measured = try program.sql("EXPLAIN ANALYZE " + query)
        #expect(measured.output.contains("join key filters: [a]"), "\(measured)")
        #expect(measured.output.contains("3 of 4 file parts skipped"), "\(measured)")
    }

    /// Types of keys, made of a number.
    private static let keys = [
        "CAST(id AS INT)", "id", "CAST(id AS STRING)", "date_add(DATE'2000-01-01', CAST(id AS INT))",
        "timestamp_seconds(id * 60)", "CAST(id AS DECIMAL(9, 2))", "CAST(id AS DECIMAL(30, 1))",
        "CAST(id / 4 AS DOUBLE)", "CAST(id - 5 AS TINYINT)", "CAST(CAST(id AS STRING) AS BINARY)",
        "id % 3 = 0", "named_struct('a', id, 'b', 'x')",
    ]

    @Test("a join gives the same rows whether its keys rule files out or not", arguments: keys, [3, 90])
    func same(key: String, count: Int) throws {
        let program = try Program()
        let made = "SELECT id AS a, if(id % 10 = 9, NULL, \(key)) AS k"
        var text = "CREATE TABLE p USING parquet LOCATION 'p' AS \(made) FROM range(0, 30);"
        for part in 1..<4 {
            text += "INSERT INTO p \(made) FROM range(\(part * 30), \(part * 30 + 30));"
        }
        let few = "(SELECT k FROM (\(made) FROM range(40, \(40 + count)))) AS few"
        func joined(_ key: String) -> String {
            "(SELECT count(*) AS n, sum(p.a) AS s FROM p JOIN \(few) ON \(key) = few.k)"
        }
        // A computed key is looked for row by row only.
        let rows = try program.sql(
            text + "SELECT x.n > 0 AND x.n = y.n AND x.s = y.s AS same "
                + "FROM \(joined("p.k")) AS x CROSS JOIN \(joined("if(p.a >= 0, p.k, NULL)")) AS y")
        #expect(rows.output == "{\"same\":true}\n", "\(rows)")
    }
}
