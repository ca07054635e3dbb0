import Scheduling
import Vocabulary

/// Plays one seed of a cluster whose slots small tasks take without end, beside a task that needs most of a
/// worker's memory, from its start or since it ran out of it. It must get its room within a bound.
package struct HungerRun {
    /// Says what came of it.
    package struct Outcome: Sendable {
        /// How long the hungry task waited, milliseconds: the longest time.
        package var longestWait: Int64 = 0
        /// Hungry tasks that were launched, and those that ran out of memory first.
        package var launches = 0
        package var memoryFailures = 0
        package var smallLaunches = 0

        package init() {}
    }

    private enum Happening {
        case taskEnd(worker: Int, AttemptID)
        case planned(JobID)
        case committed(JobID)
        case hunger
        case tick
    }

    private static let lastMillisecond: Int64 = 240_000
    private static let longestTask = 4_000
    private static let memoryBytes = 1 << 30

    private let seed: UInt64
    private var random: SimulatedRandom
    private var scheduler: JobScheduler
    private var agenda = Agenda<Happening>()
    private var agents: [TaskAgent] = []
    private let slots: Int
    private let holdMilliseconds: Int64
    private var hungryJobs: Set<JobID> = []
    /// When each hungry task began to wait.
    private var waitingSince: [JobID: Int64] = [:]
    private var jobCount = 0
    private var now: Int64 = 0
    private var outcome = Outcome()

    private init(seed: UInt64, holdMilliseconds: Int64) {
        self.seed = seed
        self.holdMilliseconds = holdMilliseconds
        random = SimulatedRandom(seed: seed)
        var settings = SchedulerSettings()
        settings.holdMilliseconds = holdMilliseconds
        // Small tasks of unlike length are no stragglers.
        settings.speculationMilliseconds = Self.lastMillisecond
        scheduler = JobScheduler(settings: settings)
        slots = random.within(3...5)
    }

    /// Plays the seed to its end. Throws the rule that it broke. `holdMilliseconds` is the scheduler's own
    /// setting where it is not given.
    package static func run(
        seed: UInt64, holdMilliseconds: Int64 = SchedulerSettings().holdMilliseconds
    ) throws(Violation) -> Outcome {
        var run = HungerRun(seed: seed, holdMilliseconds: holdMilliseconds)
        try run.play()
        return run.outcome
    }

    private mutating func play() throws(Violation) {
        decide(.started)
        for worker in 0..<random.within(1...3) {
            let identity = WorkerIdentity(
                address: "\(worker)", incarnation: 1, version: WorkerIdentity.currentVersion, slots: slots,
                memoryBytes: Self.memoryBytes)
            agents.append(TaskAgent(identity, at: Instant(milliseconds: now)))
            tell(worker, .tick)
        }
        for _ in 0..<2 { submit() }
        agenda.plan(.hunger, at: Int64(random.within(1000...5000)))
        for time in stride(from: 1000, to: Self.lastMillisecond, by: 1000) { agenda.plan(.tick, at: time) }
        while let (time, item) = agenda.next(), time < Self.lastMillisecond {
            now = time
            happen(item)
            try check()
        }
    }

    private mutating func happen(_ item: Happening) {
        switch item {
        case .taskEnd(let worker, let attempt): end(attempt, on: worker)
        case .planned(let job):
            let isHungry = hungryJobs.contains(job)
            // Two small ones leave a third of the memory at most, and one that runs out of it asks for twice
            // as much.
            let bytes = isHungry ? random.within(400...1024) << 20 : random.within(250...340) << 20
            let stage = StageSpec(
                id: StageID(0), taskCount: isHungry ? 1 : random.within(20...200), output: .files,
                memoryBytes: bytes)
            if isHungry { waitingSince[job] = now }
            decide(.statementPlanned(job, statement: 0, stages: [stage]))
        case .committed(let job):
            decide(.committed(job, statement: 0))
            if hungryJobs.contains(job) {
                agenda.plan(.hunger, at: now + Int64(random.within(1...8000)))
            } else {
                submit()
            }
        case .hunger:
            hungryJobs.insert(JobID(jobCount))
            submit()
        case .tick:
            for worker in agents.indices { tell(worker, .tick) }
            decide(.tick)
        }
    }

    private mutating func submit() {
        let job = JobID(jobCount)
        jobCount += 1
        decide(.submit(JobHeader(externalID: "\(job)", digest: [], name: "", statementCount: 1)))
    }

    private mutating func end(_ attempt: AttemptID, on worker: Int) {
        let job = attempt.task.stage.job
        let isFirst = scheduler.ledger.attemptCount(of: attempt.task) == 0
        if hungryJobs.contains(job), isFirst, random.happens(500) {
            outcome.memoryFailures += 1
            waitingSince[job] = now
            let error = EngineError.system("OUT_OF_MEMORY", "Simulated")
            return tell(worker, .ended(attempt, .failed(.outOfMemory(error))))
        }
        tell(worker, .ended(attempt, .completed(TaskOutput(attempt: attempt))))
    }

    private mutating func tell(_ worker: Int, _ event: AgentEvent) {
        for action in agents[worker].handle(event, at: Instant(milliseconds: now)) {
            switch action {
            case .send(let message): decide(.message(message))
            case .start(let launch): start(launch.attempt, on: worker)
            case .stop(let attempt): tell(worker, .ended(attempt, .stopped))
            default: break
            }
        }
    }

    private mutating func decide(_ event: Event) {
        let moment = Moment(monotonic: Instant(milliseconds: now), wallMilliseconds: now)
        for action in scheduler.handle(event, at: moment).actions {
            switch action {
            case .planStatement(let job, _): agenda.plan(.planned(job), at: now + 1)
            case .commit(let manifest): agenda.plan(.committed(manifest.job), at: now + 1)
            case .send(_, let life, let message):
                if let worker = Int(life.address) { tell(worker, .message(message)) }
            default: break
            }
        }
    }

    private mutating func start(_ attempt: AttemptID, on worker: Int) {
        if let since = waitingSince.removeValue(forKey: attempt.task.stage.job) {
            outcome.launches += 1
            outcome.longestWait = max(outcome.longestWait, now - since)
        } else {
            outcome.smallLaunches += 1
        }
        agenda.plan(
            .taskEnd(worker: worker, attempt),
            at: now + Int64(random.within(Self.longestTask / 4...Self.longestTask)))
    }

    /// It is refused for the first time when it came, or when all slots were taken, up to a task's time
    /// later; then all that runs on the held worker ends.
    private func check() throws(Violation) {
        let bound = SchedulerSettings().holdMilliseconds + 2 * Int64(Self.longestTask) + 2_000
        for (job, since) in waitingSince where now - since > bound {
            throw Violation(
                seed: seed, milliseconds: now, rule: "the hungry task of job \(job) waited \(now - since) ms")
        }
    }
}
