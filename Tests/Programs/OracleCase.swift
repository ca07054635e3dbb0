import Foundation

/// Names a case of `Tests/Oracle`: a job with the result that Spark gave for it.
package struct OracleCase: Sendable, CustomStringConvertible {
    package var name: String
    /// Whether the job writes Parquet files; else its rows are the result.
    package var writesFiles: Bool
    package var description: String { name }
    /// The job whose rows are printed.
    private var rows: String
    /// The job that writes Parquet files to `OracleCase.place`.
    private var files: String

    /// Stands in a job for the folder that it writes to.
    private static let place = "@OUT@"
    private static let script = ProgramRun.root.appendingPathComponent("Tests/Oracle/compare.py")

    /// A line of `compare.py --jobs`.
    private struct Line: Decodable {
        var name: String
        var output: String
        var rows: String
        var files: String
    }

    /// All cases; throws when the test environment is not there.
    package static func all() throws -> [OracleCase] {
        let list = try python(["--jobs"])
        guard list.status == 0 else { throw TestCluster.Failure(what: list.errors) }
        return try list.output.split(separator: "\n").map { text in
            let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
            return OracleCase(
                name: line.name, writesFiles: line.output != "rows", rows: line.rows, files: line.files)
        }
    }

    /// Runs the job with `etl-submit` and these further arguments, its result below `folder`; returns where
    /// that is. With `asFiles` its rows are written to Parquet too, which has the types that were computed.
    /// Throws when the job fails.
    package func run(_ arguments: [String], asFiles: Bool = false, in folder: URL) throws -> URL {
        let folder = folder.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let out = folder.appendingPathComponent("out")
        let job = folder.appendingPathComponent("job.sql")
        let text =
            writesFiles || asFiles
            ? files.replacingOccurrences(of: OracleCase.place, with: out.path) : self.rows
        try text.write(to: job, atomically: true, encoding: .utf8)
        let rows = folder.appendingPathComponent("rows.json")
        let ran = try ProgramRun.run(
            ProgramRun.built("etl-submit"),
            [job.path, "--output", "json", "--progress", "none"] + arguments, into: rows)
        if ran.status != 0 { throw TestCluster.Failure(what: "\(name): \(ran.errors)") }
        return writesFiles || asFiles ? out : rows
    }

    /// Compares results with Spark's, in one process; returns what is wrong with them, or nil.
    package static func difference(_ results: [(case: OracleCase, path: URL)]) throws -> String? {
        let compared = try python(results.flatMap { [$0.case.name, $0.path.path] })
        return compared.status == 0 ? nil : compared.output + compared.errors
    }

    /// Runs the comparison's script.
    package static func python(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.python, [script.path] + arguments, seconds: 300)
    }
}
