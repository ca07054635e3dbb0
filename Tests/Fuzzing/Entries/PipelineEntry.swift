import Foundation
import Pipelines
import Templates
import Vocabulary

/// Takes the files of a pipeline's directory, etl.yml first, and loads it, templates and all.
enum PipelineEntry {
    static let target = FuzzTarget(
        name: "pipeline", maximalBytes: 4_000,
        words: [
            "{{", "}}", "{%", "%}", "{#", "#}", "{{ ref('a') }}", "{{ var('x', 1) }}",
            "{% for i in range(9) %}",
            "{% endfor %}", "{% if true %}", "{% macro m(a) %}", "{% set x = 1 %}", "- ", ": ", "&a ", "*a",
            "!!str ", "|\n", "<<: ", "\n", "  ", "? ", "---\n", "%YAML 1.2\n", "@daily", "*/5 * * * *",
            "Europe/Paris", "2024-02-29", "9223372036854775807", "loop.index", "| join(',')", "[::-1]",
        ],
        take: take)

    /// Stands on a line of its own between files.
    private static let separator = "\n%%%\n"
    private static let names = [
        "etl.yml", "models/one.sql", "models/schema.yml", "macros/own.sql", "connectors/source.json",
        "tests/own.sql", "dbt_project.yml",
    ]
    private static let folder = NSTemporaryDirectory() + "millrace-fuzz-\(getpid())"

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.components(separatedBy: separator)
        try attempt { try render(parts[0]) }
        let files = FileManager.default
        for (name, part) in zip(names, parts) {
            let path = folder + "/" + name
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(part.utf8).write(to: URL(fileURLWithPath: path))
        }
        for name in names.dropFirst(parts.count) { unlink(folder + "/" + name) }
        try attempt { _ = try PipelineLoader.name(in: folder) }
        var loader = loader()
        let pipeline = try loader.load()
        // A second reading of the same files is the same.
        var second = self.loader()
        let again = try second.load()
        try require(pipeline.steps.map(\.name) == again.steps.map(\.name), "other steps the second time")
        try require(pipeline.warnings == again.warnings, "other warnings the second time")
    }

    private static func loader() -> PipelineLoader {
        let day = 28_401_120
        let context = RunContext(
            runID: "run-1", intervalStart: day, intervalEnd: day + 1440, acceptedAt: 1_704_153_601_000)
        return PipelineLoader(
            directory: folder, vars: [:], run: context,
            environment: { $0.hasPrefix("SET") ? "value" : nil })
    }

    private static func render(_ text: String) throws {
        var scope = TemplateScope(values: [
            "x": .integer(3), "words": .list([.text("a"), .text("b")]), "nothing": .none, "y": .number(0.5),
        ])
        scope.functions["ref"] = { .text(try $0.text(0, "name")) }
        let template = try Template(text, file: "input.sql")
        scope.macros.add(template.macros)
        let once = try template.rendered(in: scope)
        try require(try template.render(in: scope) == once.text, "another text the second time")
        _ = try template.value(in: scope)
    }
}
