import Testing
import Vocabulary

@testable import Scheduling

@Suite("Workers that are held for a task that needs much memory")
struct HoldingTests {
    private static func stage(_ tasks: Int, memoryBytes: Int) -> [StageSpec] {
        [StageSpec(id: StageID(0), taskCount: tasks, output: .files, memoryBytes: memoryBytes)]
    }

    @Test("others get a worker back when what runs there goes on for long, and it is not held at once again")
    func bounded() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.run(Self.stage(1, memoryBytes: 1 << 29), id: "long")
        bench.run(Self.stage(1, memoryBytes: 1 << 30), id: "hungry")
        bench.run(Self.stage(1000, memoryBytes: 1 << 20), id: "small")
        #expect(bench.launches.map(\.launch.attempt.task.stage.job) == [JobID(0), JobID(2)])
        let long = bench.launches.removeFirst()
        /// Seconds in which a small task ended.
        var ends: [Int] = []
        for second in 1...200 {
            bench.now += 1000
            if bench.launches.isEmpty {
                bench.beat("w1")
            } else {
                #expect(bench.launches[0].launch.attempt.task.stage.job == JobID(2))
                bench.finish()
                ends.append(second)
            }
        }
        #expect(ends.contains(5), "nobody is held at first")
        #expect(!ends.contains { (20...60).contains($0) }, "the worker is held: \(ends)")
        #expect(ends.filter { $0 > 80 }.count > 100, "it is let go, for longer than it was held: \(ends)")
        // All of it is free for the task once the long one has ended.
        bench.launches.insert(long, at: 0)
        bench.finish()
        while bench.launches.first?.launch.attempt.task.stage.job == JobID(2), bench.now < 1_000_000 {
            bench.now += 1000
            bench.finish()
        }
        #expect(bench.launches.first?.launch.attempt.task.stage.job == JobID(1))
    }
}
