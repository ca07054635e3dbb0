import Foundation
import Scheduling
import Simulation
import Testing

@Suite("Simulated clusters")
struct SweepTests {
    /// Number of seeds: 10,000 in CI; `MILLRACE_SEEDS` and `MILLRACE_FIRST_SEED` widen or replay.
    static func number(_ variable: String, or value: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[variable].flatMap(UInt64.init) ?? value
    }

    @Test(
        "ten thousand seeds break no rule, and every kind of fault fired", .timeLimit(.minutes(3)))
    func sweep() async throws {
        let first = Self.number("MILLRACE_FIRST_SEED", or: 1)
        let count = Self.number("MILLRACE_SEEDS", or: 10_000)
        let lanes = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        let counts = try await withThrowingTaskGroup(of: RunCounts.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    try Sweep.run(stride(from: first + lane, to: first + count, by: UInt64.Stride(lanes)))
                }
            }
            var sum = RunCounts()
            for try await lane in group { sum.add(lane) }
            return sum
        }
        print(counts)
        guard count >= 1000 else { return }
        for (name, value) in Mirror(reflecting: counts).children {
            #expect((value as? Int ?? 0) > 0, "never happened: \(name ?? "")")
        }
    }

    @Test("in two hundred clusters with queues each gets its part of the slots, within one, and none starves")
    func fairness() throws {
        var launches = 0
        var deaths = 0
        for seed in 1...Self.number("MILLRACE_FAIR_SEEDS", or: 200) {
            let outcome = try FairnessRun.run(seed: seed)
            launches += outcome.launches
            deaths += outcome.deaths
        }
        #expect(launches > 10_000 && deaths > 10)
    }

    @Test("a task that needs most of a worker's memory gets it within a bound beside small ones without end")
    func hunger() throws {
        var sum = HungerRun.Outcome()
        for seed in 1...Self.number("MILLRACE_FAIR_SEEDS", or: 200) {
            let outcome = try HungerRun.run(seed: seed)
            sum.launches += outcome.launches
            sum.memoryFailures += outcome.memoryFailures
            sum.smallLaunches += outcome.smallLaunches
            sum.longestWait = max(sum.longestWait, outcome.longestWait)
        }
        print(sum)
        #expect(sum.launches > 1000 && sum.memoryFailures > 200 && sum.smallLaunches > 10_000)
    }

    @Test("and starves where no worker is ever held for it: the rule sees that")
    func starvation() {
        let broken = (1...20).count { (try? HungerRun.run(seed: $0, holdMilliseconds: .max)) == nil }
        #expect(broken > 0)
    }
}
