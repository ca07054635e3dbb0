import Kernels
import Templates
import Vocabulary

/// Reads a pipeline's directory into a `Pipeline`: checks every key, renders every template, orders the
/// steps.
package struct PipelineLoader {
    let files: ProjectFiles
    let environment: (String) -> String?
    let given: [String: String]
    let names = TableNames()
    var vars: [String: TemplateValue] = [:]
    var macros = MacroLibrary()
    /// Options of each connection, secrets by reference.
    var connections: [String: [(name: String, value: String)]] = [:]

    /// `directory` holds `etl.yml`; `vars` are values from the command line, over those of the files;
    /// `environment` answers env_var().
    package init(
        directory: String, vars: [String: String] = [:], environment: @escaping (String) -> String?
    ) {
        files = ProjectFiles(directory: directory)
        given = vars
        self.environment = environment
    }

    /// Returns the pipeline. Throws with file and place of what is wrong.
    package mutating func load() throws -> Pipeline {
        let text = try files.text("etl.yml", limitBytes: FormatDocument.fileBytes)
        let document = try FormatDocument.read(text, file: files.path("etl.yml"))
        for (name, value) in given { vars[name] = .text(value) }
        if case .map(let pairs)? = document["vars"]?.kind {
            for (key, value) in pairs where vars[key.printed] == nil {
                vars[key.printed] = value.templateValue
            }
        }
        let root = try FormatReader(scope: valueScope).checked(
            document, .object(PipelineFormat.root), path: "")
        var pipeline = Pipeline(name: root["name"]?.printed ?? "")
        pipeline.schedule = try schedule(root)
        pipeline.retries = retries(root["default_args"])
        pipeline.steps = try steps(root)
        return pipeline
    }

    // MARK: scopes

    /// What values of YAML files may call.
    var valueScope: TemplateScope {
        let environment = environment
        let vars = vars
        return TemplateScope(
            functions: [
                "env_var": { call in
                    try call.atMost(2)
                    let name = try call.text(0, "name")
                    if let value = environment(name) { return .text(value) }
                    if let fallback = call.argument(1, "default") { return fallback }
                    throw call.error(
                        "The environment variable is not set: \(name)",
                        remedy: "Set it, or give a default: env_var('\(name)', '…').")
                },
                "var": { call in
                    try call.atMost(2)
                    let name = try call.text(0, "name")
                    if let value = vars[name] { return value }
                    if let fallback = call.argument(1, "default") { return fallback }
                    let near = Suggestion.nearest(to: name, among: vars.keys.sorted())
                    throw call.error(
                        "There is no variable of this name: \(name)",
                        remedy: near.map { "Did you mean \($0)?" }
                            ?? "Add it to vars in etl.yml, or give --vars \(name)=value.")
                },
            ], macros: macros)
    }

    /// What queries may call.
    func queryScope(this: String, config: ModelSettings? = nil) -> TemplateScope {
        var scope = valueScope
        let names = names
        scope.values = ["this": .text(SQLText.name(this)), "execute": .boolean(true)]
        scope.values["target"] = .map(
            TemplateMap([("name", .text("millrace")), ("type", .text("spark")), ("schema", .text("default"))])
        )
        scope.functions["ref"] = { try names.ref($0) }
        scope.functions["source"] = { try names.source($0) }
        scope.functions["is_incremental"] = { _ in .boolean(false) }
        scope.functions["exceptions.raise_compiler_error"] = { call in
            throw call.error(try call.text(0, "message"))
        }
        scope.functions["exceptions.warn"] = { _ in .text("") }
        scope.functions["log"] = { _ in .text("") }
        if let config {
            scope.functions["config"] = { call in
                try config.set(call)
                return .text("")
            }
            scope.functions["config.get"] = { call in
                config.values[try call.text(0, "name")] ?? call.argument(1, "default") ?? .none
            }
        }
        return scope
    }

    /// Renders a query and returns it with the tables that it reads.
    func render(_ text: String, file: String, this: String, config: ModelSettings? = nil) throws -> (
        text: String, relations: [Relation]
    ) {
        names.begin()
        let rendered = try Template(text, file: file).render(in: queryScope(this: this, config: config))
        return (rendered, names.relations)
    }

    // MARK: parts of the file

    private func schedule(_ root: FormatValue) throws -> PipelineSchedule? {
        guard let text = root["schedule"] else {
            for key in ["catchup", "end_date", "timezone"] {
                if let value = root[key] { throw value.error("\(key) needs a schedule") }
            }
            return nil
        }
        do {
            return try PipelineSchedule(
                text.printed, timezone: root["timezone"]?.printed ?? "UTC",
                start: root["start_date"].flatMap { CivilTime.parse($0.printed) },
                end: root["end_date"].flatMap { CivilTime.parse($0.printed) },
                catchup: root["catchup"]?.isTrue ?? false)
        } catch let error as EngineError {
            let place = error.message.contains("schedule") ? text : root["timezone"] ?? text
            throw place.error(error.message, remedy: error.remedy)
        }
    }

    private func retries(_ value: FormatValue?) -> RetryRule {
        var rule = RetryRule()
        guard let value else { return rule }
        func seconds(_ key: String) -> Double? { value[key].flatMap { FormatReader.seconds($0.printed) } }
        rule.retries = value["retries"].flatMap { Int($0.printed) } ?? 0
        rule.delaySeconds = seconds("retry_delay") ?? rule.delaySeconds
        rule.maxDelaySeconds = seconds("max_retry_delay") ?? rule.maxDelaySeconds
        rule.timeoutSeconds = seconds("execution_timeout")
        if let backoff = value["retry_exponential_backoff"] {
            rule.backoff = backoff.isTrue ? 2 : Double(backoff.printed) ?? 1
        }
        return rule
    }
}

/// Gathers what a model's config() says.
final class ModelSettings {
    var values: [String: TemplateValue] = [:]

    /// Settings that are known; those that change what a table is must be built to be accepted.
    private static let accepted = ["materialized", "tags", "enabled", "meta", "docs", "group", "description"]

    /// Takes settings of a config() call. Throws for those that are not supported.
    func set(_ call: TemplateCall) throws {
        for (name, value) in call.named { try set(name, value) { call.error($0, remedy: $1, code: $2) } }
        if let first = call.positional.first {
            throw call.error("config() takes name=value, not \(first.printed)")
        }
    }

    func set(
        _ name: String, _ value: TemplateValue, _ error: (String, String?, String) -> EngineError
    ) throws {
        guard ModelSettings.accepted.contains(name) else {
            throw error(
                "This setting of models is not supported: \(name)",
                Suggestion.nearest(to: name, among: ModelSettings.accepted).map { "Did you mean \($0)?" },
                "UNSUPPORTED_FEATURE")
        }
        if name == "materialized", !["table", "view"].contains(value.printed) {
            throw error(
                "This materialization is not built yet: \(value.printed)",
                "Use table or view; both are kept as a table.", "UNSUPPORTED_FEATURE")
        }
        if name == "tags", case .list(let more) = value, case .list(let before)? = values["tags"] {
            values["tags"] = .list(before + more)
        } else {
            values[name] = name == "tags" && value.typeName == "text" ? .list([value]) : value
        }
    }
}
