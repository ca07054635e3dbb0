import Foundation
import Programs
import Testing

@Suite("Jobs of etl-submit on S3")
struct ObjectStoreTests {
    @Test("jobs read and write S3 as DuckDB does; what is killed or fails before its commit is invisible")
    func jobs() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/object_store.py").path
        let run = try ProgramRun.run(
            ProgramRun.python, [script, ProgramRun.built("etl-submit").path], seconds: 240)
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
    }
}
