import Templates
import Vocabulary

/// Answers ref() and source() while texts are rendered, and notes what they name.
final class TableNames {
    /// Steps that may be referred to, by name.
    var steps = Set<String>()
    /// Models and seeds beside `etl.yml` that no step of it runs.
    var idle = Set<String>()
    /// The one of them that the text rendered last names.
    private(set) var idleNamed: String?
    var sources: [DbtProject.Source] = []
    /// What queries call the tables of models and seeds that have an alias, by their names.
    private var aliases: [String: String] = [:]
    /// Where the files of a source are for jobs.
    var place: (String) throws -> String = { $0 }
    /// Columns that say when a row happened, by the names of the tables' views.
    var eventTimes: [String: String] = [:]
    /// What texts warn of themselves, `exceptions.warn()`.
    private(set) var said: [String] = []
    /// What the text rendered last reads.
    private(set) var relations: [Relation] = []
    /// The table that the text rendered last is of, when it names that: `{{ this }}`.
    private(set) var this: Relation?
    /// Whether the text has its tables named so that nothing of its own hides them.
    private var isQualified = false

    /// Forgets what was noted.
    func begin(isQualified: Bool) {
        self.isQualified = isQualified
        relations = []
        this = nil
        idleNamed = nil
    }

    /// Has `{{ this }}` be the table of a step, and notes it where a text asks for it.
    func addThis(_ step: String, to scope: inout TemplateScope) {
        var relation = relation(of: step)
        relation.isGlobal = isQualified
        scope.values["this"] = .text(relation.reference)
        if !step.isEmpty { scope.asked["this"] = { self.this = relation } }
    }

    /// Has queries call tables by their aliases, as dbt's do: `fct_orders.id` after `FROM {{ ref('orders')
    /// }}`. An alias that two tables share in different schemas, or that is another step's name or a source's
    /// table, is left out.
    func setAliases(_ given: [(name: String, alias: String)]) {
        var taken = Dictionary(steps.map { ($0.lowercased(), 1) }) { $1 }
        for (_, alias) in given { taken[alias.lowercased(), default: 0] += 1 }
        for source in sources where source.external != nil {
            taken[view(of: source).lowercased(), default: 0] += 1
        }
        aliases = Dictionary(
            given.filter { taken[$0.alias.lowercased()] == 1 }.map { ($0.name, $0.alias) }
        ) { $1 }
    }

    /// Returns what queries call the table of a step.
    func view(of step: String) -> String { aliases[step] ?? step }

    /// Returns what queries call a source's table that lies outside.
    private func view(of source: DbtProject.Source) -> String {
        let isTaken = steps.contains { $0.lowercased() == source.table.lowercased() }
        return isTaken ? "\(source.source)__\(source.table)" : source.table
    }

    /// Returns the table of a step as queries name it.
    func relation(of step: String) -> Relation { Relation(view: view(of: step), step: step) }

    /// Notes a warning of a place, once.
    func warn(_ message: String, at place: SourceLocation) {
        let text = "\(place.file):\(place.line): \(message)"
        if !said.contains(text) { said.append(text) }
    }

    private func note(_ named: Relation) -> TemplateValue {
        var relation = named
        relation.isGlobal = isQualified
        if !relations.contains(relation) { relations.append(relation) }
        return .text(relation.reference)
    }

    /// Answers `ref('name')` and `ref('project', 'name')`.
    func ref(_ call: TemplateCall) throws -> TemplateValue {
        try call.atMost(2)
        let name = try call.text(call.positional.count == 2 ? 1 : 0, "name")
        guard steps.contains(name) else {
            if idle.contains(name) {
                idleNamed = name
                throw call.error(
                    "ref() names a model or seed that no step runs: \(name)",
                    remedy: "Add `- dbt: {}` below transform in etl.yml.")
            }
            let near = Suggestion.nearest(to: name, among: steps.sorted())
            throw call.error(
                "ref() names no step, model or seed of this pipeline: \(name)",
                remedy: near.map { "Did you mean \($0)?" })
        }
        return note(relation(of: name))
    }

    /// Says of those views of a step which its query names which column has a row's time; not of its own
    /// table as it was.
    func setEventTimes(of step: inout PipelineStep, _ named: Set<String>) {
        for place in step.relations.indices where step.relations[place].step != step.name {
            let view = step.relations[place].view
            if named.contains(view) { step.relations[place].eventTime = eventTimes[view] }
        }
    }

    /// Answers `source('source', 'table')`.
    func source(_ call: TemplateCall) throws -> TemplateValue {
        try call.atMost(2)
        let source = try call.text(0, "source")
        let table = try call.text(1, "table")
        guard let entry = sources.first(where: { $0.source == source && $0.table == table }) else {
            if steps.contains(table), !sources.contains(where: { $0.source == source }) {
                return note(relation(of: table))
            }
            let near = Suggestion.nearest(
                to: "\(source).\(table)", among: sources.map { "\($0.source).\($0.table)" })
            throw call.error(
                "source() names no table of the project's sources: \(source).\(table)",
                remedy: near.map { "Did you mean \($0)?" }
                    ?? "List it below sources: in a YAML file in models/, or name an extract step \(table).")
        }
        guard let relation = try relation(of: entry) else {
            throw call.error(
                "Nothing brings this source's table in: \(source).\(table)",
                remedy:
                    "Add an extract step named \(entry.identifier), or meta.external_location to the source.")
        }
        if let table = entry.entry["config"]?["event_time"] ?? entry.owner["config"]?["event_time"] {
            eventTimes[relation.view] = table.printed
        }
        return note(relation)
    }

    /// Returns how a source's table is read, nil when nothing brings it in.
    func relation(of entry: DbtProject.Source) throws -> Relation? {
        if let path = entry.external {
            let format = FileFormats.format(of: path) ?? "parquet"
            let definition =
                "USING \(format)" + SQLText.options(FileFormats.readOptions(format, try place(path)))
            return Relation(view: view(of: entry), step: nil, definition: definition)
        }
        guard steps.contains(entry.identifier) else { return nil }
        return relation(of: entry.identifier)
    }
}

/// Knows file formats by the ends of paths.
enum FileFormats {
    /// Returns the format that a path's ending names; compression and globs are looked through.
    static func format(of path: String) -> String? {
        var name = path.lowercased()
        for ending in [".gz", ".zst", ".bz2", "/", "*"] where name.hasSuffix(ending) {
            name.removeLast(ending.count)
        }
        let formats = [
            ".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".tsv": "csv",
            ".parquet": "parquet", ".orc": "orc", ".avro": "avro", ".txt": "text",
        ]
        return formats.first { name.hasSuffix($0.key) }?.value
    }

    /// Options with which a file is read when nothing else is said: CSV has a header, which all files of a
    /// read share, types are inferred.
    static func readOptions(_ format: String, _ path: String) -> [(name: String, value: String)] {
        var options = [(name: "path", value: path)]
        if format == "csv" {
            options += [("header", "true"), ("inferSchema", "true"), ("enforceSchema", "false")]
            if path.contains(".tsv") { options.append(("sep", "\t")) }
        }
        return options
    }
}
