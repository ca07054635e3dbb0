import Foundation
import Programs
import Testing

@Suite("The cluster ports under attack", .serialized)
struct HostilePeerTests {
    @Test("what RFC 9113 forbids and what attackers send ends as it must, while others are served")
    func frames() throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/check-frames").path
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        let run = try ProgramRun.run(ProgramRun.python, [script, "--programs", programs], seconds: 180)
        #expect(run.status == 0, "\(run.output.suffix(6000))\(run.errors.suffix(3000))")
    }
}
