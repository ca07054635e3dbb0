import Templates
import Vocabulary

extension PipelineLoader {
    /// Reads all steps, those of the dbt project that are chosen among them, in an order to run in.
    mutating func steps(_ root: FormatValue) throws -> [PipelineStep] {
        let extracts = root["extract"]?.elements ?? []
        let transforms = root["transform"]?.elements ?? []
        let dbt = transforms.filter { $0["dbt"] != nil }
        let project = try readProject(isBuilt: !dbt.isEmpty)
        names.sources = project.sources
        names.place = run.place
        connections = try readConnections(root["connections"])
        var steps: [PipelineStep] = []
        var owners: [FormatValue] = []
        for entry in extracts {
            for step in try extract(entry) {
                warnOfLateRows(step)
                steps.append(step)
                owners.append(entry)
            }
        }
        try addNames(
            zip(steps, owners).map { ($0.name, $1["name"] ?? $1) }
                + transforms.filter { $0["dbt"] == nil }.map(named), project, root)
        takeAliases(project)
        for source in project.sources where source.external == nil {
            for place in steps.indices where steps[place].name == source.identifier {
                steps[place].dbt.sources.append([project.name, source.source, source.table])
            }
        }
        for entry in transforms where entry["sql"] != nil {
            steps.append(try transform(entry))
            owners.append(entry)
        }
        let seeds = try self.seeds(project)
        let models = try self.models(project)
        let chosen = try chosen(models.map(\.step) + seeds.map(\.step), dbt)
        let rules = AccessRules(models.map(\.step))
        for step in steps + models.map(\.step) { try rules.check(step) }
        ephemeral = Dictionary(
            models.filter { $0.step.materialization.kind == .ephemeral }.map { ($0.step.name, $0.step) }
        ) { first, _ in first }
        for model in models where chosen.contains(model.step.name) && ephemeral[model.step.name] == nil {
            steps.append(model.step)
            owners.append(model.properties ?? FormatValue(kind: .null, location: root.location))
        }
        for index in steps.indices {
            let own = Set(steps[index].relations.map(\.view))
            try inline(&steps[index])
            // As in dbt, what an ephemeral model reads is not cut into batches, but what it gives.
            if !steps[index].batches.isEmpty { names.setEventTimes(of: &steps[index], own) }
        }
        let loads = root["load"]?.elements ?? []
        var tests = try describe(project, &steps, owners)
        try addSeeds(
            seeds, to: &steps, &tests, loaded: chosen.union(loads.compactMap { $0["from"]?.printed }))
        for test in tests { try rules.check(test, of: steps) }
        for entry in loads {
            steps.append(try load(entry, after: steps))
            if let step = steps.last { try rules.check(step) }
        }
        if steps.isEmpty {
            throw root.error("The pipeline has no steps", remedy: "Add some below extract or transform.")
        }
        try refuseSharedTables(steps)
        try refuseSharedPaths(steps)
        addPaths(&steps)
        return try attach(tests, to: steps)
    }

    /// Collects names that ref() may say; each may be there once.
    private func addNames(
        _ entries: [(name: String, place: FormatValue)], _ project: DbtProject, _ root: FormatValue
    ) throws {
        func add(_ name: String, _ place: FormatValue) throws {
            try PipelineLoader.check(name, at: place, isNoneOf: names.steps)
            names.steps.insert(name)
        }
        for entry in entries { try add(entry.name, entry.place) }
        guard project.isBuilt else {
            names.idle = Set(project.models.map(\.name) + project.seeds.map(\.name))
            return
        }
        for model in project.models {
            try add(model.name, FormatValue(kind: .null, location: place(of: model.file)))
        }
        for seed in project.seeds {
            try add(seed.name, FormatValue(kind: .null, location: place(of: seed.file)))
        }
    }

    /// Throws when a step cannot have a name, or one of others has it.
    static func check(_ name: String, at place: FormatValue, isNoneOf others: some Sequence<String>) throws {
        guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,99}/) != nil else {
            throw place.error(
                "A step's name has letters, digits and _, and does not begin with a digit: \(name)",
                remedy: "Rename it, such as \(String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })).")
        }
        // Folders and views do not tell capitals apart everywhere.
        if others.contains(where: { $0.lowercased() == name.lowercased() }) {
            throw place.error("Two steps have the same name: \(name)")
        }
    }

    private func named(_ entry: FormatValue) throws -> (name: String, place: FormatValue) {
        guard let name = entry["name"] else { throw entry.error("The step needs a name") }
        return (name.printed, name)
    }

    // MARK: kinds of steps

    private mutating func extract(_ entry: FormatValue) throws -> [PipelineStep] {
        if let connector = entry["connector"] { return try connectorSteps(entry, connector) }
        let name = try named(entry).name
        if let source = entry["sql"] { return [try sqlStep(entry, source, name)] }
        if let source = entry["rest"] { return [try restStep(entry, source, name)] }
        if let source = entry["command"] { return [try commandStep(entry, source, name)] }
        guard let file = entry["file"], let path = file["path"] else {
            throw entry.error("The extract step needs a file with its path")
        }
        guard let format = file["format"]?.printed ?? FileFormats.format(of: path.printed) else {
            throw path.error(
                "The path does not say the format of the files: \(path.printed)",
                remedy: "Add format: json, csv, parquet or text.")
        }
        var options = FileFormats.readOptions(format, try run.place(path.printed))
        if file["schema"] != nil {
            options.removeAll { $0.name == "inferSchema" || $0.name == "enforceSchema" }
        }
        if case .map(let pairs)? = file["options"]?.kind {
            for (key, value) in pairs {
                options.removeAll { $0.name.lowercased() == key.printed.lowercased() }
                options.append((key.printed, value.printed))
            }
        }
        let columns = file["schema"].map { " (\($0.printed))" } ?? ""
        var rule = ExtractRule()
        rule.source = format
        rule.options = options
        try setDisposition(entry, &rule)
        if !columns.isEmpty, !rule.isPlain {
            throw entry.error(
                "A file's schema cannot be given together with write_disposition or schema_contract yet",
                code: "UNSUPPORTED_FEATURE")
        }
        let definition = "\(columns) USING \(format)\(SQLText.options(options))"
        var step = PipelineStep(
            name: name, kind: .extract, file: files.path("etl.yml"), tags: Set(entry["tags"]?.texts ?? []),
            sql: "SELECT * FROM millrace_input",
            relations: [Relation(view: "millrace_input", step: nil, definition: definition)], extract: rule)
        step.location = path.location
        return [step]
    }

    private func transform(_ entry: FormatValue) throws -> PipelineStep {
        let name = entry["name"]?.printed ?? ""
        let value = entry["sql"] ?? entry
        let file = "\(files.path("etl.yml")), step \(name)"
        let scalar = ScalarPlaces(source, at: value.location)
        let rendered: RenderedQuery
        do {
            rendered = try placed(value.printed, file: file, this: name)
        } catch let error as EngineError {
            // A macro's own place stays; one in the step's text becomes one in etl.yml.
            var place = error.location ?? value.location
            if place.file == file { place = scalar.place(of: place, in: Array(value.printed.utf8)) }
            throw EngineError.user(error.code, error.message, remedy: error.remedy, at: place)
        }
        var step = PipelineStep(
            name: name, kind: .transform, file: files.path("etl.yml"), tags: Set(entry["tags"]?.texts ?? []),
            sql: try single(rendered.query.text, value.location), relations: rendered.relations,
            dependencies: rendered.relations.compactMap(\.step), write: try entry["write"].map(write))
        step.location = (entry["name"] ?? entry).location
        step.places = QueryPlaces(text: rendered.query, scalar: scalar)
        return step
    }

    func single(_ text: String, _ place: SourceLocation) throws -> String {
        guard let query = SQLText.single(text) else {
            throw EngineError.user(
                "PIPELINE_SQL", "A step is one query; there is text after its ';'",
                remedy: "Make a step of each query.", at: place)
        }
        return query
    }

    func write(_ value: FormatValue) throws -> WriteTarget {
        var options: [(name: String, value: String)] = []
        if let columns = value["partitionBy"] {
            options.append(("partitionBy", columns.texts.joined(separator: ",")))
        }
        for key in ["partitionOverwriteMode", "compression"] {
            if let text = value[key]?.printed { options.append((key, text)) }
        }
        if case .map(let pairs)? = value["options"]?.kind {
            options += pairs.map { ($0.key.printed, $0.value.printed) }
        }
        var target = WriteTarget(
            path: value["path"]?.printed ?? "", format: value["format"]?.printed ?? "parquet",
            mode: value["mode"].flatMap { .init(rawValue: $0.printed) } ?? .overwrite, options: options)
        target.location = (value["path"] ?? value).location
        target.partitionLocation = value["partitionBy"]?.location
        return target
    }

    /// Puts the queries of ephemeral models in place of the tables that they are not.
    func inline(_ step: inout PipelineStep) throws {
        if ephemeral.isEmpty { return }
        step.relations = try inlined(step.relations, depth: 0)
        step.dependencies = step.relations.compactMap(\.step).filter { $0 != step.name }
    }

    /// Returns relations with ephemeral models as views of their own relations.
    func inlined(_ relations: [Relation], depth: Int) throws -> [Relation] {
        var found: [Relation] = []
        for relation in relations {
            guard let model = relation.step.flatMap({ ephemeral[$0] }) else {
                if !found.contains(relation) { found.append(relation) }
                continue
            }
            guard depth < 50 else {
                throw EngineError.user(
                    "PIPELINE_CYCLE", "Ephemeral models need each other in a circle: \(model.name)",
                    at: model.location)
            }
            for part in try inlined(model.relations, depth: depth + 1) where !found.contains(part) {
                found.append(part)
            }
            var view = Relation(view: relation.view, step: nil, definition: "AS \(model.sql)")
            view.isGlobal = relation.isGlobal
            if !found.contains(view) { found.append(view) }
        }
        return found
    }

    private func chosen(_ models: [PipelineStep], _ entries: [FormatValue]) throws -> Set<String> {
        var chosen = Set<String>()
        for entry in entries {
            let dbt = entry["dbt"]
            do {
                let all = Set(models.map(\.name))
                var some = try dbt?["select"].map { try StepSelector.select($0.texts, from: models) } ?? all
                if let out = dbt?["exclude"] {
                    some.subtract(try StepSelector.select(out.texts, from: models))
                }
                chosen.formUnion(some)
            } catch let error as EngineError {
                throw (dbt?["select"] ?? entry).error(error.message, remedy: error.remedy, code: error.code)
            }
        }
        return chosen
    }

    /// A query that reads a path which another step writes runs after it.
    private func addPaths(_ steps: inout [PipelineStep]) {
        let written = steps.compactMap { step in
            step.write.map { (step.name, PipelineLoader.folder($0.path)) }
        }
        if written.isEmpty { return }
        for index in steps.indices {
            let text = steps[index].sql + steps[index].relations.map(\.definition).joined()
            for match in text.matches(of: /(?:parquet|orc|avro|json|csv|text)\.`([^`]+)`|'path' '([^']+)'/) {
                let path = PipelineLoader.folder(String(match.1 ?? match.2 ?? ""))
                for (name, folder) in written
                where name != steps[index].name && (path == folder || path.hasPrefix(folder + "/")) {
                    steps[index].dependencies.append(name)
                }
            }
        }
    }

    /// Throws when two steps would make the same table, as dbt does.
    private func refuseSharedTables(_ steps: [PipelineStep]) throws {
        var makers: [String: PipelineStep] = [:]
        for step in steps where step.load == nil {
            if let other = makers.updateValue(step, forKey: step.folder.lowercased()) {
                throw EngineError.user(
                    "PIPELINE_FORMAT",
                    "\(other.name) and \(step.name) would make the same table: \(step.folder)",
                    remedy: "Give one of them another alias or schema.",
                    at: step.relation == nil ? other.location : step.location)
            }
        }
    }

    /// Throws when a step replaces what another one writes: which of them stays would be chance.
    private func refuseSharedPaths(_ steps: [PipelineStep]) throws {
        var writers: [String: (name: String, target: WriteTarget)] = [:]
        func replaces(_ target: WriteTarget) -> Bool {
            let isDynamic = target.options.contains {
                $0.name == "partitionOverwriteMode" && $0.value.lowercased() == "dynamic"
            }
            return target.mode != .append && !isDynamic
        }
        for step in steps {
            guard let target = step.write ?? step.load?.write else { continue }
            let path = PipelineLoader.folder(target.path)
            if let other = writers[path], replaces(target) || replaces(other.target) {
                throw EngineError.user(
                    "PIPELINE_FORMAT",
                    "\(other.name) and \(step.name) write to the same path: \(target.path)",
                    remedy: "Give each its own, or have both append.", at: target.location ?? step.location)
            }
            writers[path] = (step.name, target)
        }
    }

    private static func folder(_ path: String) -> String {
        var path = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        while path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
