import Templates
import Vocabulary

// Models of the dbt project.
extension PipelineLoader {
    /// A model or seed that was read, with what schema.yml says of it.
    struct Rendered {
        var step: PipelineStep
        var properties: FormatValue?
    }

    /// Reads and renders all models that are enabled.
    func models(_ project: DbtProject) throws -> [Rendered] {
        guard project.isBuilt else { return [] }
        return try project.models.compactMap { try model($0, project) }
    }

    /// Finds out what queries call the tables of models and seeds, before any query that counts is rendered.
    /// What is wrong in one is told where it is read again.
    mutating func takeAliases(_ project: DbtProject) {
        let texts = files.texts.all
        guard project.isBuilt, texts.contains(where: { $0.contains("alias") }) else { return }
        // What they warn of is said where they are read again, too.
        let before = warnings
        defer { warnings = before }
        let seeds = project.seeds.compactMap { try? seed($0, project) }
        let models = project.models.compactMap { try? model($0, project) }
        names.setAliases(
            (seeds + models).map(\.step).compactMap { step in
                guard step.materialization.kind != .ephemeral, let alias = step.dbt.alias, alias != step.name
                else { return nil }
                return (step.name, alias)
            })
    }

    private func model(_ model: DbtProject.Model, _ project: DbtProject) throws -> Rendered? {
        let place = place(of: model.file)
        let path = project.path(of: model.name, model.file)
        let settings = ModelSettings(.models, node: PipelineLoader.node("model", path, model.file))
        try take(model.settings, model.properties, into: settings)
        let file = files.path(model.file)
        func isIncremental() throws -> Bool {
            settings.isIncremental(try table(model.name, settings, at: place), run)
        }
        let wasIncremental = try isIncremental()
        var rendered = try placed(model.text, file: file, this: model.name, config: settings)
        if try isIncremental() != wasIncremental {
            // config() stood below what asked is_incremental().
            rendered = try placed(model.text, file: file, this: model.name, config: settings)
        }
        if !settings.isEnabled { return nil }
        var step = PipelineStep(
            name: model.name, kind: .model, file: model.file, tags: Set(settings.texts("tags")),
            sql: try single(rendered.query.text, place), relations: rendered.relations,
            dependencies: rendered.relations.compactMap(\.step))
        step.location = place
        step.places = QueryPlaces(text: rendered.query)
        step.materialization = try settings.materialization {
            EngineError.user("PIPELINE_FORMAT", $0, at: place)
        }
        step.isIncremental = try isIncremental()
        step.dbt = DbtNode(path: path, settings: settings.values)
        if step.dbt.settings["materialized"] == nil { step.dbt.settings["materialized"] = .text("view") }
        if step.materialization.kind != .ephemeral {
            step.relation = try relation(of: model.name, settings, at: place)
        }
        step.contract = try ModelContract(step, model.properties)
        try AccessRules.check(step, project.groups)
        if let microbatch = step.materialization.microbatch {
            step.batches = try batches(of: microbatch, step)
        }
        step.dbt.alias = try alias(of: model.name, settings)
        names.eventTimes[names.view(of: model.name)] = settings.eventTime
        if let this = rendered.this, run.hasTable(TableName(step: step.name, folder: step.folder)) {
            // {{ this }}: the table as it is before the run.
            step.relations.append(this)
        }
        return Rendered(step: step, properties: model.properties)
    }

    private func batches(of microbatch: Microbatch, _ step: PipelineStep) throws -> [TimeRange] {
        if let batches = microbatch.batches(run, isIncremental: step.isIncremental) { return batches }
        throw EngineError.user(
            "PIPELINE_FORMAT",
            "The model would be cut into more than \(Microbatch.limit) batches: \(step.name)",
            remedy: "Set a larger batch_size, or a later begin.", at: step.location)
    }

    /// Takes the settings of `dbt_project.yml`, and over them those of a properties file.
    func take(
        _ ofFolder: [String: FormatValue], _ properties: FormatValue?, into settings: ModelSettings
    ) throws {
        for (name, value) in ofFolder.sorted(by: { $0.key < $1.key }) {
            try settings.set(name, value.templateValue) { value.error($0, remedy: $1, code: $2) }
        }
        for name in ["access", "group"] {
            guard let value = properties?[name] else { continue }
            try settings.set(name, value.templateValue) { value.error($0, remedy: $1, code: $2) }
        }
        guard case .map(let pairs)? = properties?["config"]?.kind else { return }
        for (key, value) in pairs {
            try settings.set(key.printed, value.templateValue) { key.error($0, remedy: $1, code: $2) }
        }
    }

    func place(of file: String) -> SourceLocation { SourceLocation(wholeFile: files.path(file)) }

    // MARK: names of tables

    /// Name of the schema that stands for no schema.
    static let targetSchema = "default"

    /// Returns a resource as macros see it.
    static func node(_ kind: String, _ path: [String], _ file: String) -> TemplateMap {
        TemplateMap([
            ("name", .text(path.last ?? "")), ("resource_type", .text(kind)),
            ("package_name", .text(path.first ?? "")), ("original_file_path", .text(file)),
            ("path", .text(path.dropFirst().joined(separator: "/"))), ("fqn", .list(path.map { .text($0) })),
            ("unique_id", .text("\(kind).\(path.first ?? "").\(path.last ?? "")")),
        ])
    }

    /// Returns the name of a model's table.
    func table(_ name: String, _ settings: ModelSettings, at place: SourceLocation) throws -> TableName {
        TableName(step: name, folder: try relation(of: name, settings, at: place) ?? name)
    }

    /// Returns the name of a table as dbt makes it of `alias` and `schema`: `ALIAS`, or `SCHEMA.ALIAS` with a
    /// schema of its own. The project's macros generate_schema_name and generate_alias_name are asked. Nil
    /// where it is the resource's own name.
    func relation(of name: String, _ settings: ModelSettings, at place: SourceLocation) throws -> String? {
        let schema = try self.schema(of: settings)
        let alias = try self.alias(of: name, settings)
        let folder = schema == PipelineLoader.targetSchema ? alias : "\(schema).\(alias)"
        guard folder.wholeMatch(of: /[A-Za-z0-9_]([A-Za-z0-9_.-]{0,198}[A-Za-z0-9_])?/) != nil,
            !folder.hasSuffix(TableFolder.freshSuffix)
        else {
            throw EngineError.user(
                "PIPELINE_FORMAT",
                "The table of \(name) would have a name that cannot be a folder's: \(folder)",
                remedy: "alias and schema have letters, digits, '_', '-' and '.'.", at: place)
        }
        return folder == name ? nil : folder
    }

    private func schema(of settings: ModelSettings) throws -> String {
        let own = PipelineLoader.targetSchema
        return try named(by: "generate_schema_name", settings.text("schema"), settings)
            ?? settings.text("schema").map { "\(own)_\($0.filter { $0 != " " })" } ?? own
    }

    func alias(of name: String, _ settings: ModelSettings) throws -> String {
        try named(by: "generate_alias_name", settings.text("alias"), settings)
            ?? settings.text("alias") ?? name
    }

    /// Lets a query ask about the model that it is of, and about the model's table: `model.name`,
    /// `this.identifier`. Settings may still come while the query is rendered.
    func addNode(to scope: inout TemplateScope, _ name: String, _ settings: ModelSettings?) {
        let loader = self
        for part in ["identifier", "name", "table"] {
            scope.attributes["this." + part] = { _ in
                .text(try settings.map { try loader.alias(of: name, $0) } ?? name)
            }
        }
        scope.attributes["this.schema"] = { _ in
            .text(try settings.map(loader.schema) ?? PipelineLoader.targetSchema)
        }
        scope.attributes["this.database"] = { _ in TemplateValue.none }
        if let settings { scope.values["model"] = .map(settings.node) }
    }

    /// Returns what a macro of the project makes of a name, nil where there is no such macro.
    private func named(by macro: String, _ value: String?, _ settings: ModelSettings) throws -> String? {
        guard let count = macros.parameters(of: macro)?.count else { return nil }
        var scope = queryScope(this: "")
        var node = settings.node
        node["config"] = .map(
            TemplateMap(settings.values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        scope.values["millrace_name"] = value.map { .text($0) } ?? TemplateValue.none
        scope.values["millrace_node"] = .map(node)
        let arguments = ["millrace_name", "millrace_node"].prefix(count).joined(separator: ", ")
        let text = try Template("{{ \(macro)(\(arguments)) }}", file: macro).render(in: scope)
        return String(
            text.trimmingPrefix(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
