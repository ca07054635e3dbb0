import Testing

/// Makes tables where files lie already, and partition folders of timestamps.
@Suite("Locations of tables")
struct TableLocationTests {
    static let create = "TABLE t USING json LOCATION 'out' AS SELECT 2 AS a"

    /// Returns a program whose folder `out` holds one row.
    static func prepared() throws -> Program {
        let program = try Program()
        let run = try program.sql("INSERT OVERWRITE DIRECTORY 'out' USING json SELECT 1 AS a")
        #expect(run.status == 0, "\(run.errors)")
        return program
    }

    static func rows(_ program: Program) throws -> String {
        try program.sql("SELECT a FROM json.`out` ORDER BY a").output
    }

    @Test("CREATE TABLE AS does not add to files that are there")
    func refused() throws {
        let program = try Self.prepared()
        let before = try program.contents()
        let run = try program.sql("CREATE \(Self.create)")
        #expect(run.status == 1)
        #expect(run.errors.contains("[LOCATION_NOT_EMPTY]"), "\(run.errors)")
        #expect(run.errors.contains("CREATE OR REPLACE TABLE"), "\(run.errors)")
        #expect(try program.contents() == before)
    }

    @Test("a table without LOCATION does not take a directory of its name that holds files, of whoever")
    func warehouse() throws {
        let program = try Program()
        try program.write("spark-warehouse/y/notes.txt", "precious")
        let before = try program.contents()
        for table in ["y AS SELECT 3 AS a", "y (a INT) USING json"] {
            let run = try program.sql("CREATE TABLE \(table)")
            #expect(run.status == 1)
            #expect(run.errors.contains("[LOCATION_ALREADY_EXISTS]"), "\(run.errors)")
            #expect(try program.contents() == before)
        }
        let made = try program.sql("CREATE TABLE x USING json AS SELECT 1 AS a")
        #expect(made.status == 0, "\(made.errors)")
        let again = try program.sql("CREATE TABLE x USING json AS SELECT 2 AS a")
        #expect(again.errors.contains("[LOCATION_ALREADY_EXISTS]"), "\(again.errors)")
        let taken = try program.sql(
            "CREATE TABLE IF NOT EXISTS x USING json AS SELECT 3 AS a; SELECT a FROM x; DROP TABLE x; "
                + "CREATE TABLE x USING json AS SELECT 4 AS a; SELECT a FROM x")
        #expect(taken.output.hasSuffix("{\"a\":4}\n"), "\(taken.errors)")
        let replaced = try program.sql(
            "CREATE OR REPLACE TABLE x USING json AS SELECT 5 AS a; SELECT a FROM x")
        #expect(replaced.output == "{\"a\":5}\n", "\(replaced.errors)")
    }

    @Test(
        "the directory that a job runs in is not overwritten, nor one above it",
        arguments: [".", "./", "../", "/", "in/..", "/proc/self/cwd"])
    func workingDirectory(path: String) throws {
        let program = try Program()
        try program.write("in/notes.txt", "old")
        let before = try program.contents()
        for statement in [
            "INSERT OVERWRITE DIRECTORY '\(path)' USING json SELECT 1 AS a",
            "CREATE OR REPLACE TABLE t USING json LOCATION '\(path)' AS SELECT 1 AS a",
        ] {
            let run = try program.run(["-e", statement])
            #expect(run.status == 1 && run.errors.contains("[PATH_NOT_REPLACEABLE]"), "\(run.errors)")
            #expect(run.errors.contains("the job works in: \(path)"), "\(run.errors)")
            #expect(try program.contents() == before)
        }
        let below = try program.sql("INSERT OVERWRITE DIRECTORY 'in' USING json SELECT 1 AS a")
        #expect(below.status == 0, "\(below.errors)")
    }

    @Test("CREATE OR REPLACE TABLE replaces the files, also when it is run twice")
    func replaced() throws {
        let program = try Self.prepared()
        for _ in 0..<2 {
            let run = try program.sql("CREATE OR REPLACE \(Self.create)")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try Self.rows(program) == "{\"a\":2}\n")
        }
    }

    @Test("IF NOT EXISTS takes files that are there as the table and writes nothing")
    func ignored() throws {
        let program = try Self.prepared()
        let before = try program.contents()
        let run = try program.sql(
            "CREATE TABLE IF NOT EXISTS t USING json LOCATION 'out' AS SELECT 2 AS a; SELECT a FROM t")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output == "{\"a\":1}\n")
        #expect(try program.contents() == before)
    }

    @Test("a location without files takes the table, and INSERT adds to it")
    func fresh() throws {
        let program = try Program()
        let run = try program.sql("CREATE \(Self.create); INSERT INTO t SELECT 3")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Self.rows(program) == "{\"a\":2}\n{\"a\":3}\n")
    }

    @Test("folders of timestamps are named and read in the session's zone, as Spark does")
    func zones() throws {
        let program = try Program()
        let zone = "SET spark.sql.session.timeZone = Europe/Berlin; "
        let rows =
            "SELECT 1 AS a, timestamp'2024-07-01 12:30:00' AS t UNION ALL "
            + "SELECT 2, timestamp'2024-01-01 00:00:00.5'"
        let run = try program.sql(
            zone + "CREATE TABLE t USING json PARTITIONED BY (t) LOCATION 'out' AS \(rows)")
        #expect(run.status == 0, "\(run.errors)")
        let folders = try program.contents("out").keys.filter { $0.hasPrefix("t=") && !$0.contains("/") }
        #expect(
            folders.sorted() == ["t=2024-01-01 00%3A00%3A00.5", "t=2024-07-01 12%3A30%3A00"])
        let query = "SELECT a, unix_micros(t) AS u FROM json.`out` ORDER BY a"
        let read = try program.sql(zone + query)
        #expect(
            read.output == "{\"a\":1,\"u\":1719829800000000}\n{\"a\":2,\"u\":1704063600500000}\n",
            "\(read.errors)")
        let shown = try program.sql(zone + "SELECT t FROM json.`out` WHERE a = 1")
        #expect(shown.output == "{\"t\":\"2024-07-01 12:30:00\"}\n", "\(shown.errors)")
        let elsewhere = try program.sql(query)
        #expect(elsewhere.output == "{\"a\":1,\"u\":1719837000000000}\n{\"a\":2,\"u\":1704067200500000}\n")
    }

    @Test(
        "files in folders that a condition rules out are not opened",
        arguments: [
            ("k = 3", 1), ("k IN (3, 4)", 2), ("k BETWEEN 2 AND 3", 2), ("k > 6 OR k = 3", 2),
            ("k + 1 = 4", 1),
            ("k = 3 AND a >= 0", 1), ("d = 'x3'", 1), ("d LIKE 'x3%'", 1),
        ])
    func ruledOut(condition: String, folders: Int) throws {
        let program = try Program()
        let made = try program.sql(
            "CREATE TABLE t USING parquet PARTITIONED BY (k, d) LOCATION 'out' AS "
                + "SELECT id AS a, id % 8 AS k, concat('x', id % 8) AS d FROM range(80)")
        #expect(made.status == 0, "\(made.errors)")
        // A damaged file in a folder that no condition asks for.
        let files = try program.contents("out").keys
        let spoilt = try #require(files.first { $0.hasPrefix("k=0/") && $0.hasSuffix(".parquet") })
        try program.write("out/" + spoilt, "no Parquet at all")
        let view = "CREATE TEMPORARY VIEW v (a BIGINT, k INT, d STRING) USING parquet OPTIONS (path 'out'); "
        let run = try program.sql(
            view + "SELECT count(*) AS n, count(DISTINCT k) AS k FROM v WHERE \(condition)")
        #expect(run.output == "{\"n\":\(10 * folders),\"k\":\(folders)}\n", "\(run.errors)")
        let all = try program.sql(view + "SELECT count(a) FROM v")
        #expect(all.errors.contains("[FAILED_READ_FILE"), "\(all.errors)")
        if condition == "k = 3" {
            let plan = try program.sql(view + "EXPLAIN SELECT a FROM v WHERE k = 3 AND a > 1")
            #expect(
                plan.output.contains("partition filters: [(k = 3)], filters: [(a > 1)]"), "\(plan.output)")
        }
    }

    @Test("a star over files without rows gives no columns and no rows")
    func emptyFiles() throws {
        let program = try Program()
        try program.write("e.csv", "")
        try program.write("e.json", "")
        for file in ["csv.`e.csv`", "json.`e.json`"] {
            for query in ["SELECT * FROM \(file)", "SELECT *, 1 AS one FROM \(file)"] {
                let run = try program.sql(query)
                #expect(run.status == 0 && run.output == "", "\(query): \(run.errors)")
            }
            let counted = try program.sql("SELECT count(*) AS n FROM (SELECT * FROM \(file))")
            #expect(counted.output == "{\"n\":0}\n", "\(counted.errors)")
        }
    }
}
