import Testing
import Vocabulary

@testable import Scheduling

@Suite("Jobs that share workers")
struct FairnessTests {
    /// One stage of so many tasks.
    private static func tasks(_ count: Int) -> [StageSpec] {
        [StageSpec(id: StageID(0), taskCount: count, output: .files)]
    }

    @Test("a hundred jobs on one slot each get every hundredth launch, whichever was there first")
    func roundRobin() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        for job in 0..<100 { bench.run(Self.tasks(20), id: "\(job)") }
        var launched = [Int](repeating: 0, count: 100)
        for turn in 0..<1000 {
            launched[bench.launches[0].launch.attempt.task.stage.job.index] += 1
            bench.finish()
            let least = launched.min() ?? 0
            let most = launched.max() ?? 0
            #expect(most - least <= 1 || turn < 100, "\(launched)")
        }
    }

    @Test("a short job behind two long ones on two slots gets the next slot that is free")
    func behindLong() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.run(Self.tasks(50), id: "a")
        bench.run(Self.tasks(50), id: "b")
        bench.finish()
        bench.run(Self.tasks(1), id: "c")
        bench.finish()
        #expect(bench.launches.contains { $0.launch.attempt.task.stage.job == JobID(2) })
    }

    @Test("two pools share alike, however many jobs each has, on one slot too")
    func pools() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        for job in 0..<9 { bench.run(Self.tasks(30), id: "many-\(job)", pool: "many") }
        bench.run(Self.tasks(100), id: "one", pool: "one")
        var ones = 0
        for _ in 0..<100 {
            if bench.launches[0].launch.attempt.task.stage.job == JobID(9) { ones += 1 }
            bench.finish()
        }
        #expect((48...51).contains(ones), "\(ones) of 100")
    }
}
