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
    let run: RunContext
    /// The mail server and the sender of alerts that name none; beside `environment`, as templates see those.
    package var mailServer: String?
    package var mailSender: String?
    /// Says whether a variable is kept from env_var() by the owner of the coordinator.
    package var isHidden: @Sendable (String) -> Bool = { _ in false }
    var vars: [String: TemplateValue] = [:]
    /// The bytes of etl.yml, in which places of its queries are found.
    var source: [UInt8] = []
    /// Names that the files give values to.
    var declared = Set<String>()
    var macros = MacroLibrary()
    /// What is no error in the files, but not what was meant either.
    var warnings: [String] = []
    /// Models that are no tables: their queries stand in the queries that read them.
    var ephemeral: [String: PipelineStep] = [:]
    /// Tables of the databases of connector files, by the files' paths in etl.yml, as far as they are known.
    var catalogs: [String: [CatalogTable]] = [:]
    var docs = DocBlocks()
    /// What dbt_project.yml says of a test of a name, in a file of the project.
    var testDefaults: (String, String) -> [String: TemplateValue] = { _, _ in [:] }
    /// Options of each connection, secrets by reference.
    var connections: [String: [(name: String, value: String)]] = [:]

    /// `directory` holds `etl.yml`; `vars` are values from the command line, over those of the files;
    /// `environment` answers env_var(); `run` is the run that templates are rendered for.
    /// Messages name files as if the directory were `shownAs`.
    package init(
        directory: String, shownAs: String? = nil, vars: [String: String] = [:], run: RunContext,
        environment: @escaping (String) -> String?
    ) {
        files = ProjectFiles(directory: directory, shownAs: shownAs ?? directory)
        given = vars
        self.run = run
        self.environment = environment
    }

    /// Returns the name that the `etl.yml` of a directory says, without looking at anything else. Messages
    /// name files as if the directory were `shownAs`. Throws `PIPELINE_FILE` and `PIPELINE_FORMAT`.
    package static func name(in directory: String, shownAs: String? = nil) throws -> String {
        let files = ProjectFiles(directory: directory, shownAs: shownAs)
        let text = try files.text("etl.yml", limitBytes: FormatDocument.fileBytes)
        let document = try PipelineLoader.filled(FormatDocument.read(text, file: files.path("etl.yml")))
        guard let name = document["name"]?.scalar else {
            throw document.error("The key 'name' is missing")
        }
        return name
    }

    /// Returns the JSON Schema of the `etl.yml` of a directory: the format's, with the project's own tests.
    /// Throws what is wrong in the project.
    package func schema() throws -> PipelineSchema {
        let project = try DbtReader(files: files, scope: projectScope).read()
        return PipelineSchema(ownTests: project.testNames)
    }

    /// Returns the document. Throws when it holds nothing at all.
    private static func filled(_ document: FormatValue) throws -> FormatValue {
        guard case .null = document.kind else { return document }
        throw document.error(
            "The file is empty", remedy: "`etl-submit init DIR` writes a working example to begin with.")
    }

    /// Returns the pipeline. Throws with file and place of what is wrong.
    package mutating func load() throws -> Pipeline {
        var pipeline = try read()
        let definitions = definitions()
        for place in pipeline.steps.indices {
            pipeline.steps[place].definition = definitions[pipeline.steps[place].name] ?? ""
        }
        return pipeline
    }

    /// Returns the pipeline without what its steps' definitions are.
    mutating func read() throws -> Pipeline {
        let text = try files.text("etl.yml", limitBytes: FormatDocument.fileBytes)
        let document = try PipelineLoader.filled(FormatDocument.read(text, file: files.path("etl.yml")))
        source = Array(text.utf8)
        takeVars(document)
        let root = try FormatReader(scope: openScope).checked(
            document, .object(PipelineFormat.root), path: "")
        var pipeline = Pipeline(name: try name(root))
        pipeline.description = root["description"]?.printed ?? ""
        if let text = try scheduleText(root) {
            pipeline.scheduleText = text
            pipeline.schedule = try schedule(text, root)
        }
        func count(_ key: String) -> Int? { root[key].flatMap { Int($0.printed) } }
        pipeline.maxActiveRuns = count("max_active_runs") ?? pipeline.maxActiveRuns
        pipeline.maxActiveTasks = count("max_active_tasks") ?? pipeline.maxActiveTasks
        pipeline.retries = retries(root["default_args"])
        pipeline.alerts = try alerts(root)
        if pipeline.alerts.contains(where: { $0.email.map { $0.server == nil } ?? false }) {
            warnings.append(PipelineLoader.withoutMailServer)
        }
        pipeline.lineage = try lineage(root)
        pipeline.steps = try steps(root)
        pipeline.warnings = warnings + names.said
        try refuseUnreadVars()
        return pipeline
    }

    /// Takes the values of variables that the command line gives, and those of `etl.yml` below.
    mutating func takeVars(_ document: FormatValue) {
        for (name, value) in given { vars[name] = .text(value) }
        guard case .map(let pairs)? = document["vars"]?.kind else { return }
        for (key, value) in pairs {
            declared.insert(key.printed)
            if vars[key.printed] == nil { vars[key.printed] = value.templateValue }
        }
    }

    /// Throws when a value was given for a variable that is neither declared nor named in any file: a typing
    /// error would leave the default in its place.
    private func refuseUnreadVars() throws {
        for name in given.keys.sorted() where !declared.contains(name) {
            let texts = files.texts.all
            if texts.contains(where: { $0.contains("'\(name)'") || $0.contains("\"\(name)\"") }) { continue }
            let called = texts.flatMap { text in
                text.matches(of: /var\(\s*['"]([^'"]+)['"]/).map { String($0.1) }
            }
            let near = Suggestion.nearest(to: name, among: declared.union(called).sorted())
            throw EngineError.user(
                "PIPELINE_FORMAT", "No file of the pipeline reads a variable of this name: \(name)",
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "See the names that var() is called with, or add it to vars in etl.yml.")
        }
    }

    /// The pipeline's name is a folder's, too.
    private func name(_ root: FormatValue) throws -> String {
        let name = root["name"]?.printed ?? ""
        guard name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/) != nil else {
            throw (root["name"] ?? root).error(
                "A pipeline's name has letters, digits, '_', '-' and '.', at most 100: \(name)")
        }
        return name
    }

    // MARK: scopes

    /// What values of YAML files may call that never become part of a query: connections and alerts.
    var valueScope: TemplateScope {
        let environment = environment
        let vars = vars
        let isHidden = isHidden
        return TemplateScope(
            values: run.values,
            functions: [
                "env_var": { call in
                    try call.atMost(2)
                    let name = try call.text(0, "name")
                    if let value = environment(name) { return .text(value) }
                    if let fallback = call.argument(1, "default") { return fallback }
                    if isHidden(name) {
                        throw call.error(
                            "Pipelines on this coordinator may not read the environment variable: \(name)",
                            remedy: "Have it allowed with etl-coordinator --allow-env \(name).")
                    }
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

    /// What all other values may call.
    var openScope: TemplateScope {
        var scope = valueScope
        let environment = scope.functions["env_var"]
        scope.functions["env_var"] = { call in
            // As in dbt: what is meant to be secret never becomes part of a query.
            if let name = try? call.text(0, "name"), name.hasPrefix("DBT_ENV_SECRET") {
                throw call.error(
                    "A secret may not be part of a query: \(name)",
                    remedy: "Use it in connections or alerts, or give the variable another name.")
            }
            return try environment?(call) ?? TemplateValue.none
        }
        scope.values["target"] = .map(
            TemplateMap([
                ("name", .text("millrace")), ("type", .text("spark")),
                ("schema", .text(PipelineLoader.targetSchema)), ("database", .none), ("threads", .integer(1)),
                ("profile_name", .text("millrace")),
            ]))
        DbtFunctions.add(to: &scope)
        return scope
    }

    /// What the YAML files of a dbt project may call, whose variables come below all others.
    func projectScope(_ own: [(String, TemplateValue)]) -> TemplateScope {
        var loader = self
        for (name, value) in own where loader.vars[name] == nil { loader.vars[name] = value }
        return loader.openScope
    }

    /// What queries may call.
    func queryScope(this: String, config: ModelSettings? = nil) -> TemplateScope {
        var scope = openScope
        let names = names
        let run = run
        names.addThis(this, to: &scope)
        scope.values["execute"] = .boolean(true)
        addNode(to: &scope, this, config)
        scope.functions["ref"] = { try names.ref($0) }
        scope.functions["source"] = { try names.source($0) }
        let loader = self
        scope.functions["is_incremental"] = { call in
            guard let config else { return .boolean(false) }
            return .boolean(config.isIncremental(try loader.table(this, config, at: call.location), run))
        }
        scope.functions["exceptions.raise_compiler_error"] = { call in
            throw call.error(try call.text(0, "message"))
        }
        scope.functions["exceptions.warn"] = { call in
            names.warn(try call.text(0, "msg"), at: call.location)
            return .text("")
        }
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
    func render(
        _ text: String, file: String, this: String, config: ModelSettings? = nil, test: TestScope? = nil
    ) throws -> (text: String, relations: [Relation]) {
        let found = try placed(text, file: file, this: this, config: config, test: test)
        let own = found.this.flatMap { names.steps.contains(this) ? $0 : nil }
        return (found.query.text, found.relations + (own.map { [$0] } ?? []))
    }

    /// Holds a query with the places that it came from, the tables that it reads, and its own table where it
    /// names that.
    struct RenderedQuery {
        var query: RenderedText
        var relations: [Relation]
        var this: Relation?
    }

    /// Renders a query. Where a common table expression of it would hide a table that it names, tables have
    /// names that are not hidden: as in dbt, a reference is the table.
    func placed(
        _ text: String, file: String, this: String, config: ModelSettings? = nil, test: TestScope? = nil
    ) throws -> RenderedQuery {
        let isQualified = test?.isQualified == true
        let found = try once(text, file, this, config, test, isQualified: isQualified)
        guard
            CommonTables.hide(found.relations + (found.this.map { [$0] } ?? []), in: found.query.text)
        else { return found }
        return try once(text, file, this, config, test, isQualified: true)
    }

    private func once(
        _ text: String, _ file: String, _ this: String, _ config: ModelSettings?, _ test: TestScope?,
        isQualified: Bool
    ) throws -> RenderedQuery {
        names.begin(isQualified: isQualified)
        var scope = queryScope(this: this, config: config)
        if let test {
            scope.values.merge(test.values) { $1 }
            if let settings = test.settings {
                scope.functions["config"] = { call in
                    try settings.set(call)
                    return .text("")
                }
            }
        }
        let query = try Template(text, file: file).rendered(in: scope)
        return RenderedQuery(query: query, relations: names.relations, this: names.this)
    }

    // MARK: parts of the file

    private func scheduleText(_ root: FormatValue) throws -> ScheduleText? {
        guard let cron = root["schedule"] else {
            for key in ["catchup", "end_date", "timezone"] {
                if let value = root[key] { throw value.error("\(key) needs a schedule") }
            }
            return nil
        }
        let start = root["start_date"].flatMap { CivilTime.parse($0.printed) }
        let end = root["end_date"].flatMap { CivilTime.parse($0.printed) }
        if let start, let end, end < start, let value = root["end_date"] {
            throw value.error("end_date is before start_date, so that nothing would ever run")
        }
        return ScheduleText(
            cron: cron.printed, timezone: root["timezone"]?.printed ?? "UTC", start: start, end: end,
            catchup: root["catchup"]?.isTrue ?? false)
    }

    private func schedule(_ text: ScheduleText, _ root: FormatValue) throws -> PipelineSchedule {
        do {
            return try text.parsed()
        } catch let error as EngineError {
            let key = error.code == "PIPELINE_FORMAT" ? "schedule" : "timezone"
            throw (root[key] ?? root).error(error.message, remedy: error.remedy)
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
