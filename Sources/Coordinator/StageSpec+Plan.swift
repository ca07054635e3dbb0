import Plans
import Scheduling
import Vocabulary

extension StageSpec {
    /// Says what the scheduler needs to know of a planned stage.
    init(_ stage: Stage, result: StatementResult) {
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
            taskCount: stage.taskCount, output: output)
    }
}

extension PhysicalPlan {
    /// Calls `visit` with every shuffle read of the plan.
    func forEachShuffleRead(_ visit: (ShuffleRead) -> Void) {
        if case .shuffleRead(let read) = self { visit(read) }
        for child in children { child.forEachShuffleRead(visit) }
    }
}
