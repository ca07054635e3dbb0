import Scheduling
import Vocabulary

/// Says what a simulated task does when it runs.
enum TaskBehaviour {
    case healthy
    /// Fails with a system error now and then.
    case flaky
    /// Fails with a system error every time.
    case poison
    /// Fails with a user error.
    case userError
    /// Runs out of memory the first time.
    case hungry
}

/// Describes a job to submit, and what may come of it.
struct SimulatedJob {
    var header: JobHeader
    /// The stages of each statement.
    var statements: [[StageSpec]]
    var behaviours: [TaskID: TaskBehaviour] = [:]
    var hasUserError = false
    var hasPoison = false
    /// The statement whose planning crashes the coordinator each time.
    var crashingStatement: UInt32?
    var submittedAt: Int64
    var cancelledAt: Int64?

    /// Forgets what its tasks do: it is to be submitted anew.
    mutating func forgetBehaviours() {
        behaviours = [:]
        (hasUserError, hasPoison) = (false, false)
    }
}

/// Draws everything of a run from its seed: jobs, workers, how the network and the machines misbehave.
struct Scenario {
    var jobs: [SimulatedJob] = []
    var workerCount: Int
    var slots: Int
    /// Per mille of messages lost, doubled, and held up long.
    var dropped: Int
    var doubled: Int
    var delayed: Int
    /// Per mille of decisions with facts at which the coordinator crashes.
    var coordinatorCrashes: Int
    var workerCrashes: Int
    var partitions: Int
    var drains: Int
    var fullDisks: Int
    /// Per mille of outputs that cannot be written to shared storage.
    var failedCopies: Int
    /// Per mille of the coordinator's crashes at which it loses its log.
    var lostLogs = 0
    /// Queues, admission, shared storage.
    var settings = SchedulerSettings()
    /// No new fault after this time, milliseconds.
    let faultsEnd: Int64 = 90_000

    /// `rules` draws what came later, so that seeds play much as they did before.
    init(_ random: inout SimulatedRandom, rules: inout SimulatedRandom) {
        workerCount = random.within(1...5)
        slots = random.within(1...4)
        let isCalm = random.happens(150)
        func rate(_ most: Int) -> Int { isCalm ? 0 : random.happens(300) ? 0 : random.within(0...most) }
        dropped = rate(150)
        doubled = rate(150)
        delayed = rate(150)
        coordinatorCrashes = rate(60)
        workerCrashes = rate(4)
        partitions = rate(3)
        drains = rate(2)
        fullDisks = rate(2)
        failedCopies = isCalm ? 0 : rules.within(0...200)
        for number in 0..<random.within(1...4) { jobs.append(Self.drawJob(number, &random)) }
        if rules.happens(500) {
            settings.queueWeights = ["a": rules.within(1...5), "b": rules.within(1...5)]
        }
        settings.runningJobs = rules.within(1...4)
        settings.hasSharedStorage = rules.happens(700)
        settings.loggedJobBytes = rules.within(0...60)
        settings.loggedBytes = 2 * settings.loggedJobBytes
        settings.lostShownMilliseconds = Int64(rules.within(0...60_000))
        for number in jobs.indices {
            if rules.happens(300) { jobs[number].header.slotLimit = rules.within(1...3) }
            jobs[number].header.isReplicated = rules.happens(300)
        }
    }

    /// Has the coordinator of a few seeds lose its log now and then; its clock is anywhere each time, and now
    /// and then shows the same second again.
    mutating func drawLosses(_ random: inout SimulatedRandom) {
        if !random.happens(40) { return }
        lostLogs = random.within(100...600)
        beginLog(&random)
    }

    /// Has jobs of a few seeds crash the coordinator, each by the planning of one of its statements.
    mutating func drawCrashes(_ random: inout SimulatedRandom) {
        if !random.happens(30) { return }
        for number in jobs.indices where random.happens(300) {
            jobs[number].crashingStatement = UInt32(random.within(0...jobs[number].statements.count - 1))
        }
    }

    mutating func beginLog(_ random: inout SimulatedRandom) {
        settings.logNumber = UInt64(random.within(1...Int.max))
        if settings.firstEpoch > 1, random.happens(250) { return }
        settings.firstEpoch = UInt32(random.within(1...40_000)) * 100_000
    }

    private static func drawJob(_ number: Int, _ random: inout SimulatedRandom) -> SimulatedJob {
        let statementCount = random.within(1...3)
        var job = SimulatedJob(
            header: JobHeader(
                externalID: "job-\(number)", digest: [UInt8(number)], name: "job \(number)",
                pool: random.happens(500) ? "a" : "b", statementCount: statementCount),
            statements: [], submittedAt: Int64(random.within(0...20_000)))
        if random.happens(100) { job.cancelledAt = job.submittedAt + Int64(random.within(0...30_000)) }
        for statement in 0..<statementCount {
            job.statements.append(drawStages(isLast: statement == statementCount - 1, &random))
        }
        return job
    }

    private static func drawStages(isLast: Bool, _ random: inout SimulatedRandom) -> [StageSpec] {
        let count = random.within(0...4)
        var stages: [StageSpec] = []
        for place in 0..<count {
            var dependencies: [StageDependency] = []
            for producer in 0..<place where random.happens(producer == place - 1 ? 800 : 250) {
                dependencies.append(
                    StageDependency(on: StageID(producer), random.happens(250) ? .broadcast : .shuffle))
            }
            let isLastStage = place == count - 1
            stages.append(
                StageSpec(
                    id: StageID(place), label: "stage \(place)", dependencies: dependencies,
                    taskCount: random.happens(30) ? 0 : random.within(1...6),
                    output: isLastStage ? (isLast && random.happens(500) ? .result : .files) : .blocks,
                    memoryBytes: random.within(0...300) << 20, isAdaptive: random.happens(250)))
        }
        return stages
    }

    /// Gives the tasks of job number `number`, accepted as `id`, their behaviours.
    mutating func drawBehaviours(_ number: Int, id: JobID, _ random: inout SimulatedRandom) {
        let kind = random.within(0...19)
        for (statement, stages) in jobs[number].statements.enumerated() {
            for stage in stages {
                let key = StageKey(job: id, statement: UInt32(statement), stage: stage.id)
                for index in 0..<stage.taskCount {
                    let task = TaskID(stage: key, index: UInt32(index))
                    if random.happens(40) { jobs[number].behaviours[task] = .flaky }
                    if random.happens(20) { jobs[number].behaviours[task] = .hungry }
                    // A new plan may take away any task but the first, and nobody may read an empty stage's
                    // producers.
                    if index > 0 || stages.contains(where: { $0.taskCount == 0 }) { continue }
                    if kind == 0, !jobs[number].hasUserError, random.happens(300) {
                        jobs[number].behaviours[task] = .userError
                        jobs[number].hasUserError = true
                    }
                    if kind == 1, !jobs[number].hasPoison, random.happens(300) {
                        jobs[number].behaviours[task] = .poison
                        jobs[number].hasPoison = true
                    }
                }
            }
        }
    }
}
