import Foundation
import Programs
import Testing

@Suite("Random queries")
struct FuzzTests {
    /// Seeds of the run; `scripts/fuzz-sql` goes on from there.
    private static let count = 500

    @Test("500 random queries give the rows that DuckDB gives, cut into tasks and batches of many sizes")
    func agreement() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/fuzz/run.py").path
        let run = try ProgramRun.run(
            ProgramRun.python, [script, "\(FuzzTests.count)"],
            environment: [
                "MILLRACE_PROGRAMS": ProgramRun.built("benchmark").deletingLastPathComponent().path
            ],
            seconds: 400)
        #expect(run.status == 0, "\(run.output.suffix(3000))\(run.errors.suffix(1000))")
        // Few queries may be such that DuckDB does not run them, or that both refuse.
        let words = (run.output.split(separator: "\n").last ?? "").split(separator: " ")
        let place = words.firstIndex { $0.hasPrefix("same") } ?? 0
        let same = place > 0 ? Int(words[place - 1]) ?? 0 : 0
        #expect(same > FuzzTests.count * 9 / 10, "\(words)")
    }

    @Test("a wrong row, a wrong order and a wrong null are told from right ones")
    func differences() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/fuzz/check.py").path
        let run = try ProgramRun.run(ProgramRun.python, [script])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
    }
}
