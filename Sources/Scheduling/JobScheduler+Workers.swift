import Vocabulary

// Workers: sessions and inventories, heartbeats, loss, draining.
extension JobScheduler {
    /// Opens a session. **Invariant:** after it, what the worker runs and holds agrees with the scheduler's
    /// books, up to the commands sent here.
    mutating func register(_ registration: Registration) {
        let identity = registration.identity
        if isSuperseded(identity) { return ignore(.staleIncarnation(identity.life)) }
        if let known = ledger.worker(identity.life) {
            let loss = ledger.workers[known.index].loss
            if loss == .died { return ignore(.staleIncarnation(identity.life)) }
            if loss == .left {
                return reply(identity.life, .released(epoch: ledger.epoch, session: registration.session))
            }
            if let link = links[known.index] {
                if link.session > registration.session {
                    return ignore(.staleSession(identity.life, registration.session))
                }
                if link.session == registration.session { return welcome(link.worker, registration) }
            }
        }
        if !settings.workerVersions.contains(identity.version) {
            let error = EngineError.system(
                "UNSUPPORTED_WORKER_VERSION",
                "This coordinator takes worker versions \(settings.workerVersions), not \(identity.version)",
                remedy: "Run workers of the coordinator's release, or the one before.")
            return reply(
                identity.life, .refused(epoch: ledger.epoch, session: registration.session, error))
        }
        if isOfTwin(registration) { return refuseTwin(registration) }
        guard raiseEpoch(over: registration) else { return }
        let worker = admit(identity)
        reconcile(worker, registration)
        welcome(worker, registration)
        if !absentSince.contains(where: { $0 != nil }) { launchesHeldUntil = nil }
    }

    /// Begins an epoch beyond the one that the worker has heard of: it would take no word of a lower one. Its
    /// coordinator's log was lost, and this one's clock was behind that one's when its own log began. False
    /// for a worker that is refused, or left to another coordinator: one whose log is not new has been
    /// superseded, by one that runs on a copy of it.
    private mutating func raiseEpoch(over registration: Registration) -> Bool {
        let heard = registration.heardEpoch
        if heard <= ledger.epoch { return true }
        let isYoung = ledger.startCount == 1 && now.monotonic - startedAt < settings.newLogMilliseconds
        if !isYoung, ledger.workers.count > 0 {
            ignore(.newerCoordinator(registration.identity.life, heard))
            return false
        }
        if heard <= Self.highestHeardEpoch {
            record(.epochStarted(heard + Self.epochDistance))
            return true
        }
        let error = EngineError.system(
            "UNSUPPORTED_EPOCH", "The worker has heard of an epoch that no coordinator can have: \(heard)",
            remedy: "Start the worker again.")
        reply(
            registration.identity.life,
            .refused(epoch: heard, session: registration.session, error))
        return false
    }

    /// Whether the worker was welcomed last on another log, in an epoch that this one has had as well, as
    /// where both began within a second: the attempts that it runs and holds have numbers of this log's own.
    private func isOfTwin(_ registration: Registration) -> Bool {
        registration.welcomedLog != 0 && ledger.logNumber != 0
            && registration.welcomedLog != ledger.logNumber
            && !ledger.isForeign(epoch: registration.welcomedEpoch)
    }

    /// Has the worker end: its next life holds nothing that could be mistaken.
    private mutating func refuseTwin(_ registration: Registration) {
        let error = EngineError.system(
            "UNSUPPORTED_EPOCH",
            "The worker comes from a coordinator with another state, whose epoch "
                + "\(registration.welcomedEpoch) is one of this one's, too",
            remedy: "Start the worker again; let one coordinator alone serve these workers.")
        reply(
            registration.identity.life,
            .refused(
                epoch: max(registration.heardEpoch, ledger.epoch), session: registration.session, error))
    }

    /// How far an epoch is begun beyond one that a worker has heard of: others may have heard of later starts
    /// on the log that is lost.
    static let epochDistance: UInt32 = 4096
    /// The highest epoch over which another one can be begun, so that sixteen million starts may follow.
    static let highestHeardEpoch = UInt32.max - (1 << 24)

    /// Whether a younger process at the address is there: this is a late word of its predecessor. Once the
    /// younger one is lost any life may have the address, so that a clock set back locks nobody out.
    private func isSuperseded(_ identity: WorkerIdentity) -> Bool {
        guard let newest = ledger.worker(address: identity.address) else { return false }
        let record = ledger.workers[newest.index]
        return record.loss == nil && record.identity.incarnation > identity.incarnation
    }

    private mutating func reply(_ life: WorkerLife, _ message: CoordinatorMessage) {
        act(.reply(life, message))
    }

    /// Finds or gives the worker's id; a newer life at an address ends the older one.
    private mutating func admit(_ identity: WorkerIdentity) -> WorkerID {
        if let known = ledger.worker(identity.life), ledger.workers[known.index].loss == nil { return known }
        if let old = ledger.worker(address: identity.address), ledger.workers[old.index].loss == nil {
            lose(old, .replaced)
        }
        let worker = ledger.workers.nextID
        record(.workerRegistered(worker, identity))
        while links.count <= worker.index {
            links.append(nil)
            absentSince.append(nil)
            lostAt.append(nil)
        }
        lostAt[worker.index] = nil
        return worker
    }

    private mutating func welcome(_ worker: WorkerID, _ registration: Registration) {
        links[worker.index]?.lastHeard = now.monotonic
        links[worker.index]?.disconnectedAt = nil
        links[worker.index]?.heardSentAt = registration.sentAt
        act(
            .send(
                worker, registration.identity.life,
                .welcome(
                    epoch: ledger.epoch, session: registration.session, worker: worker,
                    heardSentAt: registration.sentAt, isStateNew: isStateNew(for: registration),
                    log: registration.identity.version >= Self.logTellingVersion ? ledger.logNumber : 0)))
        links[worker.index]?.owesReply = false
    }

    /// Whether the worker was welcomed last on a log that is lost.
    private func isStateNew(for registration: Registration) -> Bool {
        registration.identity.version >= Self.epochTellingVersion && registration.welcomedEpoch != 0
            && ledger.isForeign(epoch: registration.welcomedEpoch)
    }

    /// The first version of workers that tell of their epoch.
    private static let epochTellingVersion: UInt32 = 5
    /// The first version of workers that tell the number of their log.
    private static let logTellingVersion: UInt32 = 6

    private mutating func reconcile(_ worker: WorkerID, _ registration: Registration) {
        let before = links[worker.index]?.attempts ?? []
        endHandovers(of: worker)
        for attempt in before { detach(attempt.id, from: worker) }
        absentSince[worker.index] = nil
        links[worker.index] = WorkerLink(
            worker: worker, identity: registration.identity, session: registration.session,
            lastHeard: now.monotonic, heardSentAt: registration.sentAt, isDraining: registration.isDraining)
        departures[worker] = nil
        if registration.isDraining { noteLeaving(worker) }
        // A timer that comes before the new lease ends does as well: ten thousand workers may come at once.
        let lease = now.monotonic + settings.leaseMilliseconds
        if armedTimer.map({ $0 <= now.monotonic || $0 > lease }) ?? true { mustArmTimer = true }
        countSlots(of: worker)
        for attempt in registration.running {
            let known = before.first { $0.id == attempt }
            let task = ledger.openTask(attempt.task)
            let isWanted =
                task.map { $0.output == nil && !$0.failures.contains { $0.attempt == attempt } } ?? false
            let isForeign = ledger.isForeign(attempt)
            attach(
                RunningAttempt(
                    id: attempt, startedAt: known?.startedAt ?? now.monotonic,
                    memoryBytes: known?.memoryBytes ?? reservation(attempt, on: registration.identity)),
                to: worker)
            if !isWanted || isForeign { cancel(attempt, on: worker) }
            // The task of ours that has the same numbers waits for nothing.
            if isForeign { requeue(attempt.task) }
        }
        reconcileOutputs(worker, registration)
        for report in registration.reports { take(report, from: worker) }
        for attempt in before where !registration.running.contains(attempt.id) { requeue(attempt.id.task) }
    }

    /// Logged and present: keep. Logged and absent: lost. Present and unlogged but valid: accept. Else:
    /// delete.
    private mutating func reconcileOutputs(_ worker: WorkerID, _ registration: Registration) {
        var unwanted: [AttemptID] = []
        var held: Set<AttemptID> = []
        for output in registration.outputs {
            held.insert(output.attempt)
            if isKept(output.attempt) {
                if hasHolder(output.attempt, besides: worker) {
                    unwanted.append(output.attempt)
                } else if let kept = ledger.output(output.attempt) {
                    replicate(kept)
                }
            } else if !accept(output, from: worker) {
                unwanted.append(output.attempt)
            }
        }
        if !unwanted.isEmpty { command(worker, .drop(unwanted)) }
        for attempt in ledger.outputs(on: worker) where !held.contains(attempt) {
            record(.outputLost(attempt, isBlamed: false, nil))
            requeue(attempt.task)
            touch(attempt.task.stage.job)
        }
    }

    /// Whether a kept output is recorded as another worker's: an adopted one is this worker's from now on,
    /// unless its holder stays. A worker that drains keeps what it handed over, for readers that know no
    /// other place.
    private mutating func hasHolder(_ attempt: AttemptID, besides worker: WorkerID) -> Bool {
        guard let holder = ledger.output(attempt)?.worker, holder != worker,
            ledger.workers[holder.index].loss == nil, links[worker.index]?.isDraining == false
        else { return false }
        return !move(attempt, from: holder, to: worker)
    }

    /// Whether the attempt's output is the recorded one of an open statement, or a result kept for its
    /// client.
    private func isKept(_ attempt: AttemptID) -> Bool {
        let key = attempt.task.stage
        guard key.job.index < ledger.jobs.count else { return false }
        let job = ledger.jobs[key.job.index]
        guard job.isLive || job.retainedStage == key else { return false }
        guard Int(key.statement) == job.statements.count - 1, let last = job.statements.last,
            key.stage.index < last.stages.count
        else { return false }
        let tasks = last.stages[key.stage.index].tasks
        guard Int(attempt.task.index) < tasks.count, let output = tasks[Int(attempt.task.index)].output else {
            return false
        }
        return output.attempt == attempt && (job.isLive || !output.isInLog)
    }

    // MARK: heartbeats

    mutating func hear(_ heartbeat: Heartbeat) {
        let life = heartbeat.life
        guard let worker = ledger.worker(life), hasStarted else {
            ignore(.unknownSession(life, heartbeat.session))
            return reply(life, .registerAgain(epoch: ledger.epoch, session: heartbeat.session))
        }
        let loss = ledger.workers[worker.index].loss
        if loss == .died { return ignore(.staleIncarnation(life)) }
        if loss == .left {
            return reply(life, .released(epoch: ledger.epoch, session: heartbeat.session))
        }
        guard let link = links[worker.index], link.session <= heartbeat.session else {
            if links[worker.index] != nil { return ignore(.staleSession(life, heartbeat.session)) }
            ignore(.unknownSession(life, heartbeat.session))
            return reply(life, .registerAgain(epoch: ledger.epoch, session: heartbeat.session))
        }
        if link.session < heartbeat.session {
            ignore(.unknownSession(life, heartbeat.session))
            return reply(life, .registerAgain(epoch: ledger.epoch, session: heartbeat.session))
        }
        let wasFull = links[worker.index]?.isDiskFull
        links[worker.index]?.take(heartbeat, at: now.monotonic)
        if wasFull != links[worker.index]?.isDiskFull { act(.workerChanged(worker)) }
        unsent.append(worker.index)
        if heartbeat.isDraining { noteLeaving(worker) }
        countSlots(of: worker)
        let new = links[worker.index]?.reports.accept(
            first: heartbeat.firstReport, count: heartbeat.reports.count)
        guard let new else { return ignore(.missingReports(life, before: heartbeat.firstReport)) }
        if new.lowerBound > 0 { ignore(.duplicateReports(life, new.lowerBound)) }
        for report in heartbeat.reports[new] { take(report, from: worker) }
    }

    // MARK: loss and leave

    /// Begins the short time in which the worker must speak again. A connection that broke tells less than a
    /// process that died, but a reader that finds the worker gone as well settles it at once.
    mutating func disconnect(_ life: WorkerLife) {
        guard let worker = ledger.worker(life), worker.index < links.count, links[worker.index] != nil else {
            return ignore(.unknownSession(life, 0))
        }
        links[worker.index]?.disconnectedAt = now.monotonic
        mustArmTimer = true
    }

    mutating func loseKnown(_ worker: WorkerID, _ loss: WorkerLoss) {
        guard ledger.workers.contains(worker), ledger.workers[worker.index].loss == nil else {
            return ignore(.unknownWorker(worker))
        }
        lose(worker, loss)
    }

    /// Takes every kind of loss the same way: running attempts fail, needed outputs are made again.
    mutating func lose(_ worker: WorkerID, _ loss: WorkerLoss) {
        let lost = ledger.outputs(on: worker)
        let running = links[worker.index]?.attempts ?? []
        for attempt in running {
            detach(attempt.id, from: worker)
            if !attempt.isCancelling, loss != .left, ledger.openTask(attempt.id.task)?.output == nil {
                record(
                    .taskFailed(
                        failureRecord(attempt.id, .workerLost(loss), on: worker, since: attempt.startedAt)))
            }
        }
        links[worker.index] = nil
        departures[worker] = nil
        endHandovers(of: worker)
        countSlots(of: worker)
        absentSince[worker.index] = nil
        lostAt[worker.index] = now.monotonic
        // The worker's loss takes its outputs in any case; told one by one they can be shown to users, and
        // the worker be forgotten.
        for attempt in lost { record(.outputLost(attempt, isBlamed: false, nil)) }
        record(.workerLost(worker, loss))
        for job in ledger.liveJobs where ledger.jobs[job.index].hasStoredOutputs { forgetInputs(of: job) }
        for task in running.map(\.id.task) + lost.map(\.task) {
            requeue(task)
            touch(task.stage.job)
        }
    }
}
