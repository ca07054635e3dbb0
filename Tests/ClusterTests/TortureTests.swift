import Foundation
import Programs
import SeededRandom
import Testing

/// Kills the coordinator at points of its work and asserts that nothing of it shows: the same rows, nothing
/// done twice, soon. `scripts/torture` takes every point, and 200 sends.
@Suite("The coordinator killed at every step", .serialized)
struct TortureTests {
    private static let seed = UInt64(ProcessInfo.processInfo.environment["MILLRACE_TORTURE_SEED"] ?? "") ?? 1
    private static let isWhole = ProcessInfo.processInfo.environment["MILLRACE_TORTURE"] == "all"
    private static let places = ["append", "commit", "committed", "sync", "rename"]

    @Test("at forty points, one after the other, jobs end with the same rows and no task is done twice")
    func some() throws {
        let torture = try Torture()
        defer { torture.cluster.stop() }
        var random = SplitMix(state: Self.seed)
        // Early counts of every place, so that a kill comes in each part of a job; the next life of the
        // coordinator is armed with the next point while the job goes on.
        var points = Self.places.flatMap { place in
            (1...6).map { Torture.Point(place: place, count: $0) }
        }
        points += (0..<10).map { _ in Torture.Point(place: "send", count: 1 + random.roll(24)) }
        points.shuffle(using: &random)
        let all = points.count
        try torture.arm(points.removeLast())
        while torture.struck.count < all, torture.jobs < 3 * all {
            try torture.run { points.popLast() }
        }
        #expect(torture.struck.count == all, "struck at \(torture.struck)")
        #expect(torture.longestSeconds < 30)
        print("killed at \(torture.struck.count) points of \(torture.jobs) jobs,", terminator: " ")
        print("at most \(torture.longestSeconds) s to the end of the job or the next kill")
    }

    @Test("at every append, flush and rename, and at 200 sends", .enabled(if: isWhole))
    func all() throws {
        let torture = try Torture()
        defer { torture.cluster.stop() }
        let census = try torture.census()
        print("places that a job passes: \(census.sorted { $0.key < $1.key })")
        var random = SplitMix(state: Self.seed)
        var points = Self.places.flatMap { place in
            (1...max(1, census[place] ?? 0)).map { Torture.Point(place: place, count: $0) }
        }
        let sends = census["send"] ?? 1
        points += (0..<200).map { _ in Torture.Point(place: "send", count: 1 + random.roll(sends)) }
        var missed: [Torture.Point] = []
        for (number, point) in points.enumerated() {
            let before = torture.struck.count
            try torture.arm(point)
            try torture.run()
            if torture.struck.count == before { missed.append(point) }
            if number % 20 == 19 { print("\(number + 1) of \(points.count) points") }
        }
        print("struck at \(torture.struck.count) of \(points.count) points;", terminator: " ")
        print("at most \(torture.longestSeconds) s to the end of the job; not reached: \(missed)")
        #expect(torture.longestSeconds < 30)
        // How many messages and transactions a job takes differs a little from run to run.
        #expect(missed.count * 10 < points.count)
    }
}
