import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Says what a statement does: work first, then a change of the job's catalog or settings once the work is
/// done.
package struct PlannedStatement: Sendable {
    /// Names what has to run.
    package enum Work: Sendable {
        /// Stages to run; `StageGraph.result` tells where the rows go.
        case stages(StageGraph)
        /// Rows that are known already (EXPLAIN, SHOW TABLES, DESCRIBE, SET).
        case rows([[Literal]], schema: Schema)
        /// `EXPLAIN ANALYZE`: stages to run, whose measured figures are shown below this text.
        /// `expectedRows`: of the operators of each stage, in pre-order; nil where nothing is known, and
        /// empty for all.
        case analyze(StageGraph, text: String, expectedRows: [[Double?]])
        case none
    }

    /// Returns the statement with what its one task found out in place of what planning knew.
    package func described(by manifest: [UInt8]) throws(EngineError) -> PlannedStatement {
        var copy = self
        if case .setVariables(let variables) = change {
            let rows = try PlanCodec.decodeRows(manifest)
            if rows.count > 1 {
                throw .user(
                    "ROW_SUBQUERY_TOO_MANY_ROWS", "A query whose row variables take gives more than one row",
                    remedy: "Add LIMIT 1, or an aggregate such as max(), to the query.")
            }
            copy.change = .setVariables(StatementPlanner.filled(variables, rows))
            return copy
        }
        if case .statistics(let table, let columns) = change {
            let row = try PlanCodec.decodeRows(manifest).first ?? []
            copy.change = .store([.putTable(try table.analysed(row, columns))])
            return copy
        }
        let relation = try PlanCodec.decodeRelation(manifest)
        copy.sourceLog = relation.notes["log"].flatMap { $0.isEmpty ? nil : $0 }
        if let warning = relation.notes["warning"] { copy.warnings.append(warning) }
        guard case .createView(let name, .external, let replaces) = change else { return copy }
        copy.change = .createView(name: name, .external(relation), replaces: replaces)
        return copy
    }

    /// What was said while a view's rows were made, or others taken, one line after the other; nil when
    /// nothing.
    package private(set) var sourceLog: String?

    /// Whether the statement runs a program.
    package var runsCommand: Bool {
        guard case .createView(_, .external(let relation), _) = change else { return false }
        return relation.source == .command
    }

    /// Whether there are rows for the client.
    package var givesRows: Bool {
        switch work {
        case .stages(let graph): if case .rows = graph.result { true } else { false }
        case .rows, .analyze: true
        case .none: false
        }
    }

    /// Takes over the stages as they were planned again while some of them ran.
    package mutating func replace(_ graph: StageGraph) {
        switch work {
        case .stages: work = .stages(graph)
        case .analyze(let before, let text, var rows):
            // Nothing was expected of operators that were put elsewhere.
            for (place, stage) in graph.stages.enumerated() where place < rows.count {
                let known = place < before.stages.count ? before.stages[place].plan.nodeCount : 0
                if known != stage.plan.nodeCount { rows[place] = [] }
            }
            work = .analyze(graph, text: text, expectedRows: rows)
        case .rows, .none: break
        }
    }

    package var work: Work
    package var change: CatalogChange?
    /// Files and directories of dropped tables and partitions, which go with the commit.
    package var removedPaths: [String] = []
    /// Why the statement cannot be committed: planning it again after a restart failed.
    package var failure: EngineError?
    package var warnings: [String]

    package init(work: Work, change: CatalogChange? = nil, warnings: [String] = []) {
        self.work = work
        self.change = change
        self.warnings = warnings
    }
}

/// Changes what names of the job's session stand for.
package enum CatalogChange: Sendable {
    case createView(name: String, CatalogRelation, replaces: Bool)
    case dropView(name: String)
    /// Makes a table of the job alone.
    case createTable(TableDefinition)
    case dropTable(name: String)
    /// Changes what is kept beyond the job.
    case store([StoreChange])
    /// Makes a function of the job alone.
    case createFunction(FunctionDefinition)
    case dropFunction(name: String)
    /// Keeps what ANALYZE TABLE finds of a table, whose columns are given.
    case statistics(TableDefinition, columns: [String])
    case useDatabase(String)
    /// `value` nil takes the setting back to its default.
    case set(key: String, value: String?)
    case resetSettings
    /// Makes the variables, or gives those that are there their values.
    case setVariables([SessionVariable])
    case dropVariable(name: String)
}
