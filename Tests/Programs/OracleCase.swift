import Foundation

/// Names a case of `Tests/Oracle`: a job with the result that Spark gave for it.
package struct OracleCase: Sendable, CustomStringConvertible {
    package var name: String
    /// Whether the job writes Parquet files; else its rows are the result.
    package var writesFiles: Bool
    package var description: String { name }

    private static let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/compare.py")

    /// All cases; throws when the test environment is not there.
    package static func all() throws -> [OracleCase] {
        let list = try python(["--list"])
        guard list.status == 0 else { throw TestCluster.Failure(what: list.errors) }
        return list.output.split(separator: "\n").map { line in
            let parts = line.split(separator: "\t")
            return OracleCase(name: String(parts[0]), writesFiles: parts.count > 1 && parts[1] != "rows")
        }
    }

    /// Runs the job with `etl-submit` and these further arguments; returns what is wrong, or nil. With
    /// `asFiles` its rows are written to Parquet too, which has the types that were computed.
    package func difference(_ arguments: [String], asFiles: Bool = false) throws -> String? {
        let writesFiles = writesFiles || asFiles
        let folder = try ProgramRun.makeFolder("oracle")
        defer { try? FileManager.default.removeItem(at: folder) }
        let out = folder.appendingPathComponent("out")
        let job = folder.appendingPathComponent("job.sql")
        let text = try OracleCase.python(["--job", name] + (writesFiles ? [out.path] : []))
        guard text.status == 0 else { return text.errors }
        try text.output.write(to: job, atomically: true, encoding: .utf8)
        let rows = folder.appendingPathComponent("rows.json")
        let ran = try ProgramRun.run(
            ProgramRun.built("etl-submit"),
            [job.path, "--output", "json", "--progress", "none"] + arguments, into: rows)
        if ran.status != 0 { return "\(name): \(ran.errors)" }
        let compared = try OracleCase.python([name, writesFiles ? out.path : rows.path])
        return compared.status == 0 ? nil : compared.output + compared.errors
    }

    /// Runs the comparison's script.
    package static func python(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.python, [script.path] + arguments)
    }
}
