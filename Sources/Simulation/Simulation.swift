import Scheduling
import Vocabulary

/// Plays one seed: the production `JobScheduler` and `TaskAgent`s on simulated time, network, machines and
/// storage, with faults for 90 s and then a quiet time in which every job must end.
package final class Simulation {
    /// What is to happen at some time.
    enum Happening {
        case toCoordinator(WorkerMessage)
        case toWorker(Int, WorkerLife, CoordinatorMessage)
        case coordinatorStart
        case coordinatorTimer(life: Int)
        case coordinatorEvent(life: Int, Event)
        /// The coordinator crashes as it plans a statement.
        case coordinatorCrash(life: Int, JobID, statement: UInt32)
        case commit(life: Int, CommitManifest)
        /// The coordinator's machine sees a worker's connection close.
        case disconnect(WorkerLife)
        case workerStart(Int)
        /// The grace of a drain is over.
        case workerKill(Int, incarnation: UInt64)
        case workerTimer(Int, incarnation: UInt64)
        case taskEnd(Int, incarnation: UInt64, Launch, AttemptEnd)
        case taskStopped(Int, incarnation: UInt64, AttemptID)
        case adoptionEnd(Int, incarnation: UInt64, from: String, AttemptID)
        case storingEnd(Int, incarnation: UInt64, AttemptID)
        case heal(Int)
        /// The worker's disk has space again.
        case space(Int)
        case submit(Int)
        case cancel(Int)
        case misfortune
    }

    /// A coordinator machine: its process may die, its log stays.
    struct Coordinator {
        var scheduler: JobScheduler?
        var log: [[UInt8]] = []
        /// Counts the lives of the process.
        var life = 0
        /// The first life with this log.
        var logBegan = 0
        /// This life's monotonic clock shows simulated time plus this.
        var clockOffset: Int64 = 0
        /// What the last life crashed over, as it noted beside its log.
        var crashedOver: (job: JobID, statement: UInt32)?
        /// The ledger of the life that died with everything logged, for comparison with the folded one.
        var lastLedger: Ledger?
    }

    /// A worker machine.
    struct Worker {
        var agent: TaskAgent?
        var incarnation: UInt64 = 0
        var clockOffset: Int64 = 0
        /// Outputs on its disk or in its memory; gone when the process dies.
        var outputs: Set<AttemptID> = []
        var stopping: Set<AttemptID> = []
        var cutsIn = false
        var cutsOut = false
        /// When the last message to it, and the last one from it, arrives; an earlier one that was sent later
        /// overtakes it.
        var lastIn: Int64 = 0
        var lastOut: Int64 = 0
    }

    let seed: UInt64
    var random: SimulatedRandom
    /// Draws what is lost with the coordinator's log: the other seeds' numbers stay.
    var losses: SimulatedRandom
    var scenario: Scenario
    var now: Int64 = 0
    var agenda = Agenda<Happening>()
    var coordinator = Coordinator()
    var workers: [Worker]
    var witness = Witness()
    /// Jobs that history lost, as they were.
    var forgotten: [JobID: JobRecord] = [:]
    /// Attempts whose files lie aside in shared storage.
    var staged: Set<AttemptID> = []
    /// Outputs of which shared storage has a copy.
    var copies: Set<AttemptID> = []
    /// The scheduler's job for each of the scenario's, once a client was told.
    var accepted: [JobID?]
    var wallOffset: Int64 = 1_700_000_000_000
    /// Spoils decisions, for tests that prove the witness sees it.
    let tamper: ((inout Decision) -> Void)?

    /// Longest run, simulated milliseconds.
    static let lastMillisecond: Int64 = 1_500_000

    private init(seed: UInt64, tamper: ((inout Decision) -> Void)?) {
        self.seed = seed
        self.tamper = tamper
        random = SimulatedRandom(seed: seed)
        var rules = SimulatedRandom(seed: ~seed)
        scenario = Scenario(&random, rules: &rules)
        losses = SimulatedRandom(seed: seed ^ 0x5bf0_3635_dcb2_7a1d)
        scenario.drawLosses(&losses)
        var crashes = SimulatedRandom(seed: seed ^ 0x2f0b_4c5d_8e91_a637)
        scenario.drawCrashes(&crashes)
        workers = Array(repeating: Worker(), count: scenario.workerCount)
        accepted = Array(repeating: nil, count: scenario.jobs.count)
        witness.jobLimit = scenario.settings.runningJobs
        witness.loggedLimits = (scenario.settings.loggedJobBytes, scenario.settings.loggedBytes)
    }

    /// Plays the seed to its end and returns what happened. Throws the first `Violation`.
    package static func run(
        seed: UInt64, tamper: ((inout Decision) -> Void)? = nil
    ) throws(Violation) -> RunCounts {
        let simulation = Simulation(seed: seed, tamper: tamper)
        simulation.begin()
        try simulation.play()
        return simulation.witness.counts
    }

    private func begin() {
        agenda.plan(.coordinatorStart, at: 0)
        for worker in workers.indices {
            agenda.plan(.workerStart(worker), at: Int64(random.within(0...(worker == 0 ? 500 : 20_000))))
        }
        for (number, job) in scenario.jobs.enumerated() {
            agenda.plan(.submit(number), at: job.submittedAt)
            if let at = job.cancelledAt { agenda.plan(.cancel(number), at: at) }
        }
        agenda.plan(.misfortune, at: 100)
    }

    private func play() throws(Violation) {
        while let (time, item) = agenda.next() {
            now = time
            happen(item)
            if let rule = witness.broken { throw Violation(seed: seed, milliseconds: now, rule: rule) }
            if now > scenario.faultsEnd, isOver { break }
            if now > Self.lastMillisecond { break }
        }
        checkEnd()
        if let rule = witness.broken { throw Violation(seed: seed, milliseconds: now, rule: rule) }
    }

    /// Whether faults may still happen.
    var isRough: Bool { now < scenario.faultsEnd }

    private var isOver: Bool {
        guard let scheduler = coordinator.scheduler else { return false }
        return scheduler.ledger.liveJobs.isEmpty && !accepted.contains(nil)
            && !workers.contains { $0.agent?.runningAttempts.isEmpty == false }
            && scheduler.ledger.jobs.allSatisfy { $0.outcome == .succeeded || $0.isCleaned }
            && leftCopies(scheduler.ledger).isEmpty
    }

    private func happen(_ item: Happening) {
        switch item {
        case .toCoordinator(let message): decide(.message(withBytes(message)))
        case .toWorker(let worker, let life, let message):
            if workers[worker].agent?.identity.life == life { tell(worker, .message(message)) }
        case .coordinatorStart: startCoordinator()
        case .coordinatorTimer(let life): if life == coordinator.life { decide(.tick) }
        case .coordinatorEvent(let life, let event): if life == coordinator.life { decide(event) }
        case .coordinatorCrash(let life, let job, let statement):
            if life == coordinator.life { crashCoordinator(over: job, statement) }
        case .commit(let life, let manifest):
            // What is published for a job of a lost log is not this log's.
            if life < coordinator.logBegan { return }
            witness.see(manifest)
            cleanStaging(StatementKey(job: manifest.job, statement: manifest.statement))
            plan(life, .committed(manifest.job, statement: manifest.statement))
        case .disconnect(let life): if coordinator.scheduler != nil { decide(.disconnected(life)) }
        case .workerStart(let worker): startWorker(worker)
        case .workerKill(let worker, let incarnation): if isAlive(worker, incarnation) { killWorker(worker) }
        case .workerTimer(let worker, let incarnation):
            if isAlive(worker, incarnation) { tell(worker, .tick) }
        case .taskEnd(let worker, let incarnation, let launch, let end):
            if isAlive(worker, incarnation) { endTask(worker, launch, end) }
        case .taskStopped(let worker, let incarnation, let attempt):
            if isAlive(worker, incarnation) { stopTask(worker, attempt) }
        case .adoptionEnd(let worker, let incarnation, let address, let attempt):
            if isAlive(worker, incarnation) { endAdoption(worker, from: address, attempt) }
        case .storingEnd(let worker, let incarnation, let attempt):
            if isAlive(worker, incarnation) { endStoring(worker, attempt) }
        case .heal(let worker):
            workers[worker].cutsIn = false
            workers[worker].cutsOut = false
        case .space(let worker): if workers[worker].agent != nil { tell(worker, .disk(isFull: false)) }
        case .submit(let number): submit(number)
        case .cancel(let number):
            if let job = accepted[number] { decide(.cancel(job)) }
        case .misfortune: strike()
        }
    }

    func isAlive(_ worker: Int, _ incarnation: UInt64) -> Bool {
        workers[worker].agent != nil && workers[worker].incarnation == incarnation
    }

    /// Submits until an answer came; the id makes that one job.
    private func submit(_ number: Int) {
        if accepted[number] != nil { return }
        decide(.submit(scenario.jobs[number].header))
        if accepted[number] == nil || random.happens(200) { agenda.plan(.submit(number), at: now + 3000) }
    }

    /// Brings the faults that strike machines and clocks.
    private func strike() {
        guard isRough else {
            for worker in workers.indices {
                for end in [.heal(worker), .space(worker)] as [Happening] { happen(end) }
            }
            return
        }
        agenda.plan(.misfortune, at: now + 100)
        if random.happens(2) { wallOffset += Int64(random.within(-3_600_000...3_600_000)) }
        for worker in workers.indices where workers[worker].agent != nil {
            if random.happens(scenario.workerCrashes) { killWorker(worker) }
            if random.happens(2) { seeDisconnect(of: worker) }
            if random.happens(scenario.partitions) {
                witness.counts.partitions += 1
                let kind = random.within(0...2)
                workers[worker].cutsIn = kind != 0
                workers[worker].cutsOut = kind != 1
                agenda.plan(.heal(worker), at: now + Int64(random.within(1000...60_000)))
            }
            if random.happens(scenario.fullDisks), workers[worker].agent != nil {
                witness.counts.fullDisks += 1
                agenda.plan(.space(worker), at: now + Int64(random.within(1000...60_000)))
                tell(worker, .disk(isFull: true))
            }
            if random.happens(scenario.drains), workers[worker].agent != nil {
                witness.counts.drains += 1
                agenda.plan(
                    .workerKill(worker, incarnation: workers[worker].incarnation),
                    at: now + Int64(random.within(1000...60_000)))
                tell(worker, .drain)
            }
        }
    }

    // MARK: end

    private func checkEnd() {
        guard let scheduler = coordinator.scheduler else {
            return witness.require(false, "the coordinator is dead at the end")
        }
        for (number, job) in scenario.jobs.enumerated() {
            guard let id = accepted[number] else {
                witness.require(false, "job \(number) was never accepted")
                continue
            }
            let known = scheduler.ledger.job(externalID: job.header.externalID)
            witness.require(known == (forgotten[id] == nil ? id : nil), "job \(number) was lost")
            check(job, forgotten[id] ?? scheduler.ledger.jobs[id.index])
        }
        witness.require(
            scheduler.ledger.jobs.count == scenario.jobs.count, "a job was accepted twice under one id")
        witness.require(
            tamper != nil || refold() == scheduler.ledger, "the folded log differs from the live ledger")
        checkStaging()
        checkCopies(scheduler.ledger)
    }

    private func check(_ job: SimulatedJob, _ record: JobRecord) {
        switch record.outcome {
        case nil: witness.require(false, "job \(record.id) never ended")
        case .succeeded:
            witness.counts.succeeded += 1
            witness.require(
                !job.hasUserError && !job.hasPoison && job.crashingStatement == nil,
                "job \(record.id) succeeded in spite of itself")
            for statement in 0..<job.statements.count {
                witness.require(
                    witness.isPublished(record.id, UInt32(statement)),
                    "job \(record.id) succeeded without publishing statement \(statement)")
            }
        case .failed(let error):
            witness.counts.failed += 1
            let isExcused =
                switch (error.blame, error.code) {
                case (.user, _): job.hasUserError
                case (_, "COORDINATOR_CRASHED"): job.crashingStatement != nil
                default: witness.mayFail(record.id, limit: Limits.taskAttempts)
                }
            witness.require(isExcused, "job \(record.id) failed without a reason: \(error)")
        case .cancelled:
            witness.counts.cancelled += 1
            witness.require(job.cancelledAt != nil, "job \(record.id) was cancelled by nobody")
        }
        if record.outcome != nil, record.outcome != .succeeded {
            witness.require(record.isCleaned, "job \(record.id) was not cleaned")
        }
    }

    /// Folds the log as a restarted coordinator would.
    func refold() -> Ledger {
        var ledger = Ledger()
        for bytes in coordinator.log {
            do { ledger.apply(try Fact(wireBytes: bytes)) } catch {
                witness.require(false, "a logged fact cannot be read: \(error)")
            }
        }
        return ledger
    }
}
