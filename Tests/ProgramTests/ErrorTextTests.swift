import Foundation
import Programs
import Testing

/// Holds the whole text of the errors that users meet, and that a failed job leaves nothing behind.
@Suite("What etl-submit says of bad input", .serialized)
struct ErrorTextTests {
    /// One failing command and its whole standard error.
    struct Failing: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [String: String] = [:]
        var arguments: [String]
        var status: Int32
        var errors: String
        var testDescription: String { name }

        static func sql(_ name: String, _ files: [String: String], _ text: String, _ errors: String)
            -> Failing
        {
            Failing(name: name, files: files, arguments: ["-e", text], status: 1, errors: errors)
        }
    }

    static let brokenJSON = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"\n{\"a\":\"z\",\"b\":3}\n"
    static let brokenCSV = "a,b\n1,x\n2\nq,w\n"
    static let modes =
        "Use mode PERMISSIVE to read such values as null, or DROPMALFORMED to leave such records out."
    static let paths =
        "Check the path; relative ones start where the job was started, in a pipeline at its etl.yml, "
        + "or at the cluster's storage."

    static let jobs: [Failing] = [
        .sql(
            "a broken JSON record in mode FAILFAST", ["in.json": brokenJSON],
            "CREATE TEMPORARY VIEW v (a INT, b STRING) USING json OPTIONS (path 'in.json', mode 'FAILFAST'); "
                + "SELECT * FROM v",
            """
            error: [MALFORMED_RECORD_IN_PARSING] A record in in.json, line 2, byte 16, does not fit \
            the schema (mode FAILFAST): {"a":2,"b":"y"
              --> <command line>:1:97
               | CREATE TEMPORARY VIEW v (a INT, b STRING) USING json OPTIONS (path 'in.json', \
            mode 'FAILFAST'); SELECT * FROM v
               | \(String(repeating: " ", count: 96))^^^^^^^^^^^^^^^
              = \(modes)

            """),
        .sql(
            "a broken JSON record while columns are inferred", ["in.json": brokenJSON],
            "CREATE TEMPORARY VIEW v USING json OPTIONS (path 'in.json', mode 'FAILFAST')",
            """
            error: [MALFORMED_RECORD_IN_PARSING] A record in in.json, line 2, byte 16, does not fit \
            the schema (mode FAILFAST): {"a":2,"b":"y"
              --> <command line>:1:45
               | CREATE TEMPORARY VIEW v USING json OPTIONS (path 'in.json', mode 'FAILFAST')
               |                                             ^^^^^^^^^^^^^^
              = \(modes)

            """),
        .sql(
            "a short CSV record in mode FAILFAST", ["in.csv": brokenCSV],
            "CREATE TEMPORARY VIEW v (a INT, b STRING) USING csv OPTIONS (path 'in.csv', header 'true', "
                + "mode 'FAILFAST'); SELECT * FROM v",
            """
            error: [MALFORMED_RECORD_IN_PARSING] A record in in.csv, line 3, byte 8, does not fit \
            the schema (mode FAILFAST): 2
              --> <command line>:1:110
               | CREATE TEMPORARY VIEW v (a INT, b STRING) USING csv OPTIONS (path 'in.csv', header 'true', \
            mode 'FAILFAST'); SELECT * FROM v
               | \(String(repeating: " ", count: 109))^^^^^^^^^^^^^^^
              = \(modes)

            """),
        .sql(
            "a star over an empty file, written", ["empty.csv": ""],
            "INSERT OVERWRITE DIRECTORY 'out' USING csv SELECT * FROM csv.`empty.csv`",
            """
            error: [UNABLE_TO_INFER_SCHEMA] The query has no columns to write: the files that it reads hold \
            no rows
              --> <command line>:1:51
               | INSERT OVERWRITE DIRECTORY 'out' USING csv SELECT * FROM csv.`empty.csv`
               |                                                   ^
              = Give the columns of the files with CREATE TEMPORARY VIEW name (columns) USING ….

            """),
        .sql(
            "INSERT into a view on files", ["in.csv": "1\n"],
            "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv'); INSERT INTO v VALUES ('2')",
            """
            error: [UNSUPPORTED_INSERT.NOT_ALLOWED] INSERT takes a table, and this is a temporary view: v
              --> <command line>:1:72
               | CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv'); INSERT INTO v VALUES ('2')
               |                                                                        ^
              = Make a table on the files: CREATE TABLE name (columns) USING format LOCATION 'path'.

            """),
        .sql(
            "a file that is no Parquet", ["in.parquet": brokenCSV], "SELECT * FROM parquet.`in.parquet`",
            """
            error: [FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER] This is no Parquet file, or it is \
            cut short: it does not end with PAR1: in.parquet
              --> <command line>:1:15
               | SELECT * FROM parquet.`in.parquet`
               |               ^^^^^^^^^^^^^^^^^^^^
              = Check the path and the format, or copy the file again.

            """),
        .sql(
            "a missing file", [:], "SELECT 1;\nSELECT *\n  FROM csv.`no/such*.csv`",
            """
            error: [PATH_NOT_FOUND] There is no file or directory at this path: no/such*.csv
              --> <command line>:3:8
               |   FROM csv.`no/such*.csv`
               |        ^^^^^^^^^^^^^^^^^^
              = \(paths)

            """),
        .sql(
            "a missing column", ["in.json": "{\"name\":\"x\"}\n"], "SELECT upper(nme) FROM json.`in.json`",
            """
            error: [UNRESOLVED_COLUMN.WITH_SUGGESTION] There is no column of this name: nme.
              --> <command line>:1:14
               | SELECT upper(nme) FROM json.`in.json`
               |              ^^^
              = Did you mean 'name'?

            """),
        .sql(
            "a damaged gzip file", ["in.csv.gz": "no gzip"], "SELECT * FROM csv.`in.csv.gz`",
            """
            error: [CORRUPT_FILE] The compressed data is damaged: in.csv.gz
              --> <command line>:1:15
               | SELECT * FROM csv.`in.csv.gz`
               |               ^^^^^^^^^^^^^^^
              = Copy the file again from its origin.

            """),
        .sql(
            "an option that is not supported", ["in.csv": "x"],
            "CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv', nanValue 'x')",
            """
            error: [UNSUPPORTED_FEATURE] Option nanValue of CSV files cannot have another value than \
            the usual one
              --> <command line>:1:68
               | CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'in.csv', nanValue 'x')
               |                                                                    ^^^
              = Give the column the type STRING, and convert it in the query: CASE value WHEN … THEN …

            """),
    ]

    static let usage: [Failing] = [
        Failing(
            name: "an unknown setting",
            arguments: ["-e", "SELECT 1", "--conf", "etl.optimizer.joinReorde=1"],
            status: 2,
            errors: """
                error: [UNKNOWN_CONF] There is no setting of that name: etl.optimizer.joinReorde
                  = Did you mean etl.optimizer.joinReorder?

                """),
        Failing(
            name: "a setting without a value", arguments: ["-e", "SELECT 1", "--conf", "bogus"], status: 2,
            errors: "error: [USAGE] --conf takes name=value, not bogus\n"),
        Failing(
            name: "an unknown key in the config file", files: ["c.yaml": "coordinatr: x\n"],
            arguments: ["-e", "SELECT 1", "--config", "c.yaml"], status: 2,
            errors: """
                error: [CONFIG_FILE] Unknown setting in c.yaml, line 1: coordinatr
                  = Did you mean coordinator?

                """),
        Failing(
            name: "a missing config file", arguments: ["-e", "SELECT 1", "--config", "no.yaml"], status: 2,
            errors: "error: [CONFIG_FILE] Cannot read the config file no.yaml: No such file or directory\n"),
        Failing(
            name: "a folder as the config file", arguments: ["-e", "SELECT 1", "--config", "."], status: 2,
            errors: "error: [CONFIG_FILE] Cannot read the config file .: Is a directory\n"),
        Failing(
            name: "a retry that could not go on by itself", files: ["p/etl.yml": "name: p\n"],
            arguments: ["retry", "p", "--detach"], status: 2,
            errors: """
                error: [USAGE] --detach needs a coordinator: a local run ends with this program
                  = Give --coordinator URL.

                """),
        Failing(
            name: "no job at all", arguments: ["run"], status: 2,
            errors: """
                error: [USAGE] There is no job to run
                  = Give a file of SQL, or -e "SQL"; etl-submit --help shows more.

                """),
        Failing(
            name: "two jobs", arguments: ["job.sql", "-e", "SELECT 1"], status: 2,
            errors: "error: [USAGE] Give a file of SQL or -e \"SQL\", not both: job.sql\n"),
        Failing(
            name: "a missing job file", arguments: ["/no-such/no.sql"], status: 2,
            errors: """
                error: [USAGE] There is no such file: /no-such/no.sql
                  = Give a file of SQL, a directory with etl.yml, or -e "SQL".

                """),
        Failing(
            name: "a variable without a value",
            arguments: ["-e", "SELECT ${a} FROM json.`${dir}/x`", "--vars", "a=1"], status: 2,
            errors: """
                error: [USAGE] There is no value for ${dir}
                  --> <command line>:1:24
                   | SELECT ${a} FROM json.`${dir}/x`
                   |                        ^^^^^^
                  = Give it with: --vars dir=…

                """),
        Failing(
            name: "a variable without a value, on a file's second line",
            files: ["job.sql": "-- é\nSELECT '', ${n}\n"],
            arguments: ["job.sql"], status: 2,
            errors: """
                error: [USAGE] There is no value for ${n}
                  --> job.sql:2:12
                   | SELECT '', ${n}
                   |            ^^^^
                  = Give it with: --vars n=…

                """),
        Failing(
            name: "a directory without a pipeline", files: ["d/job.sql": "SELECT 1"], arguments: ["d"],
            status: 2,
            errors: """
                error: [USAGE] There is no etl.yml in the directory: d
                  = `etl-submit init` writes a working example.

                """),
        Failing(
            name: "a pipeline that is not there", arguments: ["missing/etl.yml"], status: 2,
            errors: """
                error: [USAGE] There is no etl.yml in the directory: missing
                  = `etl-submit init` writes a working example.

                """),
        Failing(
            name: "flags before the command",
            arguments: ["--coordinator", "http://127.0.0.1:1", "list", "--all"],
            status: 2,
            errors: """
                error: [USAGE] The command list stands behind flags
                  = Write the command first: etl-submit list --coordinator …

                """),
        Failing(
            name: "an address that is none", arguments: ["-e", "SELECT 1", "--coordinator", "http://h:x"],
            status: 2,
            errors: """
                error: [INVALID_ADDRESS] This is no address: h:x
                  = Write host:port, or [IPv6]:port.

                """),
        .sql(
            "two columns of one name in a file", [:],
            "INSERT OVERWRITE DIRECTORY 'o' USING csv SELECT 1 AS a, 2 AS b, 3 AS A",
            """
            error: [COLUMN_ALREADY_EXISTS] Two columns of the query have the same name: A
              --> <command line>:1:70
               | INSERT OVERWRITE DIRECTORY 'o' USING csv SELECT 1 AS a, 2 AS b, 3 AS A
               |                                                                      ^
              = Give one of them another name with AS.

            """),
        .sql(
            "a format that is nearly right", [:], "SELECT * FROM jsn.`a/b`",
            """
            error: [UNSUPPORTED_DATASOURCE_FOR_DIRECT_QUERY] Files of this format cannot be read: jsn.
              --> <command line>:1:15
               | SELECT * FROM jsn.`a/b`
               |               ^^^
              = Did you mean 'json'?

            """),
        Failing(
            name: "an unknown flag", arguments: ["-e", "SELECT 1", "--outptu", "csv"], status: 2,
            errors: """
                error: Unknown option '--outptu'. Did you mean '--output'?
                Usage: etl-submit [run] JOB [options]
                  See 'etl-submit run --help' for more information.

                """),
        Failing(
            name: "a flag's value that cannot be", arguments: ["-e", "SELECT 1", "--output", "xml"],
            status: 2,
            errors: """
                error: The value 'xml' is invalid for '--output <form>'. Please \
                provide one of 'table', 'json', 'csv' or 'none'.
                Help:  --output <form>  Form of the rows of the last SELECT: table, json (lines), csv, none.
                Usage: etl-submit [run] JOB [options]
                  See 'etl-submit run --help' for more information.

                """),
    ]

    @Test("the error names the place and what to do, and nothing is left", arguments: jobs + usage)
    func text(failing: Failing) throws {
        let program = try Program()
        for (name, text) in failing.files { try program.write(name, text) }
        let before = try program.contents()
        let run = try program.run(failing.arguments + ["--progress", "none"])
        #expect(run.status == failing.status)
        #expect(run.errors == failing.errors)
        #expect(run.output == "")
        #expect(try program.contents() == before)
    }

    @Test(
        "a job file that is not there is told with the directory it was looked for in, and what is near",
        arguments: [
            ("jbo.sql", "Did you mean job.sql?"), ("job", "Did you mean job.sql?"),
            ("sub/trial.sql", "Did you mean sub/trials.sql?"),
            ("stauts", "Did you mean the command: etl-submit status?"),
            ("other.sql", "Give a file of SQL, a directory with etl.yml, or -e \"SQL\"."),
        ])
    func missingJob(name: String, remedy: String) throws {
        let program = try Program()
        try program.write("job.sql", "SELECT 1")
        try program.write("sub/trials.sql", "SELECT 1")
        let folder = program.folder.resolvingSymlinksInPath().path
        let run = try program.run([name])
        #expect(run.status == 2 && run.output == "")
        #expect(
            run.errors == "error: [USAGE] There is no such file: \(name), in \(folder)\n  = \(remedy)\n")
    }

    @Test("the text after -e may begin with a comment")
    func leadingComment() throws {
        let run = try Program().sql("-- one row\nSELECT 1 AS a")
        #expect(run.status == 0 && run.output == "{\"a\":1}\n", "\(run.errors)")
    }

    @Test("values of variables are text: none is looked into, and lines count as in the file")
    func variableValues() throws {
        let program = try Program()
        try program.write("v.sql", "SELECT '${a}' AS a,\n  ${b} AS b")
        let run = try program.run(
            ["v.sql", "--vars", "a=${b}", "b=7", "--output", "json", "--progress", "none"])
        #expect(run.output == "{\"a\":\"${b}\",\"b\":7}\n", "\(run.errors)")
        try program.write("w.sql", "SELECT '${a}',\n  1;\nSELECT nme FROM range(1)")
        let wrong = try program.run(["w.sql", "--vars", "a=x\ny\nz", "--output", "none"])
        #expect(wrong.status == 1 && wrong.errors.contains("  --> w.sql:3:8\n"), "\(wrong.errors)")
    }

    @Test("a text that is no UTF-8 is refused with the place of the byte")
    func invalidText() throws {
        let program = try Program()
        try program.write("job.sql", Data("-- é\nSELECT '".utf8) + Data([0xFF, 0xFE]) + Data("'\n".utf8))
        let run = try program.run(["job.sql"])
        #expect(run.status == 2 && run.output == "")
        #expect(run.errors.contains("no UTF-8 at byte 15: job.sql\n  --> job.sql:2:9\n"), "\(run.errors)")
    }

    @Test("so is one on the command line, in one word with the flag or not")
    func invalidArgument() throws {
        let program = try Program()
        for flag in ["-e \"$sql\"", "\"-e=$sql\""] {
            let script = "sql=$(printf 'SELECT\\n  \\351'); exec \"$0\" \(flag)"
            let run = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"), ["-c", script, ProgramRun.built("etl-submit").path])
            #expect(run.status == 2 && run.output == "", "\(flag): \(run.output)")
            #expect(
                run.errors.contains("no UTF-8 at byte 10: <command line>\n  --> <command line>:2:3\n"),
                "\(flag): \(run.errors)")
        }
        // The character itself may be meant.
        let meant = try program.run(["--output", "csv", "-e", "SELECT '\u{FFFD}' AS s"])
        #expect(meant.status == 0 && meant.output == "s\n\u{FFFD}\n", "\(meant.errors)")
    }

    @Test("what looks like a variable in strings and comments is text")
    func variablesInText() throws {
        let run = try Program().sql(
            """
            /* ${a} /* ${b} */ ${c} */ SELECT '${d}' AS a, -- ${e} '
              "it's \\"${f}" AS b, r'\\' AS c, 'it''s' AS d, `${g}`.id AS `it's`, '${i}' AS f
            FROM range(1) AS `${g}`
            """, ["--vars", "g=h"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.hasPrefix("{\"a\":\"${d}\",\"b\":\"it's \\\"${f}\",\"c\":"), "\(run.output)")
    }

    @Test("EXPLAIN prints its text as it is; a query's column of that name stays a table")
    func explainText() throws {
        let program = try Program()
        func table(_ text: String) throws -> String {
            let run = try program.run(["-e", text, "--progress", "none"])
            #expect(run.status == 0, "\(run.errors)")
            return run.output
        }
        let query = "SELECT id, count(*) FROM range(0, 9) GROUP BY id"
        let explained = try program.run(["explain", "-e", query])
        let shown = try table("EXPLAIN EXTENDED " + query)
        #expect(shown.split(separator: "\n") == explained.output.split(separator: "\n"))
        #expect(shown.hasPrefix("== Parsed Logical Plan ==\n\(query)\n"), "\(shown)")
        #expect(!shown.contains("\\n"), "\(shown)")
        #expect(try table("SELECT 'x' AS plan").contains("│ x    │"))
        let json = try program.sql("EXPLAIN " + query).output
        #expect(json.hasPrefix("{\"plan\":\"") && json.split(separator: "\n").count == 1)
    }

    @Test("EXPLAIN FORMATTED shows the stages, and ANALYZE runs them and shows the rows that it counted")
    func measured() throws {
        let program = try Program()
        let query = "SELECT id % 7 AS k, count(*) AS n FROM range(1000) GROUP BY id % 7"
        let formatted = try program.run(["-e", "EXPLAIN FORMATTED " + query, "--progress", "none"]).output
        #expect(formatted.hasPrefix("== Physical Plan ==\n"), "\(formatted)")
        #expect(formatted.contains("\n== Stages ==\nStage 0 "), "\(formatted)")
        #expect(!formatted.contains("Measured") && !formatted.contains("Logical"), "\(formatted)")
        try program.write("in.csv", (0..<500).map { "\($0)\n" }.joined())
        let analyzed = try program.run([
            "-e", "EXPLAIN ANALYZE SELECT * FROM csv.`in.csv` WHERE CAST(_c0 AS INT) < 17", "--progress",
            "none",
        ]).output
        let found = analyzed.firstMatch(
            of: #/\n== Measured ==\nstage 0 [^:]+: 1 task, (\d+) rows? in, (\d+) rows? out/#)
        #expect(found?.1 == "500" && found?.2 == "17", "\(analyzed)")
    }

    @Test("modes PERMISSIVE and DROPMALFORMED keep what can be read", arguments: ["json", "csv"])
    func modes(format: String) throws {
        let program = try Program()
        try program.write("in.json", Self.brokenJSON)
        try program.write("in.csv", Self.brokenCSV)
        let header = format == "csv" ? "header 'true', " : ""
        func read(_ mode: String) throws -> String {
            let run = try program.sql(
                "CREATE TEMPORARY VIEW v (a INT, b STRING, _corrupt_record STRING) USING \(format) OPTIONS "
                    + "(path 'in.\(format)', \(header)mode '\(mode)'); SELECT * FROM v")
            #expect(run.status == 0 && run.errors == "")
            return run.output
        }
        let permissive =
            format == "json"
            ? #"""
            {"a":1,"b":"x","_corrupt_record":null}
            {"a":null,"b":null,"_corrupt_record":"{\"a\":2,\"b\":\"y\""}
            {"a":null,"b":"3","_corrupt_record":"{\"a\":\"z\",\"b\":3}"}

            """#
            : #"""
            {"a":1,"b":"x","_corrupt_record":null}
            {"a":2,"b":null,"_corrupt_record":"2"}
            {"a":null,"b":"w","_corrupt_record":"q,w"}

            """#
        #expect(try read("PERMISSIVE") == permissive)
        #expect(try read("DROPMALFORMED") == #"{"a":1,"b":"x","_corrupt_record":null}"# + "\n")
    }
}
