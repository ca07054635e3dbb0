import Foundation
import Programs
import Testing

@Suite("Jobs that read from web servers, Google Cloud Storage and Azure")
struct RemoteFileTests {
    @Test("each format is read, embedded and on a cluster; what changes, is refused or is not there is told")
    func jobs() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/remote_files.py").path
        let run = try ProgramRun.run(
            ProgramRun.python, [script, ProgramRun.built("etl-submit").path], seconds: 240)
        #expect(run.status == 0, "\(run.errors.suffix(3000))")
    }
}
