import Templates
import Vocabulary

/// Holds a pipeline that was read: its steps in an order in which they can run, templates rendered.
package struct Pipeline: Sendable {
    package var name: String
    package var description = ""
    /// nil when the file has no schedule.
    package var schedule: PipelineSchedule?
    /// The same as it was written.
    package var scheduleText: ScheduleText?
    /// Runs of the pipeline that may be at work at the same time.
    package var maxActiveRuns = 1
    /// Steps of one run that may be at work at the same time.
    package var maxActiveTasks = 4
    package var retries = RetryRule()
    package var alerts: [AlertRule] = []
    /// Where runs are reported as OpenLineage events; nil where nobody asked.
    package var lineage: LineageTarget?
    package var steps: [PipelineStep] = []
    /// What is no error in its files, but not what was meant either; each run says it.
    package var warnings: [String] = []

    /// Returns the step of a name.
    package func step(named name: String) -> PipelineStep? { steps.first { $0.name == name } }
}

/// Says how often and when a step is tried again; only what the machine failed is.
package struct RetryRule: Sendable, Hashable {
    package var retries = 0
    package var delaySeconds = 300.0
    package var backoff = 1.0
    package var maxDelaySeconds = 86_400.0
    /// Longest time of one try, nil without limit.
    package var timeoutSeconds: Double?

    package init() {}

    /// Returns the pause before try `attempt` (the second is 2), seconds.
    package func delay(before attempt: Int) -> Double {
        var delay = delaySeconds
        for _ in 2..<max(2, attempt) where delay < maxDelaySeconds { delay *= max(1, backoff) }
        return min(delay, maxDelaySeconds)
    }
}

/// Holds one step: a table, what it is made of, and what must be true of it.
package struct PipelineStep: Sendable {
    /// What kind of step the user wrote.
    package enum Kind: String, Sendable {
        case extract, transform, model, seed, load
    }
    package var name: String
    package var kind: Kind
    /// File that the step stands in.
    package var file: String
    package var tags: Set<String> = []
    /// The query that makes the table, in Spark SQL.
    package var sql: String
    /// Views that the query needs: the tables it reads.
    package var relations: [Relation] = []
    /// Names of steps that must run before.
    package var dependencies: [String] = []
    /// Names of steps that only its tests read; they come before where that is possible.
    package var testDependencies: [String] = []
    package var tests: [DataTest] = []
    /// Statement parts for the directory that the table is also written to.
    package var write: WriteTarget?
    package var materialization = Materialization()
    /// Whether the query gives only what is new.
    package var isIncremental = false
    /// Stretches of time that the query is run for, each on its own; none but for `microbatch`.
    package var batches: [TimeRange] = []
    package var description = ""
    package var columns: [ColumnNote] = []
    /// Name of its table's folder where a dbt project gives it another than the step's.
    package var relation: String?
    /// What dbt has beside it: the names on the way to it, and its settings.
    var dbt = DbtNode()
    /// Columns that its query must give; nil where nobody asked.
    var contract: ModelContract?
    /// How an extract's rows come in, where that is more than a query.
    package var extract: ExtractRule?
    /// Where a load's rows go; such a step makes no table.
    package var load: LoadRule?
    /// Where the step stands, for errors of jobs that the user did not write.
    package var location: SourceLocation?
    /// Where its query stands in the user's files; nil where the user wrote none.
    var places: QueryPlaces?

    /// Digest of what it is made from, the same for all runs of an interval.
    package var definition = ""

    /// Name of the folder of its table, below `tables/`.
    package var folder: String { relation ?? name }

    /// The file that the step's jobs name; lines count within the query, until `place` finds the user's own.
    var label: String { kind == .transform ? "\(file), step \(name)" : file }

    /// Returns the place in the user's files of a place in a job of the step: the line of its query, or
    /// where the step stands.
    func place(of inner: SourceLocation?) -> SourceLocation? {
        guard let places, let inner, inner.file == label else { return location ?? inner }
        return places.place(of: inner)
    }
}

/// Holds what selectors and rules of access know of a model or a seed of a dbt project.
struct DbtNode: Sendable {
    /// Project, folders and name; empty for steps of `etl.yml`.
    var path: [String] = []
    var settings: [String: TemplateValue] = [:]
    /// The sources that an extract step brings in: project, source and table.
    var sources: [[String]] = []
    /// Name of its table within the schema; nil for steps of `etl.yml`.
    var alias: String?

    var project: String? { path.first }
    var group: String? { text("group") }
    var access: String { text("access") ?? "protected" }

    private func text(_ name: String) -> String? {
        settings[name].flatMap { $0 == .none ? nil : $0.printed }
    }
}

/// Holds what a user wrote about a column.
package struct ColumnNote: Sendable, Hashable {
    package var name: String
    package var description: String
    package var type: String?
}

/// Names a table that a query reads, and where its files are.
package struct Relation: Sendable, Hashable {
    /// The view's name in the query.
    package var view: String
    /// Name of the step that makes it; nil for files from outside.
    package var step: String?
    /// What CREATE TEMPORARY VIEW says after the name, for files from outside.
    package var definition = ""
    /// Column that says when a row happened, where the project names one.
    package var eventTime: String?
    /// Whether the view is one of `global_temp`, which no common table expression of the query hides.
    var isGlobal = false

    /// The view as the query's text says it.
    var reference: String { (isGlobal ? "`global_temp`." : "") + SQLText.name(view) }

    /// What makes the view, up to what it is made of.
    var creation: String { "CREATE \(isGlobal ? "GLOBAL " : "")TEMPORARY VIEW \(SQLText.name(view))" }

    /// The same, named plainly.
    var plain: Relation {
        var copy = self
        copy.isGlobal = false
        return copy
    }

    /// The path of files from outside, as the definition says it.
    var path: String? { definition.firstMatch(of: /'path' '((?:[^'\\]|\\.)*)'/).map { String($0.1) } }
}

/// Says where and how a table is written for others.
package struct WriteTarget: Sendable, Hashable {
    /// Spark's save modes.
    package enum Mode: String, Sendable, Hashable { case overwrite, append, ignore, errorifexists }

    package var path: String
    package var format: String
    package var mode = Mode.overwrite
    package var options: [(name: String, value: String)]
    /// Where the target stands in etl.yml, for errors of the statement that nobody wrote.
    package var location: SourceLocation?
    /// Where its partitionBy stands there.
    package var partitionLocation: SourceLocation?

    package static func == (a: WriteTarget, b: WriteTarget) -> Bool {
        a.path == b.path && a.format == b.format && a.mode == b.mode
            && a.options.elementsEqual(b.options, by: ==)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(path) }
}

/// Quotes names and values for SQL text.
enum SQLText {
    static func name(_ name: String) -> String { "`" + name.doubling("`") + "`" }

    static func value(_ text: String) -> String { "'" + text.backslashing("\\", "'") + "'" }

    static func options(_ options: [(name: String, value: String)]) -> String {
        options.isEmpty
            ? ""
            : " OPTIONS (" + options.map { "\(value($0.name)) \(value($0.value))" }.joined(separator: ", ")
                + ")"
    }

    /// Returns the options of files that lie at several places.
    static func paths(_ paths: [String]) -> [(name: String, value: String)] {
        let more = paths.dropFirst().joined(separator: "\n")
        return [("path", paths.first ?? "")] + (more.isEmpty ? [] : [("morePaths", more)])
    }

    /// Returns a query without its closing `;`, or nil when there is text after a `;`.
    static func single(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var at = 0
        var end: Int?
        while at < bytes.count {
            let byte = bytes[at]
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            if byte == UInt8(ascii: "-"), next == byte {
                while at < bytes.count, bytes[at] != 10 { at += 1 }
                continue
            }
            if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                at += 2
                while at + 1 < bytes.count,
                    !(bytes[at] == UInt8(ascii: "*") && bytes[at + 1] == UInt8(ascii: "/"))
                {
                    at += 1
                }
                at += 2
                continue
            }
            if byte == UInt8(ascii: ";") {
                end = end ?? at
            } else if byte > 32 {
                if end != nil { return nil }
                if "'\"`".utf8.contains(byte) { at = closing(bytes, at) }
            }
            at += 1
        }
        return String(decoding: bytes[..<(end ?? bytes.count)], as: UTF8.self)
    }

    /// Returns the place of the quote that ends what begins with one.
    static func closing(_ bytes: [UInt8], _ start: Int) -> Int {
        var at = start + 1
        while at < bytes.count, bytes[at] != bytes[start] {
            if bytes[at] == UInt8(ascii: "\\"), bytes[start] != UInt8(ascii: "`") { at += 1 }
            at += 1
        }
        return at
    }
}
