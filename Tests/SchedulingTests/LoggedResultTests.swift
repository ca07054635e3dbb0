import Testing
import Vocabulary

@testable import Scheduling

@Suite("Results whose bytes the log holds")
struct LoggedResultTests {
    static let stage = StageSpec(id: StageID(0), taskCount: 2, output: .result)

    /// The end of a task whose rows came along with it.
    static func report(_ attempt: AttemptID, bytes: Int) -> Report {
        var output = TaskOutput(attempt: attempt, partitionBytes: [bytes])
        output.isInLog = true
        return .completed(output)
    }

    /// A lone worker that has done a job's two tasks of 50 bytes each.
    private static func done(_ settings: SchedulerSettings = SchedulerSettings()) -> Bench {
        var bench = Bench(settings: settings)
        bench.join("w1")
        bench.run([stage])
        for _ in 0..<2 { bench.finish { report($0, bytes: 50) } }
        return bench
    }

    private static func drops(_ bench: Bench) -> [Command] {
        bench.last.actions.flatMap { action -> [Command] in
            guard case .send(_, _, .deliver(let delivery)) = action else { return [] }
            return delivery.commands.filter { if case .dropJob = $0 { true } else { false } }
        }
    }

    @Test("their worker's death before the commit costs nothing, and after it holds nothing any more")
    func outlive() {
        var bench = Self.done()
        bench.handle(.workerDied(WorkerID(0)))
        #expect(bench.last.facts == [.workerLost(WorkerID(0), .died)])
        bench.join("w2")
        #expect(bench.launches.isEmpty)
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded)
        #expect(Self.drops(bench).contains(.dropJob(JobID(0), keeping: nil)))
        #expect(bench.scheduler.ledger.jobs[0].retainedStage != nil)
    }

    @Test("a restart keeps them without any worker, and a worker that still has one drops it")
    func restart() {
        var before = Self.done()
        let held = before.scheduler.ledger.jobs[0].statements[0].stages[0].tasks.compactMap(\.output)
        before.handle(.committed(JobID(0), statement: 0))
        var bench = Bench(log: before.log)
        #expect(bench.scheduler.ledger == before.scheduler.ledger.applying(.epochStarted(2)))
        bench.join("w1", session: 2, outputs: held)
        #expect(bench.scheduler.ledger.output(held[0].attempt)?.isInLog == true)
        let dropped = bench.last.actions.contains { action in
            guard case .send(_, _, .deliver(let delivery)) = action else { return false }
            return delivery.commands.contains(.drop(held.map(\.attempt)))
        }
        #expect(dropped)
    }

    @Test("one that a fence or a restart hid is taken from the worker's inventory, with its bytes")
    func inventory() {
        var before = Bench()
        before.join("w1")
        before.run([Self.stage])
        let attempt = before.launches[0].launch.attempt
        var bench = Bench(log: before.log)
        var message = WorkerMessage.register(
            Registration(
                identity: Bench.identity("w1"), session: 2, sentAt: Instant(milliseconds: 5),
                isDraining: false, running: [], outputs: [TaskOutput(attempt: attempt, partitionBytes: [9])],
                reports: []))
        #expect(message.outputs == [attempt])
        message.markLogged { $0.attempt == attempt }
        bench.handle(.message(message))
        #expect(bench.scheduler.ledger.output(attempt)?.isInLog == true)
        #expect(bench.scheduler.ledger.loggedBytes == 9)
    }

    @Test("a worker that leaves has nothing to hand over, and its word that it lost one changes nothing")
    func leave() {
        var bench = Self.done()
        let attempt = AttemptID(task: TaskID(stage: GoldenLog.map, index: 0), epoch: 1, number: 0)
        bench.beat(
            "w1", [.outputLost(bench.scheduler.ledger.openTask(attempt.task)?.output?.attempt ?? attempt)])
        #expect(bench.last.facts.isEmpty)
        bench.beat("w1", draining: true)
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .left)))
    }

    @Test("what is beyond the bounds of its job and of all stays with the workers, until others are released")
    func bounds() {
        var settings = SchedulerSettings()
        (settings.loggedJobBytes, settings.loggedBytes) = (99, 120)
        var bench = Self.done(settings)
        func inLog(_ job: Int) -> [Bool] {
            let tasks = bench.scheduler.ledger.jobs[job].statements[0].stages[0].tasks
            return tasks.compactMap(\.output).sorted { $0.attempt.task.index < $1.attempt.task.index }
                .map(\.isInLog)
        }
        #expect(inLog(0) == [true, false] && bench.scheduler.ledger.loggedBytes == 50)
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(Self.drops(bench).contains(.dropJob(JobID(0), keeping: GoldenLog.map)))
        bench.run([Self.stage], id: "b")
        bench.finish { Self.report($0, bytes: 71) }
        #expect(inLog(1) == [false])
        bench.handle(.resultsSent(JobID(0)))
        bench.now += settings.sentResultMilliseconds
        bench.handle(.tick)
        #expect(bench.scheduler.ledger.loggedBytes == 0)
        bench.finish { Self.report($0, bytes: 71) }
        #expect(inLog(1) == [false, true] && bench.scheduler.ledger.loggedBytes == 71)
        bench.handle(.cancel(JobID(1)))
        bench.handle(.commitFailed(JobID(1), statement: 0, GoldenLog.error))
        #expect(bench.scheduler.ledger.jobs[1].outcome == .failed(GoldenLog.error))
        #expect(bench.scheduler.ledger.loggedBytes == 0)
        // Sizes that no output has are beyond every bound.
        bench.run([Self.stage], id: "c")
        bench.finish { attempt in
            var output = TaskOutput(attempt: attempt, partitionBytes: [.max, .max])
            output.isInLog = true
            return .completed(output)
        }
        #expect(inLog(2) == [false])
    }

    @Test("outputs of other stages are never in the log")
    func otherStages() {
        var bench = Bench()
        bench.join("w1")
        bench.run(mapReduce)
        bench.finish { Self.report($0, bytes: 1) }
        #expect(bench.scheduler.ledger.loggedBytes == 0)
    }
}

extension Ledger {
    fileprivate func applying(_ fact: Fact) -> Ledger {
        var ledger = self
        ledger.apply(fact)
        return ledger
    }
}
