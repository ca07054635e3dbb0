import Logging
import Protocol
import Scheduling
import Vocabulary

// The lines of jobs' logs.
extension CoordinatorNode {
    /// Writes what users want to read of a decision into the logs of the jobs that it concerns.
    func note(_ decision: Decision, at milliseconds: Int64) {
        // What a worker's loss took comes before it in the facts.
        var outputs: [AttemptID] = []
        var stopped: [JobID] = []
        for fact in decision.facts {
            switch fact {
            case .taskFailed(let record):
                let task = record.attempt.task
                if case .workerLost = record.failure { stopped.append(task.stage.job) }
                let worker = address(of: record.worker)
                note(
                    task.stage.job, "warning",
                    "\(name(of: task)) failed on worker \(worker): " + reason(of: record)
                        + fate(of: task), at: milliseconds, about: record.attempt, worker)
            case .outputLost(let attempt, let isBlamed, let error):
                if isBlamed {
                    noteLoss(of: attempt, error, at: milliseconds)
                } else {
                    outputs.append(attempt)
                }
            case .workerRegistered(_, let identity):
                environment.logger.info(
                    "a worker registered",
                    metadata: ["worker": "\(identity.address)", "slots": .stringConvertible(identity.slots)])
            case .workerLost(let worker, .left):
                environment.logger.info("a worker left", metadata: ["worker": "\(address(of: worker))"])
            case .epochStarted(let epoch) where scheduler.ledger.hasRaisedEpoch:
                environment.logger.warning(
                    """
                    a worker comes from a coordinator whose state was another one, and whose clock was ahead: \
                    it is taken over, and what it ran for that one is stopped
                    """, metadata: ["epoch": "\(epoch)"])
            case .epochStarted(let epoch) where scheduler.ledger.hasStartedAgain:
                environment.logger.info("the coordinator started again", metadata: ["epoch": "\(epoch)"])
                for job in scheduler.ledger.liveJobs {
                    note(job, "info", "the coordinator started again", at: milliseconds)
                }
            case .workerLost(let worker, let loss):
                environment.logger.warning(
                    "a worker was lost: \(loss.reason)", metadata: ["worker": "\(address(of: worker))"])
                noteLoss(of: worker, loss, outputs, stopped, at: milliseconds)
                noteAbsence(of: worker, loss, outputs, stopped, at: milliseconds)
                outputs = []
                stopped = []
            default: noteStep(fact, at: milliseconds)
            }
        }
        for attempt in outputs { noteLoss(of: attempt, nil, at: milliseconds) }
    }

    /// Writes how jobs come along.
    private func noteStep(_ fact: Fact, at milliseconds: Int64) {
        switch fact {
        case .jobAccepted(let job, _, _): note(job, "info", "accepted", at: milliseconds)
        case .statementPlanned(let job, let statement, let stages, _):
            let tasks = stages.reduce(0) { $0 + $1.taskCount }
            note(
                job, "info",
                "statement \(statement + 1) planned: \(Counted.text(stages.count, "stage")), "
                    + Counted.text(tasks, "task"),
                at: milliseconds)
        case .statementCommitted(let job, let statement, _):
            note(job, "info", "statement \(statement + 1) committed", at: milliseconds)
        case .jobEnded(let job, .succeeded, _): note(job, "info", "succeeded", at: milliseconds)
        case .jobEnded(let job, .cancelled, _): note(job, "info", "cancelled", at: milliseconds)
        case .jobEnded(let job, .failed(let error), _):
            note(job, "error", naming(error, job).description, at: milliseconds)
        default: break
        }
    }

    /// Tells the jobs that lost something with a worker what it was.
    private func noteLoss(
        of worker: WorkerID, _ loss: WorkerLoss, _ outputs: [AttemptID], _ stopped: [JobID],
        at milliseconds: Int64
    ) {
        for job in Set(stopped + outputs.map(\.task.stage.job)) {
            note(
                job, "warning", "worker \(address(of: worker)) was lost: \(loss.reason)", at: milliseconds,
                about: nil, address(of: worker))
        }
        for output in outputs {
            let task = output.task
            note(
                task.stage.job, "warning", "the output of \(name(of: task)) was on it" + fate(of: task),
                at: milliseconds, about: output, address(of: worker))
        }
    }

    /// Tells the other jobs of a worker that died while no coordinator looked: which tasks it ran is in no
    /// log.
    private func noteAbsence(
        of worker: WorkerID, _ loss: WorkerLoss, _ outputs: [AttemptID], _ stopped: [JobID],
        at milliseconds: Int64
    ) {
        if met.contains(scheduler.ledger.workers[worker.index].identity.life) { return }
        let told = Set(stopped + outputs.map(\.task.stage.job))
        for job in scheduler.ledger.liveJobs where !told.contains(job) {
            note(
                job, "warning",
                "worker \(address(of: worker)) was lost: \(loss.reason); what it ran of this job runs again",
                at: milliseconds, about: nil, address(of: worker))
        }
    }

    private func noteLoss(of output: AttemptID, _ error: EngineError?, at milliseconds: Int64) {
        let task = output.task
        let reason = error.map { " (\($0.code))" } ?? ""
        // The loss counts against the worker that held it.
        let failures = scheduler.ledger.openTask(task)?.failures ?? []
        let holder = failures.last { $0.attempt == output }.map { address(of: $0.worker) }
        note(
            task.stage.job, "warning",
            "the output of \(name(of: task)) was lost\(holder.map { " on worker \($0)" } ?? "")\(reason)"
                + fate(of: task), at: milliseconds, about: output, holder)
    }

    /// Writes a line into the log of a job, into the durable log with this decision's facts, and into the
    /// program's own.
    func note(
        _ job: JobID, _ level: String, _ message: String, at milliseconds: Int64,
        about attempt: AttemptID? = nil, _ worker: String? = nil
    ) {
        guard let book = books[job] else { return }
        let stage = attempt.map { "\($0.task.stage.statement).\($0.task.stage.stage)" }
        let line = LogLine(
            time: TimeText.rfc3339(milliseconds), level: level, message: message, stage: stage,
            task: attempt.map { Int($0.task.index) },
            attempt: attempt.flatMap { scheduler.ledger.attemptCount(of: $0.task) }, worker: worker)
        if let kept = book.note(line) { noted.append(.note(job, kept)) }
        var fields: Logger.Metadata = ["job": "\(book.externalID)"]
        if let stage, let attempt {
            fields["stage"] = "\(stage)"
            fields["task"] = .stringConvertible(Int(attempt.task.index))
            if let number = line.attempt { fields["attempt"] = .stringConvertible(number) }
            fields["launch"] = "\(attempt.epoch)-\(attempt.number)"
        }
        if let worker { fields["worker"] = "\(worker)" }
        // What a job quotes of its own text, such as a signed link, is for whoever sent it.
        let said = message.split(separator: "\n").filter { !$0.hasPrefix("   |") }.joined(separator: "\n")
        environment.logger.log(level: Logger.Level(rawValue: level) ?? .info, "\(said)", metadata: fields)
    }

    /// Adds to the error of a task that failed again and again what the task read.
    func naming(_ error: EngineError, _ job: JobID) -> EngineError {
        guard error.blame == .system || error.blame == .internal,
            let task = scheduler.ledger.jobs[job.index].fatalTask,
            let input = books[job]?.graph(task.stage.statement)?.inputText(of: task)
        else { return error }
        var error = error
        error.message += ", reading \(input)"
        return error
    }

    /// Tells that a worker gets no tasks, and why, or that it gets some again.
    func notePause(of worker: WorkerID) {
        guard let shown = scheduler.workerProgress().first(where: { $0.id == worker }) else { return }
        let fields: Logger.Metadata = ["worker": "\(address(of: worker))"]
        if let pause = shown.pause {
            environment.logger.warning("a worker gets no tasks: \(pause.reason)", metadata: fields)
        } else {
            environment.logger.info("a worker gets tasks again", metadata: fields)
        }
    }

    /// Says whether a task that failed or lost its output runs again: not when its job ends, or when all that
    /// read the output are done.
    private func fate(of task: TaskID) -> String {
        scheduler.isWanted(task) ? "; the task runs again" : ""
    }

    /// Says why an attempt failed: by its code alone where it ends the job, whose error says the rest right
    /// after.
    private func reason(of record: FailureRecord) -> String {
        let error = record.failure.error
        let job = scheduler.ledger.jobs[record.attempt.task.stage.job.index]
        guard job.fatalTask == record.attempt.task, let fatal = job.fatal else { return error.message }
        return fatal.message.hasPrefix(error.message) ? error.code : error.message
    }

    private func address(of worker: WorkerID) -> String {
        scheduler.ledger.workers[worker.index].identity.address
    }

    /// Names a task as users see it: its stage's id and its place, both from 0.
    private func name(of task: TaskID) -> String {
        "task \(task.index) of stage \(task.stage.statement).\(task.stage.stage)"
    }
}
