import Foundation
import Testing

/// Runs the jobs of `Tests/Oracle` with the built `etl-submit` and compares with what Spark gave. Needs the
/// data and the Python of `scripts/dependencies`; without them there is nothing to compare and the suite is
/// skipped.
@Suite("Jobs as Spark runs them", .serialized, .enabled(if: OracleTools.areThere))
struct OracleTests {
    @Test("every job gives Spark's columns, types and rows", arguments: ClusterShape.here, OracleTools.cases)
    func job(shape: ClusterShape, oracleCase: OracleCase) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let out = folder.appendingPathComponent("out")
        let job = folder.appendingPathComponent("job.sql")
        let writesFiles = oracleCase.output != "rows"
        let text = try OracleTools.python(["--job", oracleCase.name] + (writesFiles ? [out.path] : []))
        #expect(text.status == 0)
        try text.output.write(to: job, atomically: true, encoding: .utf8)
        let rows = folder.appendingPathComponent("rows.json")
        let ran = try OracleTools.run(
            OracleTools.program, [job.path, "--output", "json", "--progress", "none"] + shape.arguments,
            into: rows)
        #expect(ran.status == 0, "\(oracleCase.name): \(ran.errors)")
        let compared = try OracleTools.python([oracleCase.name, writesFiles ? out.path : rows.path])
        #expect(compared.status == 0, "\(compared.output)\(compared.errors)")
    }

    @Test("a result with one value changed is told from Spark's")
    func differences() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "oracle-\(UUID().uuidString).json")
        try #"{"revenue":1.0000}"#.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try OracleTools.python(["tpch-q6", file.path]).status == 1)
    }
}
