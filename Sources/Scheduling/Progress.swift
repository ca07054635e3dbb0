import Vocabulary

/// States of a job as the REST interface names them.
package enum JobState: String, Sendable, Hashable { case queued, running, succeeded, failed, cancelled }

/// States of a stage as the REST interface names them.
package enum StageState: String, Sendable, Hashable { case waiting, running, succeeded, failed, cancelled }

/// States of a worker as the REST interface names them.
package enum WorkerState: String, Sendable, Hashable { case active, draining, lost }

/// Says why a worker gets no tasks although it stays.
package enum WorkerPause: String, Sendable, Hashable {
    /// Its disk for spills and outputs is full.
    case diskFull
    /// Tasks failed on it that are done elsewhere.
    case quarantine

    /// Reads well after the worker's name.
    package var reason: String {
        switch self {
        case .diskFull: "its spill disk is full"
        case .quarantine: "tasks keep failing on it"
        }
    }
}

/// Shows how far a stage has come.
package struct StageProgress: Sendable, Hashable {
    package var key: StageKey
    package var label: String
    package var state: StageState
    package var total: Int
    package var done: Int
    package var running: Int
    /// Counted failures so far.
    package var failed: Int
    /// Attempts that ended beyond each task's first.
    package var retried: Int
    /// Sum over finished tasks and the latest word of running ones.
    package var counters: TaskCounters
    package var shuffleBytes: Int
    /// Longest task's time over the median task's; 1 is even, 0 before two tasks are done.
    package var skew: Double
    /// From the first task's start to the last one's end.
    package var seconds: Double
    /// Stages that it reads.
    package var producers: [StageID]
    /// Of the finished tasks; 0 before one is.
    package var medianMilliseconds: Int
    /// The task that took longest, or takes longest already.
    package var slowest: TaskSpan?
}

/// Shows when a task's attempt ran, and where; the one that won, or runs.
package struct TaskSpan: Sendable, Hashable {
    package var attempt: AttemptID
    package var worker: WorkerID
    /// Wall-clock milliseconds since 1970.
    package var startMilliseconds: Int64
    /// Nil while it runs.
    package var endMilliseconds: Int64?
    package var milliseconds: Int
    package var counters: TaskCounters
}

/// Shows a job.
package struct JobProgress: Sendable, Hashable {
    package var id: JobID
    package var header: JobHeader
    package var state: JobState
    package var acceptedMilliseconds: Int64
    package var startedMilliseconds: Int64?
    package var endedMilliseconds: Int64?
    package var error: EngineError?
    package var stages: [StageProgress]
    /// Share of the work that is done, 0 to 1: each statement with tasks counts alike, by its tasks that are
    /// done; those not yet planned count as none done.
    package var fraction: Double
}

/// Shows a worker.
package struct WorkerProgress: Sendable, Hashable {
    package var id: WorkerID
    package var identity: WorkerIdentity
    package var state: WorkerState
    package var usedSlots: Int
    package var usedMemoryBytes: Int
    package var shuffleBytes: Int
    package var pause: WorkerPause?
}

// What the page, the REST interface and the metrics show.
extension JobScheduler {
    /// Shows every worker with a session, and with the time the ones lost not long before it.
    package func workerProgress(withLostAt time: Instant? = nil) -> [WorkerProgress] {
        ledger.workers.compactMap { record in
            let link = record.id.index < links.count ? links[record.id.index] : nil
            if link == nil {
                guard let time, isShownAsLost(record, at: time) else { return nil }
            }
            return WorkerProgress(
                id: record.id, identity: record.identity,
                state: link.map { $0.isDraining ? .draining : .active } ?? .lost,
                usedSlots: link?.attempts.count ?? 0, usedMemoryBytes: link?.usedMemoryBytes ?? 0,
                shuffleBytes: link?.shuffleBytes ?? 0, pause: link?.pause)
        }
    }

    /// Whether a task without output is needed, so that it runs or will run.
    package func isWanted(_ task: TaskID) -> Bool {
        guard let record = ledger.openTask(task), record.output == nil else { return false }
        let job = ledger.jobs[task.stage.job.index]
        guard job.fatal == nil, !job.isCancelRequested, let statement = job.statements.last else {
            return false
        }
        return statement.wantedStages()[task.stage.stage.index]
    }

    /// Whether a worker without a session is worth showing: one that left is not, a lost one for a while, and
    /// one that was there before the coordinator's restart until it comes or is lost.
    private func isShownAsLost(_ record: WorkerRecord, at time: Instant) -> Bool {
        guard let loss = record.loss else { return true }
        guard loss != .left, record.id.index < lostAt.count, let lost = lostAt[record.id.index] else {
            return false
        }
        return time - lost < settings.lostShownMilliseconds
    }

    /// Counts the tasks of runnable stages that wait for a slot; a job that waits for its turn, whose tasks
    /// nobody knows yet, has one at least.
    package var queuedTaskCount: Int {
        ledger.liveJobs.reduce(waiting.count) { sum, job in
            sum + runnableStages(job).reduce(0) { $0 + waitingCount($1) }
        }
    }

    private func waitingCount(_ key: StageKey) -> Int {
        runtimes[key.job.index]?.stages[key.stage.index].pending.count ?? 0
    }

    /// Lists the job's tasks that ended at `since` or later, in the order of their places, and all that run.
    package func spans(of job: JobID, since: Int64 = 0) -> (finished: [TaskSpan], running: [TaskSpan]) {
        guard job.index < ledger.jobs.count else { return ([], []) }
        var finished: [TaskSpan] = []
        for statement in ledger.jobs[job.index].statements {
            for stage in statement.stages where stage.doneCount > 0 {
                for task in stage.tasks {
                    guard let output = task.output, output.endedMilliseconds >= since else { continue }
                    finished.append(span(of: output))
                }
            }
        }
        return (finished, runningSpans { $0.job == job })
    }

    /// Lists the job's failed attempts that ended at `since` or later, each with its place among its task's
    /// failures, then those that came second, whose places go on; those whose times are not known are left
    /// out.
    package func failures(of job: JobID, since: Int64 = 0) -> [(place: Int, record: FailureRecord)] {
        guard job.index < ledger.jobs.count else { return [] }
        var found: [(place: Int, record: FailureRecord)] = []
        for statement in ledger.jobs[job.index].statements {
            for stage in statement.stages {
                for task in stage.tasks where !task.failures.isEmpty {
                    for (place, record) in task.failures.enumerated()
                    where record.endedMilliseconds > 0 && record.endedMilliseconds >= since {
                        found.append((place, record))
                    }
                }
            }
        }
        var places: [TaskID: Int] = [:]
        for record in ledger.jobs[job.index].outrun {
            let task = record.attempt.task
            let place = places[task] ?? ledger.attemptCount(of: task) ?? 0
            places[task] = place + 1
            if record.endedMilliseconds >= since { found.append((place, record)) }
        }
        return found
    }

    private func span(of output: TaskOutput) -> TaskSpan {
        TaskSpan(
            attempt: output.attempt, worker: output.worker,
            startMilliseconds: output.endedMilliseconds - Int64(output.counters.milliseconds),
            endMilliseconds: output.endedMilliseconds, milliseconds: output.counters.milliseconds,
            counters: output.counters)
    }

    private func runningSpans(where isAsked: (StageKey) -> Bool) -> [TaskSpan] {
        var spans: [TaskSpan] = []
        for link in links {
            guard let link else { continue }
            for attempt in link.attempts where !attempt.isCancelling && isAsked(attempt.id.task.stage) {
                let age = max(0, now.monotonic - attempt.startedAt)
                spans.append(
                    TaskSpan(
                        attempt: attempt.id, worker: link.worker,
                        startMilliseconds: now.wallMilliseconds - age, endMilliseconds: nil,
                        milliseconds: Int(age), counters: attempt.counters))
            }
        }
        return spans
    }

    /// Shows a job; nil for one that is not known, or was forgotten.
    package func progress(of id: JobID) -> JobProgress? {
        guard ledger.jobs.contains(id) else { return nil }
        let job = ledger.jobs[id.index]
        var stages: [StageProgress] = []
        for (statement, record) in job.statements.enumerated() {
            for stage in record.stages {
                let key = StageKey(job: id, statement: UInt32(statement), stage: stage.spec.id)
                stages.append(progress(of: stage, key, isOpen: statement == job.statements.count - 1, job))
            }
        }
        var error: EngineError?
        if case .failed(let failure) = job.outcome { error = failure }
        return JobProgress(
            id: id, header: job.header, state: state(of: job), acceptedMilliseconds: job.acceptedMilliseconds,
            startedMilliseconds: job.startedMilliseconds, endedMilliseconds: job.endedMilliseconds,
            error: error,
            stages: stages, fraction: fraction(of: job))
    }

    private func state(of job: JobRecord) -> JobState {
        switch job.outcome {
        case .succeeded: .succeeded
        case .failed: .failed
        case .cancelled: .cancelled
        case nil: job.startedMilliseconds == nil ? .queued : .running
        }
    }

    private func fraction(of job: JobRecord) -> Double {
        if job.outcome == .succeeded { return 1 }
        let parts = job.statements.map { statement -> Double in
            if statement.isCommitted { return 1 }
            let total = statement.stages.reduce(0) { $0 + $1.tasks.count }
            return total == 0 ? 0 : Double(statement.stages.reduce(0) { $0 + $1.doneCount }) / Double(total)
        }
        // Statements without tasks, such as those that make views, are no part of the work.
        let idle = job.statements.count { $0.isCommitted && $0.stages.isEmpty }
        return (parts.reduce(0, +) - Double(idle)) / Double(max(1, job.header.statementCount - idle))
    }

    private func progress(
        of stage: StageRecord, _ key: StageKey, isOpen: Bool, _ job: JobRecord
    ) -> StageProgress {
        var counters = TaskCounters()
        var slowest: TaskOutput?
        for case let output? in stage.tasks.map(\.output) {
            counters.add(output.counters)
            if output.counters.milliseconds > slowest?.counters.milliseconds ?? -1 { slowest = output }
        }
        let spans = runningSpans { $0 == key }
        for span in spans { counters.add(span.counters) }
        let running = spans.count
        let candidates = spans + [slowest.map { span(of: $0) }].compactMap { $0 }
        let durations = stage.durations
        let runtime = isOpen ? runtimes[key.job.index]?.stages : nil
        let moving = runtime.flatMap { key.stage.index < $0.count ? $0[key.stage.index] : nil }
        return StageProgress(
            key: key, label: stage.spec.label, state: state(of: stage, running: running, job),
            total: stage.tasks.count, done: stage.doneCount,
            running: running, failed: stage.tasks.reduce(0) { $0 + $1.failures.count },
            retried: stage.tasks.reduce(0) { $0 + max(0, $1.attemptCount - 1) }, counters: counters,
            shuffleBytes: stage.spec.output == .blocks ? counters.bytesOut : 0,
            skew: StageRecord.skew(durations), seconds: seconds(of: stage, moving),
            producers: stage.spec.dependencies.map(\.producer),
            medianMilliseconds: durations.isEmpty ? 0 : durations[durations.count / 2],
            slowest: candidates.max { $0.milliseconds < $1.milliseconds })
    }

    private func state(of stage: StageRecord, running: Int, _ job: JobRecord) -> StageState {
        if stage.isComplete { return .succeeded }
        switch job.outcome {
        case .cancelled: return .cancelled
        // Only those that failed did; the others were stopped.
        case .succeeded, .failed: return stage.tasks.contains { !$0.failures.isEmpty } ? .failed : .cancelled
        case nil: return running > 0 || stage.doneCount > 0 ? .running : .waiting
        }
    }

    /// Returns how long the stage ran, or runs already: from its first task's start to its last one's end.
    private func seconds(of stage: StageRecord, _ moving: StageRuntime?) -> Double {
        let outputs = stage.tasks.compactMap(\.output)
        let begins = outputs.map { $0.endedMilliseconds - Int64($0.counters.milliseconds) }
        guard let first = (begins + [moving?.startedMilliseconds].compactMap { $0 }).min() else { return 0 }
        let isOver = stage.isComplete || moving == nil
        let end = isOver ? outputs.map(\.endedMilliseconds).max() ?? first : now.wallMilliseconds
        return Double(max(0, end - first)) / 1000
    }
}

extension StageRecord {
    /// Times of the finished tasks, milliseconds, ascending.
    fileprivate var durations: [Int] { tasks.compactMap(\.output?.counters.milliseconds).sorted() }

    /// Longest task's time over the median task's; 0 before two tasks are done.
    fileprivate static func skew(_ times: [Int]) -> Double {
        guard let longest = times.last, times.count > 1 else { return 0 }
        return Double(max(1, longest)) / Double(max(1, times[times.count / 2]))
    }
}
