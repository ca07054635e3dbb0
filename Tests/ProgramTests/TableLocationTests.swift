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
