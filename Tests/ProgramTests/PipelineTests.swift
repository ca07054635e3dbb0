import Foundation
import Programs
import Testing

/// Runs pipelines as a user does: from the example to tests that fail.
@Suite("Pipelines", .serialized)
struct PipelineTests {
    /// Returns the program in a folder where `init` has written its example into `p`.
    private func example() throws -> Program {
        let program = try Program()
        let run = try program.run(["init", "p"])
        #expect(run.status == 0, "\(run.errors)")
        return program
    }

    private func rows(_ program: Program, _ path: String, _ columns: String) throws -> String {
        let run = try program.sql("SELECT \(columns) FROM parquet.`\(path)` ORDER BY 1")
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    @Test("the example of `init` runs, publishes its tables and tests them")
    func exampleRuns() throws {
        let program = try example()
        let run = try program.run(["p"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.errors.hasSuffix(
                "Pipeline p: 4 steps done, 0 failed, 0 skipped; 5 tests passed, 0 warned, 0 failed.\n"),
            "\(run.errors)")
        #expect(run.errors.contains("done    extract raw_users: 4 rows in, 4 rows out"), "\(run.errors)")
        #expect(run.errors.contains("done    transform orders: 2 rows in, 2 rows out"), "\(run.errors)")
        #expect(
            try rows(program, "p/.millrace/tables/transformed_users", "user_id, last_name_upper, age_group")
                == """
                {"user_id":1,"last_name_upper":"LOVELACE","age_group":"adult"}
                {"user_id":2,"last_name_upper":"TURING","age_group":"adult"}
                {"user_id":4,"last_name_upper":"YOUNG","age_group":"minor"}

                """)
        #expect(
            try rows(program, "p/data/out/orders", "id, country")
                == "{\"id\":1,\"country\":\"GB\"}\n{\"id\":3,\"country\":\"DE\"}\n")
        #expect(try program.run(["test", "p/etl.yml"]).status == 0)
        #expect(try program.run(["p", "--progress", "none", "--output", "none"]).errors == "")
    }

    @Test("the example in examples/ is the one that `init` writes")
    func exampleIsShown() throws {
        let program = try example()
        _ = try program.run(["init", "./p/../example/"])
        for (name, data) in try program.contents("example") {
            let shown = ProgramRun.root.appendingPathComponent("examples/pipeline/\(name)")
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: program.folder.appendingPathComponent("example/\(name)").path, isDirectory: &isFolder)
            if !isFolder.boolValue { #expect(try Data(contentsOf: shown) == data, "\(name)") }
        }
        // Each is named after its directory, as those of one name share tables on a coordinator.
        #expect(try program.run(["plan", "p"]).output.hasPrefix("Pipeline p\n"))
        _ = try program.run(["init", "new shop!"])
        #expect(try program.run(["plan", "new shop!"]).output.hasPrefix("Pipeline new_shop_\n"))
    }

    @Test("a table that fails its tests is not published, nor written, and what needs it is skipped")
    func failedTest() throws {
        let program = try example()
        #expect(try program.run(["p"]).status == 0)
        let before = try program.contents("p").filter { !$0.key.contains("_SUCCESS") }
        try program.write(
            "p/data/users.csv", "user_id,first_name,last_name,email,age\n1,A,B,c,1\n1,D,E,f,2\n")
        let run = try program.run(["p"])
        #expect(run.status == 1)
        #expect(
            run.errors.contains("FAIL    test unique_transformed_users_user_id: 1 wrong"), "\(run.errors)")
        #expect(run.errors.contains("FAIL    test orders_belong_to_users: 1 wrong"), "\(run.errors)")
        let after = try program.contents("p")
        for folder in ["tables/transformed_users", "tables/orders"] {
            let old = before.filter { $0.key.contains(folder) }
            #expect(!old.isEmpty && old.allSatisfy { after[$0.key] == $0.value }, "\(folder)")
        }
        for (path, data) in before where path.hasPrefix("data/out") { #expect(after[path] == data) }
        #expect(!after.keys.contains { $0.hasPrefix(".millrace/staging/") })
    }

    @Test("warn_if, error_if, where and severity mean what they mean in dbt")
    func thresholds() throws {
        let program = try Program()
        try program.write(
            "etl.yml",
            """
            name: p
            transform:
              - name: t
                sql: SELECT id, IF(id < 3, NULL, id) AS v FROM range(10)
                columns:
                  - name: v
                    tests:
                      - not_null: {name: only_warns, severity: warn}
                      - not_null: {name: few_enough, config: {error_if: "> 3", warn_if: "> 2"}}
                      - not_null: {name: silent, config: {error_if: "> 5", warn_if: "> 5"}}
                      - not_null: {name: outside, where: "id >= 3"}
                      - expression: ">= 3"
                      - accepted_values: {values: [3, 4, 5, 6, 7, 8], quote: false, severity: warn, name: n}
                tests:
                  - row_count: {equals: 10}
                  - expression: id = v
              - {name: u, sql: "SELECT * FROM {{ ref('t') }}", tests: [{row_count: {max: 9, name: too_many}}]}
              - {name: w, sql: "SELECT * FROM {{ ref('u') }}"}
            """)
        let run = try program.run(["."])
        #expect(run.status == 1)
        for line in [
            "warn    test only_warns: 3 wrong", "warn    test few_enough: 3 wrong", "pass    test silent",
            "pass    test outside", "pass    test expression_t_v", "warn    test n: 1 wrong",
            "pass    test row_count_t", "pass    test expression_t\n",
            "FAIL    test too_many: 10 rows, at most 9 wanted",
            "skipped w:", "1 step done, 1 failed, 1 skipped; 5 tests passed, 3 warned, 1 failed.",
        ] { #expect(run.errors.contains(line), "\(line) in \(run.errors)") }
        // The place is that of the test, and the run tells it later too.
        let line = "sql: \"SELECT * FROM {{ ref('t') }}\", tests: [{row_count: {max: 9, name: too_many}}]}"
        #expect(run.errors.contains("[TEST_FAILED]") && run.errors.contains(line), "\(run.errors)")
        let id = try #require(try program.run(["runs", "."]).output.split(separator: "\n").last).prefix {
            $0 != " "
        }
        let shown = try program.run(["runs", ".", "--run", String(id)]).output
        #expect(shown.contains(/too_many +u +fail +10 rows, at most 9 wanted/), "\(shown)")
        #expect(shown.contains("failed  u\n[TEST_FAILED]"), "\(shown)")
        let other = try program.run(["runs", "shop"])
        #expect(other.errors.contains("--coordinator URL"), "\(other.errors)")
    }

    @Test("an error in a model names the model's file and line")
    func errorPlace() throws {
        let program = try example()
        try program.write("p/models/bad.sql", "SELECT\n  user_id,\n  emial\nFROM {{ ref('raw_users') }}\n")
        try program.write(
            "p/etl.yml",
            "name: p\nextract: [{name: raw_users, file: {path: data/users.csv}}]\n"
                + "transform: [{dbt: {select: bad}}]\n")
        // Its test names a step that is gone.
        try FileManager.default.removeItem(at: program.folder.appendingPathComponent("p/tests"))
        let run = try program.run(["p"])
        #expect(run.status == 1)
        #expect(run.errors.contains("  --> p/models/bad.sql:3:3\n   |   emial\n"), "\(run.errors)")
        #expect(run.errors.contains("Did you mean"), "\(run.errors)")
    }

    @Test("loads append, replace and merge, in a database and in a directory")
    func loads() throws {
        let program = try Program()
        func run(_ factor: Int) throws {
            try program.write(
                "etl.yml",
                """
                name: p
                connections: {db: {uri: "sqlite:l.db"}}
                transform: [{name: t, sql: "SELECT id, id * \(factor) AS v FROM range(2)"}]
                load:
                  - {name: by_default, from: t, connection: db, table: added}
                  - {name: rep, from: t, connection: db, table: rep, write_disposition: replace}
                  - name: mer
                    from: t
                    connection: db
                    table: mer
                    write_disposition: merge
                    primary_key: id
                  - {name: more, from: t, write: {path: more, mode: append}}
                  - {name: anew, from: t, write: {path: anew}}
                """)
            let run = try program.run(["."])
            #expect(run.status == 0, "\(run.errors)")
        }
        try run(1)
        try run(10)
        let both = [[0, 0], [0, 0], [1, 1], [1, 10]]
        let latest = [[0, 0], [1, 10]]
        for (source, wanted) in [
            ("jdbc OPTIONS (url 'sqlite:l.db', dbtable 'added')", both),
            ("jdbc OPTIONS (url 'sqlite:l.db', dbtable 'rep')", latest),
            ("jdbc OPTIONS (url 'sqlite:l.db', dbtable 'mer')", latest),
            ("parquet OPTIONS (path 'more')", both), ("parquet OPTIONS (path 'anew')", latest),
        ] {
            let rows = try program.sql(
                "CREATE TEMPORARY VIEW x USING \(source); SELECT id, v FROM x ORDER BY id, v")
            let text = wanted.map { "{\"id\":\($0[0]),\"v\":\($0[1])}\n" }.joined()
            #expect(rows.output == text, "\(source): \(rows.output)\(rows.errors)")
        }
    }

    @Test("options of files that have no effect are told once, with the step")
    func uselessOption() throws {
        let program = try Program()
        try program.write("in.csv", "a;b\n1;2\n")
        try program.write(
            "etl.yml",
            "name: p\nextract: [{name: x, file: {path: in.csv, options: {seperator: ';'}}, "
                + "write_disposition: append}]\n")
        let run = try program.run(["."])
        #expect(run.status == 0)
        let told = run.errors.ranges(of: "x: The option seperator of csv files has no effect in Millrace.")
        #expect(told.count == 1, "\(run.errors)")
    }

    @Test("names that are not there, flags that would change nothing, and empty files are told")
    func mistakes() throws {
        let program = try example()
        try program.write("empty/etl.yml", "# nothing yet\n")
        try program.write(
            "w/etl.yml",
            "name: w\ntransform:\n  - name: t\n    sql: SELECT 1 AS x\n    write: {path: /dev/null/out}\n")
        #expect(try program.run(["p"]).status == 0)
        let wrong: [(arguments: [String], status: Int32, part: String)] = [
            (["runs", "nosuch"], 2, "There is no etl.yml in the directory: nosuch"),
            (["state", "show", "nosuch"], 2, "There is no etl.yml in the directory: nosuch"),
            (["state", "show", "p", "--state", "nosuch"], 2, "no state of a pipeline here: nosuch"),
            (["state", "rewind", "p", "orders", "--to", "1"], 1, "every run makes it anew: orders"),
            (["empty"], 1, "The file is empty"),
            (["p", "--output", "json"], 2, "--output is not for this job"),
            (["p", "--id=x"], 2, "--id is not for this job"),
            (["p", "--vars", "nosuch=1"], 1, "reads a variable of this name: nosuch"),
            // The place is that of the target, and not of a statement that nobody wrote.
            (["w"], 1, "  --> w/etl.yml:5:19\n"),
        ]
        for (arguments, status, part) in wrong {
            let run = try program.run(arguments)
            #expect(run.status == status && run.errors.contains(part), "\(arguments): \(run.errors)")
        }
        let tested = try program.run(["test", "p"])
        #expect(tested.status == 0 && tested.errors.contains("4 steps tested"), "\(tested.errors)")
        let explained = try program.run(["explain", "p"])
        #expect(explained.output.hasPrefix("Pipeline p\n"), "\(explained.errors)")
    }

    @Test("--select runs some steps, `plan` shows all, `schema` prints JSON")
    func selection() throws {
        let program = try example()
        let missing = try program.run(["p", "--select", "orders"])
        #expect(missing.status == 1 && missing.errors.contains("[TABLE_NOT_MADE]"), "\(missing.errors)")
        let run = try program.run(["p", "--select", "+transformed_users", "--state", "s"])
        #expect(run.status == 0 && run.errors.contains("2 steps done"), "\(run.errors)")
        #expect(try program.contents("s/tables").keys.contains("transformed_users"))
        let plan = try program.run(["plan", "p"])
        #expect(
            plan.output.contains("model transformed_users (models/transformed_users.sql) after raw_users"))
        #expect(plan.output.contains("    | WHERE amount > 100"), "\(plan.output)")
        let schema = try program.run(["schema"])
        #expect(try JSONSerialization.jsonObject(with: Data(schema.output.utf8)) is [String: Any])
    }

    @Test("a second run at the same time is told; Ctrl-C ends the first with 130 and leaves nothing staged")
    func interruption() throws {
        let program = try Program()
        try program.write(
            "etl.yml",
            """
            name: p
            transform:
              - name: slow
                sql: SELECT sum(length(sha2(string(a.id + b.id), 256))) AS s FROM range(9000) a, range(9000) b
            """)
        #expect(try program.run(["state", "show", "."]).status == 0)
        #expect(try !program.contents().keys.contains { $0.hasPrefix(".millrace") }, "looking makes nothing")
        let first = try program.start(["."])
        #expect(try program.waits(forStep: "slow"))
        let second = try program.run(["."])
        #expect(
            second.status == 1 && second.errors.contains("Another run of this pipeline"), "\(second.errors)")
        let shown = try program.run(["state", "show", "."])
        #expect(shown.status == 0 && shown.errors.contains("There are no tables"), "\(shown.errors)")
        #expect(try program.run(["state", "reset", ".", "slow"]).errors.contains("Another run"))
        first.send(SIGINT)
        let run = try first.waited()
        #expect(run.status == 130 && run.errors.contains("Interrupted: the run was cancelled.\n"), "\(run)")
        #expect(try program.contents(".millrace/staging").isEmpty)
        #expect(try program.contents(".millrace/tables").isEmpty)
    }

    @Test("a directory that cannot be written, and files in the way of `init`, are told")
    func unwritable() throws {
        let program = try example()
        var limits = Program.limits
        limits.isUnprivileged = true
        let run = try program.run(["p"], limits: limits)
        #expect(run.status == 1 && run.errors.contains("[PIPELINE_STATE] Cannot make"), "\(run.errors)")
        let again = try program.run(["init", "p"])
        #expect(again.status == 1 && again.errors.contains("in the way"), "\(again.errors)")
    }

    @Test("the seed's snippets run as a pipeline, unpaid services apart")
    func seedExample() throws {
        let program = try Program()
        let files = [
            "etl.yml", "data/raw.json", "data/users.csv", "models/schema.yml",
            "models/transformed_users.sql", "tests/users_have_email.sql",
        ]
        for file in files {
            let shown = ProgramRun.root.appendingPathComponent("examples/seed/\(file)")
            try program.write("seed/\(file)", try Data(contentsOf: shown))
        }
        let run = try program.run(["seed"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("4 steps done, 0 failed, 0 skipped; 6 tests passed"), "\(run.errors)")
        #expect(
            try rows(program, "seed/data/out/transformed", "id, name_upper, amount_x, country")
                == """
                {"id":1,"name_upper":"ADA","amount_x":275.0,"country":"GB"}
                {"id":3,"name_upper":"KURT","amount_x":132.0,"country":"AT"}

                """)
    }

    @Test("`retry` goes on where the last run failed, `runs` shows both with rows in and out")
    func retried() throws {
        let program = try Program()
        try program.write(
            "etl.yml",
            """
            name: p
            transform:
              - {name: a, sql: SELECT 1 AS x}
              - {name: b, sql: "SELECT x FROM parquet.`later`"}
            """)
        let none = try program.run(["retry", "."])
        #expect(none.status == 1 && none.errors.contains("has not run yet"), "\(none.errors)")
        let failed = try program.run(["."])
        #expect(failed.status == 1 && failed.errors.contains("etl-submit retry ."), "\(failed.errors)")
        let made = try program.sql("CREATE TABLE l USING parquet LOCATION 'later' AS SELECT 7 AS x")
        #expect(made.status == 0, "\(made.errors)")
        let run = try program.run(["retry", "."])
        #expect(run.status == 0 && run.errors.contains("1 step done, 1 done before"), "\(run.errors)")
        let runs = try program.run(["runs", "."]).output.split(separator: "\n")
        #expect(runs.count == 3 && runs[1].contains("retry") && runs[2].contains("failed"), "\(runs)")
        let id = try #require(runs[1].split(separator: " ").first)
        let shown = try program.run(["runs", ".", "--run", String(id)]).output
        #expect(shown.contains(/a +kept/) && shown.contains(/b +succeeded +1 +1 +1/), "\(shown)")
        #expect(try program.run(["retry", "."]).errors.contains("has succeeded"))
    }

    @Test("`docs` writes one page with steps, columns, tests and lineage that asks nobody for anything")
    func docs() throws {
        let program = try example()
        #expect(try program.run(["p"]).status == 0)
        try program.write(
            "p/models/schema.yml",
            """
            version: 2
            models:
              - name: transformed_users
                description: Users <b>with</b> mail
                columns: [{name: email, description: "Where to & how", tests: [not_null]}]
            """)
        let run = try program.run(["docs", "p", "--out", "site"])
        #expect(run.status == 0 && run.output == "site/index.html\n", "\(run.errors)")
        let page = try String(
            contentsOf: program.folder.appendingPathComponent("site/index.html"), encoding: .utf8)
        for part in [
            "Users &lt;b&gt;with&lt;/b&gt; mail", "Where to &amp; how", "not_null_transformed_users_email",
            "<td>INT</td>", "<svg role=\"img\"", "href=\"#raw_orders\"", "data/orders.json",
        ] { #expect(page.contains(part), "\(part)") }
        for word in ["http:", "https:", "src=", "@import", "url("] {
            #expect(!page.contains(word), "\(word)")
        }
    }
}
