import Catalog
import Planner
import Plans
import Protocol
import SQLSyntax
import Scheduling
import Vocabulary

/// Plans a job's statements one after the other: holds its parsed text, catalog and settings.
///
/// `@unchecked Sendable`: statements of a job are planned one at a time, each after the one before was
/// committed; their owner is the coordinator's actor.
final class JobSession: @unchecked Sendable {
    let source: SQLSource
    let statements: [StatementSyntax]
    private var catalog: SessionCatalog
    private var settings: SessionSettings
    private var settingsByStatement: [UInt32: SessionSettings] = [:]
    private(set) var warnings: [String] = []
    /// Why the text was not read; nil: it was.
    private var unread: EngineError?

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

    /// Stands for a job whose text is not to be looked at. `error`, which says why, is what planning any of
    /// its statements throws.
    init(unread request: JobRequest, _ error: EngineError, storage: any JobStorage, nowMicroseconds: Int64) {
        source = SQLSource(request.sql, file: request.file ?? "<command line>")
        statements = []
        unread = error
        settings = SessionSettings(nowMicroseconds: nowMicroseconds)
        catalog = storage.makeCatalog(settings: settings)
    }

    var statementCount: Int { statements.count }

    /// Returns the header under which the scheduler knows the job, as its settings say at its submission.
    func header(externalID: String, digest: [UInt8], name: String) -> JobHeader {
        JobHeader(
            externalID: externalID, digest: digest, name: name,
            pool: settings.options[SettingNames.pool] ?? JobHeader.defaultPool,
            statementCount: statementCount,
            slotLimit: settings.options[SettingNames.slotLimit].flatMap { Int($0) } ?? 0,
            isReplicated: settings.options[SettingNames.replicatesShuffle]?.lowercased() == "true")
    }

    /// Name of the file that the text came from, as the user gave it.
    var file: String { source.file }

    /// Each statement as it was written, with the comments before it and without its `;`, and the line of its
    /// first word.
    var statementTexts: [(text: String, line: Int)] {
        zip(statements, statementSpans).map { statement, span in
            (source.text(span), source.location(statement.span).line)
        }
    }

    /// The stretch of the job's text that is shown of each statement.
    private var statementSpans: [SourceSpan] {
        var start = 0
        return statements.map { statement in
            let end = Int(statement.span.end)
            defer { start = end }
            let space: Set<UInt8> = [0x3B, 0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D]
            let begin = source.bytes[start..<end].firstIndex { !space.contains($0) } ?? end
            return SourceSpan(start: begin, end: end)
        }
    }

    /// Returns where the text asks for what each stage of a statement does, by the statement in whose text it
    /// stands.
    func marks(of statement: UInt32, _ graph: StageGraph) -> [(statement: Int, mark: JobSource.Mark)] {
        let spans = statementSpans
        return StageMarks(statements.prefix(Int(statement) + 1), source: source).marks(of: graph).compactMap {
            mark in
            guard
                let place = spans.firstIndex(where: { $0.start <= mark.span.start && mark.span.end <= $0.end }
                )
            else { return nil }
            func units(_ end: Int32) -> Int {
                source.text(SourceSpan(start: Int(spans[place].start), end: Int(end))).utf16.count
            }
            return (
                place,
                JobSource.Mark(
                    stage: "\(statement).\(mark.stage)", start: units(mark.span.start),
                    end: units(mark.span.end))
            )
        }
    }

    /// Returns where what an error is about stands in a statement's text, or where the statement does; nil
    /// when there is none.
    func location(of error: EngineError, inStatement place: Int) -> SourceLocation? {
        guard statements.indices.contains(place) else { return nil }
        return source.location(ErrorPlaces.span(of: error, in: statements[place]))
    }

    /// Whether the job's last statement gives rows to the client, planned as it is; nil: not yet.
    func givesRows(_ plan: PlannedStatement?) -> Bool {
        switch statements.last?.kind {
        case .query, .explain, .set, .describe, .show: true
        // Only the text that is executed tells.
        case .executeImmediate: plan?.givesRows ?? false
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
        catalog.use(
            timeZone: settings.timeZone,
            infersPartitionTypes: settings.options[SettingNames.partitionTypes]?.lowercased() != "false")
        return StatementPlanner(
            catalog: catalog, settings: settings, cluster: cluster, source: source, isReplay: isReplay)
    }

    /// Forgets what only planning needs, once the job has ended.
    func end() { catalog.forgetFiles() }

    /// Plans a statement. Throws errors with their place.
    func plan(_ statement: UInt32, cluster: ClusterFacts, nowMicroseconds: Int64) throws -> PlannedStatement {
        if let unread { throw unread }
        settings.nowMicroseconds = nowMicroseconds
        settingsByStatement[statement] = settings
        return try planner(settings, cluster).plan(statements[Int(statement)])
    }

    /// Takes over what a statement changed, once its work is done. On a replay what is kept beyond the job
    /// has been changed already.
    func finish(_ planned: PlannedStatement, isReplay: Bool = false) throws {
        guard let change = planned.change else { return }
        switch change {
        case .store where isReplay: break
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
        if let unread { throw unread }
        let cluster = ClusterFacts(slots: 1, workers: 1)
        let planner = planner(settings(of: statement), cluster, isReplay: graph != nil)
        var planned = try planner.plan(statements[Int(statement)])
        if let graph {
            if case .analyze(_, let text, _) = planned.work {
                // What is expected now is said of other stages than those that run.
                planned.work = .analyze(graph, text: text, expectedRows: [])
            } else {
                planned.work = .stages(graph)
            }
        }
        return planned
    }

    /// Plans all statements without running any and returns the EXPLAIN texts; later ones are planned on what
    /// those before them would write.
    func explain(cluster: ClusterFacts, nowMicroseconds: Int64) throws -> String {
        catalog = catalog.detached()
        var text: [String] = []
        for (index, statement) in statements.enumerated() {
            if let explained = try planner(settings, cluster).explanation(of: statement) {
                text.append(explained)
            }
            let planned = try plan(UInt32(index), cluster: cluster, nowMicroseconds: nowMicroseconds)
            if case .stages(let graph) = planned.work {
                for (_, write) in graph.writes { catalog.expect(write) }
            }
            try finish(planned)
        }
        if text.isEmpty { return "No statement here has a plan: none runs a query." }
        return text.joined(separator: "\n")
    }
}
