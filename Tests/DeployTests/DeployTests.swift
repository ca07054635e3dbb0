import Foundation
import Programs
import Testing

@Suite("Files for containers, Kubernetes, Prometheus and Grafana")
struct DeployTests {
    private func expectNoProblems(_ arguments: [String]) throws {
        let script = ProgramRun.root.appendingPathComponent("scripts/check-deploy").path
        let run = try ProgramRun.run(ProgramRun.python, [script] + arguments, seconds: 240)
        #expect(run.status == 0, "\(run.output.suffix(4000))\(run.errors.suffix(2000))")
    }

    @Test("hold together, and the programs run and are scraped as they say")
    func filesAndPrograms() throws {
        let programs = ProgramRun.built("etl-coordinator").deletingLastPathComponent().path
        try expectNoProblems(["--programs", programs])
    }

    @Test("cannot be broken without being noticed")
    func breakages() throws {
        try expectNoProblems(["--broken"])
    }
}
