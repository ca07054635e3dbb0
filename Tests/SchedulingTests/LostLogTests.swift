import Testing
import Vocabulary

@testable import Scheduling

/// A coordinator whose log was lost, with a clock that is behind, and workers that outlived the log.
@Suite("A lost log and a clock that is behind")
struct LostLogTests {
    private static let life = WorkerLife(address: "w1", incarnation: 1)

    /// A coordinator that began in epoch 500.
    private static func late(log: [Fact] = []) -> Bench {
        var settings = SchedulerSettings()
        settings.firstEpoch = 500
        return Bench(log: log, settings: settings)
    }

    private static func attempt(epoch: UInt32) -> AttemptID {
        let stage = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        return AttemptID(task: TaskID(stage: stage, index: 0), epoch: epoch, number: 1)
    }

    /// The welcome that the last decision sends.
    private static func welcome(_ bench: Bench) -> CoordinatorMessage? {
        for case .send(_, _, let message) in bench.last.actions {
            if case .welcome = message { return message }
        }
        return nil
    }

    @Test("a coordinator that hears of a higher epoch begins one beyond it, as a fact, before it welcomes")
    func raise() {
        var bench = Self.late()
        bench.join("w1", version: 5, heardEpoch: 900, welcomedEpoch: 900)
        let epoch = 900 + JobScheduler.epochDistance
        #expect(bench.last.facts.first == .epochStarted(epoch))
        #expect(
            Self.welcome(bench)
                == .welcome(
                    epoch: epoch, session: 1, worker: WorkerID(0), heardSentAt: Instant(milliseconds: 1000),
                    isStateNew: true))
        // It is no start of the coordinator, and the next start goes on from it.
        #expect(bench.scheduler.ledger.startCount == 1 && !bench.scheduler.ledger.hasStartedAgain)
        let next = Self.late(log: bench.log)
        #expect(next.scheduler.ledger.epoch == epoch + 1 && next.scheduler.ledger.startCount == 2)
        // One that has heard of no higher epoch changes none.
        bench.join("w2", version: 5, heardEpoch: epoch)
        #expect(bench.scheduler.ledger.epoch == epoch)
    }

    @Test("a worker of another log with the same epochs is refused: its attempts have numbers of this one's")
    func twin() {
        var settings = SchedulerSettings()
        settings.firstEpoch = 500
        settings.logNumber = 77
        var bench = Bench(settings: settings)
        #expect(bench.log.prefix(2) == [.logNamed(77), .epochStarted(500)])
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)])
        let output = TaskOutput(attempt: Self.attempt(epoch: 500))
        bench.join(
            "w1", version: 6, outputs: [output], heardEpoch: 500, welcomedEpoch: 500, welcomedLog: 78)
        guard case .reply(Self.life, .refused(500, 1, let error))? = bench.last.actions.first else {
            return #expect(Bool(false), "not refused: \(bench.last)")
        }
        #expect(error.code == "UNSUPPORTED_EPOCH" && error.remedy?.contains("Start the worker again") == true)
        #expect(bench.last.facts.isEmpty, "nothing of it counts")
        // Started again it is welcome, is told the log's number, and is known by it on the next start.
        bench.join("w1", incarnation: 2, version: 6)
        guard case .welcome(500, 1, _, _, false, 77)? = Self.welcome(bench) else {
            return #expect(Bool(false), "not welcome: \(bench.last)")
        }
        settings.logNumber = 79
        var next = Bench(log: bench.log, settings: settings)
        #expect(next.scheduler.ledger.logNumber == 77)
        next.join(
            "w1", incarnation: 2, session: 2, version: 6, heardEpoch: 500, welcomedEpoch: 500, welcomedLog: 77
        )
        #expect(Self.welcome(next) != nil)
        // One whose epoch this log never had is taken over, as a worker of a lost log is.
        next.join("w2", version: 6, heardEpoch: 400, welcomedEpoch: 400, welcomedLog: 78)
        guard case .welcome(501, 1, _, _, true, 77)? = Self.welcome(next) else {
            return #expect(Bool(false), "not welcome: \(next.last)")
        }
        // Workers of earlier releases are told no number, and have none.
        next.join("w3", version: 5, heardEpoch: 500, welcomedEpoch: 500)
        guard case .welcome(501, 1, _, _, false, 0)? = Self.welcome(next) else {
            return #expect(Bool(false), "not welcome: \(next.last)")
        }
    }

    @Test("epochs before, between and after those of the log are another log's")
    func foreign() {
        var ledger = Ledger()
        for epoch in [500, 501, 4996, 4997, 4998] as [UInt32] { ledger.apply(.epochStarted(epoch)) }
        // What is lower, or said twice, changes nothing.
        for epoch in [4998, 7] as [UInt32] { ledger.apply(.epochStarted(epoch)) }
        #expect(ledger.epoch == 4998 && ledger.startCount == 4)
        for epoch in [0, 499, 502, 900, 4995, 4999, .max] as [UInt32] {
            #expect(ledger.isForeign(Self.attempt(epoch: epoch)), "epoch \(epoch)")
        }
        for epoch in [500, 501, 4996, 4998] as [UInt32] {
            #expect(!ledger.isForeign(Self.attempt(epoch: epoch)), "epoch \(epoch)")
        }
    }

    @Test("what the worker ran and held is the lost log's although its epoch is higher, and tasks run again")
    func tasks() {
        var bench = Self.late()
        bench.run(mapReduce)
        let running = Self.attempt(epoch: 900)
        var held = running
        held.task.index = 1
        bench.join(
            "w1", version: 5, running: [running], outputs: [TaskOutput(attempt: held)], heardEpoch: 900,
            welcomedEpoch: 900)
        #expect(bench.cancels == [running] && bench.drops == [held])
        bench.beat("w1", [.completed(TaskOutput(attempt: running))])
        #expect(!bench.log.contains { if case .taskCompleted = $0 { true } else { false } })
        #expect(bench.launches.map(\.launch.attempt.epoch) == [4996, 4996])
    }

    @Test("attempts of the epoch before it was raised stay the log's own, and their workers come again")
    func ownAttempts() {
        var bench = Self.late()
        bench.join("w1", version: 5)
        bench.run(mapReduce)
        let own = bench.launches[0].launch.attempt
        bench.join("w2", version: 5, heardEpoch: 900)
        bench.beat("w1")
        for case .send(_, Self.life, .deliver(let delivery)) in bench.last.actions {
            #expect(delivery.epoch == 4996)
        }
        bench.join("w1", session: 2, version: 5, running: [own], heardEpoch: 4996, welcomedEpoch: 500)
        #expect(bench.cancels.isEmpty)
        bench.beat("w1", session: 2, [.completed(TaskOutput(attempt: own))])
        #expect(bench.log.contains { if case .taskCompleted = $0 { true } else { false } })
    }

    @Test("an attempt of a lost log that stops has nothing cleaned of the job that has its numbers now")
    func cleaning() {
        var bench = Self.late()
        let running = Self.attempt(epoch: 900)
        bench.join("w1", version: 5, running: [running], heardEpoch: 900, welcomedEpoch: 900)
        bench.run([StageSpec(id: StageID(0), taskCount: 2, output: .files, memoryBytes: 1 << 20)])
        // What it reserves nobody knows: nothing else is launched beside it.
        #expect(bench.launches.isEmpty)
        bench.beat("w1", [.stopped(running)])
        #expect(bench.cleanings.isEmpty)
        #expect(bench.launches.count == 2)
    }

    @Test("one whose log is not new was superseded: it leaves the worker to the other, whose jobs it knows")
    func superseded() {
        var first = Self.late()
        // As long as it has known no worker, nothing is another's.
        var unknown = Self.late(log: first.log)
        unknown.join("w1", version: 5, heardEpoch: 900)
        #expect(Self.welcome(unknown) != nil && unknown.scheduler.ledger.epoch > 900)
        first.join("w2", version: 5)
        var again = Self.late(log: first.log)
        again.join("w1", version: 5, heardEpoch: 900)
        var old = Self.late(log: [])
        old.join("w2", version: 5)
        old.now += SchedulerSettings().newLogMilliseconds
        old.join("w1", version: 5, heardEpoch: 900)
        for bench in [again, old] {
            #expect(!bench.last.facts.contains { if case .epochStarted = $0 { true } else { false } })
            #expect(Self.welcome(bench) == nil)
            #expect(bench.last.ignored == [.newerCoordinator(Self.life, 900)])
        }
    }

    @Test("a worker that tells of an epoch no coordinator can have is refused, and changes nothing")
    func implausible() {
        var bench = Self.late()
        bench.join("w1", version: 5, heardEpoch: .max)
        #expect(bench.last.facts.isEmpty && bench.scheduler.ledger.epoch == 500)
        guard case .reply(Self.life, .refused(let epoch, 1, let error))? = bench.last.actions.first else {
            return #expect(Bool(false), "not refused")
        }
        #expect(epoch == .max && error.code == "UNSUPPORTED_EPOCH")
    }

    @Test("a worker registers anew with one that does not know it, whatever its epoch, and tells its own")
    func agent() {
        var agent = TaskAgent(Bench.identity("w1"), at: TaskAgentTests.at(0))
        let first = agent.handle(.tick, at: TaskAgentTests.at(0))
        guard case .send(.register(let unknown))? = first.first else { return #expect(Bool(false)) }
        #expect(unknown.heardEpoch == 0 && unknown.welcomedEpoch == 0)
        _ = agent.handle(
            .message(
                .welcome(epoch: 900, session: 1, worker: WorkerID(0), heardSentAt: TaskAgentTests.at(0))),
            at: TaskAgentTests.at(1))
        let again = agent.handle(
            .message(.registerAgain(epoch: 500, session: 1)), at: TaskAgentTests.at(2))
        guard case .send(.register(let told))? = again.first else { return #expect(Bool(false)) }
        #expect(told.session == 2 && told.heardEpoch == 900 && told.welcomedEpoch == 900)
        // A welcome of a lower epoch is void; the one of the raised epoch frees what jobs hold, once.
        func hear(_ epoch: UInt32, at milliseconds: Int64) -> [AgentAction] {
            agent.handle(
                .message(
                    .welcome(
                        epoch: epoch, session: 2, worker: WorkerID(0), heardSentAt: TaskAgentTests.at(2),
                        isStateNew: true)), at: TaskAgentTests.at(milliseconds))
        }
        #expect(!hear(500, at: 3).contains(.forgetJobs) && !agent.isRegistered)
        #expect(hear(4996, at: 4).contains(.forgetJobs) && agent.isRegistered)
        #expect(!hear(4996, at: 5).contains(.forgetJobs))
    }
}
