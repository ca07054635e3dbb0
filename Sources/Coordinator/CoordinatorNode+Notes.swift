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
                note(
                    task.stage.job, "warning",
                    "\(name(of: task)) failed on worker \(address(of: record.worker)): "
                        + record.failure.error.message + fate(of: task), at: milliseconds)
            case .outputLost(let attempt, let isBlamed, let error):
                if isBlamed {
                    noteLoss(of: attempt, error, at: milliseconds)
                } else {
                    outputs.append(attempt)
                }
            case .workerLost(_, .left): break
            case .workerLost(let worker, let loss):
                noteLoss(of: worker, loss, outputs, stopped, at: milliseconds)
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
                job, "info", "statement \(statement + 1) planned: \(stages.count) stages, \(tasks) tasks",
                at: milliseconds)
        case .statementCommitted(let job, let statement, _):
            note(job, "info", "statement \(statement + 1) committed", at: milliseconds)
        case .jobEnded(let job, .succeeded, _): note(job, "info", "succeeded", at: milliseconds)
        case .jobEnded(let job, .cancelled, _): note(job, "info", "cancelled", at: milliseconds)
        case .jobEnded(let job, .failed(let error), _):
            note(job, "error", error.description, at: milliseconds)
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
                job, "warning", "worker \(address(of: worker)) was lost: \(loss.reason)", at: milliseconds)
        }
        for output in outputs {
            let task = output.task
            note(
                task.stage.job, "warning", "the output of \(name(of: task)) was on it" + fate(of: task),
                at: milliseconds)
        }
    }

    private func noteLoss(of output: AttemptID, _ error: EngineError?, at milliseconds: Int64) {
        let task = output.task
        let reason = error.map { " (\($0.code))" } ?? ""
        note(
            task.stage.job, "warning", "the output of \(name(of: task)) was lost\(reason)" + fate(of: task),
            at: milliseconds)
    }

    private func note(_ job: JobID, _ level: String, _ message: String, at milliseconds: Int64) {
        books[job]?.note(level, message, at: milliseconds)
    }

    /// Says whether a task that failed or lost its output runs again: not when its job ends, or when all that
    /// read the output are done.
    private func fate(of task: TaskID) -> String {
        scheduler.isWanted(task) ? "; the task runs again" : ""
    }

    private func address(of worker: WorkerID) -> String {
        scheduler.ledger.workers[worker.index].identity.address
    }

    /// Names a task as users see it: its stage's id and its place, both from 0.
    private func name(of task: TaskID) -> String {
        "task \(task.index) of stage \(task.stage.statement).\(task.stage.stage)"
    }
}
