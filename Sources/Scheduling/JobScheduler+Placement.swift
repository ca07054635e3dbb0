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
        let pool: String
        var stages: [StageKey]
    }

    /// How many waiting tasks of a stage are looked at to find one that fits.
    private static let lookAhead = 64

    /// Launches as much as fits. Pools share alike, then the jobs of a pool; among those that have as much,
    /// the one that has waited longest for a launch goes first, so that none starves behind long ones.
    mutating func place() {
        guard launchesHeldUntil == nil else { return }
        var free = freeSlots.total
        guard free > 0 else { return }
        var candidates: [Candidate] = []
        for job in ledger.liveJobs {
            let stages = runnableStages(job)
            if stages.isEmpty { continue }
            candidates.append(
                Candidate(job: job, pool: ledger.jobs[job.index].header.pool, stages: stages))
        }
        while free > 0, let chosen = fairest(candidates) {
            if launchNext(&candidates[chosen].stages) {
                free -= 1
            } else {
                candidates.remove(at: chosen)
            }
        }
    }

    private func fairest(_ candidates: [Candidate]) -> Int? {
        if candidates.count < 2 { return candidates.indices.first }
        var pools: [String: (running: Int, lastLaunch: UInt32)] = [:]
        for job in ledger.liveJobs {
            guard let runtime = runtimes[job.index] else { continue }
            let pool = ledger.jobs[job.index].header.pool
            let before = pools[pool] ?? (0, 0)
            pools[pool] = (
                before.running + runtime.runningCount, max(before.lastLaunch, runtime.lastLaunch)
            )
        }
        var best = 0
        var bestShare = (Int.max, UInt32.max, Int.max, UInt32.max)
        for (place, candidate) in candidates.enumerated() {
            guard let runtime = runtimes[candidate.job.index] else { continue }
            let pool = pools[candidate.pool] ?? (0, 0)
            let share = (pool.running, pool.lastLaunch, runtime.runningCount, runtime.lastLaunch)
            if share < bestShare { (best, bestShare) = (place, share) }
        }
        return best
    }

    /// Lists the stages with waiting tasks whose producers are complete and whose plan is settled.
    func runnableStages(_ job: JobID) -> [StageKey] {
        let entry = ledger.jobs[job.index]
        guard let statement = entry.statements.last, !statement.isCommitting, !entry.isCancelRequested,
            entry.fatal == nil, let runtime = runtimes[job.index]
        else { return [] }
        if runtime.stages.allSatisfy(\.pending.isEmpty) { return [] }
        let wanted = statement.wantedStages()
        var runnable: [StageKey] = []
        for place in statement.stages.indices where wanted[place] && !runtime.stages[place].pending.isEmpty {
            if statement.isReady(StageID(place)) {
                runnable.append(
                    StageKey(job: job, statement: UInt32(entry.statements.count - 1), stage: StageID(place)))
            }
        }
        return runnable
    }

    /// Launches the first waiting task that finds a worker; forgets stages that have none.
    private mutating func launchNext(_ stages: inout [StageKey]) -> Bool {
        while let key = stages.first {
            if launchFirst(of: key) { return true }
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
                && !(hasOther && failedOn.contains(worker))
        }
        let wishes = stage.spec.preferredWorkers
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
    private func memoryNeed(_ stage: StageRecord, _ task: Int) -> Int {
        let doublings = min(stage.tasks[task].memoryFailureCount, 20)
        let base = doublings > 0 ? max(stage.spec.memoryBytes, Self.leastKnownNeed) : stage.spec.memoryBytes
        return base.multipliedReportingOverflow(by: 1 << doublings).partialValue
    }

    /// Returns the bytes to reserve for a task on a worker: at most all that it has, and all of it for an
    /// attempt of which nothing is known but that it runs.
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
        runtimes[task.stage.job.index]?.lastLaunch = attemptNumber
        let wall = now.wallMilliseconds
        withStage(task) { $0.startedMilliseconds = $0.startedMilliseconds ?? wall }
        command(worker, .launch(Launch(attempt: attempt, memoryBytes: bytes, inputs: inputs(of: task.stage))))
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
                        checksum: output.checksum)
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
