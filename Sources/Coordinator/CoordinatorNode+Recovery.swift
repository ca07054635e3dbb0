import Planner
import Plans
import Protocol
import Scheduling
import Vocabulary

// Folding the log after a restart, and the lines of jobs' logs.
extension CoordinatorNode {
    /// Folds the log: the scheduler's facts, and the books of jobs from their submissions and plans.
    func recover() throws {
        var submissions: [String: [UInt8]] = [:]
        var plans: [JobID: [UInt32: [UInt8]]] = [:]
        for record in try environment.log.load() {
            switch record {
            case .submission(let externalID, let payload): submissions[externalID] = payload
            case .plan(let job, let statement, let bytes): plans[job, default: [:]][statement] = bytes
            case .fact(let fact): scheduler.apply(fact)
            }
        }
        for job in scheduler.ledger.jobs {
            guard let payload = submissions[job.header.externalID] else { continue }
            let request = try SubmissionPayload.decode(payload)
            let now = job.acceptedMilliseconds * 1000
            let session = try JobSession(request, storage: environment.storage, nowMicroseconds: now)
            let book = JobBook(
                id: job.id, externalID: job.header.externalID, request: request, session: session)
            books[job.id] = book
            try restore(book, job, plans[job.id] ?? [:])
        }
    }

    /// Brings a job's session to where its statements had brought it: those committed are planned again for
    /// what they change in the catalog, and every stage graph is the one that was logged.
    private func restore(_ book: JobBook, _ job: JobRecord, _ logged: [UInt32: [UInt8]]) throws {
        for (index, record) in job.statements.enumerated() {
            let statement = UInt32(index)
            var graph: StageGraph?
            if let bytes = logged[statement] {
                let (decoded, settings) = try PlanCodec.decodeGraph(bytes)
                graph = decoded
                book.session.restore(statement, settings: settings)
            }
            // An ended job needs its last graph alone, for its rows.
            guard job.isLive || graph != nil else { continue }
            book.plans[statement] = try book.session.replan(statement, graph: graph, isLive: job.isLive)
            if record.isCommitted, job.isLive, let plan = book.plans[statement] {
                try book.session.finish(plan)
            }
        }
    }

    /// Writes what users want to read of a decision into the logs of the jobs that it concerns.
    func note(_ decision: Decision, at milliseconds: Int64) {
        for fact in decision.facts {
            switch fact {
            case .jobAccepted(let job, _, _): books[job]?.note("info", "accepted", at: milliseconds)
            case .statementPlanned(let job, let statement, let stages, _):
                let tasks = stages.reduce(0) { $0 + $1.taskCount }
                books[job]?.note(
                    "info", "statement \(statement + 1) planned: \(stages.count) stages, \(tasks) tasks",
                    at: milliseconds)
            case .taskFailed(let record):
                books[record.attempt.task.stage.job]?.note(
                    "warning",
                    "\(name(of: record.attempt.task)) failed on worker \(address(of: record.worker)): "
                        + record.failure.error.message, at: milliseconds)
            case .outputLost(let attempt, _, let error):
                let reason = error.map { " (\($0.code))" } ?? ""
                books[attempt.task.stage.job]?.note(
                    "warning",
                    "the output of \(name(of: attempt.task)) was lost\(reason); the task runs again",
                    at: milliseconds)
            case .statementCommitted(let job, let statement, _):
                books[job]?.note("info", "statement \(statement + 1) committed", at: milliseconds)
            case .jobEnded(let job, let outcome, _):
                switch outcome {
                case .succeeded: books[job]?.note("info", "succeeded", at: milliseconds)
                case .cancelled: books[job]?.note("info", "cancelled", at: milliseconds)
                case .failed(let error): books[job]?.note("error", error.description, at: milliseconds)
                }
            case .workerLost(let worker, let loss): noteLoss(of: worker, loss, at: milliseconds)
            default: break
            }
        }
    }

    private func noteLoss(of worker: WorkerID, _ loss: WorkerLoss, at milliseconds: Int64) {
        for job in scheduler.ledger.liveJobs {
            books[job]?.note(
                "warning",
                "worker \(address(of: worker)) was lost: \(loss.reason); only its tasks run again",
                at: milliseconds)
        }
    }

    private func address(of worker: WorkerID) -> String {
        scheduler.ledger.workers[worker.index].identity.address
    }

    /// Names a task as users see it: its stage's id and its place, both from 0.
    private func name(of task: TaskID) -> String {
        "task \(task.index) of stage \(task.stage.statement).\(task.stage.stage)"
    }
}
