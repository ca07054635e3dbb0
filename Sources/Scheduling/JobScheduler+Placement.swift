import Vocabulary

extension StatementRecord {
    /// Marks the stages whose missing outputs are needed: those without readers, and, transitively, the
    /// producers of wanted stages with tasks to run. A loss in a stage that nobody reads any more costs
    /// nothing.
    func wantedStages() -> [Bool] {
        var wanted = stages.map { isSink($0.spec.id) }
        var open = stages.indices.filter { wanted[$0] }
        while let place = open.popLast() {
            if stages[place].isComplete { continue }
            for dependency in stages[place].spec.dependencies where !wanted[dependency.producer.index] {
                wanted[dependency.producer.index] = true
                open.append(dependency.producer.index)
            }
        }
        for place in stages.indices where stages[place].isComplete { wanted[place] = false }
        return wanted
    }

    /// Whether all that the stage reads is there, and its plan is settled.
    func isReady(_ stage: StageID) -> Bool {
        stages[stage.index].spec.dependencies.allSatisfy { dependency in
            let producer = stages[dependency.producer.index]
            return producer.isComplete && (!producer.spec.isAdaptive || producer.isReplanned)
        }
    }
}

// Placement: which task runs next, and where.
extension JobScheduler {
    /// A job's stages that can run now.
    private struct Candidate {
        let job: JobID
        let queue: Int
        var stages: [StageKey]
    }

    /// How many waiting tasks of a stage are looked at to find one that fits.
    private static let lookAhead = 64

    /// Launches as much as fits. Queues share by their weights, then the jobs of a queue alike, in slot time
    /// (`FairShare`); among those that had as much, the one that has waited longest for a launch goes first.
    mutating func place() {
        guard launchesHeldUntil == nil else { return }
        var free = freeSlots.total
        guard free > 0 else { return }
        var candidates = waitingJobs()
        reviewHold { stage in candidates.contains { $0.stages.contains(stage) } }
        while free > 0, let chosen = fairest(candidates) {
            if launchNext(&candidates[chosen].stages) {
                free -= 1
                if isAtSlotLimit(candidates[chosen].job) { candidates.remove(at: chosen) }
            } else {
                candidates.remove(at: chosen)
            }
        }
    }

    /// Lists the jobs that have something to launch and may, and brings those that had nothing before to
    /// where the others stand.
    private mutating func waitingJobs() -> [Candidate] {
        var found: [Candidate] = []
        var activeJobs = Array(repeating: Int64(0), count: queues.count)
        for job in admitted {
            guard let runtime = runtimes[job.index], let queue = runtime.queue else { continue }
            let stages = isAtSlotLimit(job) ? [] : runnableStages(job)
            if stages.isEmpty {
                runtimes[job.index]?.share.isWaiting = false
            } else {
                found.append(Candidate(job: job, queue: queue, stages: stages))
            }
            if !stages.isEmpty || runtime.runningCount > 0 { activeJobs[queue] += 1 }
        }
        var waiting = Array(repeating: [JobID](), count: queues.count)
        for candidate in found { waiting[candidate.queue].append(candidate.job) }
        rejoinQueues(waiting.map { !$0.isEmpty })
        for queue in queues.indices {
            queues[queue].clock.activeWeight = activeJobs[queue]
            if !waiting[queue].isEmpty { rejoin(waiting[queue], of: queue) }
        }
        return found
    }

    private mutating func rejoinQueues(_ isWaiting: [Bool]) {
        let time = now.monotonic
        let active = queues.indices.filter { isWaiting[$0] || queues[$0].share.running > 0 }
        queueClock.activeWeight = active.reduce(0) { $0 + queues[$1].share.weight }
        let waited = queues.indices.filter { isWaiting[$0] && queues[$0].share.isWaiting }
        let level = queueClock.level(least: waited.map { queues[$0].share.standing(at: time) }.min())
        for place in queues.indices {
            if !isWaiting[place] {
                queues[place].share.isWaiting = false
            } else if !queues[place].share.isWaiting {
                queues[place].share.rejoin(at: level, now: time)
            }
        }
    }

    /// `jobs`: those of the queue that have something to launch.
    private mutating func rejoin(_ jobs: [JobID], of queue: Int) {
        let time = now.monotonic
        var least: Int64?
        for job in jobs {
            guard let share = runtimes[job.index]?.share, share.isWaiting else { continue }
            least = min(least ?? .max, share.standing(at: time))
        }
        let level = queues[queue].clock.level(least: least)
        for job in jobs where runtimes[job.index]?.share.isWaiting == false {
            runtimes[job.index]?.share.rejoin(at: level, now: time)
        }
    }

    /// Whether the job has as many tasks running as it may: one, as long as it has a task over which a worker
    /// crashed. Its others may be of the same kind, and the pool is to live.
    func isAtSlotLimit(_ job: JobID) -> Bool {
        let limit = ledger.jobs.slotLimit(of: job)
        return limit > 0 && runtimes[job.index]?.runningCount ?? 0 >= limit
    }

    private func fairest(_ candidates: [Candidate]) -> Int? {
        if candidates.count < 2 { return candidates.indices.first }
        let time = now.monotonic
        var chosen: (queue: (Int64, UInt32, Int), job: (Int64, Int, UInt32), place: Int)?
        for (place, candidate) in candidates.enumerated() {
            guard let job = runtimes[candidate.job.index]?.share else { continue }
            let queue = queues[candidate.queue].share
            let queueRank = (queue.claim(at: time), queue.lastLaunch, candidate.queue)
            let jobRank = (job.claim(at: time), job.running, job.lastLaunch)
            if let chosen, queueRank > chosen.queue || queueRank == chosen.queue && jobRank >= chosen.job {
                continue
            }
            chosen = (queueRank, jobRank, place)
        }
        return chosen?.place
    }

    /// Lists the stages with waiting tasks whose producers are complete and whose plan is settled.
    func runnableStages(_ job: JobID) -> [StageKey] {
        guard let (number, statement) = ledger.jobs.launchableStatement(of: job),
            let runtime = runtimes[job.index]
        else { return [] }
        if runtime.stages.allSatisfy(\.pending.isEmpty) { return [] }
        let wanted = statement.wantedStages()
        var runnable: [StageKey] = []
        for place in statement.stages.indices where wanted[place] && !runtime.stages[place].pending.isEmpty {
            if statement.isReady(StageID(place)) {
                runnable.append(StageKey(job: job, statement: number, stage: StageID(place)))
            }
        }
        return runnable
    }

    /// Launches the first waiting task that finds a worker; forgets stages that have none.
    private mutating func launchNext(_ stages: inout [StageKey]) -> Bool {
        while let key = stages.first {
            if launchFirst(of: key) { return true }
            noteUnplaced(key)
            stages.removeFirst()
        }
        return false
    }

    private mutating func launchFirst(of key: StageKey) -> Bool {
        if isUnmeasured(key) {
            let nearest = nearestWorkers(key)
            runtimes[key.job.index]?.change(key.stage) { $0.nearest = nearest }
        }
        for index in nextTasks(of: key) {
            let task = TaskID(stage: key, index: index)
            guard let worker = chooseWorker(for: task, besides: []) else { continue }
            launch(task, on: worker)
            return true
        }
        return false
    }

    private func isUnmeasured(_ key: StageKey) -> Bool {
        runtimes[key.job.index].map { $0.stages[key.stage.index].nearest == nil } ?? false
    }

    /// Copies the tasks at the front of a stage's queue. A copy of the whole queue, held over a launch, would
    /// have that launch copy it too.
    private func nextTasks(of key: StageKey) -> [UInt32] {
        guard let stage = runtimes[key.job.index]?.stages[key.stage.index] else { return [] }
        return stage.pending.suffix(Self.lookAhead).reversed()
    }

    /// Takes the wished worker, or the one with the input, or the one with most free slots; never one on
    /// which the task failed while there is another, nor one of `besides`.
    func chooseWorker(for task: TaskID, besides taken: [WorkerID]) -> WorkerID? {
        guard let stage = ledger.liveStage(task.stage) else { return nil }
        let place = Int(task.index)
        let failedOn = stage.tasks[place].failures.map(\.worker)
        let hasOther =
            !failedOn.isEmpty
            && links.contains { link in
                guard let link, link.takesTasks else { return false }
                return !failedOn.contains(link.worker)
            }
        let need = memoryNeed(stage, place)
        func suits(_ worker: WorkerID) -> Bool {
            guard worker.index < links.count, let link = links[worker.index] else { return false }
            return link.freeSlots > 0 && link.fits(need) && !taken.contains(worker)
                && !(hasOther && failedOn.contains(worker)) && !isHeld(worker, against: task.stage)
        }
        let wishes = stage.spec.preferredWorkers
        // What cannot be done twice was begun there: the task waits for room as long as the worker stays.
        if stage.spec.repetition == .never, place < wishes.count, let wish = wishes[place],
            wish.index < links.count, let link = links[wish.index], !link.isDraining, !link.isDiskFull
        {
            return suits(wish) ? wish : nil
        }
        let nearest = runtimes[task.stage.job.index]?.stages[task.stage.stage.index].nearest ?? []
        for wish in [
            place < wishes.count ? wishes[place] : nil, place < nearest.count ? nearest[place] : nil,
        ] {
            if let wish, suits(wish) { return wish }
        }
        return freeSlots.first(where: suits)
    }

    /// What a task that ran out of memory is taken to have needed, where its stage says less; bytes.
    private static let leastKnownNeed = 64 << 20

    /// Doubles the expected bytes for each time the task ran out of memory.
    func memoryNeed(_ stage: StageRecord, _ task: Int) -> Int {
        let doublings = min(stage.tasks[task].memoryFailureCount, 20)
        let base = doublings > 0 ? max(stage.spec.memoryBytes, Self.leastKnownNeed) : stage.spec.memoryBytes
        return base.multipliedReportingOverflow(by: 1 << doublings).partialValue
    }

    /// Returns the bytes to reserve for an attempt with which a worker comes: all that it has for one of a
    /// lost log, of which nothing is known but that it runs.
    func reservation(_ attempt: AttemptID, on identity: WorkerIdentity) -> Int {
        ledger.isForeign(attempt) ? identity.memoryBytes : reservation(attempt.task, on: identity)
    }

    /// Returns the bytes to reserve for a task on a worker: at most all that it has, and all of it for one
    /// that is not known.
    func reservation(_ task: TaskID, on identity: WorkerIdentity) -> Int {
        guard let stage = ledger.liveStage(task.stage), Int(task.index) < stage.tasks.count else {
            return identity.memoryBytes
        }
        return min(memoryNeed(stage, Int(task.index)), identity.memoryBytes)
    }

    mutating func launch(_ task: TaskID, on worker: WorkerID) {
        guard let identity = links[worker.index]?.identity else { return }
        attemptNumber += 1
        let attempt = AttemptID(task: task, epoch: ledger.epoch, number: attemptNumber)
        let bytes = reservation(task, on: identity)
        attach(RunningAttempt(id: attempt, startedAt: now.monotonic, memoryBytes: bytes), to: worker)
        noteLaunch(of: task.stage.job)
        let wall = now.wallMilliseconds
        withStage(task) {
            $0.startedMilliseconds = $0.startedMilliseconds ?? wall
            $0.unplacedSince = nil
        }
        if hold?.stage == task.stage { hold = nil }
        var launch = Launch(attempt: attempt, memoryBytes: bytes, inputs: inputs(of: task.stage))
        if identity.version < Self.storingVersion { launch.forgetCopies() }
        command(worker, .launch(launch))
    }

    private mutating func noteLaunch(of job: JobID) {
        runtimes[job.index]?.share.lastLaunch = attemptNumber
        if let queue = runtimes[job.index]?.queue { queues[queue].share.lastLaunch = attemptNumber }
    }

    /// Lists where the outputs lie that the stage's tasks read: the same for all of them, and listed once.
    private mutating func inputs(of key: StageKey) -> [TaskInput] {
        if let known = runtimes[key.job.index]?.stages[key.stage.index].inputs { return known }
        let inputs = listInputs(of: key)
        runtimes[key.job.index]?.change(key.stage) { $0.inputs = inputs }
        return inputs
    }

    /// Has the inputs of a job's stages listed anew: a producer has new outputs.
    mutating func forgetInputs(of job: JobID) {
        guard let stages = runtimes[job.index]?.stages.indices else { return }
        for stage in stages { runtimes[job.index]?.change(StageID(stage)) { $0.inputs = nil } }
    }

    private func listInputs(of key: StageKey) -> [TaskInput] {
        guard let stage = ledger.liveStage(key) else { return [] }
        return stage.spec.dependencies.map { dependency in
            let producer = StageKey(job: key.job, statement: key.statement, stage: dependency.producer)
            let outputs = ledger.liveStage(producer)?.tasks.compactMap(\.output) ?? []
            return TaskInput(
                dependency: dependency,
                outputs: outputs.map { output in
                    OutputLocation(
                        attempt: output.attempt, worker: output.worker,
                        address: ledger.workers[output.worker.index].identity.address,
                        checksum: output.checksum, isStored: output.isStored,
                        isWorkerGone: output.isStored && ledger.workers[output.worker.index].loss != nil)
                })
        }
    }

    /// Finds, for each task, the worker that holds most bytes of its shuffle partition; empty when not
    /// measured.
    private func nearestWorkers(_ key: StageKey) -> [WorkerID?] {
        guard let stage = ledger.liveStage(key) else { return [] }
        var bytes = [[WorkerID: Int]](repeating: [:], count: stage.tasks.count)
        for dependency in stage.spec.dependencies where dependency.kind == .shuffle {
            let producer = StageKey(job: key.job, statement: key.statement, stage: dependency.producer)
            for case let output? in ledger.liveStage(producer)?.tasks.map(\.output) ?? []
            where output.partitionBytes.count == stage.tasks.count {
                for (task, size) in output.partitionBytes.enumerated() {
                    bytes[task][output.worker, default: 0] += size
                }
            }
        }
        let workers = links.compactMap { $0?.worker }
        return bytes.map { sizes in
            var best: (worker: WorkerID, bytes: Int)?
            for worker in workers {
                if let size = sizes[worker], size > best?.bytes ?? 0 { best = (worker, size) }
            }
            return best?.worker
        }
    }
}
