import Foundation
import Testing

@Suite("Jobs of etl-submit on S3")
struct ObjectStoreTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test("jobs read and write S3 as DuckDB does; what is killed or fails before its commit is invisible")
    func jobs() throws {
        let run = try OracleTools.run(
            Self.root.appendingPathComponent(".deps/venv/bin/python"),
            [
                Self.root.appendingPathComponent("Tests/Oracle/object_store.py").path,
                OracleTools.program.path,
            ])
        #expect(run.status == 0, "\(run.errors.suffix(2000))")
    }
}
