import Catalog
import Planner
import Plans
import Protocol
import SQLSyntax
import Vocabulary

/// Plans a job's statements one after the other: holds its parsed text, catalog and settings.
///
/// `@unchecked Sendable`: statements of a job are planned one at a time, each after the one before was
/// committed; their owner is the coordinator's actor.
final class JobSession: @unchecked Sendable {
    private let source: SQLSource
    private let statements: [StatementSyntax]
    private let catalog: SessionCatalog
    private var settings: SessionSettings
    private var settingsByStatement: [UInt32: SessionSettings] = [:]
    private(set) var warnings: [String] = []

    /// Parses the job's text and takes its settings. Throws errors with their place in the text.
    init(_ request: JobRequest, storage: any JobStorage, nowMicroseconds: Int64) throws {
        source = SQLSource(request.sql, file: request.file ?? "<command line>")
        statements = try SQLParser.statements(source)
        var settings = SessionSettings(nowMicroseconds: nowMicroseconds)
        for (key, value) in (request.conf ?? [:]).sorted(by: { $0.key < $1.key }) {
            let (changed, warning) = try SettingNames.setting(key, to: value, in: settings)
            settings = changed
            if let warning { warnings.append(warning) }
        }
        self.settings = settings
        catalog = storage.makeCatalog(settings: settings)
    }

    var statementCount: Int { statements.count }

    /// Name of the file that the text came from, as the user gave it.
    var file: String { source.file }

    /// Each statement as it was written, with the comments before it and without its `;`, and the line of its
    /// first word.
    var statementTexts: [(text: String, line: Int)] {
        var texts: [(text: String, line: Int)] = []
        var start = 0
        for statement in statements {
            let text = source.text(SourceSpan(start: start, end: Int(statement.span.end)))
            texts.append(
                (String(text.drop { $0 == ";" || $0.isWhitespace }), source.location(statement.span).line))
            start = Int(statement.span.end)
        }
        return texts
    }

    /// Returns where a statement stands in the text; nil when there is none.
    func location(ofStatement place: Int) -> SourceLocation? {
        statements.indices.contains(place) ? source.location(statements[place].span) : nil
    }

    /// Whether the job's last statement gives rows to the client.
    var givesRows: Bool {
        switch statements.last?.kind {
        case .query, .explain, .set, .describe, .show: true
        default: false
        }
    }

    /// Whether those rows are the text of EXPLAIN.
    var givesPlan: Bool {
        if case .explain = statements.last?.kind { true } else { false }
    }

    private func planner(
        _ settings: SessionSettings, _ cluster: ClusterFacts, isReplay: Bool = false
    ) -> StatementPlanner {
        catalog.use(timeZone: settings.timeZone)
        return StatementPlanner(
            catalog: catalog, settings: settings, cluster: cluster, source: source, isReplay: isReplay)
    }

    /// Plans a statement. Throws errors with their place.
    func plan(_ statement: UInt32, cluster: ClusterFacts, nowMicroseconds: Int64) throws -> PlannedStatement {
        settings.nowMicroseconds = nowMicroseconds
        settingsByStatement[statement] = settings
        return try planner(settings, cluster).plan(statements[Int(statement)])
    }

    /// Takes over what a statement changed, once its work is done.
    func finish(_ planned: PlannedStatement) throws {
        guard let change = planned.change else { return }
        switch change {
        case .set(let key, let value):
            settings = try SettingNames.setting(key, to: value, in: settings).settings
        case .resetSettings:
            settings = SessionSettings(nowMicroseconds: settings.nowMicroseconds)
        default: catalog.apply(change)
        }
    }

    /// The settings under which a statement was planned.
    func settings(of statement: UInt32) -> SessionSettings { settingsByStatement[statement] ?? settings }

    /// Takes over the settings under which a statement was planned before a restart.
    func restore(_ statement: UInt32, settings: SessionSettings) { settingsByStatement[statement] = settings }

    /// Plans a statement again after a restart, for what it changes in the catalog, keeping the stages that
    /// were logged, as tasks of them have run.
    func replan(_ statement: UInt32, graph: StageGraph?, isLive: Bool) throws -> PlannedStatement {
        if !isLive, let graph { return PlannedStatement(work: .stages(graph)) }
        let cluster = ClusterFacts(slots: 1, workers: 1)
        let planner = planner(settings(of: statement), cluster, isReplay: graph != nil)
        var planned = try planner.plan(statements[Int(statement)])
        if let graph {
            if case .analyze(_, let text) = planned.work {
                planned.work = .analyze(graph, text: text)
            } else {
                planned.work = .stages(graph)
            }
        }
        return planned
    }

    /// Plans all statements without running any and returns the EXPLAIN texts; later ones are planned on what
    /// those before them would write.
    func explain(cluster: ClusterFacts, nowMicroseconds: Int64) throws -> String {
        var text: [String] = []
        for (index, statement) in statements.enumerated() {
            if let explained = try planner(settings, cluster).explanation(of: statement) {
                text.append(explained)
            }
            let planned = try plan(UInt32(index), cluster: cluster, nowMicroseconds: nowMicroseconds)
            if case .stages(let graph) = planned.work, let write = graph.write { catalog.expect(write) }
            try finish(planned)
        }
        return text.joined(separator: "\n")
    }
}
