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
        try program.sql("SELECT a FROM json.`out` ORDER BY a", "--output", "csv").output
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
            #expect(try Self.rows(program) == "a\n2\n")
        }
    }

    @Test("IF NOT EXISTS takes files that are there as the table and writes nothing")
    func ignored() throws {
        let program = try Self.prepared()
        let before = try program.contents()
        let run = try program.sql(
            "CREATE TABLE IF NOT EXISTS t USING json LOCATION 'out' AS SELECT 2 AS a; SELECT a FROM t",
            "--output", "csv")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output == "a\n1\n")
        #expect(try program.contents() == before)
    }

    @Test("a location without files takes the table, and INSERT adds to it")
    func fresh() throws {
        let program = try Program()
        let run = try program.sql("CREATE \(Self.create); INSERT INTO t SELECT 3")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Self.rows(program) == "a\n2\n3\n")
    }
}
