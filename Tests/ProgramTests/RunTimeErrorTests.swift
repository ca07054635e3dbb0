import Foundation
import Testing

/// Holds what users see of errors that show only when rows are computed: the place in their text.
@Suite("Errors at run time name their place", .serialized)
struct RunTimeErrorTests {
    /// A statement, the code of its error, and the lines that show the place.
    struct Failing: Sendable, CustomTestStringConvertible {
        var code: String
        var text: String
        var place: String
        var testDescription: String { text }

        init(_ code: String, _ text: String, _ place: String) {
            self.code = code
            self.text = text
            self.place = place
        }
    }

    static let statements: [Failing] = [
        Failing(
            "DIVIDE_BY_ZERO", "SELECT id,\n  10 / (id - 1) AS q\nFROM range(3)",
            """
              --> <command line>:2:3
               |   10 / (id - 1) AS q
               |   ^^^^^^^^^^^^^
            """),
        Failing(
            "CAST_INVALID_INPUT",
            "SELECT upper(s), CAST(s AS INT) FROM VALUES ('1'), ('x') AS t(s)",
            """
              --> <command line>:1:18
               | SELECT upper(s), CAST(s AS INT) FROM VALUES ('1'), ('x') AS t(s)
               |                  ^^^^^^^^^^^^^^
            """),
        Failing(
            "CAST_INVALID_INPUT", "SELECT * FROM VALUES ('1'), ('x') AS t(s) WHERE s + 1 > 0",
            """
              --> <command line>:1:49
               | SELECT * FROM VALUES ('1'), ('x') AS t(s) WHERE s + 1 > 0
               |                                                 ^^^^^
            """),
        Failing(
            "ARITHMETIC_OVERFLOW", "SELECT a * 2 FROM VALUES (2147483647) AS t(a)",
            """
              --> <command line>:1:8
               | SELECT a * 2 FROM VALUES (2147483647) AS t(a)
               |        ^^^^^
            """),
        Failing(
            "INVALID_ARRAY_INDEX", "SELECT array(1, 2)[id] FROM range(3)",
            """
              --> <command line>:1:8
               | SELECT array(1, 2)[id] FROM range(3)
               |        ^^^^^^^^^^^^^^^
            """),
        Failing(
            "ARITHMETIC_OVERFLOW",
            "SELECT g, sum(b) FROM VALUES (1, 9223372036854775807), (1, 1) AS t(g, b) GROUP BY g",
            """
              --> <command line>:1:11
               | SELECT g, sum(b) FROM VALUES (1, 9223372036854775807), (1, 1) AS t(g, b) GROUP BY g
               |           ^^^^^^
            """),
        Failing(
            "DIVIDE_BY_ZERO", "SELECT transform(array(1, 0), x -> 1 / x)",
            """
              --> <command line>:1:36
               | SELECT transform(array(1, 0), x -> 1 / x)
               |                                    ^^^^^
            """),
        Failing(
            "DIVIDE_BY_ZERO", "CREATE TEMPORARY VIEW v AS SELECT 1 / id AS q FROM range(2);\nSELECT * FROM v",
            """
              --> <command line>:1:35
               | CREATE TEMPORARY VIEW v AS SELECT 1 / id AS q FROM range(2);
               |                                   ^^^^^^
            """),
        Failing(
            "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
            "INSERT OVERWRITE DIRECTORY 'out' USING csv\nSELECT id, array(id) AS ids FROM range(2)",
            """
              --> <command line>:2:12
               | SELECT id, array(id) AS ids FROM range(2)
               |            ^^^^^^^^^
            """),
        Failing(
            "PATH_", "INSERT OVERWRITE DIRECTORY '/proc/none/' USING csv SELECT id FROM range(2)",
            """
              --> <command line>:1:28
               | INSERT OVERWRITE DIRECTORY '/proc/none/' USING csv SELECT id FROM range(2)
               |                            ^^^^^^^^^^^^^
            """),
        Failing(
            "PATH_", "CREATE TABLE t USING json\nLOCATION '/proc/none' AS SELECT id FROM range(2)",
            """
              --> <command line>:2:10
               | LOCATION '/proc/none' AS SELECT id FROM range(2)
               |          ^^^^^^^^^^^^
            """),
    ]

    @Test("the error shows the expression with a caret", arguments: statements)
    func place(failing: Failing) throws {
        let run = try Program().sql(failing.text)
        #expect(run.status == 1)
        #expect(run.errors.hasPrefix("error: [\(failing.code)"), "\(run.errors)")
        #expect(run.errors.contains("\n" + failing.place + "\n"), "\(run.errors)")
    }

    @Test("a file is named, and the remedy stands in the message")
    func file() throws {
        let program = try Program()
        try program.write("job.sql", "SELECT 1;\n\nSELECT id % (id - 2)\n  FROM range(4)\n")
        let run = try program.run(["job.sql", "--progress", "none"])
        #expect(run.status == 1)
        #expect(run.errors.contains("  --> job.sql:3:8\n"), "\(run.errors)")
        #expect(run.errors.contains("`try_mod`") && run.errors.contains("spark.sql.ansi.enabled"))
    }

    @Test("options that have no effect are warned of, with the nearest name")
    func options() throws {
        let program = try Program()
        try program.write("in.csv", "a\n1\n")
        let run = try program.sql(
            """
            CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv', heder 'true');
            INSERT OVERWRITE DIRECTORY 'out' USING parquet OPTIONS (compresion 'zstd') SELECT * FROM v;
            SELECT 1 AS a
            """)
        #expect(run.status == 0)
        #expect(
            run.errors.contains(
                "The option heder of csv files has no effect in Millrace (<command line>:1:59). "
                    + "Did you mean header?"), "\(run.errors)")
        #expect(run.errors.contains("Did you mean compression?"), "\(run.errors)")
        let clean = try program.sql(
            "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv', HEADER 'true'); SELECT * FROM v")
        #expect(clean.errors == "" && clean.output == "{\"a\":\"1\"}\n")
    }

    @Test("columns that come from a sample are warned of; samplingRatio finds what the sample missed")
    func sample() throws {
        let program = try Program()
        // The stray member lies between two stretches of the sample.
        let line = "{\"a\":1,\"pad\":\"" + String(repeating: "x", count: 2_000) + "\"}\n"
        let half = String(repeating: line, count: (35 << 20) / line.utf8.count)
        let quarter = String(repeating: line, count: (3 << 20) / 2 / line.utf8.count)
        try program.write("in.json", half + quarter + "{\"a\":2,\"late\":true}\n" + half)
        let run = try program.sql(
            "CREATE TEMPORARY VIEW v USING json OPTIONS (path 'in.json'); SELECT max(a) AS a FROM v")
        #expect(run.output == "{\"a\":2}\n")
        let sampled = "The columns of v come from a sample of its json records"
        #expect(run.errors.contains(sampled), "\(run.errors)")
        let whole = try program.sql(
            """
            CREATE TEMPORARY VIEW v USING json OPTIONS (path 'in.json', samplingRatio '1.0');
            SELECT count(*) AS n FROM v WHERE late
            """)
        #expect(whole.output == "{\"n\":1}\n" && whole.errors == "", "\(whole.errors)")
    }

    @Test("explain plans later statements on what earlier ones will write")
    func explain() throws {
        let program = try Program()
        let before = try program.contents()
        let run = try program.run([
            "explain", "-e",
            """
            INSERT OVERWRITE DIRECTORY 'out/' USING parquet SELECT id, id * 2 AS twice FROM range(9);
            CREATE TABLE t USING parquet PARTITIONED BY (k) LOCATION 'tab' AS
              SELECT twice, id % 3 AS k FROM parquet.`out`;
            CREATE TEMPORARY VIEW v USING json OPTIONS (path 'lines');
            SELECT 1
            """,
        ])
        #expect(run.status == 1 && run.errors.contains("[PATH_NOT_FOUND]"), "\(run.errors)")
        let whole = try program.run([
            "explain", "-e",
            """
            INSERT OVERWRITE DIRECTORY 'out/' USING parquet SELECT id, id * 2 AS twice FROM range(9);
            CREATE TABLE t USING parquet PARTITIONED BY (k) LOCATION 'tab' AS
              SELECT twice, id % 3 AS k FROM parquet.`out`;
            INSERT OVERWRITE DIRECTORY 'lines' USING json
              SELECT k, CAST(sum(twice) AS INT) AS s FROM t GROUP BY k;
            CREATE TEMPORARY VIEW v USING json OPTIONS (path './lines/*.json');
            SELECT s + 1, k FROM v JOIN parquet.`tab` USING (k);
            """,
        ])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.output.contains("== Physical Plan =="))
        #expect(try program.contents() == before)
        let wrong = try program.run([
            "explain", "-e",
            "INSERT OVERWRITE DIRECTORY 'out' USING parquet SELECT 1 AS a; SELECT b FROM parquet.`out`",
        ])
        #expect(wrong.errors.contains("[UNRESOLVED_COLUMN"), "\(wrong.errors)")
    }
}
