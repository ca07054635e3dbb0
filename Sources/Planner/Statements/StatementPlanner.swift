import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Plans one statement of a job: binds it against the job's catalog, optimises it, splits it into stages, and
/// says what
/// becomes of its result. Pure: what a statement changes comes back as a `CatalogChange`.
package struct StatementPlanner {
    let catalog: any JobCatalog
    let settings: SessionSettings
    let cluster: ClusterFacts
    let source: SQLSource
    /// Whether the statement was planned before a restart: what it found then may hold its own files now.
    let isReplay: Bool
    /// Takes down what the statement being planned is to be warned of.
    var notes: StatementNotes?
    /// Texts of EXECUTE IMMEDIATE around this one.
    var immediateDepth = 0
    /// Whether the statement's operators are measured, so that what is expected of each is asked for.
    private var isMeasured = false

    package init(
        catalog: any JobCatalog, settings: SessionSettings, cluster: ClusterFacts, source: SQLSource,
        isReplay: Bool = false
    ) {
        self.catalog = catalog
        self.settings = settings
        self.cluster = cluster
        self.source = source
        self.isReplay = isReplay
    }

    /// Returns what to do for a statement. Throws errors with their place in the text.
    package func plan(_ statement: StatementSyntax) throws(EngineError) -> PlannedStatement {
        let notes = StatementNotes()
        var planner = self
        planner.notes = notes
        var planned = try planner.planned(statement)
        planned.warnings += notes.files.flatMap { brokenRecords($0, isView: false) } + notes.hints
        return planned
    }

    private func planned(_ statement: StatementSyntax) throws(EngineError) -> PlannedStatement {
        switch statement.kind {
        case .query(let query): return PlannedStatement(work: .stages(try steps(query).graph))
        case .createView(let view): return try createView(view, span: statement.span)
        case .dropView(let name, let ifExists): return try drop(name, ifExists: ifExists, isView: true)
        case .insertDirectory(let insert): return try insertDirectory(insert, span: statement.span)
        case .insertTable(let insert): return try insertTable(insert, span: statement.span)
        case .multiInsert(let inserts): return try multiInsert(inserts)
        case .createTable(let create): return try createTable(create, span: statement.span)
        case .dropTable(let name, let ifExists): return try drop(name, ifExists: ifExists, isView: false)
        case .explain(let inner, let mode): return try explain(inner, mode: mode)
        case .set(let key, let value): return try set(key, value)
        case .reset(let key):
            return PlannedStatement(
                work: .none, change: key.map { .set(key: $0, value: nil) } ?? .resetSettings)
        case .describe(let describe): return try self.describe(describe)
        case .show(let show): return try self.show(show)
        case .advice(let table): return try advice(table)
        case .use(let name): return try use(name)
        case .createStoredView(let view): return try createStoredView(view)
        case .createDatabase(let create): return try createDatabase(create)
        case .dropDatabase(let drop): return try dropDatabase(drop)
        case .alterDatabase(let alter): return try alterDatabase(alter)
        case .alterTable(let alter): return try alterTable(alter)
        case .truncateTable(let name, let partition): return try truncate(name, partition)
        case .createTableLike(let create): return try createTableLike(create)
        case .analyze(let analyze): return try self.analyze(analyze)
        case .declareVariable(let declared): return try declareVariable(declared)
        case .setVariables(let statement): return try setVariables(statement)
        case .dropVariable(let name, let ifExists): return try dropVariable(name, ifExists: ifExists)
        case .executeImmediate(let execute): return try executeImmediate(execute)
        case .createFunction(let function): return try createFunction(function)
        case .dropFunction(let name, let isTemporary, let ifExists):
            return try dropFunction(name, isTemporary: isTemporary, ifExists: ifExists)
        }
    }

    /// Returns the output column names and types of a query, without planning its execution.
    package func schema(of query: QuerySyntax) throws(EngineError) -> Schema {
        try bind(query).output.schema
    }

    func bind(_ query: QuerySyntax) throws(EngineError) -> LogicalPlan {
        try Binder(catalog: catalog, settings: settings, source: source, notes: notes).bind(query)
    }

    func steps(_ query: QuerySyntax) throws(EngineError) -> QueryPlanner.Steps {
        try steps(try bind(query), write: nil)
    }

    func steps(_ bound: LogicalPlan, write: FileWrite?) throws(EngineError) -> QueryPlanner.Steps {
        try queryPlanner.plan(bound, write: write)
    }

    var queryPlanner: QueryPlanner {
        QueryPlanner(
            facts: catalog, settings: settings, cluster: cluster, notesExpectedRows: isMeasured,
            notes: notes)
    }

    func location(_ span: SourceSpan) -> SourceLocation { source.location(span) }

    // MARK: EXPLAIN

    /// Returns the EXPLAIN text of a statement with all its plans, or nil for one that runs no query. An
    /// EXPLAIN statement gives what it asks for itself, without running anything.
    package func explanation(of statement: StatementSyntax) throws(EngineError) -> String? {
        switch statement.kind {
        case .query, .insertDirectory, .insertTable, .multiInsert:
            return try explained(statement, .extended).text
        case .createTable(let create):
            guard try newTable(create, span: statement.span)?.plan != nil else { return nil }
            return try explained(statement, .extended).text
        case .explain(let inner, let mode): return try explained(inner, mode).text
        default: return nil
        }
    }

    private func explain(_ statement: StatementSyntax, mode: ExplainMode) throws(EngineError)
        -> PlannedStatement
    {
        var planner = self
        planner.isMeasured = mode == .analyze
        let (steps, text) = try planner.explained(statement, mode)
        if mode == .analyze {
            return PlannedStatement(
                work: .analyze(steps.graph, text: text, expectedRows: steps.expectedRows))
        }
        let rows = [[Literal.string(text)]]
        return PlannedStatement(work: .rows(rows, schema: Schema([Field("plan", .string, nullable: false)])))
    }

    private func explained(_ statement: StatementSyntax, _ mode: ExplainMode) throws(EngineError) -> (
        steps: QueryPlanner.Steps, text: String
    ) {
        let parsed = source.text(statement.span)
        if case .multiInsert(let inserts) = statement.kind {
            let steps = try multiSteps(try targets(of: inserts))
            let text = ExplainText.text(of: steps, mode: mode, parsed: parsed, facts: catalog)
            return (steps[0], text)
        }
        let (bound, write) = try writing(statement)
        let steps = try steps(bound, write: write)
        return (steps, ExplainText.text(of: [steps], mode: mode, parsed: parsed, facts: catalog))
    }

    /// Returns the query of a statement and where it writes.
    private func writing(_ statement: StatementSyntax) throws(EngineError) -> (LogicalPlan, FileWrite?) {
        switch statement.kind {
        case .query(let query): return (try bind(query), nil)
        case .insertDirectory(let insert):
            let bound = try bind(insert.query)
            return (bound, try directoryWrite(insert, bound, span: statement.span))
        case .insertTable(let insert):
            let target = try tableWrite(insert, span: statement.span)
            return (target.plan, target.write)
        case .createTable(let create):
            guard let target = try newTable(create, span: statement.span), let plan = target.plan else {
                break
            }
            return (plan, target.write)
        case .createView(let view):
            if case .query(let query, _) = view.content { return (try bind(query), nil) }
        case .createStoredView(let view): return (try bind(view.content.query), nil)
        default: break
        }
        throw .user(
            "UNSUPPORTED_EXPLAIN",
            "EXPLAIN shows the plans of queries and of statements that write a query's result",
            at: location(statement.span))
    }

    // MARK: settings and names

    private func set(_ key: String?, _ value: String?) throws(EngineError) -> PlannedStatement {
        let schema = Schema([
            Field("key", .string, nullable: false), Field("value", .string, nullable: false),
        ])
        if let key, value != nil, catalog.variable(named: [key]) != nil {
            throw .user(
                "UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET",
                "SET changes settings, and \(key) is a variable.",
                remedy: "Write SET VARIABLE \(key) = ….")
        }
        guard let key else {
            let rows = settings.options.sorted { $0.key < $1.key }.map {
                [Literal.string($0.key), .string($0.value)]
            }
            return PlannedStatement(work: .rows(rows, schema: schema))
        }
        guard let value else {
            let shown = settings.options[key] ?? SettingNames.usual(key, in: settings) ?? "<undefined>"
            return PlannedStatement(work: .rows([[.string(key), .string(shown)]], schema: schema))
        }
        let (_, warning) = try SettingNames.setting(key, to: value, in: settings)
        return PlannedStatement(
            work: .rows([[.string(key), .string(value)]], schema: schema),
            change: .set(key: key, value: value),
            warnings: [warning, SettingNames.lateWarning(key)].compactMap { $0 })
    }

    /// Plans DROP VIEW and DROP TABLE. A temporary view hides what is kept under its name.
    private func drop(_ name: [NameSyntax], ifExists: Bool, isView: Bool) throws(EngineError)
        -> PlannedStatement
    {
        let parts = name.map(\.text)
        let key = temporaryName(name)
        let table = catalog.table(named: parts)
        let isTemporary = catalog.isTemporary(parts) && table?.isTemporary != true
        let view = isTemporary ? nil : catalog.storedView(named: parts)
        if isView, isTemporary { return PlannedStatement(work: .none, change: .dropView(name: key)) }
        if isView, let view {
            return PlannedStatement(
                work: .none, change: .store([.dropView(database: view.database, name: view.name)]))
        }
        if !isView, let table {
            var planned = PlannedStatement(
                work: .none,
                change: table.isTemporary
                    ? .dropTable(name: key)
                    : .store([.dropTable(database: table.database, name: table.name)]))
            if table.isManaged { planned.removedPaths = [table.location] }
            return planned
        }
        guard isTemporary || table != nil || view != nil else {
            if ifExists { return PlannedStatement(work: .none) }
            throw notFound(name, dropping: isView ? "VIEW" : "TABLE")
        }
        throw .user(
            "WRONG_COMMAND_FOR_OBJECT_TYPE",
            "This name is a \(isView ? "table, not a view" : "view, not a table"): "
                + parts.joined(separator: "."),
            remedy: isView ? "Use DROP TABLE." : "Use DROP VIEW.", at: span(of: name))
    }

    func span(of name: [NameSyntax]) -> SourceLocation? {
        guard let first = name.first, let last = name.last else { return nil }
        return location(first.span.union(last.span))
    }

    /// `dropping` is what a DROP statement drops: one that is not there need not be dropped.
    func notFound(_ name: [NameSyntax], dropping: String? = nil) -> EngineError {
        let text = name.map(\.text).joined(separator: ".")
        let near = Suggestion.nearest(to: text, among: catalog.relationNames)
        let tolerant = dropping.map { "DROP \($0) IF EXISTS takes a name that is not there." }
        return .user(
            "TABLE_OR_VIEW_NOT_FOUND", "There is no table or view of this name: \(text)",
            remedy: near.map { "Did you mean \($0)?" } ?? filesRemedy(name) ?? tolerant, at: span(of: name))
    }

    /// Files are read by ``format.`path` `` only; other statements take tables.
    private func filesRemedy(_ name: [NameSyntax]) -> String? {
        guard name.count == 2, let known = FileFormat(rawValue: name[0].text.lowercased()) else {
            return nil
        }
        let (format, path) = (known.rawValue, name[1].text)
        return "This statement takes a table or view. Read files with SELECT * FROM \(format).`\(path)`, "
            + "write them with INSERT OVERWRITE DIRECTORY '\(path)' USING \(format), or make a table "
            + "on them: CREATE TABLE name USING \(format) LOCATION '\(path)'."
    }
}
