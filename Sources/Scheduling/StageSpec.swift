import Vocabulary

/// Tells how a stage reads what another stage made.
package enum ExchangeKind: UInt32, Sendable, Hashable {
    /// Each reader task takes its own partition of every producer task.
    case shuffle
    /// Each reader task takes all that the producers made.
    case broadcast
}

/// Tells where a stage's output lives, and so what a lost worker takes with it.
package enum StageOutputKind: UInt32, Sendable, Hashable {
    /// Blocks on the worker that ran the task, read by later stages; lost with the worker.
    case blocks
    /// Rows for the client, on the worker that ran the task; the last statement's stay until fetched.
    case result
    /// Files written aside in shared storage, made visible by the commit; they outlive the worker.
    case files
}

/// Names a producer of a stage.
package struct StageDependency: Sendable, Hashable {
    package var producer: StageID
    package var kind: ExchangeKind

    package init(on producer: StageID, _ kind: ExchangeKind) {
        self.producer = producer
        self.kind = kind
    }
}

/// Says all that the scheduler knows of a stage: what it waits for, how many tasks it has and what they need.
///
/// **Invariant:** the id is the stage's place in the statement's stage list.
package struct StageSpec: Sendable, Hashable {
    package var id: StageID
    /// Short text for progress lines: `scan events`, `join`.
    package var label: String
    package var dependencies: [StageDependency]
    package var taskCount: Int
    package var output: StageOutputKind
    /// Bytes that one task is expected to hold; 0 where unknown.
    package var memoryBytes: Int
    /// Asks for `.replan` with the measured sizes when the stage is complete, before its readers start.
    package var isAdaptive: Bool
    /// Wished worker of each task; empty, or one entry a task.
    package var preferredWorkers: [WorkerID?]
    /// Whether tasks that failed may be tried again within the job.
    package var repetition: StageRepetition

    package init(
        id: StageID, label: String = "", dependencies: [StageDependency] = [], taskCount: Int,
        output: StageOutputKind = .blocks, memoryBytes: Int = 0, isAdaptive: Bool = false,
        preferredWorkers: [WorkerID?] = [], repetition: StageRepetition = .free
    ) {
        self.id = id
        self.label = label
        self.dependencies = dependencies
        self.taskCount = taskCount
        self.output = output
        self.memoryBytes = memoryBytes
        self.isAdaptive = isAdaptive
        self.preferredWorkers = preferredWorkers
        self.repetition = repetition
    }

    /// Whether a lost worker takes the stage's outputs with it.
    package var isHeldByWorkers: Bool { output != .files }
}

/// Says which failures of a stage's tasks are tried again within the job.
package enum StageRepetition: UInt64, Sendable, Hashable, CaseIterable {
    /// All that the machine or the network caused.
    case free
    /// Those of the worker alone: what the task itself reports was tried as often as its user wants.
    case afterLossOnly
    /// None: what the task did outside cannot be taken back.
    case never

    /// Whether this failure ends the job, whatever number it has.
    func forbids(anotherTryAfter failure: TaskFailure) -> Bool {
        switch (self, failure) {
        case (.free, _): false
        case (.never, _): true
        case (.afterLossOnly, .error(let error)): error.blame == .system
        case (.afterLossOnly, _): false
        }
    }
}

extension [StageSpec] {
    /// Returns what is wrong with the graph, or nil: ids are places, producers exist, nothing waits for
    /// itself.
    func graphFault() -> String? {
        for (place, stage) in enumerated() {
            if stage.id.index != place { return "stage \(stage.id) is at place \(place)" }
            if stage.taskCount < 0 { return "stage \(stage.id) has \(stage.taskCount) tasks" }
            let wishes = stage.preferredWorkers.count
            if wishes != 0, wishes != stage.taskCount {
                return "stage \(stage.id) wishes for \(wishes) workers"
            }
            for dependency in stage.dependencies where dependency.producer.index >= count {
                return "stage \(stage.id) reads stage \(dependency.producer), which does not exist"
            }
        }
        // Kahn's algorithm: take away stages without open producers until none is left.
        var open = map { $0.dependencies.count }
        var ready = indices.filter { open[$0] == 0 }
        var taken = 0
        while let stage = ready.popLast() {
            taken += 1
            for reader in self {
                for dependency in reader.dependencies where dependency.producer.index == stage {
                    open[reader.id.index] -= 1
                    if open[reader.id.index] == 0 { ready.append(reader.id.index) }
                }
            }
        }
        return taken == count ? nil : "some stages wait for themselves"
    }
}
