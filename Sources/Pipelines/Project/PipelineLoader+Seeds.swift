import Formats
import Storage
import Templates
import Vocabulary

// CSV files of the dbt project.
extension PipelineLoader {
    /// Returns the steps of all seeds that are enabled.
    mutating func seeds(_ project: DbtProject) throws -> [Rendered] {
        guard project.isBuilt else { return [] }
        return try project.seeds.compactMap { try seed($0, project) }
    }

    mutating func seed(_ seed: DbtProject.Seed, _ project: DbtProject) throws -> Rendered? {
        let path = project.path(of: seed.name, seed.file)
        let settings = ModelSettings(.seeds, node: PipelineLoader.node("seed", path, seed.file))
        try take(seed.settings, seed.properties, into: settings)
        if !settings.isEnabled { return nil }
        var options = FileFormats.readOptions("csv", try run.place(seed.file))
        if let separator = settings.text("delimiter") { options.append(("sep", separator)) }
        // A line of too few or too many values is an error, as in dbt.
        options.append(("mode", "FAILFAST"))
        var (columns, query) = ("", "SELECT * FROM millrace_input")
        if case .map(let types)? = settings.values["column_types"], !types.keys.isEmpty {
            (columns, query) = try typed(seed, options, types)
            options.removeAll { $0.name == "inferSchema" }
        }
        let definition = "\(columns)USING csv" + SQLText.options(options)
        var step = PipelineStep(
            name: seed.name, kind: .seed, file: seed.file, tags: Set(settings.texts("tags")), sql: query,
            relations: [Relation(view: "millrace_input", step: nil, definition: definition)])
        step.location = place(of: seed.file)
        step.dbt = DbtNode(path: path, settings: settings.values)
        if step.dbt.settings["materialized"] == nil { step.dbt.settings["materialized"] = .text("seed") }
        step.relation = try relation(of: seed.name, settings, at: place(of: seed.file))
        step.dbt.alias = try alias(of: seed.name, settings)
        names.eventTimes[names.view(of: seed.name)] = settings.eventTime
        return Rendered(step: step, properties: seed.properties)
    }

    /// Returns the columns that a seed is read with and the query that gives some of them the types that the
    /// project wants. Those are read as texts, so that `00501` keeps its zeros; all others are inferred.
    private mutating func typed(
        _ seed: DbtProject.Seed, _ options: [(name: String, value: String)], _ types: TemplateMap
    ) throws -> (columns: String, query: String) {
        let source = try LocalFileSource(path: files.place(seed.file))
        let inference = CSVSchemaInference(
            options: try CSVOptions(Dictionary(options.map { ($0.name, $0.value) }) { $1 }))
        let fields = try inference.infer([source]).fields
        func type(_ name: String) -> String? {
            types.keys.first { $0.lowercased() == name.lowercased() }.flatMap { types[$0]?.printed }
        }
        for name in types.keys where !fields.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            let near = Suggestion.nearest(to: name, among: fields.map(\.name))
            warnings.append(
                "column_types of the seed \(seed.name) names no column of it: \(name)."
                    + (near.map { " Did you mean \($0)?" } ?? ""))
        }
        let columns = fields.map {
            "\(SQLText.name($0.name)) \(type($0.name) == nil ? $0.type.sqlName : "STRING")"
        }
        let list = fields.map { field in
            let name = SQLText.name(field.name)
            return type(field.name).map { "CAST(\(name) AS \(ModelContract.sqlType($0))) AS \(name)" } ?? name
        }
        return (
            "(\(columns.joined(separator: ", "))) ",
            "SELECT \(list.joined(separator: ", ")) FROM millrace_input"
        )
    }
}
