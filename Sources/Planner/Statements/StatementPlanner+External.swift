import Columns
import Plans
import SQLSyntax
import Vocabulary

// Views on what connectors give, and rows for what they take. The coordinator may have no route to either, so
// a worker looks at the source: in a stage of one task whose manifest is the described relation.
extension StatementPlanner {
    /// Plans CREATE TEMPORARY VIEW … USING jdbc.
    func externalView(
        _ source: ExternalSource, _ view: CreateViewSyntax, options: [OptionSyntax], schema: [FieldSyntax]?,
        span: SourceSpan
    ) throws(EngineError) -> PlannedStatement {
        let name = view.name.last?.text ?? ""
        let relation = ExternalRelation(
            source: source, options: try externalOptions(options), name: name,
            schema: schema.map { Schema($0) } ?? Schema([Field]()))
        let stage = Stage(
            id: StageID(0), name: StageName.of(.describe(relation), output: .manifest),
            plan: .describe(relation), output: .manifest, taskCount: 1)
        return PlannedStatement(
            work: .stages(StageGraph(stages: [stage], result: .manifest(stage: stage.id))),
            change: .createView(name: name, .external(relation), replaces: view.replaces),
            warnings: OptionNames.warnings(options, source, self.source))
    }

    /// Returns options by lower-case names. Throws where a password stands in the text: jobs are logged,
    /// shown and kept.
    private func externalOptions(_ options: [OptionSyntax]) throws(EngineError) -> [String: String] {
        for option in options where SecretText.isOpen(option.key.lowercased(), option.value) {
            throw .user(
                "SECRET_IN_TEXT",
                "A job's text is kept and shown, so it must not hold a secret: \(option.key)",
                remedy:
                    "Set an environment variable and write \(option.key) 'env:NAME'; it is read where the "
                    + "connection is made.", at: location(option.span).hidden)
        }
        return optionValues(options)
    }

    /// Plans INSERT OVERWRITE DIRECTORY USING jdbc.
    func insertExternal(
        _ source: ExternalSource, _ insert: InsertDirectorySyntax, span: SourceSpan
    ) throws(EngineError) -> PlannedStatement {
        let options = try externalOptions(insert.options)
        let target = ExternalRelation(
            source: source, options: options, name: options["dbtable"] ?? source.rawValue)
        var planned = try external(try bind(insert.query), to: target)
        planned.warnings += OptionNames.warnings(insert.options, source, self.source)
        return planned
    }

    /// Plans INSERT INTO or OVERWRITE of a view on a connector; nil when the name is none.
    func insertExternal(_ insert: InsertTableSyntax, span: SourceSpan) throws(EngineError)
        -> PlannedStatement?
    {
        let found = try catalog.relation(named: insert.table.map(\.text))
        guard case .external(var target) = found else { return nil }
        if !insert.partition.isEmpty || !insert.columns.isEmpty {
            throw .user(
                "UNSUPPORTED_INSERT.NOT_ALLOWED",
                "INSERT into a view on a database takes the query's columns by their names",
                remedy: "Name the query's columns with AS.", at: location(span))
        }
        target.options["mode"] = insert.overwrites ? "overwrite" : "append"
        target.splits = []
        return try external(try bind(insert.query), to: target)
    }

    /// All rows go through one task: one connection, one transaction.
    private func external(
        _ bound: LogicalPlan, to target: ExternalRelation
    ) throws(EngineError) -> PlannedStatement {
        var target = target
        target.schema = bound.output.schema
        let planner = queryPlanner
        return PlannedStatement(work: .stages(try planner.plan(bound, into: target)))
    }
}

extension SourceLocation {
    /// The place without the text of its line.
    fileprivate var hidden: SourceLocation {
        SourceLocation(file: file, line: line, column: 1, lineText: "…", length: 1)
    }
}
