import Testing
import Vocabulary

@testable import Scheduling

@Suite("Facts as bytes")
struct FactTests {
    static let key = StageKey(job: JobID(3), statement: 2, stage: StageID(1))
    static let attempt = AttemptID(task: TaskID(stage: key, index: 700), epoch: 4, number: 90)
    static let error = EngineError.user(
        "DIVIDE_BY_ZERO", "Division by zero", remedy: "Use try_divide.",
        at: SourceLocation(file: "a.sql", line: 3, column: 9, lineText: "select 1/0", length: 3))
    static let spec = StageSpec(
        id: StageID(1), label: "join", dependencies: [.init(on: StageID(0), .broadcast)], taskCount: 2,
        output: .files, memoryBytes: 1 << 33, isAdaptive: true, preferredWorkers: [nil, WorkerID(1)],
        repetition: .never)

    static let all: [Fact] = [
        .epochStarted(7),
        .jobAccepted(
            JobID(3), JobHeader(externalID: "x", digest: [1, 2], name: "né", statementCount: 2),
            atMilliseconds: -5),
        .statementPlanned(JobID(3), statement: 0, stages: [spec], atMilliseconds: 1),
        .stagesReplanned(key, stages: [spec]),
        .taskCompleted(
            TaskOutput(
                attempt: attempt, worker: WorkerID(2), counters: TaskCounters(rowsIn: 1, spillBytes: 1 << 40),
                partitionBytes: [1, 0, 300], checksum: .max, manifest: [9])),
        .taskCompleted(
            TaskOutput(
                attempt: attempt, counters: TaskCounters(rowsIn: 1, skippedParts: 1 << 40), manifest: [9])),
        .taskCompleted(
            TaskOutput(
                attempt: attempt,
                counters: TaskCounters(rowsIn: 1, operators: [OperatorCounters(rows: .max, peakBytes: -1)]))),
        .outputLost(attempt, isBlamed: true, error),
        .taskFailed(FailureRecord(attempt: attempt, worker: WorkerID(1), failure: .outOfMemory(error))),
        .taskFailed(
            FailureRecord(
                attempt: attempt, worker: WorkerID(1), failure: .fetchFailed(producer: attempt, error))),
        .taskFailed(FailureRecord(attempt: attempt, worker: WorkerID(1), failure: .workerLost(.replaced))),
        .taskFailed(
            FailureRecord(
                attempt: attempt, worker: WorkerID(1), failure: .error(error), startedMilliseconds: 1 << 40,
                endedMilliseconds: 1 << 41)),
        .commitStarted(JobID(3), statement: 1),
        .statementCommitted(JobID(3), statement: 1, atMilliseconds: 8),
        .cancelRequested(JobID(3)), .jobEnded(JobID(3), .failed(error), atMilliseconds: 9),
        .jobEnded(JobID(3), .succeeded, atMilliseconds: 9), .jobCleaned(JobID(3)), .resultsReleased(JobID(3)),
        .workerRegistered(
            WorkerID(0),
            WorkerIdentity(address: "h:1", incarnation: .max, version: 1, slots: 4, memoryBytes: 1 << 34)),
        .workerLost(WorkerID(0), .leaseExpired),
    ]

    @Test("every fact reads back as it was written", arguments: all)
    func roundTrip(fact: Fact) throws { #expect(try Fact(wireBytes: fact.wireBytes) == fact) }

    @Test("a fact cut short is an error, never a trap", arguments: all)
    func cutShort(fact: Fact) {
        let bytes = fact.wireBytes
        for length in 0..<bytes.count {
            #expect(throws: EngineError.self) { try Fact(wireBytes: Array(bytes.prefix(length))) }
        }
    }

    @Test("a fact of a later version is refused with its number")
    func laterVersion() {
        #expect {
            try Fact(wireBytes: [2, 1, 7])
        } throws: { ($0 as? EngineError)?.code == "UNSUPPORTED_LOG_VERSION" }
    }

    @Test("the layout of version 1 stays as it is on disk")
    func layout() {
        #expect(Fact.epochStarted(300).wireBytes == [1, 1, 0xac, 0x02])
        #expect(Fact.workerLost(WorkerID(5), .left).wireBytes == [1, 15, 5, 3])
        #expect(Fact.cancelRequested(JobID(1)).wireBytes == [1, 10, 1])
    }

    @Test("the counts of a task's operators are added one by one, and the highest peak is kept")
    func addition() {
        var sum = TaskCounters()
        sum.add(TaskCounters(operators: MessageCorpus.operators))
        let one = OperatorCounters(rows: 5, microseconds: 6, peakBytes: 7, spillBytes: 8)
        sum.add(TaskCounters(operators: [one]))
        sum.add(TaskCounters(rowsIn: 1))
        #expect(
            sum.operators == [
                OperatorCounters(rows: 7, microseconds: 306, peakBytes: 1 << 20, spillBytes: 8, tasks: 2),
                MessageCorpus.operators[1],
            ])
    }
}
