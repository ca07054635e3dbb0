import Foundation
import Programs
import Testing

@Suite("A cluster that is broken at random", .serialized)
struct SoakTests {
    @Test("random jobs give their rows while processes are killed and cut off, disks fill and bits turn")
    func soak() throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/soak-cluster").path
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        let arguments = [script, "--minutes", "1", "--seed", "1", "--programs", programs]
        let run = try ProgramRun.run(ProgramRun.python, arguments, seconds: 600)
        #expect(run.status == 0, "\(run.output.suffix(8000))\(run.errors.suffix(3000))")
    }
}
