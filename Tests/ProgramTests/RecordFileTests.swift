import Foundation
import Programs
import Testing

/// Reads ORC and Avro files that pyarrow and fastavro write, and has them read what is written here:
/// `Tests/Oracle/record_files.py` makes the files, runs etl-submit and compares.
@Suite("ORC and Avro files of and for others", .serialized)
struct RecordFileTests {
    private static let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/record_files.py").path
    private static let groups = [
        "orc_written", "orc_read", "orc_refused", "avro_written", "avro_read", "avro_refused",
    ]

    private func python(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.python, ["-B"] + arguments, seconds: 240)
    }

    @Test("all values agree", arguments: RecordFileTests.groups)
    func group(name: String) throws {
        let program = try Program()
        let run = try python([Self.script, name, program.folder.path, ProgramRun.built("etl-submit").path])
        #expect(run.status == 0, "\(run.output.prefix(6_000))\(run.errors.suffix(6_000))")
    }

    @Test("no group is left out, and a value that is changed is found")
    func list() throws {
        let listed = try python([Self.script, "--list"]).output.split(separator: "\n").map(String.init)
        #expect(listed == Self.groups)
        // `cat` in the place of etl-submit gives no rows at all.
        let program = try Program()
        #expect(try python([Self.script, "avro_read", program.folder.path, "/bin/cat"]).status == 1)
    }

    @Test("tables, partitions, globs and appended rows work as with Parquet", arguments: ["orc", "avro"])
    func tables(format: String) throws {
        let program = try Program()
        let run = try program.sql(
            """
            CREATE TABLE sales USING \(format) PARTITIONED BY (country) AS
            SELECT id, concat('name ', id) AS name, CASE WHEN id % 2 = 0 THEN 'DE' ELSE 'FR' END AS country
            FROM range(10);
            INSERT INTO sales VALUES (10, 'ten', 'IT'), (11, NULL, 'IT');
            INSERT OVERWRITE DIRECTORY 'flat/' USING \(format) SELECT * FROM sales WHERE country <> 'FR';
            CREATE TEMPORARY VIEW typed (name STRING, id INT, more DOUBLE)
            USING \(format) OPTIONS (path 'flat/');
            SELECT country, count(*) AS n, count(name) AS named, sum(id) AS total FROM sales
            GROUP BY country ORDER BY country;
            """)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.split(separator: "\n") == [
                #"{"country":"DE","n":5,"named":5,"total":20}"#,
                #"{"country":"FR","n":5,"named":5,"total":25}"#,
                #"{"country":"IT","n":2,"named":1,"total":21}"#,
            ])
        let files =
            FileManager.default.enumerator(atPath: program.folder.path)?.compactMap { $0 as? String } ?? []
        #expect(files.contains { $0.contains("country=IT/part-") && $0.hasSuffix(".\(format)") })
        let again = try program.sql(
            """
            CREATE TEMPORARY VIEW typed (name STRING, id INT, more DOUBLE)
            USING \(format) OPTIONS (path 'flat/');
            SELECT max(id) AS most, count(more) AS more, min(name) AS name FROM typed;
            """)
        #expect(again.output == "{\"most\":11,\"more\":0,\"name\":\"name 0\"}\n", "\(again.errors)")
        let globbed = try program.sql("SELECT count(*) AS n FROM \(format).`fl?t/part-*.\(format)`")
        #expect(globbed.output == "{\"n\":7}\n", "\(globbed.errors)")
        let empty = try program.sql(
            "INSERT OVERWRITE DIRECTORY 'none/' USING \(format) SELECT 1 AS a, 'x' AS b WHERE 1 = 0; "
                + "SELECT a, b FROM \(format).`none/`")
        #expect(empty.status == 0 && empty.output.isEmpty, "\(empty.errors)")
    }

    @Test("ORC times are those of the session's clock, whatever zone that is")
    func zones() throws {
        let program = try Program()
        let written = try program.sql(
            "SET TIME ZONE 'America/New_York'; INSERT OVERWRITE DIRECTORY 't/' USING orc "
                + "SELECT TIMESTAMP'2024-07-01 12:00:00' AS t, TIMESTAMP_NTZ'1960-01-02 03:04:05.6' AS n")
        #expect(written.status == 0, "\(written.errors)")
        for zone in ["America/New_York", "Asia/Tokyo", "UTC"] {
            let run = try program.sql(
                "SET TIME ZONE '\(zone)'; SELECT CAST(t AS STRING) AS t, CAST(n AS STRING) AS n FROM orc.`t/`"
            )
            #expect(
                run.output == "{\"t\":\"2024-07-01 12:00:00\",\"n\":\"1960-01-02 03:04:05.6\"}\n",
                "\(zone): \(run.errors)")
        }
    }
}
