import Testing

/// What EXPLAIN says in its forms, and `etl-submit explain`.
@Suite struct ExplainTests {
    private let program: Program

    init() throws { program = try Program() }

    private func text(_ statement: String) throws -> String {
        let run = try program.run(["-e", statement, "--progress", "none"])
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    @Test("what is written where stands on top of each plan", arguments: ["", "FORMATTED ", "EXTENDED "])
    func writes(form: String) throws {
        let written = try text(
            "EXPLAIN \(form)INSERT OVERWRITE DIRECTORY 'out/x' USING csv SELECT id FROM range(9)")
        #expect(
            written.contains("== Physical Plan ==\nWrite csv out/x, overwrite\n+- Range [id]"), "\(written)")
        let made = try text(
            "EXPLAIN \(form)CREATE TABLE t USING parquet LOCATION 'out/t' AS SELECT id FROM range(9)")
        #expect(made.contains("== Physical Plan ==\nWrite parquet out/t, errorIfExists\n+- "), "\(made)")
        #expect(try program.contents().isEmpty)
        if form == "EXTENDED " {
            #expect(written.contains("== Analyzed Logical Plan ==\nWrite csv out/x"), "\(written)")
            #expect(written.contains("== Optimized Logical Plan ==\nWrite csv out/x"), "\(written)")
            #expect(written.hasPrefix("== Parsed Logical Plan ==\nINSERT OVERWRITE DIRECTORY"), "\(written)")
        }
    }

    @Test("COST says what is expected of each operator, CODEGEN that no code is made")
    func forms() throws {
        let cost = try text("EXPLAIN COST SELECT id + 1 FROM range(10)")
        #expect(cost.hasPrefix("== Optimized Logical Plan ==\nProject "), "\(cost)")
        #expect(cost.contains("10 rows, Statistics(sizeInBytes=80 B, rowCount=10)\n"), "\(cost)")
        let codegen = try text("EXPLAIN CODEGEN SELECT id + 1 FROM range(10)")
        #expect(codegen.hasPrefix("Found 0 WholeStageCodegen subtrees"), "\(codegen)")
        #expect(codegen.contains("== Physical Plan ==\nProject "), "\(codegen)")
    }

    @Test("ANALYZE says of each operator what it gave and what was expected of it")
    func measured() throws {
        let text = try text(
            """
            EXPLAIN ANALYZE SELECT k, count(*) AS n FROM (SELECT id, id % 3 AS k FROM range(1000)) a
            JOIN (SELECT id AS i FROM range(100)) b ON id = i GROUP BY k ORDER BY k
            """)
        let found = text.matches(of: #/([A-Z]\w+) [^\n]*\n[ :]+rows (\d+)(?:, expected (\d+))?/#).map {
            "\($0.1) \($0.2) \($0.3 ?? "-")"
        }
        #expect(found.contains("Range 1000 1000") && found.contains("Range 100 100"), "\(text)")
        #expect(found.contains { $0.hasSuffix("HashJoin 100 1000") }, "\(text)")
        #expect(found.contains { $0.hasPrefix("HashAggregate 3 ") }, "\(text)")
        #expect(found.contains { $0.hasPrefix("Sort 3 ") }, "\(text)")
        #expect(text.contains(#/HashJoin [^\n]*\n[ :]+rows 100[^\n]* ms, memory /#), "\(text)")
        #expect(text.contains(#/\n  => single\n +3 rows, [0-9.]+ ms\n/#), "\(text)")
        #expect(!(try self.text("EXPLAIN FORMATTED SELECT 1")).contains(" ms"))
    }

    @Test("the command explain shows the plan of an EXPLAIN statement, and says where there is none")
    func command() throws {
        let explained = try program.run(["explain", "-e", "EXPLAIN SELECT 1 AS a"])
        #expect(explained.output.hasPrefix("== Physical Plan ==\n"), "\(explained.output)")
        let nothing = try program.run(["explain", "-e", "SET spark.sql.ansi.enabled = true"])
        #expect(nothing.output == "No statement here has a plan: none runs a query.\n", "\(nothing.output)")
    }

    @Test("settings: an unknown timezone is refused at once, a misspelt name gets a suggestion")
    func settings() throws {
        let zone = try program.run(["--conf", "spark.sql.session.timeZone=Mars/X", "-e", "SELECT 1"])
        #expect(zone.status == 2, "\(zone.errors)")
        #expect(zone.errors.contains("[INVALID_CONF_VALUE] The setting spark.sql.session.timeZone"))
        let misspelt = try program.run(["--conf", "spark.sql.shufle.partitions=3", "-e", "SELECT 1"])
        #expect(misspelt.errors.contains("Did you mean spark.sql.shuffle.partitions?"), "\(misspelt.errors)")
    }

    @Test("faults of statements: the directory that cannot be made, OVER misspelt, an untyped condition")
    func faults() throws {
        let proc = try program.run(["-e", "INSERT OVERWRITE DIRECTORY '/proc/x' USING csv SELECT 1"])
        #expect(proc.errors.contains("A directory cannot be made there: /proc/x"), "\(proc.errors)")
        #expect(!proc.errors.contains("Check the path"), "\(proc.errors)")
        let sys = try program.run(["-e", "INSERT OVERWRITE DIRECTORY '/sys/x/y' USING csv SELECT 1"])
        let mark = "| " + String(repeating: " ", count: 27) + "^^^^^^^^^^\n"
        #expect(sys.errors.contains(mark), "\(sys.errors)")
        let over = try program.run(["-e", "SELECT sum(1) oer (PARTITION BY 1)"])
        #expect(over.errors.contains("Did you mean 'OVER'?"), "\(over.errors)")
        let untyped = try program.run(["-e", "SELECT CASE WHEN NULL THEN 1 ELSE 'a' END"])
        #expect(untyped.errors.contains("[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE]"), "\(untyped.errors)")
        #expect(try program.sql("SELECT if(NULL, 1, 2) AS a").output == "{\"a\":2}\n")
    }
}
