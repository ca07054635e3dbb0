import Vocabulary

/// Holds what a worker that leaves has and others may need: found once, and from then on kept up to date by
/// facts, so that an event costs what it changes and not what there is.
///
/// **Invariant:** `outputs` are those that `outputsToLetGo` lists, but for stages that nobody reads any more.
struct Departure: Sendable, Hashable {
    /// Attempts whose outputs only this worker has, by their stage. Looked up, never iterated.
    private(set) var outputs: [StageKey: Set<AttemptID>] = [:]
    /// The stages of these, ascending.
    private(set) var stages: [StageKey] = []
    /// Those of them of which nobody was asked to take care yet, by their stage. Sorted where it is gone
    /// through.
    private var waiting: [StageKey: Set<AttemptID>] = [:]
    /// Those of which nobody can take care before another worker comes.
    private(set) var stuck: [AttemptID] = []

    init(_ attempts: [AttemptID]) {
        for attempt in attempts { add(attempt) }
    }

    mutating func add(_ attempt: AttemptID) {
        let key = attempt.task.stage
        if outputs[key] == nil {
            stages.insert(key, at: stages.firstIndex { $0 > key } ?? stages.endIndex)
        }
        if outputs[key, default: []].insert(attempt).inserted { waiting[key, default: []].insert(attempt) }
    }

    /// Forgets an output; nothing when it is not here.
    mutating func remove(_ attempt: AttemptID) {
        let key = attempt.task.stage
        guard outputs[key]?.remove(attempt) != nil else { return }
        setAside(attempt)
        if outputs[key]?.isEmpty == true { remove(stage: key) }
    }

    mutating func remove(stage key: StageKey) {
        (outputs[key], waiting[key]) = (nil, nil)
        stages.removeAll { $0 == key }
    }

    /// Whether outputs of the stage wait.
    func hasWaiting(_ key: StageKey) -> Bool { waiting[key] != nil }

    /// Lists the outputs of a stage that wait, in order.
    func waiting(of key: StageKey) -> [AttemptID] { waiting[key]?.sorted() ?? [] }

    /// Looks at an output no more until it is to be.
    mutating func setAside(_ attempt: AttemptID) {
        let key = attempt.task.stage
        if waiting[key]?.remove(attempt) != nil, waiting[key]?.isEmpty == true { waiting[key] = nil }
    }

    /// Looks at an output no more until another worker comes.
    mutating func setStuck(_ attempt: AttemptID) {
        setAside(attempt)
        stuck.append(attempt)
    }

    /// Looks again at what nobody could take care of.
    mutating func releaseStuck() {
        let attempts = stuck
        stuck = []
        for attempt in attempts { lookAgain(at: attempt) }
    }

    mutating func lookAgain(at attempt: AttemptID) {
        let key = attempt.task.stage
        if outputs[key]?.contains(attempt) == true { waiting[key, default: []].insert(attempt) }
    }
}

/// Remembers within one event which stages of which jobs are wanted.
struct StageNeeds {
    fileprivate var wanted: [JobID: [Bool]] = [:]
}

// Departures: what is known of workers that leave.
extension JobScheduler {
    /// Lists the outputs that only this worker has and a task or a client may read: of every live job.
    func outputsToLetGo(on worker: WorkerID) -> [AttemptID] {
        var found = ledger.outputs(on: worker)
        let results =
            retained.compactMap { ledger.jobs[$0.job.index].retainedStage }
            + ledger.liveJobs.compactMap { job in
                guard let last = ledger.jobs[job.index].statements.last, last.isCommitting else { return nil }
                return ledger.jobs[job.index].resultStage
            }
        for key in results {
            let stage = ledger.jobs[key.job.index].statements[Int(key.statement)].stages[key.stage.index]
            for case let output? in stage.tasks.map(\.output)
            where output.worker == worker && !output.outlivesWorker {
                found.append(output.attempt)
            }
        }
        return found
    }

    /// Takes out what a fact makes of no use, or takes elsewhere.
    mutating func noteDepartures(before fact: Fact) {
        switch fact {
        case .outputLost(let attempt, _, _), .outputMoved(let attempt, _), .outputStored(let attempt):
            for worker in leaving { departures[worker]?.remove(attempt) }
        case .stagesReplanned(let key, let stages):
            for worker in leaving {
                for stage in stages {
                    departures[worker]?.remove(
                        stage: StageKey(job: key.job, statement: key.statement, stage: stage.id))
                }
            }
        default: break
        }
    }

    /// Takes in what a fact has a worker hold.
    mutating func noteDepartures(after fact: Fact) {
        switch fact {
        case .taskCompleted(let output):
            guard let stage = ledger.liveStage(output.attempt.task.stage), stage.spec.isHeldByWorkers,
                !output.outlivesWorker, ledger.output(output.attempt) != nil
            else { return }
            departures[output.worker]?.add(output.attempt)
        case .outputMoved(let attempt, let worker):
            if ledger.output(attempt)?.outlivesWorker == false { departures[worker]?.add(attempt) }
        default: break
        }
    }

    /// Lists the needed outputs of a worker that nobody was asked to take over yet, and forgets stages of
    /// which nobody can need any more.
    mutating func waitingOutputs(on worker: WorkerID, _ needs: inout StageNeeds) -> [TaskOutput] {
        if departures[worker]?.stuck.isEmpty == false, hasAdopter { departures[worker]?.releaseStuck() }
        guard let departure = departures[worker] else { return [] }
        var found: [TaskOutput] = []
        for key in departure.stages where departure.hasWaiting(key) {
            if isNeeded(key, &needs) {
                found += departure.waiting(of: key).compactMap { ledger.output($0) }
            } else if isOver(key) {
                departures[worker]?.remove(stage: key)
            }
        }
        return found
    }

    /// Whether a worker has an output that somebody needs.
    func holdsNeeded(_ worker: WorkerID, _ needs: inout StageNeeds) -> Bool {
        departures[worker]?.stages.contains { isNeeded($0, &needs) } ?? false
    }

    /// Whether a stage's outputs are needed by a task that has yet to finish, by the commit, or by the
    /// client.
    private func isNeeded(_ key: StageKey, _ needs: inout StageNeeds) -> Bool {
        guard ledger.jobs.contains(key.job) else { return false }
        let job = ledger.jobs[key.job.index]
        guard job.isLive else {
            return job.retainedStage == key && retained.contains { $0.job == key.job && !$0.wasSent }
        }
        guard Int(key.statement) == job.statements.count - 1, let statement = job.statements.last,
            key.stage.index < statement.stages.count
        else { return false }
        if statement.isCommitting { return job.resultStage == key }
        if statement.isSink(key.stage) { return true }
        let wanted = needs.wanted[key.job] ?? statement.wantedStages()
        needs.wanted[key.job] = wanted
        return statement.stages.contains { reader in
            wanted[reader.spec.id.index] && reader.spec.dependencies.contains { $0.producer == key.stage }
        }
    }

    /// Whether nobody can need a stage's outputs any more, whatever is lost.
    private func isOver(_ key: StageKey) -> Bool {
        guard ledger.jobs.contains(key.job) else { return true }
        let job = ledger.jobs[key.job.index]
        return job.isLive ? Int(key.statement) < job.statements.count - 1 : job.retainedStage != key
    }

    /// Returns how the books of workers that leave differ from what there is, or nil: for the simulator.
    package func departureFault() -> String? {
        for worker in leaving {
            guard let departure = departures[worker] else { continue }
            var needs = StageNeeds()
            let there = Set(outputsToLetGo(on: worker)).filter { isNeeded($0.task.stage, &needs) }
            var noted: Set<AttemptID> = []
            for key in departure.stages where isNeeded(key, &needs) {
                noted.formUnion(departure.outputs[key] ?? [])
            }
            if there != noted { return "worker \(worker) has \(there.count) outputs, \(noted.count) noted" }
        }
        return nil
    }
}
