import Testing
import Vocabulary

@testable import Scheduling

@Suite("Second tries of slow tasks")
struct SpeculationTests {
    @Test("wait until the input is whole again when a producer's output is lost meanwhile")
    func input() throws {
        var bench = Bench()
        bench.join("w1", slots: 3)
        bench.join("w2", slots: 3)
        bench.run([
            StageSpec(id: StageID(0), taskCount: 2),
            StageSpec(
                id: StageID(1), dependencies: [.init(on: StageID(0), .shuffle)], taskCount: 4,
                output: .files),
        ])
        bench.finish()
        bench.finish()
        #expect(bench.launches.count == 4)
        for _ in 0..<3 { bench.finish() }
        let slow = try #require(bench.launches.first)
        let producer = try #require(slow.launch.inputs.first?.outputs.first)
        // A reader that has all of it goes on; the output is made again for others only.
        bench.beat(producer.address, [.outputLost(producer.attempt)])
        bench.now += 60_000
        for name in ["w1", "w2"] { bench.beat(name) }
        bench.handle(.tick)
        let seconds = bench.launches.filter { $0.launch.attempt.task == slow.launch.attempt.task }
        #expect(
            seconds.count == 1, "started with \(seconds.last?.launch.inputs.first?.outputs.count ?? 0) of 2")
        let again = try #require(
            bench.launches.firstIndex { $0.launch.attempt.task == producer.attempt.task })
        let (life, launch) = bench.launches.remove(at: again)
        bench.beat(life.address, [.completed(TaskOutput(attempt: launch.attempt))])
        bench.handle(.tick)
        let whole = bench.launches.filter { $0.launch.attempt.task == slow.launch.attempt.task }
        #expect(whole.count == 2)
        #expect(whole.allSatisfy { $0.launch.inputs.first?.outputs.count == 2 })
    }
}
