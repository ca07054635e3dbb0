import Columns
import Plans
import Vocabulary

/// Takes a bound logical plan to stages, keeping each step for EXPLAIN.
package struct QueryPlanner {
    private let facts: any RelationFacts
    private let settings: SessionSettings
    private let cluster: ClusterFacts
    private let notesExpectedRows: Bool
    /// Takes down what the statement is to be warned of.
    private let notes: StatementNotes?

    /// `notesExpectedRows`: whether steps say what is expected of each operator.
    package init(
        facts: any RelationFacts, settings: SessionSettings, cluster: ClusterFacts,
        notesExpectedRows: Bool = false, notes: StatementNotes? = nil
    ) {
        self.notes = notes
        self.facts = facts
        self.settings = settings
        self.cluster = cluster
        self.notesExpectedRows = notesExpectedRows
    }

    /// Holds the plan of a query at each step.
    package struct Steps: Sendable {
        package var bound: LogicalPlan
        package var optimised: LogicalPlan
        package var physical: PhysicalPlan
        package var graph: StageGraph
        /// The rows that are expected of the operators of each stage, in pre-order, where they were noted.
        package var expectedRows: [[Double?]] = []
        /// What the rows are written to.
        var write: FileWrite?
        /// Files of which each scan of the physical plan reads some part, by the scan's index.
        var filesRead: [Int]

        /// The physical plan, and what is known of its scans.
        var physicalText: String { physical.text { filesRead[$0.index] } }
    }

    /// Returns the stages of a query whose rows a connector takes, all through one task.
    package func plan(_ bound: LogicalPlan, into target: ExternalRelation) throws(EngineError) -> StageGraph {
        let optimised = try Optimiser(facts: facts, settings: settings).optimise(bound)
        var planner = PhysicalPlanner(facts: facts, settings: settings, cluster: cluster)
        var built = try planner.plan(optimised)
        notes?.add(hints: planner.hintWarnings)
        var scans = planner.scans
        if built.plan.movesRows {
            built = planner.gathered(built)
        } else {
            // What takes the rows is slower than what reads them: one task streams, nothing is held.
            for index in scans.indices { scans[index].tasks = 1 }
        }
        let stages = try StageSplitter.split(
            .externalWrite(target, input: built.plan), output: .manifest, scans: scans)
        return StageGraph(stages: stages, result: .manifest(stage: StageID(stages.count - 1)))
    }

    /// Returns the stages of a query whose first `count` rows the session takes.
    package func plan(_ bound: LogicalPlan, collecting count: Int) throws(EngineError) -> StageGraph {
        let optimised = try Optimiser(facts: facts, settings: settings).optimise(bound)
        var planner = PhysicalPlanner(facts: facts, settings: settings, cluster: cluster)
        let built = planner.gathered(try planner.plan(optimised))
        notes?.add(hints: planner.hintWarnings)
        let stages = try StageSplitter.split(
            .collect(limit: count, input: built.plan), output: .manifest, scans: planner.scans)
        return StageGraph(stages: stages, result: .manifest(stage: StageID(stages.count - 1)))
    }

    /// Returns the one row of a plan that computes constants from nothing; nil for other plans.
    package func constantRow(of bound: LogicalPlan) throws(EngineError) -> [Literal]? {
        let optimised = try Optimiser(facts: facts, settings: settings).optimise(bound)
        switch optimised {
        case .project(let list, .values(let rows, _)) where rows.count == 1:
            let values = list.compactMap { $0.expression.literalValue }
            return values.count == list.count ? values : nil
        case .values(let rows, _) where rows.count == 1: return rows[0]
        default: return nil
        }
    }

    /// Returns the steps of a query whose rows go to the client, or into files when `write` is given.
    package func plan(_ bound: LogicalPlan, write: FileWrite? = nil) throws(EngineError) -> Steps {
        let optimised = try Optimiser(facts: facts, settings: settings).optimise(bound)
        var planner = PhysicalPlanner(
            facts: facts, settings: settings, cluster: cluster, notesExpectedRows: notesExpectedRows)
        var built = try planner.plan(optimised)
        notes?.add(hints: planner.hintWarnings)
        if let write, !write.partitionColumns.isEmpty, !built.isSingle {
            built = try planner.partitionedForFolders(built, write: write)
        }
        let output = write.map { StageOutput.files($0) } ?? .shuffle(.single)
        let stages = try StageSplitter.split(built.plan, output: output, scans: planner.scans)
        let last = StageID(stages.count - 1)
        let result: StatementResult =
            write.map { .files(stage: last, write: $0) }
            ?? .rows(stage: last, schema: bound.output.schema)
        return Steps(
            bound: bound, optimised: optimised, physical: built.plan,
            graph: StageGraph(stages: stages, result: result),
            expectedRows: planner.expected?.byOperator(stages) ?? [], write: write,
            filesRead: planner.scans.map { Set($0.splits.map(\.file)).count })
    }

    /// Returns the steps of several queries that are written to files in one go; the graph of each is that of
    /// all. The rows of `source`, which they start from, are computed once where that pays.
    package func plan(
        _ queries: [(bound: LogicalPlan, write: FileWrite)], from source: LogicalPlan
    ) throws(EngineError) -> [Steps] {
        let optimiser = Optimiser(facts: facts, settings: settings)
        let optimised = try KeptSource.optimised(queries.map(\.bound), from: source, by: optimiser)
        var planner = PhysicalPlanner(
            facts: facts, settings: settings, cluster: cluster, notesExpectedRows: notesExpectedRows)
        var outputs: [(plan: PhysicalPlan, output: StageOutput)] = []
        for (plan, query) in zip(optimised, queries) {
            var built = try planner.plan(plan)
            if !query.write.partitionColumns.isEmpty, !built.isSingle {
                built = try planner.partitionedForFolders(built, write: query.write)
            }
            outputs.append((built.plan, .files(query.write)))
        }
        notes?.add(hints: planner.hintWarnings)
        let stages = try StageSplitter.split(outputs, scans: planner.scans)
        let last = queries[queries.count - 1].write
        let graph = StageGraph(
            stages: stages, result: .files(stage: StageID(stages.count - 1), write: last))
        let expected = planner.expected?.byOperator(stages) ?? []
        let filesRead = planner.scans.map { Set($0.splits.map(\.file)).count }
        return queries.indices.map { place in
            Steps(
                bound: queries[place].bound, optimised: optimised[place], physical: outputs[place].plan,
                graph: graph, expectedRows: expected, write: queries[place].write, filesRead: filesRead)
        }
    }
}

extension PhysicalPlan {
    /// Whether rows cross tasks anywhere in the plan.
    fileprivate var movesRows: Bool {
        if case .exchange = self { return true }
        return children.contains(where: \.movesRows)
    }
}
