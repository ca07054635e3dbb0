import Templates
import Vocabulary

// Steps that bring tables to where others read them.
extension PipelineLoader {
    /// A query without rows, for loads of files that are there already.
    private static let noRows = "SELECT CAST(NULL AS STRING) AS nothing WHERE false"

    /// Reads one entry of `load`.
    func load(_ entry: FormatValue, after steps: [PipelineStep]) throws -> PipelineStep {
        let name = entry["name"]?.printed ?? ""
        let from = entry["from"]?.printed
        let files = entry["copy_into"]?["from"]
        if from == nil, files == nil {
            throw entry.error(
                "The load names no step whose table it takes", remedy: "Add from: and the step's name.")
        }
        if let from, !steps.contains(where: { $0.name == from && $0.load == nil }) {
            let near = Suggestion.nearest(to: from, among: steps.map(\.name))
            throw (entry["from"] ?? entry).error(
                "There is no step of this name to load: \(from)", remedy: near.map { "Did you mean \($0)?" })
        }
        try PipelineLoader.check(name, at: entry["name"] ?? entry, isNoneOf: steps.map(\.name))
        var step = PipelineStep(
            name: name, kind: .load, file: self.files.path("etl.yml"), tags: Set(entry["tags"]?.texts ?? []),
            sql: PipelineLoader.noRows, dependencies: from.map { [$0] } ?? [])
        if let from, files == nil {
            step.sql = "SELECT * FROM \(SQLText.name(from))"
            step.relations = [Relation(view: from, step: from)]
        }
        step.location = entry.location
        var rule = LoadRule(from: from)
        if let value = entry["write"] {
            let target = try write(value)
            rule.source = target.format
            rule.options = [("path", target.path)] + target.options
            rule.write = target
        } else {
            rule.options = try connection(entry) + tableOptions(entry, copies: files != nil)
        }
        step.load = rule
        return step
    }

    /// Reads where rows go in a database, and how.
    private func tableOptions(
        _ entry: FormatValue, copies: Bool
    ) throws -> [(name: String, value: String)] {
        var options = [(name: "dbtable", value: entry["table"]?.printed ?? "")]
        let mode = entry["write_disposition"]?.printed ?? "append"
        if copies, mode != "append" {
            throw (entry["write_disposition"] ?? entry).error("Files of a stage can only be appended")
        }
        options.append(("mode", mode == "replace" ? "overwrite" : mode))
        let keys = entry["primary_key"]?.texts ?? []
        if mode == "merge", keys.isEmpty {
            throw (entry["write_disposition"] ?? entry).error("merge needs a primary_key")
        }
        if !keys.isEmpty { options.append(("primarykey", keys.joined(separator: ","))) }
        guard let copy = entry["copy_into"], case .map(let pairs) = copy.kind else { return options }
        for (key, value) in pairs {
            switch key.printed {
            case "file_format":
                guard case .map(let formats) = value.kind else { continue }
                for (name, value) in formats {
                    options.append(("copy.format.\(name.printed.lowercased())", Self.formatText(value)))
                }
            case "files": options.append(("copy.files", value.texts.joined(separator: "\n")))
            case let name: options.append(("copy.\(name)", value.printed))
            }
        }
        return options
    }

    /// A list has a line break after each of its texts.
    private static func formatText(_ value: FormatValue) -> String {
        guard case .list = value.kind else { return value.printed }
        return value.texts.map { $0 + "\n" }.joined()
    }
}
