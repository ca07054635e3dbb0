import Templates
import Vocabulary

/// Holds a dbt project as its files say it; nothing is rendered yet.
struct DbtProject {
    struct Model {
        var name: String
        var file: String
        var text: String
        /// What schema.yml says of it.
        var properties: FormatValue?
        /// What dbt_project.yml says of its folder.
        var settings: [String: FormatValue] = [:]
    }
    struct Seed {
        var name: String
        var file: String
        /// What schema.yml says of it.
        var properties: FormatValue?
        /// What dbt_project.yml says of its folder.
        var settings: [String: FormatValue] = [:]
    }
    /// Whether a step of etl.yml runs it. If not, models and seeds have only their names.
    var isBuilt = true
    var name = ""
    var vars: [(String, TemplateValue)] = []
    var models: [Model] = []
    /// CSV files, by the name of their table.
    var seeds: [Seed] = []
    var singularTests: [(name: String, file: String, text: String)] = []
    var macros = MacroLibrary()
    /// What descriptions name by doc().
    var docs = DocBlocks()
    /// What is no error, but not what was meant either.
    var warnings: [String] = []
    /// What the YAML files say of other steps than models.
    var others: [FormatValue] = []
    /// Tables from outside.
    var sources: [Source] = []
    /// Names of the groups that models may belong to.
    var groups: [String] = []
    /// Folders that models and seeds lie in, which are no part of their names.
    var folders: [String] = []
    /// Folders of tests that have a file each.
    var testFolders: [String] = []
    /// What dbt_project.yml says of tests.
    var testSettings: DbtSettings?

    /// Returns the names on the way to a model or seed: project, folders, its own.
    func path(of name: String, _ file: String) -> [String] {
        [self.name] + (below(folders, file) ?? DbtProject.parents(file)) + [name]
    }

    /// Returns the folders between one of `roots` and a file; nil for a file that is in none of these.
    private func below(_ roots: [String], _ file: String) -> [String]? {
        let root = roots.filter { file.hasPrefix($0 + "/") }.max { $0.count < $1.count }
        return root.map { DbtProject.parents(String(file.dropFirst($0.count + 1))) }
    }

    private static func parents(_ file: String) -> [String] {
        file.split(separator: "/").dropLast().map(String.init)
    }

    /// Ways to all that has settings of tests: folders, and names without the project's.
    var paths: [[String]] {
        let nodes = models.map { ($0.name, $0.file) } + seeds.map { ($0.name, $0.file) }
        return nodes.map { Array(path(of: $0, $1).dropFirst()) }
            + singularTests.map { (below(testFolders, $0.file) ?? []) + [$0.name] }
    }

    /// Returns what dbt_project.yml says of a test, by the folders of its file: its own, or the YAML file
    /// that gives it to a model. Nothing of those in `etl.yml`, which is no file of the project.
    func settings(ofTest name: String, in file: String) -> [String: TemplateValue] {
        guard let testSettings, let folders = below(folders + testFolders, file) else { return [:] }
        return testSettings.settings(folders, name).mapValues(\.templateValue)
    }

    /// Names of the tests that the project has as macros, `{% test NAME(model, column_name) %}`.
    var testNames: [String] {
        macros.names.filter { $0.hasPrefix("test_") }.map { String($0.dropFirst(5)) }.sorted()
    }

    struct Source {
        var source: String
        var table: String
        /// Name of the step that brings it in.
        var identifier: String
        /// The path that meta.external_location gives.
        var external: String?
        /// What the table's entry says, and the source's.
        var entry: FormatValue
        var owner: FormatValue
    }
}

/// Reads a dbt project's folder.
struct DbtReader {
    let files: ProjectFiles
    /// What templates in YAML files may call, given the project's own variables.
    let scope: (_ vars: [(String, TemplateValue)]) -> TemplateScope
    /// Whether its models and seeds are run. If not, what would be wrong only for them is a warning.
    var isBuilt = true

    /// Returns the project. Throws with file and place of what is wrong or not supported.
    func read() throws -> DbtProject {
        var project = DbtProject()
        project.isBuilt = isBuilt
        var folders = [
            "model": ["models"], "test": ["tests"], "macro": ["macros"], "seed": ["seeds"],
            "snapshot": ["snapshots"],
        ]
        var (settings, ofSeeds): (DbtSettings?, DbtSettings?)
        var docsPaths: [String] = []
        if files.exists("dbt_project.yml") {
            let value = try checked("dbt_project.yml", DbtFormat.project, project)
            project.name = value["name"]?.printed ?? ""
            for kind in folders.keys { if let given = value["\(kind)-paths"] { folders[kind] = given.texts } }
            docsPaths = value["docs-paths"]?.texts ?? []
            project.vars = DbtReader.vars(value["vars"], of: project.name)
            let templates = SettingTemplates(scope: scope(project.vars))
            func tree(_ value: FormatValue?, _ names: SettingNames) throws -> DbtSettings? {
                try value.map {
                    DbtSettings(tree: try templates.rendered($0), project: project.name, names: names)
                }
            }
            settings = try tree(value["models"], .models)
            ofSeeds = try tree(value["seeds"], .seeds)
            if value["tests"] != nil, let both = value["data_tests"] {
                throw both.error("Settings of tests are there twice: tests and data_tests are the same")
            }
            project.testSettings = try tree(value["data_tests"] ?? value["tests"], .tests)
        }
        for folder in Set(folders.values.flatMap { $0 } + docsPaths).sorted() {
            for file in try files.list(folder, endings: [".md"]) {
                project.docs.add(try files.text(file, limitBytes: FormatDocument.fileBytes))
            }
        }
        project.folders = (folders["model"] ?? []) + (folders["seed"] ?? [])
        project.testFolders = folders["test"] ?? []
        if isBuilt { try refuseUnbuilt(models: folders["model"] ?? [], snapshots: folders["snapshot"] ?? []) }
        try macros(folders["macro"] ?? [], &project)
        try seeds(folders["seed"] ?? [], ofSeeds, &project)
        try macros((folders["test"] ?? []).map { $0 + "/generic" }, &project)
        for folder in folders["test"] ?? [] {
            for file in try files.list(folder, endings: [".sql"]) {
                if file.hasPrefix(folder + "/generic/") { continue }
                project.singularTests.append((DbtReader.stem(file), file, try sql(file)))
            }
        }
        try models(folders["model"] ?? [], settings, &project)
        if !isBuilt { project.warnings += DbtReader.idle(project) }
        project.warnings += try project.testSettings?.check(project.paths) ?? []
        for folder in Set(project.folders).sorted() {
            for file in try files.list(folder, endings: [".yml", ".yaml"]) {
                do { try properties(file, &project) } catch let error as EngineError where !isBuilt {
                    project.warnings.append("\(files.path(file)) is not read: \(error.message)")
                }
            }
        }
        return project
    }

    private func models(
        _ folders: [String], _ settings: DbtSettings?, _ project: inout DbtProject
    ) throws {
        var paths: [[String]] = []
        for folder in folders {
            for file in try files.list(folder, endings: [".sql"]) {
                var model = DbtProject.Model(
                    name: DbtReader.stem(file), file: file, text: isBuilt ? try sql(file) : "")
                let path = Array(project.path(of: model.name, file).dropFirst())
                model.settings = settings?.settings(path.dropLast(), model.name) ?? [:]
                paths.append(path)
                project.models.append(model)
            }
        }
        if isBuilt { project.warnings += try settings?.check(paths) ?? [] }
    }

    private func seeds(
        _ folders: [String], _ settings: DbtSettings?, _ project: inout DbtProject
    ) throws {
        var paths: [[String]] = []
        for folder in folders {
            for file in try files.list(folder, endings: [".csv"]) {
                var seed = DbtProject.Seed(name: DbtReader.stem(file), file: file)
                let path = Array(project.path(of: seed.name, file).dropFirst())
                seed.settings = settings?.settings(path.dropLast(), seed.name) ?? [:]
                paths.append(path)
                project.seeds.append(seed)
            }
        }
        if isBuilt { project.warnings += try settings?.check(paths) ?? [] }
    }

    /// Says that models and seeds lie there for nothing.
    private static func idle(_ project: DbtProject) -> [String] {
        func warning(_ kind: String, _ files: [String]) -> String? {
            guard let first = files.first else { return nil }
            let more = files.count > 1 ? " and \(files.count - 1) more" : ""
            return "No step of etl.yml runs the \(kind) \(first)\(more): add `- dbt: {}` below transform."
        }
        return [
            warning("model", project.models.map(\.file)), warning("seed", project.seeds.map(\.file)),
        ].compactMap { $0 }
    }

    private func macros(_ folders: [String], _ project: inout DbtProject) throws {
        for folder in folders {
            for file in try files.list(folder, endings: [".sql"]) {
                project.macros.add(try Template(try sql(file), file: files.path(file)).macros)
            }
        }
    }

    /// Throws for files that dbt would run and this engine cannot: left out silently, their tables would be
    /// missed only by who reads them.
    private func refuseUnbuilt(models: [String], snapshots: [String]) throws {
        func refuse(_ file: String, _ what: String, _ remedy: String) -> EngineError {
            .user(
                "UNSUPPORTED_FEATURE", "\(what) cannot be run: \(file)", remedy: remedy,
                at: SourceLocation(wholeFile: files.path(file)))
        }
        for folder in models {
            if let file = try files.list(folder, endings: [".py"]).first {
                throw refuse(
                    file, "dbt's models in Python",
                    "Write it as SQL, have an extract's `command` run it, or move it out of \(folder)/.")
            }
        }
        for folder in snapshots {
            if let file = try files.list(folder, endings: [".sql", ".yml", ".yaml"]).first {
                throw refuse(
                    file, "dbt's snapshots",
                    "Leave them out with `snapshot-paths: []` in dbt_project.yml; an incremental model "
                        + "with unique_key keeps the latest state of each row.")
            }
        }
    }

    private func sql(_ file: String) throws -> String { try files.text(file, limitBytes: Limits.sqlBytes) }

    private func checked(
        _ file: String, _ format: FormatObject, _ project: DbtProject
    ) throws -> FormatValue {
        let text = try files.text(file, limitBytes: FormatDocument.fileBytes)
        return try FormatReader(scope: scope(project.vars)).checked(
            try FormatDocument.read(text, file: files.path(file)), .object(format), path: "")
    }

    static func stem(_ file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        return String(name.prefix { $0 != "." })
    }

    private func properties(_ file: String, _ project: inout DbtProject) throws {
        let value = try SettingTemplates(scope: scope(project.vars))
            .renderedConfig(try checked(file, DbtFormat.properties, project))
        for entry in value["models"]?.elements ?? [] {
            let name = entry["name"]?.printed ?? ""
            guard let index = project.models.firstIndex(where: { $0.name == name }) else {
                project.others.append(entry)
                continue
            }
            guard project.models[index].properties == nil else {
                throw (entry["name"] ?? entry).error("This model is described twice: \(name)")
            }
            project.models[index].properties = entry
        }
        for entry in value["seeds"]?.elements ?? [] {
            let name = entry["name"]?.printed ?? ""
            guard let index = project.seeds.firstIndex(where: { $0.name == name }) else {
                let near = Suggestion.nearest(to: name, among: project.seeds.map(\.name))
                throw (entry["name"] ?? entry).error(
                    "There is no seed of this name: \(name)", remedy: near.map { "Did you mean \($0)?" })
            }
            project.seeds[index].properties = entry
        }
        project.groups += (value["groups"]?.elements ?? []).map { $0["name"]?.printed ?? "" }
        for entry in value["sources"]?.elements ?? [] {
            let source = entry["name"]?.printed ?? ""
            for table in entry["tables"]?.elements ?? [] {
                let name = table["name"]?.printed ?? ""
                let isEnabled = (table["config"]?["enabled"] ?? entry["config"]?["enabled"])?.printed
                if isEnabled?.lowercased() == "false" { continue }
                let place = [table, entry].lazy.compactMap {
                    $0["meta"]?["external_location"] ?? $0["config"]?["meta"]?["external_location"]
                }.first
                project.sources.append(
                    DbtProject.Source(
                        source: source, table: name, identifier: table["identifier"]?.printed ?? name,
                        external: place?.printed.replacing("{name}", with: name), entry: table, owner: entry))
            }
        }
    }

    /// Returns the variables of a project: those below its own name are its, and go before those for all.
    private static func vars(_ value: FormatValue?, of project: String) -> [(String, TemplateValue)] {
        guard case .map(let pairs)? = value?.kind else { return [] }
        var own: [(String, TemplateValue)] = []
        var all: [(String, TemplateValue)] = []
        for (key, value) in pairs {
            if key.printed == project, case .map(let pairs) = value.kind {
                own = pairs.map { ($0.key.printed, $0.value.templateValue) }
            } else {
                all.append((key.printed, value.templateValue))
            }
        }
        return own + all
    }
}
