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

    @Test("the attempt that came second is told of, whether it was stopped or done")
    func second() throws {
        for isDone in [false, true] {
            var bench = Bench()
            bench.join("w1", slots: 4)
            bench.join("w2", slots: 4)
            bench.run([StageSpec(id: StageID(0), taskCount: 4, output: .files)])
            for _ in 0..<3 { bench.finish() }
            bench.now += 60_000
            for name in ["w1", "w2"] { bench.beat(name) }
            bench.handle(.tick)
            try #require(bench.launches.count == 2, "no second try")
            let loser = bench.launches[0]
            bench.launches.swapAt(0, 1)
            bench.finish()
            #expect(bench.scheduler.failures(of: JobID(0)).isEmpty)
            bench.now += 100
            bench.finish { isDone ? .completed(TaskOutput(attempt: $0)) : .stopped($0) }
            let told = bench.scheduler.failures(of: JobID(0))
            #expect(told.map(\.record.attempt) == [loser.launch.attempt] && told.map(\.place) == [1])
            #expect(told.first?.record.failure.error.code == "CAME_SECOND")
            #expect(told.first.map { $0.record.endedMilliseconds - $0.record.startedMilliseconds } == 60_100)
            #expect(bench.scheduler.ledger.attemptCount(of: loser.launch.attempt.task) == 1)
            #expect(bench.scheduler.failures(of: JobID(0), since: .max).isEmpty)
            // Another coordinator on the log tells of it as well.
            let again = Bench(log: bench.log).scheduler.failures(of: JobID(0))
            #expect(again.map(\.record) == told.map(\.record) && again.map(\.place) == [1])
        }
    }
}
