import Vocabulary

@testable import Scheduling

/// Tells a short history with every kind of fact, as `Cases/log-version-1.hex` keeps it for good: a job of
/// two statements that loses an output and a worker and succeeds, one that is cancelled, one that fails.
enum GoldenLog {
    static let map = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
    static let reduce = StageKey(job: JobID(0), statement: 0, stage: StageID(1))
    static let result = StageKey(job: JobID(0), statement: 1, stage: StageID(0))
    static let other = StageKey(job: JobID(1), statement: 0, stage: StageID(0))
    static let error = EngineError.user(
        "DIVIDE_BY_ZERO", "Division by zero", remedy: "Use try_divide.",
        at: SourceLocation(file: "a.sql", line: 3, column: 9, lineText: "select 1/0", length: 3))
    static let damage = EngineError.system("CORRUPT_BLOCK", "A block is damaged")

    static func attempt(_ stage: StageKey, _ task: UInt32, _ number: UInt32 = 0) -> AttemptID {
        AttemptID(task: TaskID(stage: stage, index: task), epoch: 1, number: number)
    }

    private static func done(_ attempt: AttemptID, on worker: Int) -> Fact {
        .taskCompleted(
            TaskOutput(
                attempt: attempt, worker: WorkerID(worker),
                counters: TaskCounters(
                    rowsIn: 1000, rowsOut: 10, bytesIn: 1 << 20, bytesOut: 300, spillBytes: 1 << 33,
                    milliseconds: 17),
                partitionBytes: [100, 0, 200], checksum: .max - 5, manifest: [9, 0, 255]))
    }

    private static func failed(_ attempt: AttemptID, on worker: Int, _ failure: TaskFailure) -> Fact {
        .taskFailed(FailureRecord(attempt: attempt, worker: WorkerID(worker), failure: failure))
    }

    static let facts: [Fact] = [
        .epochStarted(1),
        .workerRegistered(
            WorkerID(0),
            WorkerIdentity(
                address: "w1:7078", incarnation: .max, version: 1, slots: 4, memoryBytes: 1 << 34)),
        .workerRegistered(
            WorkerID(1),
            WorkerIdentity(address: "w2:7078", incarnation: 0, version: 1, slots: 1, memoryBytes: 0)),
        .jobAccepted(
            JobID(0),
            JobHeader(
                externalID: "019a-0", digest: [1, 255], name: "né", pool: "nightly", statementCount: 2),
            atMilliseconds: 1_700_000_000_000),
        .statementPlanned(
            JobID(0), statement: 0,
            stages: [
                StageSpec(
                    id: StageID(0), label: "scan", taskCount: 2, memoryBytes: 1 << 20, isAdaptive: true,
                    preferredWorkers: [nil, WorkerID(1)]),
                StageSpec(
                    id: StageID(1), label: "join",
                    dependencies: [.init(on: StageID(0), .shuffle), .init(on: StageID(0), .broadcast)],
                    taskCount: 8, output: .files),
            ], atMilliseconds: 1_700_000_000_100),
        done(attempt(map, 0), on: 0), done(attempt(map, 1), on: 1),
        .stagesReplanned(
            map,
            stages: [
                StageSpec(
                    id: StageID(1), label: "join, coalesced",
                    dependencies: [.init(on: StageID(0), .shuffle)], taskCount: 1, output: .files)
            ]),
        failed(attempt(reduce, 0), on: 0, .fetchFailed(producer: attempt(map, 1), damage)),
        .outputLost(attempt(map, 1), isBlamed: true, damage),
        done(attempt(map, 1, 1), on: 1),
        failed(attempt(reduce, 0, 1), on: 1, .workerLost(.leaseExpired)),
        .workerLost(WorkerID(1), .leaseExpired),
        done(attempt(map, 1, 2), on: 0),
        failed(attempt(reduce, 0, 2), on: 0, .outOfMemory(.system("OUT_OF_MEMORY", "Too small"))),
        done(attempt(reduce, 0, 3), on: 0),
        .commitStarted(JobID(0), statement: 0),
        .statementCommitted(JobID(0), statement: 0, atMilliseconds: 1_700_000_002_000),
        .epochStarted(2),
        .statementPlanned(
            JobID(0), statement: 1,
            stages: [StageSpec(id: StageID(0), label: "values", taskCount: 1, output: .result)],
            atMilliseconds: 1_700_000_002_100),
        done(attempt(result, 0), on: 0),
        .commitStarted(JobID(0), statement: 1),
        .statementCommitted(JobID(0), statement: 1, atMilliseconds: 1_700_000_003_000),
        .jobEnded(JobID(0), .succeeded, atMilliseconds: 1_700_000_003_001),
        .resultsReleased(JobID(0)),
        .jobAccepted(
            JobID(1), JobHeader(externalID: "019a-1", digest: [], name: "", statementCount: 1),
            atMilliseconds: -5),
        .statementPlanned(
            JobID(1), statement: 0, stages: [StageSpec(id: StageID(0), taskCount: 3)], atMilliseconds: 0),
        .outputLost(attempt(other, 0), isBlamed: false, nil),
        .cancelRequested(JobID(1)), .jobEnded(JobID(1), .cancelled, atMilliseconds: 1),
        .jobCleaned(JobID(1)),
        .jobAccepted(
            JobID(2), JobHeader(externalID: "019a-2", digest: [7], name: "x", statementCount: 1),
            atMilliseconds: 2),
        .statementPlanned(
            JobID(2), statement: 0, stages: [StageSpec(id: StageID(0), label: "divide", taskCount: 1)],
            atMilliseconds: 3),
        failed(
            attempt(StageKey(job: JobID(2), statement: 0, stage: StageID(0)), 0), on: 0, .error(error)),
        .jobEnded(JobID(2), .failed(error), atMilliseconds: 4),
        .workerRegistered(
            WorkerID(2),
            WorkerIdentity(address: "w1:7078", incarnation: 3, version: 2, slots: 64, memoryBytes: 1 << 40)),
        .workerLost(WorkerID(0), .replaced), .workerLost(WorkerID(2), .died),
        .workerRegistered(
            WorkerID(3),
            WorkerIdentity(address: "w3:7078", incarnation: 4, version: 1, slots: 2, memoryBytes: 1 << 30)),
        .workerLost(WorkerID(3), .left),
        .workerRegistered(
            WorkerID(4),
            WorkerIdentity(address: "w4:7078", incarnation: 5, version: 1, slots: 2, memoryBytes: 1 << 30)),
        .workerLost(WorkerID(4), .disconnected), .outputMoved(attempt(other, 0), to: WorkerID(0)),
        .jobAccepted(
            JobID(3),
            JobHeader(
                externalID: "019a-3", digest: [3], name: "y", pool: "q", statementCount: 1, slotLimit: 300,
                isReplicated: true),
            atMilliseconds: 5),
        .outputStored(attempt(map, 0)), .storedOutputsRemoved(JobID(0)),
        .jobEnded(JobID(3), .cancelled, atMilliseconds: 6), .jobCleaned(JobID(3)), inLog,
        .resultsSent(JobID(0)), .jobForgotten(JobID(9)),
        .attemptOutrun(
            FailureRecord(
                attempt: attempt(map, 0, 7), worker: WorkerID(1),
                failure: .error(
                    .system("CAME_SECOND", "Another attempt at the task was done before it")),
                startedMilliseconds: 300, endedMilliseconds: 1_700_000_000_000)),
        .losersLeft(JobID(1), statement: 300), .losersCleaned(JobID(1), statement: 300),
        .workerForgotten(WorkerID(300)), .coordinatorCrashed(JobID(3), statement: 300), .logNamed(300),
        measured,
    ]

    private static var measured: Fact {
        guard case .taskCompleted(var output) = inLog else { return inLog }
        output.counters.operators = MessageCorpus.operators
        return .taskCompleted(output)
    }

    private static var inLog: Fact {
        var output = TaskOutput(
            attempt: attempt(other, 0), counters: TaskCounters(skippedParts: 2), partitionBytes: [300],
            checksum: 7)
        output.isInLog = true
        return .taskCompleted(output)
    }
}
