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
        for (name, text) in files {
            let file = URL(fileURLWithPath: path).appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func load(vars: [String: String] = [:]) throws -> Pipeline {
        var loader = PipelineLoader(directory: path, vars: vars, environment: { $0 == "SET" ? "value" : nil })
        return try loader.load()
    }

    /// Loads a pipeline of one file, its lines after `name: p`.
    static func load(_ text: String) throws -> Pipeline {
        try ProjectFolder(["etl.yml": "name: p\n" + text]).load()
    }
}
