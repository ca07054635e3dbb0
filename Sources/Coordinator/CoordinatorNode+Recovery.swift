import Catalog
import Planner
import Plans
import Protocol
import Scheduling
import Vocabulary

// Folding the log after a restart.
extension CoordinatorNode {
    /// Opens the books of jobs from their submissions and plans; the facts are folded.
    func recover(_ records: [LogRecord]) throws {
        var submissions: [String: [UInt8]] = [:]
        var plans: [JobID: [UInt32: [UInt8]]] = [:]
        var notes: [JobID: [LogLine]] = [:]
        for record in records {
            switch record {
            case .submission(let externalID, let payload): submissions[externalID] = payload
            case .plan(let job, let statement, let bytes): plans[job, default: [:]][statement] = bytes
            case .note(let job, let line): notes[job, default: []].append(line)
            // The others are never among what is loaded.
            case .fact, .tokenKey, .result, .resultsDropped, .jobForgotten, .runForgotten,
                .workerForgotten:
                break
            case .pipeline(let bytes): pipelineRecords.append(bytes)
            case .catalog(let bytes):
                environment.storage.metastore.apply(try StoreRecord.decode(bytes))
            }
        }
        for job in scheduler.ledger.jobs {
            guard let payload = submissions[job.header.externalID] else { continue }
            let request = try SubmissionPayload.decode(payload)
            let book = JobBook(
                id: job.id, externalID: job.header.externalID, request: request,
                session: try session(of: job, request))
            book.log = notes[job.id] ?? []
            open(book)
            try restoring(job) { try restore(book, job, plans[job.id] ?? [:]) }
        }
    }

    /// Reads a job's text again. One that crashes coordinators is not looked at: an ended job keeps its rows,
    /// and a live one fails at the next statement that is to be planned or committed.
    private func session(of job: JobRecord, _ request: JobRequest) throws -> JobSession {
        let now = job.acceptedMilliseconds * 1000
        do {
            return try environment.crashes.reading(CrashMark(digest: job.header.digest)) {
                try JobSession(request, storage: environment.storage, nowMicroseconds: now)
            }
        } catch let error as EngineError where error.code == CrashTally.code {
            return JobSession(unread: request, error, storage: environment.storage, nowMicroseconds: now)
        }
    }

    /// Does `body`, whose crashes a live job counts itself; for one that has ended they are counted by its
    /// text, and after too many it has no rows any more.
    private func restoring(_ job: JobRecord, _ body: () throws -> Void) throws {
        if job.isLive {
            let last = UInt32(max(0, job.statements.count - 1))
            return try CrashReport.during(.recovering(job.id, statement: last), body)
        }
        do {
            try environment.crashes.reading(CrashMark(digest: job.header.digest), body)
        } catch let error as EngineError where error.code == CrashTally.code {}
    }

    /// Brings a job's session to where its statements had brought it: those committed are planned again for
    /// what they change in the catalog, and every stage graph is the one that was logged. Nothing is planned
    /// of a job that is to end.
    private func restore(_ book: JobBook, _ job: JobRecord, _ logged: [UInt32: [UInt8]]) throws {
        let isLive = job.isLive && job.fatal == nil
        for (index, record) in job.statements.enumerated() {
            let statement = UInt32(index)
            var graph: StageGraph?
            if let bytes = logged[statement] {
                let (decoded, settings) = try PlanCodec.decodeGraph(bytes)
                graph = decoded
                book.session.restore(statement, settings: settings)
            }
            // An ended job needs its last graph alone, for its rows.
            guard isLive || graph != nil else { continue }
            let plan = replanned(
                statement, of: book, graph, isLive: isLive, isCommitted: record.isCommitted)
            book.plans[statement] = plan
            if record.isCommitted, isLive {
                var found: [UInt8]?
                if case .manifest(let stage) = graph?.result { found = record.manifest(of: stage) }
                try book.session.finish(try found.map { try plan.described(by: $0) } ?? plan, isReplay: true)
            }
        }
    }
}

extension CoordinatorNode {
    /// Plans a statement again. What has changed since may be in its way: a committed one has done its part
    /// then, and any other one fails when it comes to its commit.
    private func replanned(
        _ statement: UInt32, of book: JobBook, _ graph: StageGraph?, isLive: Bool, isCommitted: Bool
    ) -> PlannedStatement {
        do {
            return try book.session.replan(statement, graph: graph, isLive: isLive)
        } catch {
            var plan = PlannedStatement(work: graph.map { .stages($0) } ?? .none)
            if !isCommitted { plan.failure = EngineError(wrapping: error) }
            return plan
        }
    }
}

extension StatementRecord {
    /// What the one task of a stage found out.
    fileprivate func manifest(of stage: StageID) -> [UInt8]? {
        stage.index < stages.count ? stages[stage.index].tasks.first?.output?.manifest : nil
    }
}
