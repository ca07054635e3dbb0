import Vocabulary

/// Remembers what is known of a task for good.
package struct TaskRecord: Sendable, Hashable {
    /// The winner's output while it exists.
    package fileprivate(set) var output: TaskOutput?
    package fileprivate(set) var failures: [FailureRecord] = []
    /// Attempts that ended, well or badly; 1 for a task that ran once.
    package fileprivate(set) var attemptCount = 0

    /// Counts attempts that ran out of memory; each doubles what the next one gets.
    package var memoryFailureCount: Int {
        failures.count { if case .outOfMemory = $0.failure { true } else { false } }
    }
}

/// Remembers a stage and its tasks.
package struct StageRecord: Sendable, Hashable {
    package fileprivate(set) var spec: StageSpec
    package fileprivate(set) var tasks: [TaskRecord]
    package fileprivate(set) var doneCount = 0
    /// The planner has answered to this stage's measured sizes.
    package fileprivate(set) var isReplanned = false

    init(_ spec: StageSpec) {
        self.spec = spec
        tasks = Array(repeating: TaskRecord(), count: spec.taskCount)
    }

    package var isComplete: Bool { doneCount == tasks.count }

    fileprivate mutating func setStored(_ task: Int) { tasks[task].output?.isStored = true }

    fileprivate mutating func setHolder(_ worker: WorkerID, of task: Int) {
        tasks[task].output?.worker = worker
    }

    fileprivate mutating func setOutput(_ output: TaskOutput?, of task: Int) {
        doneCount += (output != nil ? 1 : 0) - (tasks[task].output != nil ? 1 : 0)
        tasks[task].output = output
    }
}

/// Remembers a statement from its plan to its commit.
package struct StatementRecord: Sendable, Hashable {
    package fileprivate(set) var stages: [StageRecord]
    /// The winners are final.
    package fileprivate(set) var isCommitting = false
    package fileprivate(set) var isCommitted = false

    /// Whether no stage reads this one.
    func isSink(_ stage: StageID) -> Bool {
        !stages.contains { $0.spec.dependencies.contains { $0.producer == stage } }
    }
}

/// Remembers a job from its acceptance on.
package struct JobRecord: Sendable, Hashable {
    package let id: JobID
    package let header: JobHeader
    package let acceptedMilliseconds: Int64
    package fileprivate(set) var startedMilliseconds: Int64?
    package fileprivate(set) var endedMilliseconds: Int64?
    /// The statements reached so far; all but the last are committed.
    package fileprivate(set) var statements: [StatementRecord] = []
    package fileprivate(set) var isCancelRequested = false
    /// The error that the job must end with; set by a failure that may not be tried again.
    package fileprivate(set) var fatal: EngineError?
    /// The task whose failure that was.
    package fileprivate(set) var fatalTask: TaskID?
    /// Tasks that crashed the worker they ran on, and were not done since.
    package fileprivate(set) var crashedTasks: Set<TaskID> = []
    /// How often coordinators crashed over the statement that is next, or that they were at.
    package fileprivate(set) var crashes = StatementCrashes()
    package fileprivate(set) var outcome: JobOutcome?
    package fileprivate(set) var isCleaned = false
    /// Statements that are over and of which attempts may have left files since.
    package fileprivate(set) var losersLeft: Set<UInt32> = []
    /// Attempts that ended after another one had won their task.
    package fileprivate(set) var outrun: [FailureRecord] = []
    package fileprivate(set) var areResultsReleased = false
    /// All rows of the result were sent to a client once.
    package fileprivate(set) var areResultsSent = false
    /// Bytes of its result that the log holds.
    package fileprivate(set) var loggedBytes = 0
    /// Whether outputs of it lie in shared storage.
    package fileprivate(set) var hasStoredOutputs = false

    init(id: JobID, header: JobHeader, acceptedMilliseconds: Int64) {
        self.id = id
        self.header = header
        self.acceptedMilliseconds = acceptedMilliseconds
    }

    /// Counts a crash of the coordinator; of one too many the job ends.
    fileprivate mutating func crashed(over statement: UInt32) {
        let error = crashes.note(statement)
        if isLive, fatal == nil { fatal = error }
    }

    /// Stands for a job that was forgotten.
    init(forgotten id: JobID) {
        self.init(
            id: id, header: JobHeader(externalID: "", digest: [], name: "", statementCount: 0),
            acceptedMilliseconds: 0)
        (outcome, areResultsReleased, isCleaned) = (.succeeded, true, true)
    }

    package var isLive: Bool { outcome == nil }

    /// The stage whose outputs are the job's result for the client, if its last statement has one.
    package var resultStage: StageKey? {
        guard statements.count == header.statementCount, let last = statements.last else { return nil }
        guard let stage = last.stages.first(where: { $0.spec.output == .result }) else { return nil }
        return StageKey(job: id, statement: UInt32(statements.count - 1), stage: stage.spec.id)
    }

    /// The stage whose outputs are kept although the job has ended.
    package var retainedStage: StageKey? {
        outcome == .succeeded && !areResultsReleased ? resultStage : nil
    }

    /// The one among them for which workers have to keep outputs, as the log does not hold them all.
    package var retainedOnWorkers: StageKey? {
        guard let key = retainedStage else { return nil }
        let tasks = statements[Int(key.statement)].stages[key.stage.index].tasks
        return tasks.allSatisfy { $0.output?.isInLog == true } ? nil : key
    }
}

/// Holds all that the facts say: the durable half of the scheduler. `apply` is the only way to change it.
///
/// ```
/// job:    accepted ──▶ [ planned ──▶ committing ──▶ committed ]* ──▶ ended(succeeded) ──▶ results released
///             └──────────────┴── failure, cancel ──────┘ └─────────▶ ended(failed, cancelled) ──▶ cleaned
/// ```
package struct Ledger: Sendable, Hashable {
    /// The last epoch that was started; 0 before any.
    package var epoch: UInt32 { epochs.last?.upperBound ?? 0 }
    /// The epochs that were started on this log, ascending. Those before and between them are of
    /// coordinators whose logs were lost: the numbers of attempts launched in them name other tasks here.
    private var epochs: [ClosedRange<UInt32>] = []
    /// The log's own number; 0 where it has none.
    package private(set) var logNumber: UInt64 = 0
    /// Every job that was not forgotten, by its id.
    package private(set) var jobs = JobTable()
    /// Ids of the jobs that have not ended, ascending.
    package private(set) var liveJobs: [JobID] = []
    /// Every worker life that was not forgotten, by its id.
    package private(set) var workers = WorkerTable()
    /// Bytes of results that the log holds, of all jobs.
    package private(set) var loggedBytes = 0
    private var jobsByExternalID: [String: JobID] = [:]
    /// Attempts that one task gets before its job fails.
    let attemptLimit: Int

    package init(attemptLimit: Int = Limits.taskAttempts) { self.attemptLimit = attemptLimit }

    /// Counts the starts on this log.
    package var startCount: Int {
        epochs.isEmpty ? 0 : epochs.reduce(1) { $0 + Int($1.upperBound - $1.lowerBound) }
    }

    /// Whether the last epoch is that of a start, but the first; not one that was raised meanwhile.
    package var hasStartedAgain: Bool { epochs.last.map { $0.lowerBound < $0.upperBound } ?? false }

    /// Whether the last epoch was begun over one of a coordinator whose log was lost.
    package var hasRaisedEpoch: Bool { epochs.count > 1 && !hasStartedAgain }

    /// Whether an attempt was launched on another log, which was lost.
    package func isForeign(_ attempt: AttemptID) -> Bool { isForeign(epoch: attempt.epoch) }

    /// Whether an epoch was not started on this log.
    func isForeign(epoch: UInt32) -> Bool {
        epochs.last { $0.lowerBound <= epoch }.map { $0.upperBound < epoch } ?? true
    }

    /// Finds a job by the id that clients use.
    package func job(externalID: String) -> JobID? { jobsByExternalID[externalID] }

    /// Finds the newest record of a worker's life.
    package func worker(_ life: WorkerLife) -> WorkerID? { workers.worker(life) }

    /// Finds the newest worker at an address.
    package func worker(address: String) -> WorkerID? { workers.worker(address: address) }

    /// Returns the stage, or nil when the key names none or an ended job.
    package func liveStage(_ key: StageKey) -> StageRecord? {
        guard let statement = openStatement(key), key.stage.index < statement.stages.count else { return nil }
        return statement.stages[key.stage.index]
    }

    /// Returns the task's record while its statement runs: planned, and its winners not final.
    package func openTask(_ task: TaskID) -> TaskRecord? {
        let (stage, index) = (task.stage.stage.index, Int(task.index))
        guard let statement = openStatement(task.stage), stage < statement.stages.count,
            index < statement.stages[stage].tasks.count
        else { return nil }
        return statement.stages[stage].tasks[index]
    }

    /// Whether the task exists and its statement runs: `openTask` without a copy of the record.
    func isOpen(_ task: TaskID) -> Bool {
        let stage = task.stage.stage.index
        guard let statement = openStatement(task.stage), stage < statement.stages.count else { return false }
        return Int(task.index) < statement.stages[stage].tasks.count
    }

    /// Returns how many attempts at a task have ended, also of a job that has; nil for a task that is
    /// unknown.
    package func attemptCount(of task: TaskID) -> Int? {
        let key = task.stage
        guard key.job.index < jobs.count, Int(key.statement) < jobs[key.job.index].statements.count else {
            return nil
        }
        let stages = jobs[key.job.index].statements[Int(key.statement)].stages
        guard key.stage.index < stages.count, Int(task.index) < stages[key.stage.index].tasks.count else {
            return nil
        }
        return stages[key.stage.index].tasks[Int(task.index)].attemptCount
    }

    private func openStatement(_ key: StageKey) -> StatementRecord? {
        jobs.openStatement(key.job, key.statement)
    }

    /// Folds one fact in. Facts about what the ledger does not know change nothing.
    package mutating func apply(_ fact: Fact) {
        switch fact {
        case .epochStarted(let started): start(started)
        case .logNamed(let number): if logNumber == 0 { logNumber = number }
        case .jobAccepted(let id, let header, let at):
            // Ids of jobs that were forgotten are left out.
            guard id.index >= jobs.count else { return }
            jobs.append(JobRecord(id: id, header: header, acceptedMilliseconds: at))
            liveJobs.append(id)
            jobsByExternalID[header.externalID] = id
        case .statementPlanned(let job, let statement, let stages, let at):
            guard jobs.contains(job), jobs[job.index].statements.count == Int(statement) else { return }
            jobs[job.index].statements.append(StatementRecord(stages: stages.map(StageRecord.init)))
            if statement == 0 { jobs[job.index].startedMilliseconds = at }
        case .stagesReplanned(let key, let stages): replan(key, stages)
        case .taskCompleted(let output): complete(output)
        case .outputLost(let attempt, let isBlamed, let error): lose(attempt, isBlamed: isBlamed, error)
        case .outputMoved(let attempt, let worker): move(attempt, to: worker)
        case .outputStored(let attempt): store(attempt)
        case .storedOutputsRemoved(let job): withJob(job) { $0.hasStoredOutputs = false }
        case .taskFailed(let record):
            withStage(of: record.attempt.task) { $0.tasks[$1].attemptCount += 1 }
            fail(record)
        case .commitStarted(let job, let statement):
            withStatement(job, statement) { $0.isCommitting = true }
        case .statementCommitted(let job, let statement, _):
            withStatement(job, statement) { $0.isCommitted = true }
            withJob(job) { $0.crashedTasks = [] }
        case .cancelRequested(let job): withJob(job) { $0.isCancelRequested = true }
        case .jobEnded(let job, let outcome, let at):
            withJob(job) {
                $0.outcome = outcome
                $0.endedMilliseconds = at
            }
            if outcome != .succeeded { forgetLogged(job) }
            liveJobs.removeAll { $0 == job }
        case .jobCleaned(let job): withJob(job) { $0.isCleaned = true }
        case .jobForgotten(let job): forget(job)
        case .resultsSent(let job): withJob(job) { $0.areResultsSent = true }
        case .resultsReleased(let job):
            withJob(job) { $0.areResultsReleased = true }
            forgetLogged(job)
        case .attemptOutrun(let record):
            withJob(record.attempt.task.stage.job) { $0.outrun.append(record) }
        case .coordinatorCrashed(let job, let statement):
            withJob(job) { $0.crashed(over: statement) }
        case .losersLeft(let job, let statement):
            withJob(job) { _ = $0.losersLeft.insert(statement) }
        case .losersCleaned(let job, let statement):
            withJob(job) { _ = $0.losersLeft.remove(statement) }
        case .workerRegistered(let id, let identity): workers.add(id, identity)
        case .workerLost(let id, let loss): lose(id, loss)
        case .workerForgotten(let id): workers.forget(id)
        }
    }

    private mutating func start(_ started: UInt32) {
        guard started > epoch else { return }
        if let last = epochs.last, last.upperBound + 1 == started {
            epochs[epochs.count - 1] = last.lowerBound...started
        } else {
            epochs.append(started...started)
        }
    }

    private mutating func withJob(_ job: JobID, _ change: (inout JobRecord) -> Void) {
        if jobs.contains(job) { change(&jobs[job.index]) }
    }

    private mutating func withStatement(
        _ job: JobID, _ statement: UInt32, _ change: (inout StatementRecord) -> Void
    ) {
        guard job.index < jobs.count, Int(statement) < jobs[job.index].statements.count else { return }
        change(&jobs[job.index].statements[Int(statement)])
    }

    /// Changes an open stage; nothing when the task does not exist or its statement is closed.
    private mutating func withStage(of task: TaskID, _ change: (inout StageRecord, Int) -> Void) {
        guard isOpen(task) else { return }
        let key = task.stage
        change(&jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index], Int(task.index))
    }

    private mutating func replan(_ key: StageKey, _ stages: [StageSpec]) {
        withStatement(key.job, key.statement) { statement in
            guard key.stage.index < statement.stages.count else { return }
            statement.stages[key.stage.index].isReplanned = true
            for spec in stages {
                if spec.id.index < statement.stages.count {
                    statement.stages[spec.id.index] = StageRecord(spec)
                } else if spec.id.index == statement.stages.count {
                    statement.stages.append(StageRecord(spec))
                }
            }
        }
    }

    private mutating func complete(_ output: TaskOutput) {
        withStage(of: output.attempt.task) { stage, task in
            stage.setOutput(output, of: task)
            stage.tasks[task].attemptCount += 1
        }
        withJob(output.attempt.task.stage.job) { _ = $0.crashedTasks.remove(output.attempt.task) }
        if output.isInLog, openTask(output.attempt.task)?.output == output {
            withJob(output.attempt.task.stage.job) { $0.loggedBytes += output.byteCount }
            loggedBytes += output.byteCount
        }
    }

    /// Forgets an ended job, but for the newest, whose id says which comes next.
    private mutating func forget(_ job: JobID) {
        guard jobs.contains(job), !jobs[job.index].isLive, job.index + 1 < jobs.count else { return }
        forgetLogged(job)
        jobsByExternalID[jobs[job.index].header.externalID] = nil
        jobs.remove(job)
    }

    /// Counts the bytes of a job's result no more: the log has dropped them.
    private mutating func forgetLogged(_ job: JobID) {
        guard jobs.contains(job) else { return }
        loggedBytes -= jobs[job.index].loggedBytes
        jobs[job.index].loggedBytes = 0
    }

    /// Returns the recorded output of an attempt, of whatever statement and job.
    package func output(_ attempt: AttemptID) -> TaskOutput? {
        guard hasTask(attempt.task) else { return nil }
        let key = attempt.task.stage
        let stage = jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index]
        let output = stage.tasks[Int(attempt.task.index)].output
        return output?.attempt == attempt ? output : nil
    }

    private func hasTask(_ task: TaskID) -> Bool {
        let key = task.stage
        guard key.job.index < jobs.count, Int(key.statement) < jobs[key.job.index].statements.count else {
            return false
        }
        let stages = jobs[key.job.index].statements[Int(key.statement)].stages
        return key.stage.index < stages.count && Int(task.index) < stages[key.stage.index].tasks.count
    }

    private mutating func move(_ attempt: AttemptID, to worker: WorkerID) {
        guard output(attempt) != nil else { return }
        let key = attempt.task.stage
        jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index]
            .setHolder(worker, of: Int(attempt.task.index))
    }

    private mutating func store(_ attempt: AttemptID) {
        withJob(attempt.task.stage.job) { $0.hasStoredOutputs = true }
        guard output(attempt) != nil else { return }
        let key = attempt.task.stage
        jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index]
            .setStored(Int(attempt.task.index))
    }

    private mutating func lose(_ attempt: AttemptID, isBlamed: Bool, _ error: EngineError?) {
        guard let lost = openTask(attempt.task)?.output, lost.attempt == attempt else { return }
        withStage(of: attempt.task) { $0.setOutput(nil, of: $1) }
        if isBlamed {
            let error = error ?? .system("OUTPUT_LOST", "The output of task \(attempt.task) was lost")
            fail(FailureRecord(attempt: attempt, worker: lost.worker, failure: .error(error)))
        }
    }

    private mutating func fail(_ record: FailureRecord) {
        let attempts = attemptLimit
        var fatal: EngineError?
        withStage(of: record.attempt.task) { stage, task in
            stage.tasks[task].failures.append(record)
            fatal = stage.tasks[task].verdict(attemptLimit: attempts, stage.spec)
        }
        withJob(record.attempt.task.stage.job) { job in
            if record.failure.isCrash { job.crashedTasks.insert(record.attempt.task) }
        }
        guard let fatal else { return }
        withJob(record.attempt.task.stage.job) { job in
            if job.fatal == nil { (job.fatal, job.fatalTask) = (fatal, record.attempt.task) }
        }
    }

    private mutating func lose(_ worker: WorkerID, _ loss: WorkerLoss) {
        guard workers.contains(worker), workers[worker.index].loss == nil else { return }
        workers.setLoss(loss, of: worker)
        for task in outputs(on: worker) { withStage(of: task.task) { $0.setOutput(nil, of: $1) } }
    }

    /// Lists the recorded outputs that would be lost with a worker, in order.
    func outputs(on worker: WorkerID) -> [AttemptID] {
        var found: [AttemptID] = []
        for job in liveJobs {
            guard let statement = jobs[job.index].statements.last, !statement.isCommitting else { continue }
            for stage in statement.stages where stage.spec.isHeldByWorkers && stage.doneCount > 0 {
                for task in stage.tasks {
                    guard let output = task.output, output.worker == worker, !output.outlivesWorker
                    else { continue }
                    found.append(output.attempt)
                }
            }
        }
        return found
    }
}

extension TaskRecord {
    /// Returns the error that ends the job when the latest failure may not be tried again.
    fileprivate func verdict(attemptLimit: Int, _ spec: StageSpec) -> EngineError? {
        guard let latest = failures.last else { return nil }
        if spec.repetition.forbids(anotherTryAfter: latest.failure) { return latest.failure.error }
        let memoryFailures = memoryFailureCount
        var count = failures.count - memoryFailures
        var limit = attemptLimit
        switch latest.failure {
        case .error(let error) where error.blame == .user || error.blame == .data: return error
        case .error(let error) where error.blame == .internal: limit = min(limit, 2)
        case .outOfMemory: count = memoryFailures
        default: break
        }
        if count < limit { return nil }
        var error = latest.failure.error
        let workers = Set(failures.map(\.worker)).count
        let extent = workers == 1 ? "one worker" : "\(workers) workers"
        error.message +=
            " (task \(latest.attempt.task) of stage `\(spec.label)`, \(count) attempts on \(extent))"
        return error
    }
}
