import Protocol
import Scheduling
import Vocabulary

extension StageStatus {
    /// Shows a stage as REST does; `address` names workers.
    init(_ stage: StageProgress, address: (WorkerID) -> String) {
        let statement = stage.key.statement
        let slowest = stage.slowest.map { span in
            SlowTask(
                task: Int(span.attempt.task.index), seconds: Double(span.milliseconds) / 1000,
                medianSeconds: Double(stage.medianMilliseconds) / 1000, worker: address(span.worker),
                isRunning: span.endMilliseconds == nil)
        }
        self.init(
            id: "\(statement).\(stage.key.stage)", name: stage.label, state: stage.state.rawValue,
            tasks: .init(
                total: stage.total, done: stage.done, running: stage.running, failed: stage.failed,
                retried: stage.retried),
            rowsIn: stage.counters.rowsIn, rowsOut: stage.counters.rowsOut, bytesIn: stage.counters.bytesIn,
            bytesOut: stage.counters.bytesOut, shuffleBytes: stage.shuffleBytes,
            spillBytes: stage.counters.spillBytes, skew: stage.skew, seconds: stage.seconds,
            dependsOn: stage.producers.map { "\(statement).\($0)" },
            slowest: stage.total > 1 ? slowest : nil, etaSeconds: stage.etaSeconds)
    }
}

extension WorkerStatus {
    /// Shows a worker as REST does.
    init(_ worker: WorkerProgress) {
        self.init(
            id: "\(worker.id)", address: worker.identity.address, state: worker.state.rawValue,
            slots: .init(total: worker.identity.slots, used: worker.usedSlots),
            memory: .init(total: worker.identity.memoryBytes, used: worker.usedMemoryBytes),
            shuffleBytes: worker.shuffleBytes, pause: worker.pause?.rawValue)
    }
}

extension StageProgress {
    /// Seconds until the stage's end if its tasks go on to take as long as the median one did, in as many
    /// slots as it has now; nil before the first is done and when none runs.
    fileprivate var etaSeconds: Double? {
        guard state == .running, running > 0, done > 0 else { return nil }
        let waiting = total - done - running
        let oldest = slowest.map { $0.endMilliseconds == nil ? $0.milliseconds : 0 } ?? 0
        let rest = max(medianMilliseconds - oldest, medianMilliseconds / 2)
        let rounds = (waiting + running - 1) / running
        return Double(rest + rounds * medianMilliseconds) / 1000
    }
}

extension TaskStatus {
    /// Shows every task of a job.
    static func all(of job: JobID, in scheduler: JobScheduler) -> [TaskStatus] {
        let ledger = scheduler.ledger
        func address(_ worker: WorkerID) -> String? {
            worker.index < ledger.workers.count ? ledger.workers[worker.index].identity.address : nil
        }
        let spans = scheduler.spans(of: job)
        let spanOf = Dictionary(
            (spans.finished + spans.running).map { ($0.attempt.task, $0) },
            uniquingKeysWith: { first, _ in first })
        var found: [TaskStatus] = []
        for (statement, record) in ledger.jobs[job.index].statements.enumerated() {
            for stage in record.stages {
                let key = StageKey(job: job, statement: UInt32(statement), stage: stage.spec.id)
                for (index, task) in stage.tasks.enumerated() {
                    let span = spanOf[TaskID(stage: key, index: UInt32(index))]
                    let worker = span?.worker ?? task.failures.last?.worker
                    var status = TaskStatus(
                        stage: "\(statement).\(stage.spec.id)", index: index,
                        state: task.output != nil
                            ? "succeeded"
                            : span != nil ? "running" : task.failures.isEmpty ? "waiting" : "failed",
                        attempts: task.attemptCount + (span != nil && task.output == nil ? 1 : 0),
                        worker: worker.flatMap { address($0) },
                        error: task.failures.last?.failure.error.message)
                    if let span { status.take(span) }
                    if task.output?.isStored == true { status.isStored = true }
                    found.append(status)
                }
            }
        }
        return found
    }

    /// Takes over when an attempt ran and what it counted.
    private mutating func take(_ span: TaskSpan) {
        startedAt = TimeText.rfc3339(span.startMilliseconds)
        finishedAt = span.endMilliseconds.map { TimeText.rfc3339($0) }
        seconds = Double(span.milliseconds) / 1000
        rowsIn = span.counters.rowsIn
        rowsOut = span.counters.rowsOut
        bytesIn = span.counters.bytesIn
        bytesOut = span.counters.bytesOut
        spillBytes = span.counters.spillBytes
    }
}

extension Timeline {
    /// Shows when a job's tasks ran, those that ended at `since` or later.
    static func of(_ job: JobID, in scheduler: JobScheduler, since: Int64?, now: Int64) -> Timeline {
        let ledger = scheduler.ledger
        let record = ledger.jobs[job.index]
        let origin = record.startedMilliseconds ?? record.acceptedMilliseconds
        let spans = scheduler.spans(of: job, since: since ?? 0)
        var places: [StageKey: Int64] = [:]
        var stages: [String] = []
        for (statement, entry) in record.statements.enumerated() {
            for stage in entry.stages {
                let key = StageKey(job: job, statement: UInt32(statement), stage: stage.spec.id)
                places[key] = Int64(stages.count)
                stages.append("\(statement).\(stage.spec.id)")
            }
        }
        // A worker's place, that of its registration, means the same in every answer.
        var workers: [String: String] = [:]
        let failures = scheduler.failures(of: job, since: since ?? 0)
        for worker in Set((spans.finished + spans.running).map(\.worker) + failures.map(\.record.worker)) {
            workers["\(worker.index)"] = ledger.workers[worker.index].identity.address
        }
        func row(_ span: TaskSpan) -> [Int64] {
            let task = span.attempt.task
            let record = ledger.jobs[job.index].statements[Int(task.stage.statement)]
                .stages[task.stage.stage.index].tasks[Int(task.index)]
            return [
                places[task.stage] ?? 0, Int64(task.index), Int64(span.worker.index),
                span.startMilliseconds - origin, span.endMilliseconds.map { $0 - origin } ?? -1,
                Int64(record.attemptCount + (record.output == nil ? 1 : 0)), Int64(span.counters.rowsIn),
            ]
        }
        return Timeline(
            origin: origin, until: now, stages: stages, workers: workers,
            finished: spans.finished.map { row($0) }, running: spans.running.map { row($0) },
            failed: failures.map { place, record in
                let task = record.attempt.task
                return [
                    places[task.stage] ?? 0, Int64(task.index), Int64(record.worker.index),
                    record.startedMilliseconds - origin, record.endedMilliseconds - origin, Int64(place + 1),
                    0,
                ]
            },
            reasons: failures.map { "\($0.record.failure.error.code): \($0.record.failure.error.message)" })
    }
}
