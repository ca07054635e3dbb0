import Testing
import Vocabulary

@testable import Scheduling

@Suite("Recovery")
struct RecoveryTests {
    /// A cluster of one worker with one map task finished and logged, and one running.
    static func halfDone() -> (bench: Bench, done: TaskOutput, running: AttemptID) {
        var bench = Bench()
        bench.join("w1")
        bench.run(mapReduce)
        let done = TaskOutput(attempt: bench.launches[0].launch.attempt)
        bench.finish()
        return (bench, done, bench.launches[0].launch.attempt)
    }

    @Test("a folded log equals the ledger that wrote it")
    func fold() {
        let before = Self.halfDone().bench
        var ledger = Ledger()
        for fact in before.log { ledger.apply(fact) }
        #expect(ledger == before.scheduler.ledger)
    }

    @Test("finished and running tasks of a living worker are kept after a restart")
    func keep() {
        let before = Self.halfDone()
        var bench = Bench(log: before.bench.log)
        #expect(bench.launches.isEmpty)
        bench.join("w1", session: 2, running: [before.running], outputs: [before.done])
        #expect(bench.launches.isEmpty)
        bench.beat("w1", session: 2, [.completed(TaskOutput(attempt: before.running))])
        #expect(bench.launches.map(\.launch.attempt.task.stage.stage) == [StageID(1)])
    }

    @Test("an output present but not logged is accepted, one logged but absent is made again")
    func reconcile() {
        let before = Self.halfDone()
        var bench = Bench(log: before.bench.log)
        bench.join("w1", session: 2, outputs: [TaskOutput(attempt: before.running)])
        #expect(bench.last.facts.contains(.outputLost(before.done.attempt, isBlamed: false, nil)))
        #expect(bench.launches.map(\.launch.attempt.task) == [before.done.attempt.task])
        #expect(bench.launches[0].launch.attempt.epoch == 2)
    }

    @Test("after the grace, launches go on without the workers that stay away")
    func grace() {
        let before = Self.halfDone()
        var bench = Bench(log: before.bench.log)
        bench.join("w2")
        #expect(bench.launches.isEmpty)
        bench.now += 10_000
        bench.handle(.tick)
        #expect(bench.launches.map(\.launch.attempt.task) == [before.running.task])
    }

    @Test("what a worker runs and holds of a lost log is stopped and dropped, and the worker works on")
    func lostLog() {
        let before = Self.halfDone()
        // The same tasks have the same numbers, and are others.
        var settings = SchedulerSettings()
        settings.firstEpoch = 1_795_000_000
        var bench = Bench(settings: settings)
        bench.run(mapReduce)
        bench.join("w1", running: [before.running], outputs: [before.done])
        #expect(bench.cancels == [before.running])
        #expect(bench.drops == [before.done.attempt])
        #expect(bench.launches.map(\.launch.attempt.epoch) == [settings.firstEpoch])
        // It was done before the order to stop it came; a failure counts as little.
        bench.beat("w1", [.completed(TaskOutput(attempt: before.running))])
        #expect(bench.drops == [before.done.attempt, before.running])
        bench.beat("w1", [.failed(before.running, .error(.internal("of another log")))])
        #expect(!bench.log.contains { if case .taskCompleted = $0 { true } else { false } })
        #expect(!bench.log.contains { if case .taskFailed = $0 { true } else { false } })
        #expect(bench.launches.count == 2)
        bench.finish()
        bench.finish()
        #expect(bench.launches.map(\.launch.attempt.task.stage.stage) == [StageID(1)])
    }

    @Test("starts are counted from the first one on a log, whose epoch is given, and epochs go on from there")
    func firstEpoch() {
        var settings = SchedulerSettings()
        settings.firstEpoch = 700
        let first = Bench(settings: settings)
        #expect(first.scheduler.ledger.epoch == 700 && first.scheduler.ledger.startCount == 1)
        settings.firstEpoch = 900
        let second = Bench(log: first.log, settings: settings)
        #expect(second.scheduler.ledger.epoch == 701 && second.scheduler.ledger.startCount == 2)
    }

    @Test("a commit under way is asked for again with the same winners")
    func commit() {
        var before = Self.halfDone().bench
        before.finish()
        before.finish()
        let bench = Bench(log: before.log)
        #expect(before.commit != nil)
        #expect(bench.commit == before.commit)
    }
}
