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

    /// Runs a job of many tasks in each queue of these weights, each task as long as its queue's; returns how
    /// much slot time each queue got, milliseconds.
    private static func slotTime(
        weights: [Int], taskMilliseconds: [Int64], slots: Int, rounds: Int
    ) -> [Int64] {
        var settings = SchedulerSettings()
        for (queue, weight) in weights.enumerated() { settings.queueWeights["q\(queue)"] = weight }
        var bench = Bench(settings: settings)
        bench.join("w1", slots: slots)
        for queue in weights.indices { bench.run(tasks(20_000), id: "\(queue)", pool: "q\(queue)") }
        var got = [Int64](repeating: 0, count: weights.count)
        var ends: [AttemptID: Int64] = [:]
        for _ in 0..<rounds {
            for running in bench.launches where ends[running.launch.attempt] == nil {
                let queue = running.launch.attempt.task.stage.job.index
                ends[running.launch.attempt] = bench.now + taskMilliseconds[queue]
            }
            let due = bench.launches.map { ends[$0.launch.attempt] ?? 0 }
            let next = due.indices.min { due[$0] < due[$1] }
            guard let next else { break }
            bench.launches.swapAt(0, next)
            let attempt = bench.launches[0].launch.attempt
            bench.now = ends[attempt] ?? bench.now
            got[attempt.task.stage.job.index] += taskMilliseconds[attempt.task.stage.job.index]
            bench.finish()
        }
        return got
    }

    @Test(
        "queues share slot time by their weights, however few the slots and however unlike their tasks",
        arguments: [
            ([3, 1], [1000, 1000], 1), ([3, 1], [1000, 1000], 4), ([10, 1], [100, 100], 2),
            ([1, 1], [2000, 100], 2), ([1, 4, 5], [50, 700, 300], 3),
        ] as [([Int], [Int64], Int)])
    func weights(_ weights: [Int], _ milliseconds: [Int64], _ slots: Int) {
        let got = Self.slotTime(
            weights: weights, taskMilliseconds: milliseconds, slots: slots, rounds: 2000)
        let total = Double(got.reduce(0, +))
        for (queue, weight) in weights.enumerated() {
            let part = Double(weight) / Double(weights.reduce(0, +))
            let share = Double(got[queue]) / total
            #expect(abs(share - part) < 0.04, "queue \(queue) of \(weights) got \(share), not \(part)")
        }
    }

    @Test("a queue that did nothing for long has saved nothing up, and one that had all is not punished")
    func idleness() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.run(Self.tasks(3000), id: "early", pool: "early")
        for _ in 0..<1000 {
            bench.now += 1000
            bench.finish()
        }
        bench.run(Self.tasks(3000), id: "late", pool: "late")
        var late = 0
        for _ in 0..<100 {
            bench.now += 1000
            late += bench.launches[0].launch.attempt.task.stage.job == JobID(1) ? 1 : 0
            bench.finish()
        }
        #expect((44...56).contains(late), "\(late) of 100")
    }

    @Test("a long job goes on behind ever new short ones")
    func newcomers() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.run(Self.tasks(1000), id: "long")
        for number in 0..<10 { bench.run(Self.tasks(1), id: "\(number)") }
        var long = 0
        for number in 10..<510 {
            bench.now += 200
            let job = bench.launches[0].launch.attempt.task.stage.job
            bench.finish()
            if job == JobID(0) {
                long += 1
            } else {
                bench.handle(.committed(job, statement: 0))
                bench.run(Self.tasks(1), id: "\(number)")
            }
        }
        #expect(long >= 30, "the long job got \(long) of 500 turns among 11 jobs")
    }

    @Test("a job runs no more tasks at once than its limit, and others use the slots that it leaves")
    func slotLimit() {
        var bench = Bench()
        bench.join("w1", slots: 8)
        bench.run(Self.tasks(20), id: "limited", slotLimit: 2)
        #expect(bench.launches.count == 2)
        bench.run(Self.tasks(20), id: "free")
        #expect(bench.launches.count == 8)
        for _ in 0..<30 {
            bench.now += 100
            bench.finish()
            let limited = bench.launches.count { $0.launch.attempt.task.stage.job == JobID(0) }
            #expect(limited <= 2)
        }
    }
}
