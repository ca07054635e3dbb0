import Vocabulary

// The life of a job: accepted, its statements planned, run and committed one after another, ended.
extension JobScheduler {
    /// Accepts a job, once for each id: the same submission again is the same job.
    mutating func submit(_ header: JobHeader, isPart: Bool) {
        if let existing = ledger.job(externalID: header.externalID) {
            if ledger.jobs[existing.index].header.digest == header.digest {
                act(.submitted(existing, isNew: false))
            } else {
                act(
                    .refused(
                        .user(
                            "JOB_ID_CONFLICT", "Another job was submitted with this id: \(header.externalID)",
                            remedy: "Leave out --id, or choose another.")))
            }
            return
        }
        if let refusal = refusal(isPart: isPart, pool: header.pool) { return act(.refused(refusal)) }
        let job = JobID(ledger.jobs.count)
        record(.jobAccepted(job, header, atMilliseconds: now.wallMilliseconds))
        openRuntime(job)
        act(.submitted(job, isNew: true))
        touch(job)
    }

    /// Builds a live job's moving parts from the ledger.
    mutating func openRuntime(_ job: JobID) {
        var runtime = runtimes[job.index] ?? JobRuntime()
        let open = ledger.jobs[job.index].statements.last
        runtime.stages = open.map { $0.isCommitted ? [] : $0.stages.map(StageRuntime.init) } ?? []
        runtimes[job.index] = runtime
    }

    /// Returns whether exactly this was asked for the job, and says so when not.
    mutating func awaits(_ job: JobID, _ asked: JobRuntime.Asked, _ statement: UInt32) -> Bool {
        guard job.index < ledger.jobs.count else {
            ignore(.unknownJob(job))
            return false
        }
        guard ledger.jobs[job.index].isLive, let runtime = runtimes[job.index] else {
            ignore(.jobEnded(job))
            return false
        }
        if runtime.asked != asked { ignore(.notAwaited(job, statement: statement)) }
        return runtime.asked == asked
    }

    mutating func planned(_ job: JobID, _ statement: UInt32, _ stages: [StageSpec]) {
        guard awaits(job, .plan(statement), statement) else { return }
        if let fault = stages.graphFault() {
            return end(job, .failed(.internal("Bad stage graph: \(fault)")))
        }
        record(
            .statementPlanned(job, statement: statement, stages: stages, atMilliseconds: now.wallMilliseconds)
        )
        runtimes[job.index]?.asked = .nothing
        openRuntime(job)
        touch(job)
        act(.jobChanged(job))
    }

    /// Takes the planner's answer to a stage's measured sizes: stages to change or add, none to go on as
    /// planned.
    mutating func replanned(_ key: StageKey, _ stages: [StageSpec]) {
        guard let stage = ledger.liveStage(key), let runtime = runtimes[key.job.index],
            runtime.stages[key.stage.index].isReplanAsked, !stage.isReplanned
        else { return ignore(.notAwaited(key.job, statement: key.statement)) }
        // An answer that comes too late for a stage that has begun is void, and the old plan goes on.
        let hasBegun = stages.contains { spec in
            !isUntouched(StageKey(job: key.job, statement: key.statement, stage: spec.id))
        }
        if hasBegun { ignore(.notAwaited(key.job, statement: key.statement)) }
        let stages = hasBegun ? [] : stages
        if let fault = graphFault(of: key, with: stages) {
            return end(key.job, .failed(.internal("Bad stage graph: \(fault)")))
        }
        record(.stagesReplanned(key, stages: stages))
        let records = ledger.jobs[key.job.index].statements[Int(key.statement)].stages
        for spec in stages {
            let fresh = StageRuntime(records[spec.id.index])
            if spec.id.index < runtime.stages.count {
                runtimes[key.job.index]?.stages[spec.id.index] = fresh
            } else {
                runtimes[key.job.index]?.stages.append(fresh)
            }
        }
        touch(key.job)
        act(.jobChanged(key.job))
    }

    /// What is wrong with a statement's stages once these are among them.
    private func graphFault(of key: StageKey, with stages: [StageSpec]) -> String? {
        if stages.isEmpty { return nil }
        var graph = ledger.jobs[key.job.index].statements[Int(key.statement)].stages.map(\.spec)
        for spec in stages {
            if spec.id.index < graph.count {
                graph[spec.id.index] = spec
            } else {
                graph.append(spec)
            }
        }
        return graph.graphFault()
    }

    /// Whether an answer that changes these stages would be taken now, so that what belongs to it may be
    /// kept.
    package func mayReplan(_ key: StageKey, changing stages: [StageID]) -> Bool {
        guard let stage = ledger.liveStage(key), let runtime = runtimes[key.job.index] else { return false }
        return runtime.stages[key.stage.index].isReplanAsked && !stage.isReplanned
            && stages.allSatisfy {
                isUntouched(StageKey(job: key.job, statement: key.statement, stage: $0))
            }
    }

    /// Whether no task of the stage has run, failed or runs and nobody was told that it is complete, so that
    /// its spec may still change; true of a stage that is yet to be.
    private func isUntouched(_ key: StageKey) -> Bool {
        guard let stage = ledger.liveStage(key) else { return true }
        if stage.isComplete || stage.isReplanned { return false }
        for task in stage.tasks.indices {
            let id = TaskID(stage: key, index: UInt32(task))
            let record = stage.tasks[task]
            if record.output != nil || !record.failures.isEmpty || runners[id] != nil { return false }
        }
        return true
    }

    /// Goes on to the next statement; but for the last one's, outputs are of no more use.
    mutating func committed(_ job: JobID, _ statement: UInt32) {
        guard awaits(job, .commit(statement), statement) else { return }
        record(.statementCommitted(job, statement: statement, atMilliseconds: now.wallMilliseconds))
        runtimes[job.index]?.asked = .nothing
        closeStatement(StatementKey(job: job, statement: statement), isFailed: false)
        if ledger.jobs[job.index].header.statementCount > Int(statement) + 1 {
            cancelAttempts(of: job)
            dropOutputs(of: job, keeping: nil)
        }
        runtimes[job.index]?.stages = []
        touch(job)
        act(.jobChanged(job))
    }

    mutating func cancel(_ job: JobID) {
        guard job.index < ledger.jobs.count else { return ignore(.unknownJob(job)) }
        let entry = ledger.jobs[job.index]
        guard entry.isLive else { return ignore(.jobEnded(job)) }
        if !entry.isCancelRequested { record(.cancelRequested(job)) }
        if let last = entry.statements.last, last.isCommitting, !last.isCommitted {
            ignore(.commitUnderWay(job))
        }
        touch(job)
    }

    /// Makes a fact of it that the coordinator's last life crashed over a statement.
    mutating func noteCrash(_ job: JobID, _ statement: UInt32) {
        guard ledger.jobs.contains(job), ledger.jobs[job.index].isLive else {
            return ignore(.unknownJob(job))
        }
        record(.coordinatorCrashed(job, statement: statement))
    }

    // MARK: what comes next

    /// Moves every touched job as far as it can go; a job asks for one thing at a time and for each thing
    /// once.
    mutating func advanceTouched() {
        var place = 0
        while place < touched.count {
            advance(touched[place])
            place += 1
        }
        while let job = admitNext() { advance(job) }
    }

    private mutating func advance(_ job: JobID) {
        let entry = ledger.jobs[job.index]
        guard entry.isLive, let runtime = runtimes[job.index] else { return }
        if let fatal = entry.fatal { return end(job, .failed(fatal)) }
        let last = entry.statements.last
        if let last, last.isCommitting, !last.isCommitted {
            return askCommit(job, UInt32(entry.statements.count - 1))
        }
        if entry.isCancelRequested { return end(job, .cancelled) }
        guard let last, !last.isCommitted else {
            let next = UInt32(entry.statements.count)
            if Int(next) >= entry.header.statementCount { return end(job, .succeeded) }
            if runtime.queue == nil { return wait(job) }
            if runtime.asked != .plan(next) {
                runtimes[job.index]?.asked = .plan(next)
                act(.planStatement(job, statement: next))
            }
            return
        }
        let statement = UInt32(entry.statements.count - 1)
        askReplans(job, statement, last)
        if last.stages.allSatisfy({ $0.isComplete || !last.isSink($0.spec.id) }) {
            record(.commitStarted(job, statement: statement))
            cancelAttempts(of: job)
            askCommit(job, statement)
        }
    }

    private mutating func askCommit(_ job: JobID, _ statement: UInt32) {
        if runtimes[job.index]?.asked == .commit(statement) { return }
        runtimes[job.index]?.asked = .commit(statement)
        let record = ledger.jobs[job.index].statements[Int(statement)]
        var outputs: [TaskOutput] = []
        for stage in record.stages where record.isSink(stage.spec.id) {
            outputs.append(contentsOf: stage.tasks.compactMap(\.output))
        }
        act(.commit(CommitManifest(job: job, statement: statement, outputs: outputs)))
    }

    private mutating func askReplans(_ job: JobID, _ statement: UInt32, _ record: StatementRecord) {
        for stage in record.stages where stage.spec.isAdaptive && stage.isComplete && !stage.isReplanned {
            let place = stage.spec.id.index
            if runtimes[job.index]?.stages[place].isReplanAsked != false || record.isSink(stage.spec.id) {
                continue
            }
            runtimes[job.index]?.stages[place].isReplanAsked = true
            let key = StageKey(job: job, statement: statement, stage: stage.spec.id)
            act(.replan(key))
        }
    }

    // MARK: end

    /// Ends a live job: what runs for it stops, and what it wrote is dropped but for a result that its client
    /// may still fetch.
    mutating func end(_ job: JobID, _ outcome: JobOutcome) {
        record(.jobEnded(job, outcome, atMilliseconds: now.wallMilliseconds))
        cancelAttempts(of: job)
        if outcome != .succeeded { closeStatement(ledger.jobs[job.index].lastStatement, isFailed: true) }
        leavePlace(of: job)
        runtimes[job.index] = nil
        if outcome == .succeeded {
            dropOutputs(of: job, keeping: ledger.jobs[job.index].retainedOnWorkers)
            retain(job)
        } else {
            dropOutputs(of: job, keeping: nil)
        }
        // Its client reads rows that the log holds from there, even while the result is kept.
        if ledger.jobs[job.index].retainedOnWorkers == nil { removeStoredOutputs(of: job) }
        for worker in links.indices { command(WorkerID(worker), .endJob(job)) }
        act(.jobChanged(job))
    }

    /// Keeps the results of a job for a while, if it has any.
    mutating func retain(_ job: JobID) {
        let record = ledger.jobs[job.index]
        guard record.retainedStage != nil else { return }
        let time = record.areResultsSent ? settings.sentResultMilliseconds : settings.resultMilliseconds
        insert(RetainedResult(job: job, until: now.monotonic + time, wasSent: record.areResultsSent))
    }

    private mutating func insert(_ result: RetainedResult) {
        // Most go to the end: their time is the same, and they come in its order.
        var place = retained.endIndex
        while place > 0, retained[place - 1].until > result.until { place -= 1 }
        retained.insert(result, at: place)
        mustArmTimer = true
    }

    /// Keeps the results of a job, all of which were sent, only for as long as a broken connection needs.
    mutating func shortenKeeping(of job: JobID) {
        guard let place = retained.firstIndex(where: { $0.job == job }) else {
            return ignore(job.index < ledger.jobs.count ? .jobEnded(job) : .unknownJob(job))
        }
        var result = retained[place]
        if result.wasSent { return }
        record(.resultsSent(job))
        result.wasSent = true
        result.until = min(result.until, now.monotonic + settings.sentResultMilliseconds)
        retained.remove(at: place)
        insert(result)
    }

    /// Drops the results whose time is over.
    mutating func releaseResults() {
        while let first = retained.first, now.monotonic >= first.until {
            retained.removeFirst()
            release(first.job)
        }
    }

    private mutating func release(_ job: JobID) {
        record(.resultsReleased(job))
        dropOutputs(of: job, keeping: nil)
        removeStoredOutputs(of: job)
    }

    private mutating func dropOutputs(of job: JobID, keeping stage: StageKey?) {
        for worker in links.indices { command(WorkerID(worker), .dropJob(job, keeping: stage)) }
    }

    /// Sends a cancel for every attempt of the job that has none yet.
    private mutating func cancelAttempts(of job: JobID) {
        for worker in links.indices {
            guard let link = links[worker] else { continue }
            for attempt in link.attempts where attempt.id.task.stage.job == job {
                cancel(attempt.id, on: link.worker)
            }
        }
    }
}
