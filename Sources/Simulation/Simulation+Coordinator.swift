import Scheduling
import Vocabulary

// The coordinator's machine: log, timers, planner, commits, and its crashes.
extension Simulation {
    private var coordinatorMoment: Moment {
        Moment(
            monotonic: Instant(milliseconds: now + coordinator.clockOffset),
            wallMilliseconds: now + wallOffset)
    }

    func startCoordinator() {
        coordinator.life += 1
        coordinator.clockOffset = Int64(random.within(0...1_000_000))
        var scheduler = JobScheduler(settings: scenario.settings)
        for bytes in coordinator.log {
            do { scheduler.apply(try Fact(wireBytes: bytes)) } catch {
                witness.require(false, "a logged fact cannot be read: \(error)")
            }
        }
        if let last = coordinator.lastLedger {
            witness.require(
                last == scheduler.ledger, "the folded log differs from the ledger before the crash")
        }
        coordinator.lastLedger = nil
        coordinator.scheduler = scheduler
        if let (job, statement) = coordinator.crashedOver {
            coordinator.crashedOver = nil
            decide(.crashed(job, statement: statement))
        }
        decide(.started)
    }

    /// Ends the coordinator's process by a fault of its own. It can have noted no more than that; all that
    /// its scheduler decided before is logged.
    func crashCoordinator(over job: JobID, _ statement: UInt32) {
        guard coordinator.scheduler != nil else { return }
        witness.seeCrash(over: job)
        coordinator.crashedOver = (job, statement)
        killCoordinator(isAllLogged: tamper == nil)
    }

    private func killCoordinator(isAllLogged: Bool) {
        witness.counts.coordinatorCrashes += 1
        coordinator.lastLedger = isAllLogged ? coordinator.scheduler?.ledger : nil
        coordinator.scheduler = nil
        coordinator.life += 1
        if losses.happens(scenario.lostLogs) { loseLog() }
        agenda.plan(.coordinatorStart, at: now + Int64(random.within(10...15_000)))
    }

    /// Has the coordinator begin with an empty log. Its clients submit their jobs anew; its workers may run
    /// tasks, and hold outputs, of jobs whose numbers others get now.
    private func loseLog() {
        witness.seeLoss()
        coordinator.log = []
        coordinator.lastLedger = nil
        coordinator.crashedOver = nil
        coordinator.logBegan = coordinator.life + 1
        scenario.beginLog(&losses)
        (forgotten, staged, copies) = ([:], [], [])
        for number in scenario.jobs.indices {
            scenario.jobs[number].forgetBehaviours()
            if accepted[number] != nil { agenda.plan(.submit(number), at: now + 1000) }
            accepted[number] = nil
        }
    }

    /// Hands an event to the scheduler, if it lives; makes its facts durable, then runs its actions. A
    /// crash may come before any of the facts and before any of the actions.
    func decide(_ event: Event) {
        let moment = coordinatorMoment
        // A copy of all jobs costs: it is made for this event alone.
        var before: Ledger?
        if case .forget = event { before = coordinator.scheduler?.ledger }
        guard var decision = coordinator.scheduler?.handle(event, at: moment) else { return }
        if let fault = coordinator.scheduler?.departureFault() { witness.require(false, fault) }
        checkSlotLimits(decision)
        tamper?(&decision)
        witness.counts.ignored += decision.ignored.count
        let crashes = isRough && !decision.facts.isEmpty && random.happens(scenario.coordinatorCrashes)
        let durable = crashes ? random.within(0...decision.facts.count) : decision.facts.count
        for fact in decision.facts.prefix(durable) {
            if case .jobForgotten(let job) = fact {
                forget(job, before?.jobs[job.index])
                continue
            }
            if case .workerForgotten(let worker) = fact {
                witness.counts.workersForgotten += 1
                coordinator.log.removeAll { (try? Fact(wireBytes: $0))?.worker == worker }
                continue
            }
            coordinator.log.append(fact.wireBytes)
            witness.see(fact)
            if case .epochStarted = fact, coordinator.scheduler?.ledger.hasRaisedEpoch == true {
                witness.counts.epochsRaised += 1
            }
            if case .jobAccepted(let id, let header, _) = fact { noteAcceptance(id, header) }
        }
        let isAllLogged = durable == decision.facts.count
        let runs =
            crashes ? (isAllLogged ? random.within(0...decision.actions.count) : 0) : decision.actions.count
        let life = coordinator.life
        for action in decision.actions.prefix(runs) { run(action, life) }
        if crashes { killCoordinator(isAllLogged: isAllLogged && tamper == nil) }
    }

    /// Has history lose a job some time after its end, once its client was told of its acceptance.
    private func forgetLater(_ job: JobID, _ life: Int) {
        guard coordinator.scheduler?.ledger.jobs[job.index].isLive == false, accepted.contains(job) else {
            return
        }
        for delay in [10_000, 100_000] as [Int64] {
            agenda.plan(.coordinatorEvent(life: life, .forget([job])), at: now + delay)
        }
    }

    /// Drops all facts about a job from the log.
    private func forget(_ job: JobID, _ record: JobRecord?) {
        witness.counts.forgotten += 1
        forgotten[job] = record
        coordinator.log.removeAll { (try? Fact(wireBytes: $0))?.job == job }
    }

    /// Nothing is launched for a job beyond its slot limit.
    private func checkSlotLimits(_ decision: Decision) {
        guard let scheduler = coordinator.scheduler else { return }
        for case .send(_, _, .deliver(let delivery)) in decision.actions {
            for case .launch(let launch) in delivery.commands where !witness.hasSeen(launch) {
                let job = launch.attempt.task.stage.job
                let limit = scheduler.ledger.jobs[job.index].header.slotLimit
                witness.require(
                    limit == 0 || scheduler.runningCount(of: job) <= limit,
                    "job \(job) has more tasks than its limit")
            }
        }
    }

    private func noteAcceptance(_ id: JobID, _ header: JobHeader) {
        guard let number = scenario.jobs.firstIndex(where: { $0.header == header }) else { return }
        scenario.drawBehaviours(number, id: id, &random)
    }

    private func number(of job: JobID) -> Int? {
        guard let header = coordinator.scheduler?.ledger.jobs[job.index].header else { return nil }
        return scenario.jobs.firstIndex { $0.header == header }
    }

    /// Brings an event to this life of the coordinator after a while.
    func plan(_ life: Int, _ event: Event, after milliseconds: ClosedRange<Int> = 1...300) {
        agenda.plan(.coordinatorEvent(life: life, event), at: now + Int64(random.within(milliseconds)))
    }

    private func run(_ action: Action, _ life: Int) {
        switch action {
        case .planStatement(let job, let statement):
            guard let number = number(of: job) else { return }
            if scenario.jobs[number].crashingStatement == statement {
                return agenda.plan(.coordinatorCrash(life: life, job, statement: statement), at: now + 5)
            }
            let stages = scenario.jobs[number].statements[Int(statement)]
            plan(life, .statementPlanned(job, statement: statement, stages: stages))
            if random.happens(100) {
                plan(life, .statementPlanned(job, statement: statement, stages: stages))
            }
        case .replan(let stage): plan(life, .replanned(stage, stages: newPlan(stage)))
        case .commit(let manifest):
            agenda.plan(.commit(life: life, manifest), at: now + Int64(random.within(1...2000)))
        case .clean(let job, let statement):
            seeCleaning(StatementKey(job: job, statement: statement))
            plan(life, .cleaned(job, statement: statement))
        case .removeStoredOutputs(let job):
            witness.counts.copyRemovals += 1
            removeCopies(of: job)
            plan(life, .storedOutputsRemoved(job))
        case .send(_, let recipient, let message), .reply(let recipient, let message):
            see(message, to: recipient)
            deliver(message, to: recipient)
        case .setTimer(let time):
            agenda.plan(
                .coordinatorTimer(life: life), at: max(now, time.milliseconds - coordinator.clockOffset))
        case .submitted(let job, _): if let number = number(of: job) { accepted[number] = job }
        case .jobChanged(let job): if job.index % 2 == 0 { forgetLater(job, life) }
        case .workerChanged: witness.counts.pauses += 1
        case .refused(let error): witness.require(false, "a submission was refused: \(error)")
        }
    }

    /// Sometimes changes the number of tasks of a reader that has not begun.
    private func newPlan(_ key: StageKey) -> [StageSpec] {
        guard random.happens(500), let ledger = coordinator.scheduler?.ledger,
            let statement = ledger.jobs[key.job.index].statements.last
        else { return [] }
        var changed: [StageSpec] = []
        for stage in statement.stages
        where stage.spec.dependencies.contains(where: { $0.producer == key.stage }) {
            // Readers that have other complete adaptive producers may be running by the time the answer
            // comes.
            if stage.spec.dependencies.count > 1 { continue }
            var spec = stage.spec
            spec.taskCount = random.within(1...max(1, spec.taskCount))
            changed.append(spec)
        }
        return changed
    }

    private func see(_ message: CoordinatorMessage, to life: WorkerLife) {
        guard case .deliver(let delivery) = message else { return }
        for case .launch(let launch) in delivery.commands {
            let task = launch.attempt.task
            let isSecond = workers.contains { worker in
                worker.agent?.runningAttempts.contains { $0.task == task && $0 != launch.attempt } ?? false
            }
            if isSecond { witness.counts.speculations += 1 }
            witness.see(launch, to: life)
        }
    }

    // MARK: network

    private func workerNumber(_ life: WorkerLife) -> Int? { Int(life.address) }

    private func deliver(_ message: CoordinatorMessage, to life: WorkerLife) {
        guard let worker = workerNumber(life) else { return }
        for time in arrivals(isCut: workers[worker].cutsIn) {
            if time < workers[worker].lastIn { witness.counts.overtaken += 1 }
            workers[worker].lastIn = max(workers[worker].lastIn, time)
            agenda.plan(.toWorker(worker, life, message), at: time)
        }
    }

    func deliver(_ message: WorkerMessage, from worker: Int) {
        for time in arrivals(isCut: workers[worker].cutsOut) {
            if time < workers[worker].lastOut { witness.counts.overtaken += 1 }
            workers[worker].lastOut = max(workers[worker].lastOut, time)
            agenda.plan(.toCoordinator(message), at: time)
        }
    }

    /// Draws when copies of a message arrive: usually one, soon; sometimes none, two, or very late.
    private func arrivals(isCut: Bool) -> [Int64] {
        witness.counts.messages += 1
        guard isRough else { return [now + Int64(random.within(1...10))] }
        if isCut || random.happens(scenario.dropped) {
            witness.counts.dropped += 1
            return []
        }
        var times: [Int64] = []
        let copies = random.happens(scenario.doubled) ? 2 : 1
        witness.counts.doubled += copies - 1
        for _ in 0..<copies {
            let most = random.happens(scenario.delayed) ? (random.happens(100) ? 60_000 : 5000) : 20
            times.append(now + Int64(random.within(1...most)))
        }
        return times
    }
}
