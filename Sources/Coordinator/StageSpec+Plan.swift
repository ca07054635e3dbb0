import Planner
import Plans
import Scheduling
import Vocabulary

extension StageSpec {
    /// Says what the scheduler needs to know of a stage planned under these settings. `landed` names the
    /// workers that hold the rows of sources that were read as a whole.
    init(
        _ stage: Stage, result: StatementResult, settings: SessionSettings, landed: [[UInt8]: WorkerID] = [:]
    ) {
        var reads: [StageID: ExchangeKind] = [:]
        stage.plan.forEachShuffleRead { read in
            if case .all = read.mode { reads[read.stage] = .broadcast } else { reads[read.stage] = .shuffle }
        }
        if case .shuffle(.range(_, _, let bounds)) = stage.output { reads[bounds] = .broadcast }
        let output: StageOutputKind =
            switch (stage.output, result) {
            case (.files, _): .files
            case (_, .rows(let last, _)) where last == stage.id: .result
            default: .blocks
            }
        self.init(
            id: stage.id, label: stage.name,
            dependencies: stage.dependencies.map { StageDependency(on: $0, reads[$0] ?? .shuffle) },
            taskCount: stage.taskCount, output: output,
            isAdaptive: AdaptivePlanner.mayAdapt(stage, settings: settings))
        stage.plan.forEachSource { relation, isScan in
            switch relation.source {
            case .command: repetition = .never
            // A scan reads rows that have landed, and what it does with them may fail for other reasons.
            case .rest where !isScan && repetition == .free: repetition = .afterLossOnly
            case .rest, .jdbc: break
            }
            // On another worker the source would be read again.
            guard isScan, let split = relation.splits.first, let worker = landed[split.payload] else {
                return
            }
            preferredWorkers = Array(repeating: worker, count: stage.taskCount)
        }
    }
}

extension PhysicalPlan {
    /// Calls `visit` with every source of the plan that is no file, and whether its rows are read, or it is
    /// only asked for its schema.
    fileprivate func forEachSource(_ visit: (ExternalRelation, _ isScan: Bool) -> Void) {
        if case .externalScan(let scan) = self { visit(scan.relation, true) }
        if case .describe(let relation) = self { visit(relation, false) }
        for child in children { child.forEachSource(visit) }
    }

    /// Calls `visit` with every shuffle read of the plan.
    func forEachShuffleRead(_ visit: (ShuffleRead) -> Void) {
        if case .shuffleRead(let read) = self { visit(read) }
        for child in children { child.forEachShuffleRead(visit) }
    }
}
