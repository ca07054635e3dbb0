import Testing
import Vocabulary

@testable import Scheduling

@Suite("Tasks that cannot be done twice")
struct PinnedTaskTests {
    @Test("wait for the worker where they were begun, and go to another once it leaves")
    func waits() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.join("w2", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        let busy = bench.launches[0].life.address
        let place = WorkerID(busy == "w1" ? 0 : 1)
        let pinned = StageSpec(
            id: StageID(0), taskCount: 1, output: .files, preferredWorkers: [place], repetition: .never)
        bench.run([pinned], id: "b")
        #expect(bench.launches.count == 1, "there is room elsewhere only")
        bench.finish()
        #expect(bench.launches.map(\.life.address) == [busy])
        bench.run([pinned], id: "c")
        #expect(bench.launches.count == 1)
        bench.beat(busy, draining: true)
        #expect(bench.launches.count == 2 && bench.launches[1].life.address != busy)
    }
}

@Suite("Workers that leave")
struct DrainingTests {
    /// Two workers, of which `w1` has done both map tasks and drains; the reduce task has not begun.
    private static func leaving() -> (Bench, [TaskOutput]) {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.run(mapReduce)
        bench.finish { .completed(TaskOutput(attempt: $0, partitionBytes: [7], checksum: 3)) }
        let outputs = bench.scheduler.ledger.outputs(on: WorkerID(0)).compactMap {
            bench.scheduler.ledger.output($0)
        }
        bench.join("w2", slots: 1)
        bench.beat("w1", draining: true)
        return (bench, outputs)
    }

    @Test("what is needed is fetched by another worker, whose it is from then on, and nothing runs again")
    func handOver() {
        var (bench, outputs) = Self.leaving()
        #expect(outputs.count == 1 && bench.adoptions.count == 1)
        #expect(bench.adoptions[0].life.address == "w2" && bench.adoptions[0].address == "w1")
        #expect(bench.adoptions[0].outputs == outputs)
        bench.beat("w2", [.adopted(outputs[0])])
        #expect(bench.last.facts.contains(.outputMoved(outputs[0].attempt, to: WorkerID(1))))
        // The second map task still runs on the one that leaves; its output follows.
        bench.finish()
        #expect(bench.adoptions.count == 2)
        let second = bench.adoptions[1].outputs[0]
        // The reduce task was launched when the second was done, before that moved: it reads at both places,
        // and `w1` stays for it.
        #expect(bench.launches[0].launch.inputs[0].outputs.map(\.address) == ["w2", "w1"])
        bench.beat("w2", [.adopted(second)])
        #expect(!bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
        bench.finish()
        #expect(bench.commit != nil)
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
        #expect(bench.log.count { if case .outputLost = $0 { true } else { false } } == 0)
    }

    @Test("what one cannot fetch is offered once more, and then left to be made again")
    func failure() {
        var (bench, outputs) = Self.leaving()
        for offers in [2, 2, 2] {
            bench.beat("w2", [.notAdopted(outputs[0].attempt)])
            #expect(bench.adoptions.count == offers)
        }
        bench.handle(.workerDied(WorkerID(0)))
        #expect(bench.last.facts.contains(.outputLost(outputs[0].attempt, isBlamed: false, nil)))
    }

    @Test("what was looked at once is not looked at with each event, until another worker comes")
    func lookedAtOnce() throws {
        var bench = Bench()
        bench.join("w1", slots: 40)
        var stages = mapReduce
        stages[0].taskCount = 100
        bench.run(stages)
        for _ in 0..<60 { bench.finish() }
        bench.beat("w1", draining: true)
        let key = StageKey(job: JobID(0), statement: 0, stage: StageID(0))
        func book() throws -> Departure { try #require(bench.scheduler.departures[WorkerID(0)]) }
        #expect(try book().outputs[key]?.count == 60 && !book().hasWaiting(key))
        // Nobody can take them; one more comes to them, and is not looked at twice either.
        bench.finish()
        #expect(try book().outputs[key]?.count == 61 && !book().hasWaiting(key) && bench.adoptions.isEmpty)
        #expect(bench.scheduler.departureFault() == nil)
        bench.join("w2", slots: 1)
        #expect(bench.adoptions.flatMap(\.outputs).count == 61)
        #expect(try !book().hasWaiting(key) && book().stuck.isEmpty)
        let output = bench.adoptions[0].outputs[0]
        bench.beat("w2", [.adopted(output), .notAdopted(bench.adoptions[0].outputs[1].attempt)])
        #expect(try book().outputs[key]?.count == 60)
        // The other one is offered again.
        #expect(bench.adoptions.flatMap(\.outputs).count == 62)
        #expect(bench.scheduler.departureFault() == nil)
    }

    @Test("a reader that was sent to the old place runs again, and the output is not blamed")
    func staleReader() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.join("w2", slots: 2)
        var stages = mapReduce
        stages[1].taskCount = 2
        bench.run(stages)
        bench.finish()
        bench.finish()
        let reader = bench.launches[0]
        bench.now += 10
        bench.beat("w1", draining: true)
        let moved = bench.adoptions[0].outputs[0]
        bench.beat("w2", [.adopted(moved)])
        // The worker waits for those that know no other place.
        #expect(!bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
        let error = EngineError.system("CONNECTION_REFUSED", "Nobody is there")
        bench.launches.removeFirst()
        bench.beat(
            reader.life.address, draining: reader.life.address == "w1",
            [.failed(reader.launch.attempt, .fetchFailed(producer: moved.attempt, error))])
        #expect(bench.last.ignored.contains(.movedSince(moved.attempt)))
        #expect(!bench.log.contains { if case .outputLost = $0 { true } else { false } })
    }

    @Test("a task that begins after the move is told the new place, of the first job and of a later one")
    func laterReader() {
        for earlierJobs in 0..<2 {
            var bench = Bench()
            bench.join("w1", slots: 2)
            for job in 0..<earlierJobs {
                bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)], id: "earlier \(job)")
                bench.finish()
                bench.handle(.committed(JobID(job), statement: 0))
            }
            var stages = mapReduce
            stages[1].taskCount = 2
            bench.run(stages, id: "reads")
            bench.join("w2", slots: 1)
            bench.beat("w1", draining: true)
            bench.finish()
            bench.finish()
            #expect(bench.launches.map { $0.launch.inputs[0].outputs.map(\.address) } == [["w1", "w1"]])
            let moved = bench.adoptions.flatMap(\.outputs)
            #expect(moved.count == 2)
            bench.beat("w2", moved.map { .adopted($0) })
            bench.finish()
            #expect(bench.launches.map { $0.launch.inputs[0].outputs.map(\.address) } == [["w2", "w2"]])
        }
    }

    @Test("rows that the client has not fetched move, too")
    func results() {
        var bench = Bench()
        bench.join("w1")
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)])
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        bench.join("w2")
        bench.beat("w1", draining: true)
        let result = bench.adoptions[0].outputs[0]
        bench.beat("w2", [.adopted(result)])
        #expect(bench.scheduler.ledger.output(result.attempt)?.worker == WorkerID(1))
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
    }

    @Test("a coordinator that starts again meanwhile learns of a copy by the inventory")
    func restart() {
        let (before, outputs) = Self.leaving()
        var bench = Bench(log: before.log)
        bench.join("w2", session: 2, outputs: outputs)
        #expect(bench.scheduler.ledger.output(outputs[0].attempt)?.worker == WorkerID(0))
        bench.join("w1", session: 2, outputs: outputs)
        bench.beat("w1", session: 2, first: 1, draining: true)
        // `w2` was told to delete its copy, as `w1` might have stayed; it fetches it anew.
        #expect(bench.adoptions.last?.life.address == "w2")
    }

    @Test("the agent stops what runs in time, hands back what comes, and leaves within fifteen seconds")
    func agent() {
        var agent = TaskAgentTests.busy()
        let told = agent.handle(.drain, at: TaskAgentTests.at(10))
        #expect(TaskAgentTests.heartbeats(told).map(\.isDraining) == [true])
        var late = TaskAgentTests.attempt
        late.number = 2
        let launch = Launch(attempt: late, memoryBytes: 0, inputs: [])
        let refused = agent.handle(
            TaskAgentTests.delivery(first: 2, [.launch(launch)], heard: 10), at: TaskAgentTests.at(20))
        #expect(TaskAgentTests.heartbeats(refused).flatMap(\.reports) == [.stopped(late)])
        var actions: [AgentAction] = []
        for second in Int64(1)...14 {
            actions += agent.handle(.tick, at: TaskAgentTests.at(10 + second * 1000))
            if actions.contains(.stop(TaskAgentTests.attempt)) { #expect(second >= 6) }
        }
        #expect(actions.contains(.stop(TaskAgentTests.attempt)))
        #expect(actions.last == .leave)
    }

    @Test("the agent holds what it adopted, says so once, and takes nothing twice")
    func adoption() {
        var agent = TaskAgentTests.busy()
        var other = TaskAgentTests.attempt
        other.number = 9
        let output = TaskOutput(attempt: other, checksum: 5)
        let order = Command.adopt(from: "w9", [output])
        let begun = agent.handle(
            TaskAgentTests.delivery(first: 2, [order, order], heard: 10), at: TaskAgentTests.at(10))
        #expect(begun.count { $0 == .adopt(from: "w9", [output]) } == 1)
        let done = agent.handle(.adopted(other), at: TaskAgentTests.at(20))
        #expect(TaskAgentTests.heartbeats(done).flatMap(\.reports) == [.adopted(output)])
        #expect(agent.heldOutputs == [output])
        let dropped = agent.handle(.adopted(other), at: TaskAgentTests.at(30))
        #expect(dropped.contains(.drop(other)))
    }
}
