import Pipelines
import Protocol

// What `plan` prints.
extension PipelineText {
    /// Returns the steps in order, with what they read, their queries, tests and what they write.
    static func plan(_ pipeline: Pipeline, _ header: RunHeader) throws -> String {
        let chosen = try pipeline.chosen(select: header.select, exclude: header.exclude)
        var text = "Pipeline \(pipeline.name)\n"
        let now = Int(header.acceptedAt / 60_000)
        if let next = pipeline.schedule?.nextInterval(after: nil, now: now) {
            text += "Next interval: \(CivilTime.text(next.start))Z to \(CivilTime.text(next.end))Z\n"
        }
        for rule in pipeline.alerts {
            text +=
                "Alert on \(rule.events.map(\.rawValue).sorted().joined(separator: ", ")) to \(rule.target)\n"
        }
        for warning in pipeline.warnings { text += "Warning: \(warning)\n" }
        for step in chosen.steps {
            text += "\n\(step.kind) \(step.name) (\(step.file))"
            if chosen.onlyTested.contains(step.name) {
                text += ", only tested\n" + lines(of: step.tests)
                continue
            }
            let above = Set(step.dependencies).sorted()
            if !above.isEmpty { text += " after \(above.joined(separator: ", "))" }
            text += "\n"
            if step.folder != step.name { text += "    table \(step.folder)\n" }
            if step.materialization.kind == .incremental {
                text += "    incremental: \(step.materialization.strategy.rawValue)"
                if let first = step.batches.first, let last = step.batches.last {
                    let noun = step.batches.count == 1 ? "batch" : "batches"
                    text +=
                        ", \(step.batches.count) \(noun) from \(CivilTime.text(first.start))Z to "
                        + "\(CivilTime.text(last.end))Z"
                }
                text += "\n"
            }
            for relation in step.relations where relation.step == nil {
                text += "    reads \(relation.definition.drop { $0 == " " })\n"
            }
            for line in step.sql.split(separator: "\n") { text += "    | \(line)\n" }
            text += lines(of: step.tests)
            if let writing = step.writing { text += lines(of: writing) }
        }
        return text
    }

    private static func lines(of tests: [DataTest]) -> String {
        tests.map { "    test \($0.name)\n" }.joined()
    }

    /// Returns where a step's rows go, with one setting a line, names and values in columns.
    private static func lines(of writing: StepWriting) -> String {
        let rows = writing.settings.map { [$0.name, $0.value] }
        let indent = writing.target == nil ? "    " : "      "
        let settings = columns(rows).split(separator: "\n").map { "\(indent)\($0)\n" }.joined()
        return (writing.target.map { "    writes \($0)\n" } ?? "") + settings
    }
}
