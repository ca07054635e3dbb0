import Vocabulary

/// Holds which models may read which, as dbt's `access` and `group` say it: a private model is read by those
/// of its group alone. What stands in `etl.yml` is of no group.
struct AccessRules {
    /// Private models by name.
    private let models: [String: DbtNode]

    init(_ models: [PipelineStep]) {
        let hidden = models.filter { $0.dbt.access == "private" }
        self.models = Dictionary(hidden.map { ($0.name, $0.dbt) }) { $1 }
    }

    /// Throws when a step reads a model that is private to another group.
    func check(_ step: PipelineStep) throws {
        try check(step.dependencies, by: step.name, step.dbt.group, at: step.location)
    }

    /// Throws when a test does. It is of its model's group.
    func check(_ found: PipelineLoader.FoundTest, of steps: [PipelineStep]) throws {
        let group = steps.first { $0.name == found.owner }?.dbt.group
        let others = found.reads.filter { $0 != found.owner }.sorted()
        try check(others, by: found.test.name, group, at: found.test.location)
    }

    private func check(
        _ names: [String], by reader: String, _ group: String?, at place: SourceLocation?
    ) throws {
        for name in names where name != reader {
            guard let model = models[name], group == nil || group != model.group else { continue }
            throw EngineError.user(
                "PRIVATE_MODEL",
                "\(reader) reads \(name), which is not allowed because that is private to "
                    + (model.group.map { "the group \($0)" } ?? "its group, and has none"),
                remedy: "Set access: protected for \(name)"
                    + (model.group.map { ", or give \(reader) the group \($0)." }
                        ?? ", or give both a group."),
                at: place)
        }
    }

    /// Throws when a model names a group that is not there, or is public and no table.
    static func check(_ step: PipelineStep, _ groups: [String]) throws {
        if let group = step.dbt.group, !groups.contains(group) {
            let near = Suggestion.nearest(to: group, among: groups)
            throw EngineError.user(
                "PIPELINE_FORMAT", "There is no group of this name: \(group)",
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "Add it to a YAML file beside the models: "
                    + "groups: [{name: \(group), owner: {name: …}}].",
                at: step.location)
        }
        if step.dbt.access == "public", step.materialization.kind == .ephemeral {
            throw EngineError.user(
                "PIPELINE_FORMAT", "An ephemeral model cannot be public, as it makes no table: \(step.name)",
                remedy: "Leave access out, or set materialized: table.", at: step.location)
        }
    }
}
