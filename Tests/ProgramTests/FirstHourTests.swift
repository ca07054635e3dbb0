import Foundation
import Programs
import Testing

/// Slips the way that newcomers do, and gives all programs one settings file.
@Suite("The first hour with etl-submit")
struct FirstHourTests {
    /// Every flag that a program tells of itself, with the long names of all its commands.
    private func flags(_ program: String) throws -> Set<String> {
        let run = try ProgramRun.run(ProgramRun.built(program), ["--experimental-dump-help"])
        let names = run.output.matches(of: /"kind" : "long",\s*"name" : "([a-z-]+)"/).map { String($0.1) }
        #expect(names.contains("config"), "\(program) tells of no flags")
        return Set(names)
    }

    @Test("a file may hold the settings of all three")
    func file() throws {
        let program = try Program()
        var all: Set<String> = []
        for name in ["etl-submit", "etl-coordinator", "etl-worker"] { all.formUnion(try flags(name)) }
        for name in ["etl-submit", "etl-coordinator", "etl-worker"] {
            // What others have; some values of its own would end it before the file is through.
            let foreign = all.subtracting(try flags(name))
            #expect(!foreign.isEmpty)
            try program.write("\(name).yaml", foreign.sorted().map { "\($0): x\n" }.joined())
            let arguments = name == "etl-submit" ? ["-e", "SELECT 1"] : ["--log-format", "nosuch"]
            let run = try ProgramRun.run(
                ProgramRun.built(name), arguments + ["--config", "\(name).yaml"], in: program.folder,
                seconds: 30)
            #expect(!run.errors.contains("CONFIG_FILE"), "\(run.errors)")
            #expect(run.status == (name == "etl-submit" ? 0 : 2), "\(run.errors)")
        }
    }

    @Test("a value that a pipeline does not read is told to come from the file, when it does")
    func vars() throws {
        let program = try Program()
        _ = try program.run(["init", "shop"])
        try program.write("c.yaml", "vars: {least: 100}\n")
        let run = try program.run(["shop", "--config", "c.yaml"])
        #expect(run.status == 1 && run.errors.contains("ETL_CONFIG names"), "\(run.errors)")
    }

    @Test(
        "files that are not named as tables are told how to be",
        arguments: [
            ("SELECT a FROM json. GROUP BY a", "A shell takes backquotes"),
            ("SELECT * FROM 'data/raw'", "json.`path/`"), ("SELECT * FROM json.data/raw/", "json.`path/`"),
            ("SELECT * FROM read_json('x')", "json.`path`"), ("SELECT * FROM iceberg.`x`", "The formats are"),
            ("DESCRIBE parquet.`p`", "SELECT * FROM parquet.`p`"),
            ("INSERT INTO parquet.`p` SELECT 1", "INSERT OVERWRITE DIRECTORY 'p' USING parquet"),
            ("SELECT * FROM json.`nosuch/`", "in a pipeline at its etl.yml"),
            (
                "CREATE TEMPORARY VIEW v USING command OPTIONS (command 'echo hello'); SELECT * FROM v",
                "Write it as command '[\"echo\", \"hello\"]'."
            ),
        ])
    func paths(_ text: String, _ remedy: String) throws {
        let run = try Program().sql(text)
        #expect(run.status == 1 && run.errors.contains(remedy), "\(run.errors)")
    }

    @Test("help has a usage that fits a line, and says what each flag takes")
    func help() throws {
        let program = try Program()
        let list = try program.run(["--help"]).output.components(separatedBy: "SUBCOMMANDS:\n").last ?? ""
        let commands = list.matches(of: #/(?m)^  ([a-z]+) /#).map { [String($0.1)] }
        #expect(commands.count == 20, "\(list)")
        let texts =
            try (commands + ["show", "rewind", "reset"].map { ["state", $0] }).map {
                try program.run(["help"] + $0).output
            }
            + ["etl-coordinator", "etl-worker"].map {
                try ProgramRun.run(ProgramRun.built($0), ["--help"]).output
            }
        for text in texts {
            let usage = try #require(text.firstMatch(of: #/(?m)^USAGE: .*/#))
            #expect(usage.output.count <= 80, "\(usage.output)")
            // `--memory <memory>` says nothing.
            let idle = text.matches(of: /--([a-z-]+) <([a-z-]+)>/).filter { $0.1 == $0.2 }.map { $0.1 }
            #expect(idle.allSatisfy { ["name", "token"].contains($0) }, "\(usage.output): \(idle)")
        }
    }

    @Test("a misspelt command is asked for")
    func command() throws {
        let program = try Program()
        let run = try program.run(["runn", "job.sql"])
        #expect(run.status == 2 && run.errors.contains("Did you mean the command run?"), "\(run.errors)")
    }

    @Test("what a step's program says is shown; a retry of what is no directory says that it is none")
    func program() throws {
        let program = try Program()
        try program.write("shop/fetch.sh", "echo page 1 of 2 >&2\necho '{\"a\": 1}'\n")
        try program.write("shop/etl.yml", "name: shop\nextract: [{name: raw, command: [sh, fetch.sh]}]\n")
        let run = try program.run(["shop"])
        #expect(run.status == 0 && run.errors.contains("says    raw: page 1 of 2\n"), "\(run.errors)")
        let retry = try program.run(["retry", "shopp"])
        #expect(retry.status == 2 && retry.errors.contains("no such directory: shopp"), "\(retry.errors)")
        #expect(retry.errors.contains("Did you mean shop?"), "\(retry.errors)")
    }

    @Test("records that are not JSON are warned of with their number, and where they went")
    func brokenRecords() throws {
        let program = try Program()
        try program.write("in.json", "{\"a\":1}\n{\"a\":2, broken\n{\"a\":3}\n{\"b\" 4}\n")
        let view = "CREATE TEMPORARY VIEW v USING json OPTIONS (path 'in.json'"
        let run = try program.sql("\(view)); SELECT count(*) AS n FROM v WHERE a IS NOT NULL")
        #expect(run.output == "{\"n\":2}\n", "\(run.errors)")
        #expect(
            run.errors.contains(
                "2 records are not JSON in in.json: the text is in the column _corrupt_record"),
            "\(run.errors)")
        let direct = try program.sql("SELECT count(*) AS n FROM json.`in.json` WHERE a IS NOT NULL")
        #expect(direct.output == "{\"n\":2}\n", "\(direct.errors)")
        #expect(
            direct.errors.contains(
                "2 records are not JSON in in.json: the text is in the column _corrupt_record"),
            "\(direct.errors)")
        let written = try program.sql(
            "INSERT OVERWRITE DIRECTORY 'out' USING csv SELECT a FROM json.`in.json` WHERE a > 0")
        #expect(written.errors.contains("2 records are not JSON in in.json"), "\(written.errors)")
        #expect(!run.errors.contains("of a view on it"))
        let dropped = try program.sql("\(view), mode 'DROPMALFORMED'); SELECT count(*) AS n FROM v")
        #expect(!dropped.errors.contains("not JSON"), "\(dropped.errors)")
    }

    @Test("bytes that are no UTF-8 become U+FFFD in JSON, of results and of files")
    func brokenTexts() throws {
        let program = try Program()
        let query = "SELECT CAST(X'61FFE2826263' AS STRING) AS t, map(CAST(X'80' AS STRING), 'é') AS m"
        let due = "{\"t\":\"a\u{FFFD}\u{FFFD}bc\",\"m\":{\"\u{FFFD}\":\"é\"}}\n"
        #expect(try program.sql(query).output == due)
        let written = try program.sql("INSERT OVERWRITE DIRECTORY 'out' USING json \(query)")
        #expect(written.status == 0, "\(written.errors)")
        let read = try program.sql("SELECT t, m.`\u{FFFD}` AS m FROM json.`out`")
        #expect(read.output == "{\"t\":\"a\u{FFFD}\u{FFFD}bc\",\"m\":\"é\"}\n", "\(read.errors)")
    }

    @Test("a pipeline that is stopped says how it stands and how to go on; its queries are parsed by plan")
    func stopped() throws {
        let program = try Program()
        try program.write(
            "p/etl.yml",
            """
            name: p
            transform:
              - {name: a, sql: SELECT 1 AS x}
              - name: b
                sql: SELECT sum(sin(x.id * y.id)) AS s FROM range(300000) x CROSS JOIN range(100000) y
            """)
        let run = try program.start(["p"])
        #expect(eventually(within: 20) { run.errorsSoFar.contains("done    transform a:") })
        #expect(try program.waits(forStep: "b", of: "p"))
        run.send(SIGINT)
        let ended = try run.waited()
        #expect(ended.status == 130)
        #expect(
            ended.errors.contains(
                "1 step done, 0 failed, 0 skipped, 1 cancelled; 0 tests passed, 0 warned, 0 failed.\n"
                    + "Go on from there with: etl-submit retry p\n"), "\(ended.errors)")
        #expect(
            try program.run(["runs", "p"]).output.contains("1 step done, 0 failed, 0 skipped, 1 cancelled"))
        try program.write("p/etl.yml", "name: p\ntransform:\n  - {name: a, sql: SELCT 1 AS x}\n")
        let plan = try program.run(["plan", "p"])
        #expect(plan.status == 1 && plan.errors.contains("Did you mean 'SELECT'?"), "\(plan.errors)")
        #expect(plan.errors.contains("p/etl.yml:3:"), "\(plan.errors)")
    }
}
