import Foundation
import Programs
import Testing

@Suite("The page in a browser", .serialized)
struct PageTests {
    @Test("jobs are seen to move, cancelled in a dialog, explained when they fail, and outlive a restart")
    func page() throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/check-page").path
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        let run = try ProgramRun.run(ProgramRun.python, [script, "--programs", programs], seconds: 400)
        #expect(run.status == 0, "\(run.output.suffix(4000))\(run.errors.suffix(3000))")
    }
}
