import Functions
import Planner
import Plans
import SQLSyntax
import Vocabulary

/// Takes SQL text: parses it, plans its statements against tables of all types, and sends the plans over the
/// wire and back.
enum SQLEntry {
    static let target = FuzzTarget(
        name: "sql", maximalBytes: 2_000, words: FunctionRegistry.shared.names, take: take)

    /// Statements of one input that are planned.
    private static let statementLimit = 4

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        let source = SQLSource(String(decoding: bytes, as: UTF8.self), file: "input.sql")
        try attempt { _ = try SQLParser.type(source) }
        try attempt { _ = try SQLParser.schema(source) }
        try attempt { _ = try SQLParser.name(source) }
        try attempt { _ = ColumnNaming().name(of: try SQLParser.expression(source)) }
        let statements = try SQLParser.statements(source)
        for statement in statements.prefix(statementLimit) {
            let location = source.location(statement.span)
            try require(location.line >= 1 && location.column >= 1, "a place outside of the text")
            for isANSI in [true, false] { try attempt { try plan(statement, source, ansi: isANSI) } }
        }
    }

    private static func plan(_ statement: StatementSyntax, _ source: SQLSource, ansi: Bool) throws {
        let settings = SessionSettings(ansi: ansi, timeZone: "Europe/Paris", nowMicroseconds: 1)
        let planner = StatementPlanner(
            catalog: InputCatalog(), settings: settings, cluster: ClusterFacts(slots: 4, workers: 2),
            source: source)
        let planned = try planner.plan(statement)
        if case .stages(let graph) = planned.work { try travel(graph, settings) }
        if ansi { _ = try planner.explanation(of: statement) }
    }

    /// Sends stages as the coordinator's log and a task's message hold them. Bytes are compared, not values:
    /// NaN equals nothing.
    private static func travel(_ graph: StageGraph, _ settings: SessionSettings) throws {
        let bytes = try PlanCodec.encode(graph, settings: settings)
        let (read, readSettings) = try PlanCodec.decodeGraph(bytes)
        try require(readSettings == settings, "settings changed on the way")
        try require(try PlanCodec.encode(read, settings: settings) == bytes, "stages changed on the way")
        for stage in graph.stages {
            let fragment = TaskFragment(
                stage: stage.id, taskIndex: 0, taskCount: stage.taskCount, plan: stage.plan,
                output: stage.output, splits: stage.splits.first ?? [], settings: settings)
            let bytes = try PlanCodec.encode(fragment)
            let again = try PlanCodec.encode(try PlanCodec.decode(bytes))
            try require(again == bytes, "a fragment changed on the way")
        }
    }
}
