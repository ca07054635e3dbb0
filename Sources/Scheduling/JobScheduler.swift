import Vocabulary

/// Decides everything about jobs: what runs where and when, what is tried again, what is published.
///
/// A value without clock, randomness or I/O: events and the time come in, facts and actions go out. The
/// durable half of its state is `ledger`, changed by facts alone; the rest (sessions, running attempts,
/// queues) is rebuilt after a restart from the ledger and the workers' inventories.
///
/// ```
/// stage:  waiting ──(producers complete, asked-for replans answered)──▶ running ──▶ complete
///            ▲                                                            ▲            │
///            └──────── a producer lost outputs ───────────────────────────┴── outputs lost, still needed
///
/// task:   pending ──launch──▶ running ──report──▶ done
///            ▲                  │ failed (counted), stopped, worker lost       │
///            └──────────────────┴───────────── output lost and still needed ◀──┘
/// ```
package struct JobScheduler: Sendable {
    package internal(set) var ledger: Ledger
    package let settings: SchedulerSettings
    /// Sessions, at the place of the worker's id; nil when none is open.
    var links: [WorkerLink?] = []
    /// Free slots of the workers with open sessions. **Invariant:** follows `links`, by `countSlots(of:)`.
    var freeSlots = FreeSlots()
    /// Places in `links` of workers that may have to be sent something, in no order.
    var unsent: [Int] = []
    /// Workers that leave, ascending, and what each has yet to let go; the latter from when it is first
    /// looked at. Looked up, never iterated.
    var leaving: [WorkerID] = []
    var departures: [WorkerID: Departure] = [:]
    /// Live jobs' moving parts, by the job's id; nil before they are looked at and after they ended. Looked
    /// up, never iterated.
    var runtimes: [Int: JobRuntime] = [:]
    /// Queues that jobs have named, in the order in which they came up.
    var queues: [QueueRuntime] = []
    /// Where queues stand among each other.
    var queueClock = FairClock()
    /// Places in `queues`. Looked up, never iterated.
    var queuePlaces: [String: Int] = [:]
    /// Live jobs that have begun, ascending.
    var admitted: [JobID] = []
    /// Live jobs that wait for their turn to begin, ascending.
    var waiting: [JobID] = []
    /// Workers that run an attempt of the task. Looked up, never iterated.
    var runners: [TaskID: [WorkerID]] = [:]
    /// The worker that is held free for a stage whose tasks find no room elsewhere.
    var hold: Hold?
    /// No worker is held before.
    var holdsAgainAt = Instant(milliseconds: .min)
    /// Workers in quarantine, and of those that are lost.
    var quarantined = 0
    /// Outputs on their way from draining workers to others.
    var handovers: [AttemptID: Handover] = [:]
    /// Outputs that their workers were ordered to write to shared storage.
    var storing: [AttemptID: WorkerID] = [:]
    /// Outputs that could not be written there.
    var notStorable: Set<AttemptID> = []
    /// Jobs with outputs that may be there without a word of it. Looked up, never iterated.
    var mayHaveStored: Set<JobID> = []
    /// How often nobody could take an output over. Looked up, never iterated.
    var failedHandovers: [AttemptID: Int] = [:]
    /// Attempts that still run of statements that are over. Looked up, never iterated.
    var lateAttempts: [StatementKey: Int] = [:]
    /// Statements whose staging is to be removed, each once.
    var uncleaned: Set<StatementKey> = []
    /// What could not be removed, in the order in which it is tried again.
    var cleaningRetries: [CleaningRetry] = []
    /// When each known worker without a session is given up, at the place of its id.
    var absentSince: [Instant?] = []
    /// When each worker was lost in this life of the coordinator, at the place of its id.
    var lostAt: [Instant?] = []
    /// When workers that were lost long ago are looked for again.
    var forgetsWorkersAt = Instant(milliseconds: .min)
    /// When this coordinator began.
    var startedAt = Instant(milliseconds: .min)
    /// Jobs that this coordinator found in its log, forgotten ones among them.
    var jobsAtStart = 0
    /// Launches wait until then for inventories; nil in normal service.
    var launchesHeldUntil: Instant?
    /// Whether workers of before a restart may yet come back.
    package var awaitsWorkers: Bool { launchesHeldUntil != nil }
    /// Ended jobs whose results are kept, with the end of their time, the next to go first.
    var retained: [RetainedResult] = []
    var attemptNumber: UInt32 = 0
    var armedTimer: Instant?
    /// Something was begun in this event that may have to end before the armed timer.
    var mustArmTimer = true
    var hasStarted = false
    var now = Moment(monotonic: Instant(milliseconds: 0), wallMilliseconds: 0)
    var decision = Decision()
    /// Jobs that may have moved on in this event.
    var touched: [JobID] = []

    package init(settings: SchedulerSettings = SchedulerSettings()) {
        self.settings = settings
        ledger = Ledger(attemptLimit: settings.taskAttempts)
    }

    /// Folds a fact of the log in; only before `.started`.
    package mutating func apply(_ fact: Fact) { ledger.apply(fact) }

    /// Takes an event at a time and returns what follows from it.
    package mutating func handle(_ event: Event, at now: Moment) -> Decision {
        self.now = now
        decision = Decision()
        touched.removeAll(keepingCapacity: true)
        var isTick = false
        switch event {
        case .crashed(let job, let statement): noteCrash(job, statement)
        case .started: start()
        case .submit(let header, let isPart): submit(header, isPart: isPart)
        case .statementPlanned(let job, let statement, let stages): planned(job, statement, stages)
        case .planningFailed(let job, let statement, let error):
            if awaits(job, .plan(statement), statement) { end(job, .failed(error)) }
        case .replanned(let stage, let stages): replanned(stage, stages)
        case .committed(let job, let statement): committed(job, statement)
        case .commitFailed(let job, let statement, let error):
            if awaits(job, .commit(statement), statement) { end(job, .failed(error)) }
        case .cleaned(let job, let statement): cleaned(job, statement)
        case .cleaningFailed(let job, let statement):
            cleanLater(.staging(StatementKey(job: job, statement: statement)))
        case .storedOutputsRemoved(let job): storedOutputsRemoved(job)
        case .removalFailed(let job): cleanLater(.copies(job))
        case .cancel(let job): cancel(job)
        case .resultsSent(let job): shortenKeeping(of: job)
        case .forget(let jobs):
            forget(jobs)
        case .message(.register(let registration)): register(registration)
        case .message(.heartbeat(let heartbeat)): hear(heartbeat)
        case .workerDied(let worker): loseKnown(worker, .died)
        case .disconnected(let life): disconnect(life)
        case .tick: isTick = true
        }
        if hasStarted {
            if isTick { checkTimes() }
            endQuarantines()
            advanceTouched()
            place()
            if isTick { speculate() }
            drainWorkers()
            cleanStopped()
            if isTick { forgetWorkers() }
        }
        flush()
        armTimer()
        return decision
    }

    /// Makes something a fact, at once and for good.
    mutating func record(_ fact: Fact) {
        if !departures.isEmpty { noteDepartures(before: fact) }
        ledger.apply(fact)
        if !departures.isEmpty { noteDepartures(after: fact) }
        decision.facts.append(fact)
    }

    mutating func act(_ action: Action) { decision.actions.append(action) }

    mutating func ignore(_ reason: IgnoredReason) { decision.ignored.append(reason) }

    mutating func touch(_ job: JobID) {
        if !touched.contains(job) { touched.append(job) }
    }

    // MARK: start and time

    private mutating func start() {
        hasStarted = true
        startedAt = now.monotonic
        mustArmTimer = true
        if ledger.logNumber == 0, settings.logNumber != 0 { record(.logNamed(settings.logNumber)) }
        record(.epochStarted(ledger.epoch == 0 ? max(1, settings.firstEpoch) : ledger.epoch + 1))
        links = Array(repeating: nil, count: ledger.workers.count)
        absentSince = links.indices.map { ledger.workers[$0].loss == nil ? now.monotonic : nil }
        jobsAtStart = ledger.jobs.count
        lostAt = Array(repeating: nil, count: ledger.workers.count)
        runtimes = [:]
        if absentSince.contains(where: { $0 != nil }) {
            launchesHeldUntil = now.monotonic + settings.recoveryMilliseconds
        }
        for job in ledger.jobs {
            for statement in job.losersLeft {
                requestCleaning(StatementKey(job: job.id, statement: statement))
            }
            if job.isLive {
                openRuntime(job.id)
                if !job.statements.isEmpty { admit(job.id) }
                touch(job.id)
            } else if job.outcome == .succeeded {
                retain(job.id)
            } else if !job.isCleaned {
                requestCleaning(job.lastStatement)
            }
            if !job.isLive, job.retainedOnWorkers == nil { removeStoredOutputs(of: job.id) }
        }
    }

    private mutating func checkTimes() {
        if let until = launchesHeldUntil, now.monotonic >= until { launchesHeldUntil = nil }
        for worker in ledger.workers where worker.loss == nil {
            let link = links[worker.id.index]
            let heard = link?.lastHeard ?? absentSince[worker.id.index] ?? now.monotonic
            if now.monotonic - heard >= settings.leaseMilliseconds {
                lose(worker.id, .leaseExpired)
            } else if let since = link?.disconnectedAt,
                now.monotonic - since >= settings.reconnectMilliseconds
            {
                lose(worker.id, .disconnected)
            }
        }
        releaseResults()
        retryCleaning()
    }

    /// Asks for a call at the nearest time at which something may have to be done.
    private mutating func armTimer() {
        // Running attempts are looked at every second, so that a timer within one need not be looked for
        // anew, nor any where none runs: what workers say puts their times off.
        if !mustArmTimer, let armed = armedTimer, armed > now.monotonic,
            armed <= now.monotonic + 1000 || runners.isEmpty
        {
            return
        }
        mustArmTimer = false
        var next: Instant?
        func consider(_ time: Instant) { next = min(next ?? time, time) }
        if let until = launchesHeldUntil { consider(until) }
        if let first = retained.first { consider(first.until) }
        if let first = cleaningRetries.first { consider(first.at) }
        for worker in ledger.workers where worker.loss == nil && worker.id.index < links.count {
            let link = links[worker.id.index]
            if let heard = link?.lastHeard ?? absentSince[worker.id.index] {
                consider(heard + settings.leaseMilliseconds)
            }
            if let since = link?.disconnectedAt { consider(since + settings.reconnectMilliseconds) }
            if let link, !link.attempts.isEmpty { consider(now.monotonic + 1000) }
            if let until = link?.quarantinedUntil { consider(until) }
        }
        guard let next else { return }
        // An armed timer that comes earlier does as well: the tick arms the next one.
        if let armed = armedTimer, armed <= next, armed > now.monotonic { return }
        armedTimer = next
        act(.setTimer(next))
    }

    // MARK: messages

    /// Queues a command for a worker with a session.
    mutating func command(_ worker: WorkerID, _ command: Command) {
        guard links[worker.index]?.commands.append(command) != nil else { return }
        unsent.append(worker.index)
    }

    private mutating func flush() {
        unsent.sort()
        for place in unsent {
            guard let batch = links[place]?.takeDue(), let link = links[place] else { continue }
            let delivery = Delivery(
                epoch: ledger.epoch, session: link.session, firstCommand: batch.first, commands: batch.items,
                reportsSeen: link.reports.seen, heardSentAt: link.heardSentAt)
            act(.send(link.worker, link.identity.life, .deliver(delivery)))
        }
        unsent.removeAll(keepingCapacity: true)
    }

    /// Notes the free slots of a worker after a change of its session or its attempts.
    mutating func countSlots(of worker: WorkerID) {
        freeSlots.set(worker, links[worker.index]?.freeSlots ?? 0)
    }
}
