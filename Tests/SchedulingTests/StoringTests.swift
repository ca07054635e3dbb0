import Testing
import Vocabulary

@testable import Scheduling

@Suite("Copies of outputs in shared storage")
struct StoringTests {
    private static var shared: SchedulerSettings {
        var settings = SchedulerSettings()
        settings.hasSharedStorage = true
        return settings
    }

    /// A lone worker that has done both map tasks, of 7 bytes each.
    private static func mapped(isReplicated: Bool = false) -> (Bench, [AttemptID]) {
        var bench = Bench(settings: shared)
        bench.join("w1", slots: 2)
        bench.run(mapReduce, isReplicated: isReplicated)
        for _ in 0..<2 {
            bench.finish { .completed(TaskOutput(attempt: $0, partitionBytes: [7], checksum: 3)) }
        }
        return (bench, bench.scheduler.ledger.outputs(on: WorkerID(0)))
    }

    private static func losses(_ bench: Bench) -> Int {
        bench.log.count { if case .outputLost = $0 { true } else { false } }
    }

    @Test("a lone worker that leaves writes them there, goes, and the next worker's tasks read them there")
    func drain() {
        var (bench, outputs) = Self.mapped()
        // The reduce task that began here is handed back.
        let reduce = bench.launches.removeFirst()
        bench.beat("w1", draining: true)
        #expect(bench.adoptions.isEmpty)
        #expect(bench.storings.count == 1)
        #expect(bench.storings[0].job == "a" && bench.storings[0].attempts == outputs)
        bench.beat("w1", draining: true, [.stopped(reduce.launch.attempt), .stored(outputs[0])])
        #expect(!bench.last.facts.contains(.workerLost(WorkerID(0), .left)), "it has the second one still")
        bench.beat("w1", draining: true, [.stored(outputs[1])])
        #expect(bench.last.facts.contains(.outputStored(outputs[1])))
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
        bench.now += 10
        bench.join("w2", slots: 2)
        let launched = bench.launches.removeFirst()
        #expect(launched.life.address == "w2" && launched.launch.attempt.task == reduce.launch.attempt.task)
        #expect(launched.launch.inputs[0].outputs.allSatisfy { $0.isStored && $0.isWorkerGone })
        #expect(Self.losses(bench) == 0)
        // They go with the job.
        bench.beat("w2", [.completed(TaskOutput(attempt: launched.launch.attempt))])
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.handle(.storedOutputsRemoved(JobID(0)))
        #expect(bench.last.facts == [.storedOutputsRemoved(JobID(0))])
        let again = Bench(log: bench.log, settings: Self.shared)
        #expect(!again.last.actions.contains(.removeStoredOutputs(JobID(0))))
    }

    @Test("what could not be written is made again, and nothing else")
    func partial() {
        var (bench, outputs) = Self.mapped()
        bench.launches.removeFirst()
        bench.beat("w1", draining: true)
        bench.beat("w1", draining: true, [.stored(outputs[0]), .notStored(outputs[1])])
        #expect(bench.storings.count == 1, "an output that cannot be written is not ordered again")
        bench.handle(.workerDied(WorkerID(0)))
        #expect(bench.last.facts.contains(.outputLost(outputs[1], isBlamed: false, nil)))
        #expect(Self.losses(bench) == 1)
        bench.now += 10
        bench.join("w2", slots: 2)
        #expect(bench.launches.map(\.launch.attempt.task) == [outputs[1].task])
    }

    @Test("without shared storage, or on a worker of an older release, nobody is told to write there")
    func without() {
        for (settings, version) in [(SchedulerSettings(), UInt32(3)), (Self.shared, 2)] {
            var bench = Bench(settings: settings)
            bench.join("w1", slots: 2, version: version)
            bench.run(mapReduce, isReplicated: true)
            bench.finish()
            bench.beat("w1", draining: true)
            #expect(bench.storings.isEmpty)
        }
    }

    @Test("a replicated job's outputs are written at once, and its worker's death costs none of them")
    func replication() {
        var (bench, outputs) = Self.mapped(isReplicated: true)
        #expect(bench.storings.map(\.attempts) == outputs.map { [$0] })
        bench.beat("w1", outputs.map { .stored($0) })
        bench.join("w2", slots: 2)
        bench.handle(.workerDied(WorkerID(0)))
        #expect(Self.losses(bench) == 0)
        let again = bench.launches.last
        #expect(again?.life.address == "w2" && again?.launch.attempt.task.stage.stage == StageID(1))
        #expect(again?.launch.inputs[0].outputs.allSatisfy { $0.isStored && $0.isWorkerGone } == true)
    }

    @Test("a reader that can have neither the output nor its copy has its producer run again")
    func bothGone() {
        var (bench, outputs) = Self.mapped(isReplicated: true)
        bench.beat("w1", outputs.map { .stored($0) })
        bench.now += 10
        let reduce = bench.launches.removeFirst()
        let error = EngineError.system("SHUFFLE_COPY_UNREADABLE", "Gone")
        bench.beat("w1", [.failed(reduce.launch.attempt, .fetchFailed(producer: outputs[0], error))])
        #expect(bench.last.facts.contains(.outputLost(outputs[0], isBlamed: true, error)))
        #expect(bench.launches.map(\.launch.attempt.task) == [outputs[0].task])
    }

    @Test("after a restart an output that is not yet there is ordered again")
    func restart() {
        let (before, outputs) = Self.mapped(isReplicated: true)
        var bench = Bench(log: before.log, settings: Self.shared)
        let held = outputs.compactMap { before.scheduler.ledger.output($0) }
        bench.join("w1", session: 2, outputs: held)
        #expect(bench.storings.flatMap(\.attempts) == outputs)
    }

    @Test("a result that the log does not hold is written there, outlives its worker, and goes when fetched")
    func results() {
        var settings = Self.shared
        settings.loggedJobBytes = 100
        var bench = Bench(settings: settings)
        bench.join("w1")
        bench.run([StageSpec(id: StageID(0), taskCount: 2, output: .result)])
        bench.finish { LoggedResultTests.report($0, bytes: 100) }
        #expect(bench.storings.isEmpty)
        bench.finish { LoggedResultTests.report($0, bytes: 1) }
        let large = bench.storings[0].attempts
        #expect(large.map(\.task.index) == [1])
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(!bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        // It comes after the job's end, while the client may fetch.
        bench.beat("w1", [.stored(large[0])])
        #expect(bench.scheduler.ledger.output(large[0])?.isStored == true)
        bench.handle(.resultsSent(JobID(0)))
        #expect(!bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.now += settings.sentResultMilliseconds
        bench.handle(.tick)
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        // And one that comes later still goes at once.
        bench.beat("w1", [.stored(large[0])])
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
    }

    @Test("copies of a job whose result the log holds go at its end, while its client may still fetch")
    func loggedResult() {
        var bench = Bench(settings: Self.shared)
        bench.join("w1", slots: 2)
        let stages = [
            StageSpec(id: StageID(0), taskCount: 2),
            StageSpec(
                id: StageID(1), dependencies: [.init(on: StageID(0), .shuffle)], taskCount: 1,
                output: .result),
        ]
        bench.run(stages, isReplicated: true)
        for _ in 0..<2 { bench.finish() }
        let outputs = bench.storings.flatMap(\.attempts)
        #expect(outputs.count == 2)
        bench.beat("w1", [.stored(outputs[0])])
        bench.finish { LoggedResultTests.report($0, bytes: 50) }
        #expect(!bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded)
        #expect(bench.scheduler.ledger.jobs[0].retainedStage != nil)
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        // So does a copy that was under way at the end.
        bench.beat("w1", [.stored(outputs[1])])
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        #expect(bench.last.facts.isEmpty)
        // And after a restart, if nobody said that they are gone.
        let again = Bench(log: bench.log, settings: Self.shared)
        #expect(again.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.handle(.storedOutputsRemoved(JobID(0)))
        #expect(bench.last.facts == [.storedOutputsRemoved(JobID(0))])
        // Nothing is left to delete when the result goes.
        bench.handle(.resultsSent(JobID(0)))
        bench.now += Self.shared.sentResultMilliseconds
        bench.handle(.tick)
        #expect(bench.last.facts == [.resultsReleased(JobID(0))])
        #expect(!bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
    }

    @Test("the agent writes what it holds, once, and tells again when it is asked in a new session")
    func agent() {
        var agent = TaskAgentTests.busy()
        let attempt = TaskAgentTests.attempt
        _ = agent.handle(
            .ended(attempt, .completed(TaskOutput(attempt: attempt))), at: TaskAgentTests.at(5))
        var other = attempt
        other.number = 9
        let order = Command.store(job: "j", [attempt, other])
        let begun = agent.handle(
            TaskAgentTests.delivery(first: 2, [order, order], heard: 10), at: TaskAgentTests.at(10))
        #expect(begun.filter { if case .store = $0 { true } else { false } } == [.store(job: "j", [attempt])])
        let refused = TaskAgentTests.heartbeats(begun).flatMap(\.reports)
        #expect(refused.filter { $0 == .notStored(other) }.count == 2)
        let done = agent.handle(.stored(attempt), at: TaskAgentTests.at(20))
        #expect(TaskAgentTests.heartbeats(done).flatMap(\.reports).last == .stored(attempt))
        let again = agent.handle(
            TaskAgentTests.delivery(first: 4, [.store(job: "j", [attempt])], heard: 30),
            at: TaskAgentTests.at(30))
        #expect(!again.contains { if case .store = $0 { true } else { false } })
        #expect(TaskAgentTests.heartbeats(again).flatMap(\.reports).last == .stored(attempt))
    }

    @Test("copies that could not be deleted are deleted later, and what could not be written is forgotten")
    func leftCopies() {
        var (bench, outputs) = Self.mapped(isReplicated: true)
        bench.beat("w1", [.stored(outputs[0]), .notStored(outputs[1])])
        #expect(bench.scheduler.notStorable == [outputs[1]])
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.handle(.removalFailed(JobID(0)))
        bench.run([], id: "b")
        bench.handle(.forget([JobID(0)]))
        #expect(bench.last.facts.isEmpty, "copies of it are left")
        bench.now += SchedulerSettings().cleaningRetryMilliseconds
        bench.beat("w1")
        bench.handle(.tick)
        #expect(bench.last.actions.contains(.removeStoredOutputs(JobID(0))))
        bench.handle(.storedOutputsRemoved(JobID(0)))
        bench.handle(.forget([JobID(0)]))
        #expect(bench.last.facts == [.jobForgotten(JobID(0))])
        #expect(bench.scheduler.notStorable.isEmpty)
    }
}
