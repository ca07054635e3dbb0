import Scheduling
import Vocabulary

// The workers' machines: processes, tasks, outputs.
extension Simulation {
    private func workerInstant(_ worker: Int) -> Instant {
        Instant(milliseconds: now + workers[worker].clockOffset)
    }

    func startWorker(_ worker: Int) {
        guard workers[worker].agent == nil else { return }
        // The machine's clock may have been set back since its last process started.
        let started = UInt64(1_000_000 + now + Int64(random.within(-3000...3000)))
        workers[worker].incarnation = started << 20 | random.next() >> 44
        workers[worker].clockOffset = Int64(random.within(0...1_000_000))
        let identity = WorkerIdentity(
            address: String(worker), incarnation: workers[worker].incarnation,
            version: WorkerIdentity.currentVersion,
            slots: scenario.slots,
            memoryBytes: 1 << 29)
        let instant = workerInstant(worker)
        workers[worker].agent = TaskAgent(identity, at: instant)
        tell(worker, .tick)
    }

    func killWorker(_ worker: Int) {
        witness.counts.workerCrashes += 1
        if random.happens(500) { seeDisconnect(of: worker) }
        endProcess(worker)
        agenda.plan(.workerStart(worker), at: now + Int64(random.within(100...40_000)))
    }

    /// Lets the coordinator see the worker's connection close, a little later.
    func seeDisconnect(of worker: Int) {
        guard let life = workers[worker].agent?.identity.life else { return }
        witness.counts.disconnects += 1
        agenda.plan(.disconnect(life), at: now + Int64(random.within(1...300)))
    }

    private func endProcess(_ worker: Int) {
        forgetStaging(of: worker)
        workers[worker].agent = nil
        workers[worker].outputs = []
        workers[worker].stopping = []
    }

    /// Hands an event to the worker's agent and runs its actions.
    func tell(_ worker: Int, _ event: AgentEvent) {
        let instant = workerInstant(worker)
        guard let actions = workers[worker].agent?.handle(event, at: instant) else { return }
        if let agent = workers[worker].agent {
            witness.require(
                agent.runningAttempts.count <= agent.identity.slots,
                "worker \(worker) has more tasks than slots")
            witness.require(
                agent.reservedBytes <= agent.identity.memoryBytes, "worker \(worker) promised too much memory"
            )
        }
        for action in actions { run(action, worker) }
    }

    private func run(_ action: AgentAction, _ worker: Int) {
        let incarnation = workers[worker].incarnation
        switch action {
        case .send(let message):
            if case .register(let registration) = message, registration.session > 1 {
                witness.counts.fences += 1
            }
            deliver(message, from: worker)
        case .start(let launch): start(launch, worker)
        case .stop(let attempt):
            workers[worker].stopping.insert(attempt)
            agenda.plan(
                .taskStopped(worker, incarnation: incarnation, attempt),
                at: now + Int64(random.within(1...500)))
        case .adopt(let address, let outputs):
            for output in outputs {
                agenda.plan(
                    .adoptionEnd(worker, incarnation: incarnation, from: address, output.attempt),
                    at: now + Int64(random.within(10...4000)))
            }
        case .store(_, let attempts):
            for attempt in attempts {
                agenda.plan(
                    .storingEnd(worker, incarnation: incarnation, attempt),
                    at: now + Int64(random.within(10...2000)))
            }
        case .drop(let attempt):
            witness.sawDrop(attempt)
            workers[worker].outputs.remove(attempt)
            staged.remove(attempt)
        case .forgetJobs: break
        case .setTimer(let time):
            agenda.plan(
                .workerTimer(worker, incarnation: incarnation),
                at: max(now, time.milliseconds - workers[worker].clockOffset))
        case .leave:
            endProcess(worker)
            agenda.plan(.workerStart(worker), at: now + Int64(random.within(1000...30_000)))
        // A twin of the coordinator refuses who comes from the other one: the process ends and starts again.
        case .refuse(let error) where error.code == "UNSUPPORTED_EPOCH" && scenario.lostLogs > 0:
            witness.counts.twinsRefused += 1
            endProcess(worker)
            agenda.plan(.workerStart(worker), at: now + Int64(random.within(1000...30_000)))
        case .refuse(let error): witness.require(false, "a worker was refused: \(error)")
        }
    }

    /// Draws how long the task takes and how it ends.
    private func start(_ launch: Launch, _ worker: Int) {
        let task = launch.attempt.task
        noteStart(launch.attempt)
        var duration = random.within(20...3000)
        if random.happens(30) { duration *= 20 }
        let behaviour = scenario.jobs.lazy.compactMap { $0.behaviours[task] }.first ?? .healthy
        var end = AttemptEnd.completed(output(of: launch))
        let system = EngineError.system("DISK_FULL", "No space is left")
        switch behaviour {
        case .healthy: break
        case .flaky: if random.happens(250) { end = .failed(.error(system)) }
        case .poison: end = .failed(.error(system))
        case .userError: end = .failed(.error(.user("DIVIDE_BY_ZERO", "Division by zero")))
        case .hungry:
            if launch.memoryBytes < 64 << 20 {
                end = .failed(.outOfMemory(.system("OUT_OF_MEMORY", "Too little")))
            }
        }
        agenda.plan(
            .taskEnd(worker, incarnation: workers[worker].incarnation, launch, end), at: now + Int64(duration)
        )
    }

    private func output(of launch: Launch) -> TaskOutput {
        let reads = launch.inputs.reduce(0) { $0 + $1.outputs.count }
        return TaskOutput(
            attempt: launch.attempt, counters: TaskCounters(rowsIn: reads * 10, rowsOut: 10),
            partitionBytes: [Int(launch.attempt.task.index) * 10, 5, 7],
            checksum: UInt64(launch.attempt.number))
    }

    /// Has the bytes of most outputs come along with the message: as the scheduler sees it, any output's.
    func withBytes(_ message: WorkerMessage) -> WorkerMessage {
        var message = message
        message.markLogged { ($0.attempt.number &+ UInt32(truncatingIfNeeded: seed)) % 8 < 6 }
        return message
    }

    /// Ends a task as drawn, unless an input cannot be fetched.
    func endTask(_ worker: Int, _ launch: Launch, _ end: AttemptEnd) {
        let attempt = launch.attempt
        guard workers[worker].agent?.runningAttempts.contains(attempt) == true else { return }
        if let missing = missingInput(of: launch, for: worker) {
            let error = EngineError.system("FETCH_FAILED", "A block is missing")
            staged.remove(attempt)
            return tell(worker, .ended(attempt, .failed(.fetchFailed(producer: missing, error))))
        }
        if case .completed = end {
            workers[worker].outputs.insert(attempt)
            witness.sawFinish(attempt)
        } else {
            staged.remove(attempt)
        }
        tell(worker, .ended(attempt, end))
    }

    /// Ends a task that was told to stop: it takes what it wrote with it.
    func stopTask(_ worker: Int, _ attempt: AttemptID) {
        if workers[worker].agent?.runningAttempts.contains(attempt) == true { staged.remove(attempt) }
        tell(worker, .ended(attempt, .stopped))
    }

    /// Ends the fetch of an output from a worker that leaves.
    func endAdoption(_ worker: Int, from address: String, _ attempt: AttemptID) {
        guard let holder = Int(address) else { return }
        let isCut = workers[holder].cutsOut || workers[holder].cutsIn
        if isCut || !workers[holder].outputs.contains(attempt) {
            witness.counts.adoptionsFailed += 1
            return tell(worker, .notAdopted(attempt))
        }
        witness.counts.adoptions += 1
        workers[worker].outputs.insert(attempt)
        tell(worker, .adopted(attempt))
    }

    private func missingInput(of launch: Launch, for worker: Int) -> AttemptID? {
        for input in launch.inputs {
            for output in input.outputs {
                guard let holder = Int(output.address) else { continue }
                // Files are in shared storage.
                if isInFiles(output.attempt.task) { continue }
                let isCut = holder != worker && (workers[holder].cutsOut || workers[holder].cutsIn)
                if !isCut, !output.isWorkerGone, workers[holder].outputs.contains(output.attempt) { continue }
                guard output.isStored, copies.contains(output.attempt) else { return output.attempt }
                witness.counts.copyReads += 1
            }
        }
        return nil
    }

    func isInFiles(_ task: TaskID) -> Bool {
        guard let ledger = coordinator.scheduler?.ledger else { return false }
        return ledger.liveStage(task.stage)?.spec.output == .files
    }
}
