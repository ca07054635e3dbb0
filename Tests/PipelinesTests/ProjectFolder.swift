import Foundation
import Pipelines
import Vocabulary

/// Makes a pipeline's directory for a test.
final class ProjectFolder {
    let path: String

    init(_ files: [String: String]) throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("pipeline-\(UUID().uuidString)")
            .path
        try write(files)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Environment variables that templates see.
    static let variables = ["SET": "value", "EMPTY": "", "MAIL_PASSWORD": "s3cr%3At%2Fcanary"]

    /// `tables` are published already; the run's interval is the first day of 2024.
    func load(
        vars: [String: String] = [:], tables: Set<String> = [], fullRefresh: Bool = false,
        variables: [String: String] = ProjectFolder.variables, mailServer: String? = nil
    ) throws -> Pipeline {
        let day = CivilTime.parse("2024-01-01") ?? 0
        let context = RunContext(
            runID: "run-1", intervalStart: day, intervalEnd: day + 1440, acceptedAt: 1_704_153_601_000,
            fullRefresh: fullRefresh, hasTable: { tables.contains($0.folder) })
        var loader = PipelineLoader(
            directory: path, vars: vars, run: context, environment: { variables[$0] })
        loader.mailServer = mailServer
        return try loader.load()
    }

    /// Writes further files.
    func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let file = URL(fileURLWithPath: path).appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    /// Loads a pipeline of one file, its lines after `name: p`.
    static func load(_ text: String) throws -> Pipeline {
        try ProjectFolder(["etl.yml": "name: p\n" + text]).load()
    }
}
