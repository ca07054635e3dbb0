import Scheduling
import Vocabulary

/// Says which rule a run broke.
package struct Violation: Error, Sendable, CustomStringConvertible {
    package let seed: UInt64
    package let milliseconds: Int64
    package let rule: String
    package var description: String { "seed \(seed) at \(milliseconds) ms: \(rule)" }
}

/// Counts what happened in runs, so that tests can tell that the faults fired.
package struct RunCounts: Sendable, Equatable {
    package var messages = 0
    package var dropped = 0
    package var doubled = 0
    /// Messages that arrived before one that was sent earlier on the same way.
    package var overtaken = 0
    package var coordinatorCrashes = 0
    /// Crashes of a coordinator by a fault of its own, over a statement.
    package var statementCrashes = 0
    /// Crashes that took the coordinator's log along, and epochs begun over one that a worker had heard of.
    package var logsLost = 0
    package var epochsRaised = 0
    /// Workers that a coordinator refused because they came from one with the same epochs.
    package var twinsRefused = 0
    package var workerCrashes = 0
    package var disconnects = 0
    package var partitions = 0
    package var drains = 0
    package var fullDisks = 0
    package var launches = 0
    package var completions = 0
    package var outputsLost = 0
    package var workersLost = 0
    package var fences = 0
    package var ignored = 0
    package var speculations = 0
    package var publications = 0
    package var publicationsRepeated = 0
    package var replans = 0
    package var cleanings = 0
    package var adoptions = 0
    package var adoptionsFailed = 0
    package var moves = 0
    package var copies = 0
    package var copiesFailed = 0
    package var copyReads = 0
    package var copyRemovals = 0
    /// Results of tasks whose bytes the log took.
    package var logged = 0
    /// Jobs that history lost.
    package var forgotten = 0
    /// Lives of workers of which nothing is kept.
    package var workersForgotten = 0
    /// Times that a worker was kept from tasks, or got some again: a full disk, failures.
    package var pauses = 0
    package var succeeded = 0
    package var failed = 0
    package var cancelled = 0

    package init() {}

    /// Adds every count of another run.
    package mutating func add(_ o: RunCounts) {
        messages += o.messages
        forgotten += o.forgotten
        dropped += o.dropped
        doubled += o.doubled
        overtaken += o.overtaken
        coordinatorCrashes += o.coordinatorCrashes
        statementCrashes += o.statementCrashes
        logsLost += o.logsLost
        epochsRaised += o.epochsRaised
        twinsRefused += o.twinsRefused
        workerCrashes += o.workerCrashes
        disconnects += o.disconnects
        partitions += o.partitions
        drains += o.drains
        fullDisks += o.fullDisks
        launches += o.launches
        completions += o.completions
        outputsLost += o.outputsLost
        workersLost += o.workersLost
        fences += o.fences
        ignored += o.ignored
        speculations += o.speculations
        publications += o.publications
        publicationsRepeated += o.publicationsRepeated
        replans += o.replans
        cleanings += o.cleanings
        adoptions += o.adoptions
        adoptionsFailed += o.adoptionsFailed
        moves += o.moves
        copies += o.copies
        copiesFailed += o.copiesFailed
        copyReads += o.copyReads
        copyRemovals += o.copyRemovals
        logged += o.logged
        pauses += o.pauses
        workersForgotten += o.workersForgotten
        succeeded += o.succeeded
        failed += o.failed
        cancelled += o.cancelled
    }
}

/// Watches durable facts and orders from outside, with books of its own, and says which rule is broken.
struct Witness {
    private struct Winner {
        var attempt: AttemptID
        var worker: WorkerID
        var isStored = false
        var loggedBytes: Int?
    }

    /// Finished tasks whose output was not lost since.
    private var winners: [TaskID: Winner] = [:]
    private var heldStages: [StageKey: Bool] = [:]
    private var launchedOn: [AttemptID: WorkerLife] = [:]
    private var finished: Set<AttemptID> = []
    /// Attempts of which workers deleted what they left.
    private var dropped: Set<AttemptID> = []
    private var published: [StatementKey: CommitManifest] = [:]
    private var ended: Set<JobID> = []
    /// Jobs with a planned statement that have not ended, and how many there may be.
    private var begun: Set<JobID> = []
    var jobLimit = Int.max
    /// Most bytes of results that the log may hold, of one job and of all.
    var loggedLimits = (ofJob: Int.max, ofAll: Int.max)
    private var loggedBytes: [JobID: Int] = [:]
    private var failures: [TaskID: Int] = [:]
    private var crashes: [JobID: Int] = [:]
    private(set) var broken: String?
    var counts = RunCounts()

    mutating func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
        if !holds, broken == nil { broken = rule() }
    }

    mutating func see(_ fact: Fact) {
        switch fact {
        case .statementPlanned(let job, let statement, let stages, _):
            note(stages, job, statement)
            begun.insert(job)
            require(begun.count <= jobLimit, "more jobs run at once than may")
        case .stagesReplanned(let key, let stages):
            counts.replans += 1
            note(stages, key.job, key.statement)
        case .taskCompleted(let output):
            counts.completions += 1
            let task = output.attempt.task
            require(winners[task] == nil, "task \(task) finished twice without a lost output")
            require(finished.contains(output.attempt), "attempt \(output.attempt) won but never finished")
            require(!ended.contains(task.stage.job), "task \(task) finished after its job ended")
            winners[task] = Winner(attempt: output.attempt, worker: output.worker)
            if output.isInLog { noteLogged(output) }
        case .outputLost(let attempt, let isBlamed, _):
            counts.outputsLost += 1
            require(
                winners[attempt.task]?.attempt != attempt || winners[attempt.task]?.loggedBytes == nil,
                "the output of \(attempt) was lost although the log holds it")
            if winners[attempt.task]?.attempt == attempt { winners[attempt.task] = nil }
            if isBlamed { failures[attempt.task, default: 0] += 1 }
        case .outputMoved(let attempt, let worker):
            counts.moves += 1
            require(winners[attempt.task]?.attempt == attempt, "\(attempt) moved but is no winner")
            require(winners[attempt.task]?.worker != worker, "\(attempt) moved to where it was")
            winners[attempt.task]?.worker = worker
        case .outputStored(let attempt):
            if winners[attempt.task]?.attempt == attempt { winners[attempt.task]?.isStored = true }
        case .taskFailed(let record): failures[record.attempt.task, default: 0] += 1
        case .workerLost(let worker, _):
            counts.workersLost += 1
            winners = winners.filter {
                heldStages[$0.key.stage] != true || $0.value.worker != worker || $0.value.isStored
                    || $0.value.loggedBytes != nil
            }
        case .resultsReleased(let job): loggedBytes[job] = nil
        case .jobEnded(let job, let outcome, _):
            if outcome != .succeeded { loggedBytes[job] = nil }
            require(ended.insert(job).inserted, "job \(job) ended twice")
            begun.remove(job)
        default: break
        }
    }

    /// Counts the bytes of a result that the log holds from now on.
    private mutating func noteLogged(_ output: TaskOutput) {
        counts.logged += 1
        let (job, bytes) = (output.attempt.task.stage.job, output.partitionBytes.reduce(0, +))
        winners[output.attempt.task]?.loggedBytes = bytes
        loggedBytes[job, default: 0] += bytes
        require(
            loggedBytes[job, default: 0] <= loggedLimits.ofJob
                && loggedBytes.values.reduce(0, +) <= loggedLimits.ofAll,
            "the log holds more bytes of results than it may")
    }

    private mutating func note(_ stages: [StageSpec], _ job: JobID, _ statement: UInt32) {
        for stage in stages {
            heldStages[StageKey(job: job, statement: statement, stage: stage.id)] = stage.isHeldByWorkers
        }
    }

    /// Whether an order to launch was sent before.
    func hasSeen(_ launch: Launch) -> Bool { launchedOn[launch.attempt] != nil }

    /// Sees an order to launch, the first time or again.
    mutating func see(_ launch: Launch, to life: WorkerLife) {
        if let before = launchedOn[launch.attempt] {
            return require(before == life, "attempt \(launch.attempt) was launched on two workers")
        }
        counts.launches += 1
        launchedOn[launch.attempt] = life
        let task = launch.attempt.task
        require(winners[task] == nil, "finished task \(task) was run again without a lost output")
        require(!ended.contains(task.stage.job), "task \(task) was launched after its job ended")
        for input in launch.inputs {
            for output in input.outputs {
                require(
                    winners[output.attempt.task]?.attempt == output.attempt,
                    "task \(task) was sent to an output that is not the winner's: \(output.attempt)")
                require(
                    winners[output.attempt.task]?.worker == output.worker,
                    "task \(task) was sent to where \(output.attempt) is no more: worker \(output.worker)")
            }
        }
    }

    /// Sees the coordinator crash over a job's statement.
    mutating func seeCrash(over job: JobID) {
        counts.statementCrashes += 1
        crashes[job, default: 0] += 1
        // One more for each note that was lost with the life after it.
        require(
            crashes[job, default: 0] <= Limits.statementCrashes + 4,
            "the coordinator crashed over job \(job) again and again")
    }

    /// Begins anew: the log is lost, and with it all jobs and what is known of them.
    mutating func seeLoss() {
        counts.logsLost += 1
        var fresh = Witness()
        (fresh.jobLimit, fresh.loggedLimits) = (jobLimit, loggedLimits)
        (fresh.finished, fresh.broken, fresh.counts) = (finished, broken, counts)
        self = fresh
    }

    mutating func sawFinish(_ attempt: AttemptID) { finished.insert(attempt) }

    mutating func sawDrop(_ attempt: AttemptID) { dropped.insert(attempt) }

    /// Sees a publication take effect.
    mutating func see(_ manifest: CommitManifest) {
        let key = StatementKey(job: manifest.job, statement: manifest.statement)
        // Where the rows of a result lie is no part of what is published: they may move in between.
        var manifest = manifest
        for place in manifest.outputs.indices {
            manifest.outputs[place].worker = WorkerID(rawValue: 0)
            manifest.outputs[place].isStored = false
        }
        if let before = published[key] {
            counts.publicationsRepeated += 1
            return require(before == manifest, "statement \(key) was published twice, differently")
        }
        counts.publications += 1
        published[key] = manifest
        var tasks: Set<TaskID> = []
        for output in manifest.outputs {
            require(
                tasks.insert(output.attempt.task).inserted, "task \(output.attempt.task) was published twice")
            require(finished.contains(output.attempt), "\(output.attempt) was published but never finished")
            require(
                heldStages[output.attempt.task.stage] != false || !dropped.contains(output.attempt),
                "the files of \(output.attempt) were deleted before they were published")
        }
    }

    func isPublished(_ job: JobID, _ statement: UInt32) -> Bool {
        published[StatementKey(job: job, statement: statement)] != nil
    }

    /// Whether some task of the job failed so often that the job may fail.
    func mayFail(_ job: JobID, limit: Int) -> Bool {
        failures.contains { $0.key.stage.job == job && $0.value >= limit }
    }
}
