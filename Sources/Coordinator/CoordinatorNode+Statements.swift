import Catalog
import Planner
import Plans
import Protocol
import Scheduling
import Shuffle
import Vocabulary

// Planning and committing a job's statements, both outside of the actor, as they wait for files.
extension CoordinatorNode {
    /// What planning has to know of the workers; at least one slot, as a worker may yet come.
    var clusterFacts: ClusterFacts {
        // After a restart they are those that were there before, until they are back or given up.
        let slots =
            scheduler.awaitsWorkers
            ? scheduler.ledger.workers.filter { $0.loss == nil }.map(\.identity.slots)
            : scheduler.workerProgress().filter { $0.state == .active }.map(\.identity.slots)
        return ClusterFacts(slots: slots.reduce(0, +), workers: slots.count)
    }

    /// Plans a statement and tells the scheduler.
    func plan(_ job: JobID, _ statement: UInt32) {
        guard let book = books[job] else {
            return handle(.planningFailed(job, statement: statement, .internal("job \(job) has no session")))
        }
        let session = book.session
        let facts = clusterFacts
        let now = environment.clock().wallMilliseconds * 1000
        let begin = ContinuousClock.now
        let allowsCommands = environment.allowsCommands
        Task.detached {
            let result = Result {
                let work = CrashReport.Work.planning(job, statement: statement)
                let plan = try CrashReport.during(work) { () throws -> PlannedStatement in
                    FailPoint.pass(.plan)
                    return try session.plan(statement, cluster: facts, nowMicroseconds: now)
                }
                if plan.runsCommand, !allowsCommands {
                    throw EngineError.user(
                        "COMMANDS_NOT_ALLOWED", "Jobs of this cluster may not run programs",
                        remedy: "Have it allowed with --allow-commands on the coordinator and the workers.")
                }
                return plan
            }
            await self.planned(job, statement, result, since: begin)
        }
    }

    private func planned(
        _ job: JobID, _ statement: UInt32, _ result: Result<PlannedStatement, any Error>,
        since begin: ContinuousClock.Instant
    ) {
        measured.planning.observe((ContinuousClock.now - begin) / .seconds(1))
        guard let book = books[job] else { return }
        switch result {
        case .failure(let error):
            handle(.planningFailed(job, statement: statement, EngineError(wrapping: error)))
        case .success(let plan):
            book.plans[statement] = plan
            book.warnings += plan.warnings
            let graph = book.graph(statement)
            let settings = book.session.settings(of: statement)
            var records: [LogRecord] = []
            if let graph, environment.log.isDurable {
                do {
                    records = [
                        .plan(job, statement: statement, try PlanCodec.encode(graph, settings: settings))
                    ]
                } catch {
                    return handle(.planningFailed(job, statement: statement, error))
                }
            }
            let stages =
                graph.map { graph in
                    graph.stages.map {
                        StageSpec($0, result: graph.result, settings: settings, landed: book.landed)
                    }
                } ?? []
            handle(.statementPlanned(job, statement: statement, stages: stages), before: records)
        }
    }

    /// Publishes a statement's files, then lets its changes to the catalog take effect. Queries and views
    /// wait for no storage, and so need no thread of their own.
    func commit(_ manifest: CommitManifest) {
        guard let book = books[manifest.job], let plan = book.plans[manifest.statement] else {
            let error = EngineError.internal(
                "statement \(manifest.statement) of job \(manifest.job) has no plan")
            return handle(.commitFailed(manifest.job, statement: manifest.statement, error))
        }
        let session = book.session
        let storage = environment.storage
        let writes = book.graph(manifest.statement)?.writes ?? []
        let externalID = book.externalID
        let begin = ContinuousClock.now
        let givesManifest = book.graph(manifest.statement)?.givesManifest == true
        let waits = !writes.isEmpty || givesManifest || !plan.removedPaths.isEmpty
        Task.detached(executorPreference: waits ? StorageThreads.shared : nil) {
            let work = CrashReport.Work.committing(manifest.job, statement: manifest.statement)
            let result = Result {
                try CrashReport.during(work) { () throws -> Finished in
                    for (stage, write) in writes {
                        let own = manifest.outputs.filter { $0.attempt.task.stage.stage == stage }
                        try storage.publish(
                            write, job: externalID, statement: manifest.statement,
                            attempts: try own.map { ($0.attempt, try FileManifest(wireBytes: $0.manifest)) })
                    }
                    if let failure = plan.failure { throw failure }
                    let found = givesManifest ? manifest.outputs.first?.manifest : nil
                    let done = try found.map { try plan.described(by: $0) } ?? plan
                    for path in done.removedPaths { try storage.remove(path) }
                    try session.finish(done)
                    var kept: [UInt8]?
                    if case .store(let changes) = done.change { kept = try StoreRecord.encode(changes) }
                    var landed: [[UInt8]] = []
                    if case .createView(_, .external(let relation), _) = done.change {
                        landed = relation.splits.map(\.payload)
                    }
                    return Finished(
                        catalog: kept, landed: landed,
                        log: done.sourceLog, warnings: Array(done.warnings.dropFirst(plan.warnings.count)))
                }
            }
            await self.committed(manifest, result, since: begin)
        }
    }

    /// What a statement's work had to say.
    private struct Finished {
        /// Changes of the metastore for the log.
        var catalog: [UInt8]?
        /// What a worker found of a source, which it may hold the rows of.
        var landed: [[UInt8]]
        var log: String?
        var warnings: [String]
    }

    private func committed(
        _ manifest: CommitManifest, _ result: Result<Finished, any Error>,
        since begin: ContinuousClock.Instant
    ) {
        measured.commits.observe((ContinuousClock.now - begin) / .seconds(1))
        switch result {
        case .success(let finished):
            books[manifest.job]?.warnings += finished.warnings
            if let worker = manifest.outputs.first?.worker {
                for payload in finished.landed { books[manifest.job]?.landed[payload] = worker }
            }
            let now = environment.clock().wallMilliseconds
            for line in finished.log?.split(separator: "\n") ?? [] {
                note(manifest.job, "info", String(line), at: now)
                guard let book = books[manifest.job], book.messages.count < JobBook.messageLimit else {
                    continue
                }
                book.messages.append(String(line))
            }
            handle(
                .committed(manifest.job, statement: manifest.statement),
                before: finished.catalog.map { [.catalog($0)] } ?? [])
        case .failure(let error):
            handle(.commitFailed(manifest.job, statement: manifest.statement, EngineError(wrapping: error)))
        }
    }

    /// Removes what a statement's attempts wrote aside, now that none of them runs.
    func clean(_ job: JobID, _ statement: UInt32) {
        guard let book = books[job], let writes = book.graph(statement)?.writes, !writes.isEmpty else {
            return handle(.cleaned(job, statement: statement))
        }
        let storage = environment.storage
        let externalID = book.externalID
        Task.detached(executorPreference: StorageThreads.shared) {
            do {
                for (_, write) in writes {
                    try storage.discard(write, job: externalID, statement: statement)
                }
                await self.handle(.cleaned(job, statement: statement))
            } catch {
                await self.cleaningFailed(job, statement, EngineError(wrapping: error))
            }
        }
    }

    /// Deletes the copies of a job's outputs in shared storage.
    func removeCopies(of job: JobID) {
        guard let copies = environment.copies, scheduler.ledger.jobs.contains(job) else { return }
        let externalID = scheduler.ledger.jobs[job.index].header.externalID
        Task.detached(executorPreference: StorageThreads.shared) {
            do {
                try copies.remove(job: externalID)
                await self.handle(.storedOutputsRemoved(job))
            } catch {
                await self.removalFailed(job, EngineError(wrapping: error))
            }
        }
    }

    /// Tells, once, of copies that stay; their removal is tried again.
    private func removalFailed(_ job: JobID, _ error: EngineError) {
        if let book = books[job], !book.hasLeftCopies {
            book.hasLeftCopies = true
            note(
                job, "warning",
                "copies of the job's outputs in shared storage could not be deleted, which is tried again: "
                    + error.message, at: environment.clock().wallMilliseconds)
        }
        handle(.removalFailed(job))
    }

    /// Tells, once, of what stays aside, invisible to readers; its removal is tried again.
    private func cleaningFailed(_ job: JobID, _ statement: UInt32, _ error: EngineError) {
        if let book = books[job], !book.hasLeftovers {
            book.hasLeftovers = true
            note(
                job, "warning",
                "what the job wrote aside could not be removed, which is tried again: \(error.message)",
                at: environment.clock().wallMilliseconds)
        }
        handle(.cleaningFailed(job, statement: statement))
    }

    /// Whether an ended job has nothing aside any more, or has what cannot be removed.
    package func isSettled(_ id: String) -> Bool {
        guard let book = try? book(id) else { return true }
        let record = scheduler.ledger.jobs[book.id.index]
        return record.outcome == .succeeded || record.isCleaned || book.hasLeftovers
    }
}

extension StageGraph {
    /// Whether the statement's outcome is the manifest of its last stage's one task.
    var givesManifest: Bool { if case .manifest = result { true } else { false } }
}

extension EngineError {
    /// Takes an error as it is when it is one of ours, or blames Millrace.
    init(wrapping error: any Error) { self = (error as? EngineError) ?? .internal("\(error)") }
}
