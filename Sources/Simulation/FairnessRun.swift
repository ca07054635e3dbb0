import Scheduling
import Vocabulary

/// Plays one seed of a cluster whose queues always have work: tasks of each queue take times of their own,
/// jobs end and new ones come, workers die and come back. Each queue must get slot time by its weight, and
/// none may starve.
package struct FairnessRun {
    /// Says what each queue got.
    package struct Outcome: Sendable {
        package var weights: [Int] = []
        /// Slot time of each queue, milliseconds.
        package var slotMilliseconds: [Int64] = []
        /// Longest time between two launches of each queue, milliseconds.
        package var longestWaits: [Int64] = []
        package var launches = 0
        package var deaths = 0
        package var milliseconds: Int64 = 0
    }

    private enum Happening {
        case taskEnd(worker: Int, incarnation: UInt64, AttemptID)
        case planned(JobID)
        case committed(JobID)
        case death(Int)
        case birth(Int)
        case tick
    }

    private struct Worker {
        var incarnation: UInt64 = 0
        var agent: TaskAgent?
        /// When the tasks that run began.
        var running: [AttemptID: Int64] = [:]
    }

    /// Length of a run, and longest task.
    private static let lastMillisecond: Int64 = 300_000
    private static let longestTask = 4_000
    /// Jobs that each queue has at any time.
    private static let jobsPerQueue = 2

    private let seed: UInt64
    private var random: SimulatedRandom
    private var scheduler: JobScheduler
    private var agenda = Agenda<Happening>()
    private var workers: [Worker]
    private let slots: Int
    private var queueOfJob: [JobID: Int] = [:]
    private var taskMilliseconds: [Int]
    private var lastLaunches: [Int64]
    private var now: Int64 = 0
    private var outcome = Outcome()

    private init(seed: UInt64) {
        self.seed = seed
        random = SimulatedRandom(seed: seed)
        let queueCount = random.within(2...4)
        var settings = SchedulerSettings()
        for queue in 0..<queueCount {
            outcome.weights.append(random.within(1...8))
            settings.queueWeights["\(queue)"] = outcome.weights[queue]
        }
        scheduler = JobScheduler(settings: settings)
        workers = Array(repeating: Worker(), count: random.within(1...3))
        slots = random.within(1...3)
        taskMilliseconds = []
        for _ in 0..<queueCount { taskMilliseconds.append(random.within(100...Self.longestTask)) }
        outcome.slotMilliseconds = Array(repeating: 0, count: queueCount)
        outcome.longestWaits = Array(repeating: 0, count: queueCount)
        lastLaunches = Array(repeating: 0, count: queueCount)
    }

    /// Plays the seed to its end. Throws the rule that it broke.
    package static func run(seed: UInt64) throws(Violation) -> Outcome {
        var run = FairnessRun(seed: seed)
        run.play()
        try run.check()
        return run.outcome
    }

    private mutating func play() {
        decide(.started)
        for queue in outcome.weights.indices {
            for _ in 0..<Self.jobsPerQueue { submit(to: queue) }
        }
        for worker in workers.indices { agenda.plan(.birth(worker), at: 1) }
        for time in stride(from: 1000, to: Self.lastMillisecond, by: 1000) { agenda.plan(.tick, at: time) }
        while let (time, item) = agenda.next(), time < Self.lastMillisecond {
            now = time
            happen(item)
        }
        for worker in workers {
            for (attempt, start) in worker.running { note(attempt, from: start, to: Self.lastMillisecond) }
        }
        outcome.milliseconds = Self.lastMillisecond
    }

    private mutating func happen(_ item: Happening) {
        switch item {
        case .taskEnd(let worker, let incarnation, let attempt):
            guard workers[worker].incarnation == incarnation,
                let start = workers[worker].running.removeValue(forKey: attempt)
            else { return }
            note(attempt, from: start, to: now)
            tell(worker, .ended(attempt, .completed(TaskOutput(attempt: attempt))))
        case .planned(let job):
            let stage = StageSpec(id: StageID(0), taskCount: random.within(5...60), output: .files)
            decide(.statementPlanned(job, statement: 0, stages: [stage]))
        case .committed(let job):
            decide(.committed(job, statement: 0))
            if let queue = queueOfJob[job] { submit(to: queue) }
        case .death(let worker): die(worker)
        case .birth(let worker): join(worker)
        case .tick:
            for worker in workers.indices { tell(worker, .tick) }
            decide(.tick)
        }
    }

    private mutating func note(_ attempt: AttemptID, from start: Int64, to end: Int64) {
        guard let queue = queueOfJob[attempt.task.stage.job] else { return }
        outcome.slotMilliseconds[queue] += end - start
    }

    private mutating func submit(to queue: Int) {
        let job = JobID(queueOfJob.count)
        queueOfJob[job] = queue
        decide(
            .submit(
                JobHeader(
                    externalID: "\(job)", digest: [], name: "", pool: "\(queue)", statementCount: 1)))
    }

    // MARK: workers

    private mutating func join(_ worker: Int) {
        workers[worker].incarnation += 1
        let identity = WorkerIdentity(
            address: "\(worker)", incarnation: workers[worker].incarnation,
            version: WorkerIdentity.currentVersion, slots: slots, memoryBytes: 1 << 30)
        workers[worker].agent = TaskAgent(identity, at: Instant(milliseconds: now))
        tell(worker, .tick)
        if random.happens(500) {
            agenda.plan(.death(worker), at: now + Int64(random.within(1000...200_000)))
        }
    }

    private mutating func die(_ worker: Int) {
        outcome.deaths += 1
        for (attempt, start) in workers[worker].running { note(attempt, from: start, to: now) }
        workers[worker].running = [:]
        let life = workers[worker].agent?.identity.life
        workers[worker].agent = nil
        if let life, let id = scheduler.ledger.worker(life) { decide(.workerDied(id)) }
        agenda.plan(.birth(worker), at: now + Int64(random.within(10...3000)))
    }

    private mutating func tell(_ worker: Int, _ event: AgentEvent) {
        guard let actions = workers[worker].agent?.handle(event, at: Instant(milliseconds: now)) else {
            return
        }
        for action in actions {
            switch action {
            case .send(let message): decide(.message(message))
            case .start(let launch): start(launch.attempt, on: worker)
            case .stop(let attempt): tell(worker, .ended(attempt, .stopped))
            default: break
            }
        }
    }

    // MARK: decisions

    private mutating func decide(_ event: Event) {
        let moment = Moment(monotonic: Instant(milliseconds: now), wallMilliseconds: now)
        let decision = scheduler.handle(event, at: moment)
        for case .jobEnded(let job, let outcome, _) in decision.facts where outcome != .succeeded {
            // It lost its workers too often: another one takes its place.
            if let queue = queueOfJob[job] { submit(to: queue) }
        }
        for action in decision.actions {
            switch action {
            case .planStatement(let job, _): agenda.plan(.planned(job), at: now + 1)
            case .commit(let manifest): agenda.plan(.committed(manifest.job), at: now + 1)
            case .send(_, let life, let message): deliver(message, to: life)
            default: break
            }
        }
    }

    private mutating func deliver(_ message: CoordinatorMessage, to life: WorkerLife) {
        guard let worker = Int(life.address), workers[worker].agent?.identity.life == life else { return }
        tell(worker, .message(message))
    }

    private mutating func start(_ attempt: AttemptID, on worker: Int) {
        guard let queue = queueOfJob[attempt.task.stage.job] else { return }
        outcome.launches += 1
        outcome.longestWaits[queue] = max(outcome.longestWaits[queue], now - lastLaunches[queue])
        lastLaunches[queue] = now
        workers[worker].running[attempt] = now
        let mean = taskMilliseconds[queue]
        agenda.plan(
            .taskEnd(worker: worker, incarnation: workers[worker].incarnation, attempt),
            at: now + Int64(random.within(mean / 2...mean)))
    }

    // MARK: rules

    private func check() throws(Violation) {
        let total = outcome.slotMilliseconds.reduce(0, +)
        let weights = Int64(outcome.weights.reduce(0, +))
        for queue in outcome.weights.indices {
            let weight = Int64(outcome.weights[queue])
            let part = total * weight / weights
            let apart = abs(outcome.slotMilliseconds[queue] - part)
            try require(
                apart <= outcome.milliseconds,
                "queue \(queue) of weights \(outcome.weights) is \(apart) ms from its part of \(part) ms")
            // When it has had all slots for the longest task, the others come up to it by their weights;
            // then a slot must become free, and all workers may be dead.
            let bound = (Int64(Self.longestTask) + 1000) * weights / weight + 14_000
            let wait = max(outcome.longestWaits[queue], outcome.milliseconds - lastLaunches[queue])
            try require(wait <= bound, "queue \(queue) of weights \(outcome.weights) waited \(wait) ms")
        }
    }

    private func require(_ holds: Bool, _ rule: String) throws(Violation) {
        if !holds { throw Violation(seed: seed, milliseconds: now, rule: rule) }
    }
}
