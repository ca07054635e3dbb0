import Testing
import Vocabulary

@testable import Scheduling

@Suite("Workers that get no tasks for a while")
struct QuarantineTests {
    private static let error = EngineError.system("IO_ERROR", "The disk is broken")

    /// Plays a job of many tasks on two workers; those of `w1` fail. Returns when `w1` gets nothing more.
    private static func broken(taskCount: Int = 40) -> Bench {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.join("w2", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: taskCount, output: .files)])
        for _ in 0..<12 {
            bench.now += 1
            let isBroken = bench.launches[0].life.address == "w1"
            bench.finish {
                isBroken ? .failed($0, .error(Self.error)) : .completed(TaskOutput(attempt: $0))
            }
        }
        return bench
    }

    @Test("a worker on which tasks fail that others do gets none for a minute, then two, and the job goes on")
    func quarantine() {
        var bench = Self.broken()
        func paused() -> WorkerPause? { bench.scheduler.workerProgress()[0].pause }
        #expect(paused() == .quarantine)
        #expect(bench.launches.map(\.life.address) == ["w2"])
        let failures = bench.log.count { if case .taskFailed = $0 { true } else { false } }
        #expect(failures == bench.scheduler.settings.quarantineTasks)
        bench.now += 60_000
        for name in ["w1", "w2"] { bench.beat(name) }
        bench.handle(.tick)
        #expect(paused() == nil)
        // On probation: one more failure is enough.
        let place = bench.launches.firstIndex { $0.life.address == "w1" } ?? 0
        bench.launches.swapAt(0, place)
        bench.now += 1
        let other = bench.launches[1].launch.attempt
        bench.launches.remove(at: 1)
        bench.beat("w2", [.completed(TaskOutput(attempt: other))])
        bench.finish { .failed($0, .error(Self.error)) }
        #expect(paused() == .quarantine)
        bench.now += 60_000
        for name in ["w1", "w2"] { bench.beat(name) }
        bench.handle(.tick)
        #expect(paused() == .quarantine, "the second time lasts twice as long")
    }

    @Test("the only worker left gets tasks again at once")
    func alone() {
        var bench = Self.broken()
        bench.handle(.workerDied(WorkerID(1)))
        #expect(bench.scheduler.workerProgress()[0].pause == nil)
        #expect(bench.launches.last?.life.address == "w1")
    }

    @Test(
        "a task that fails everywhere ends its job after four tries on two workers; no worker is blamed"
    )
    func poison() {
        var bench = Bench()
        for name in ["w1", "w2", "w3"] { bench.join(name, slots: 1) }
        bench.run([StageSpec(id: StageID(0), label: "scan", taskCount: 1, output: .files)])
        for _ in 0..<4 { bench.finish { .failed($0, .error(Self.error)) } }
        guard case .failed(let error)? = bench.outcome else { return #expect(Bool(false)) }
        #expect(error.message.contains("4 attempts on 3 workers"), "\(error.message)")
        #expect(bench.scheduler.ledger.jobs[0].fatalTask?.index == 0)
        #expect(bench.scheduler.workerProgress().allSatisfy { $0.pause == nil })
        bench.run([StageSpec(id: StageID(0), taskCount: 3, output: .files)], id: "b")
        #expect(Set(bench.launches.map(\.life.address)) == ["w1", "w2", "w3"])
    }

    @Test("a worker whose disk is full gets no tasks until there is space")
    func fullDisk() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.beat("w1", diskFull: true)
        #expect(bench.last.actions.contains(.workerChanged(WorkerID(0))))
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        #expect(bench.launches.isEmpty)
        #expect(bench.scheduler.workerProgress()[0].pause == .diskFull)
        bench.beat("w1")
        #expect(bench.launches.count == 1)
    }
}
