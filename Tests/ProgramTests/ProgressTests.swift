import Programs
import Testing

@Suite("What etl-submit says while and after a job runs")
struct ProgressTests {
    private func progress(_ sql: String) throws -> String {
        let run = try Program().run(["-e", sql, "--output", "none", "--progress", "plain"])
        #expect(run.status == 0, "\(run.errors)")
        return run.errors
    }

    @Test("a stage that reads nothing shows the rows that it makes, and how fast")
    func range() throws {
        let errors = try progress("SELECT max(id * 3) FROM range(0, 30000000)")
        let line = errors.split(separator: "\n").first { $0.contains("range") } ?? ""
        #expect(line.contains("30 M rows") && !line.contains("0 B"), "\(errors)")
        #expect(line.contains(#/ M rows\/s/#), "\(errors)")
        #expect(errors.contains(#/succeeded: .*30 M rows and .* in, /#), "\(errors)")
    }

    @Test("EXPLAIN ANALYZE counts the rows that range makes, and those of VALUES")
    func analyze() throws {
        let run = try Program().run(["-e", "EXPLAIN ANALYZE SELECT max(id) FROM range(0, 1000)"])
        #expect(run.output.contains("1000 rows in"), "\(run.output)\(run.errors)")
        let three = "EXPLAIN ANALYZE SELECT max(a) FROM VALUES (1), (2), (3) t(a)"
        let literals = try Program().run(["-e", three])
        #expect(literals.output.contains("3 rows in"), "\(literals.output)\(literals.errors)")
    }

    @Test("rows without columns are counted, without a frame")
    func noColumns() throws {
        let run = try Program().run(["-e", "SELECT * EXCEPT (a) FROM VALUES (1), (2) t(a)"])
        #expect(run.output == "2 rows\n", "\(run.output)\(run.errors)")
    }
}
