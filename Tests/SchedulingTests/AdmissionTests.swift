import Testing
import Vocabulary

@testable import Scheduling

@Suite("How many jobs are taken, and begin")
struct AdmissionTests {
    private static func tasks(_ count: Int) -> [StageSpec] {
        [StageSpec(id: StageID(0), taskCount: count, output: .files)]
    }

    private static func bench(
        running: Int = 100, accepted: Int = 1000, _ weights: [String: Int] = [:]
    ) -> Bench {
        var settings = SchedulerSettings()
        settings.runningJobs = running
        settings.acceptedJobs = accepted
        settings.queueWeights = weights
        return Bench(settings: settings)
    }

    private static func submit(_ bench: inout Bench, _ ids: ClosedRange<Int>, pool: String = "default") {
        for id in ids {
            bench.handle(
                .submit(
                    JobHeader(externalID: "\(id)", digest: [], name: "", pool: pool, statementCount: 1)))
        }
    }

    /// Whether each of five jobs has begun.
    private static func begun(_ bench: Bench) -> [Bool] {
        (0..<5).map { bench.scheduler.turn(of: JobID($0)) == nil }
    }

    private static func plannedJobs(_ decision: Decision) -> [JobID] {
        decision.actions.compactMap { if case .planStatement(let job, _) = $0 { job } else { nil } }
    }

    @Test("a job beyond the bound waits for its turn, says so, and begins when one ends or is cancelled")
    func turn() {
        var bench = Self.bench(running: 2)
        Self.submit(&bench, 0...4)
        #expect(Self.begun(bench) == [true, true, false, false, false])
        #expect(bench.scheduler.queuedTaskCount == 3, "who scales the workers sees the jobs that wait")
        let turn = bench.scheduler.turn(of: JobID(2))
        #expect(turn?.running == 2 && turn?.most == 2)
        bench.handle(.planningFailed(JobID(1), statement: 0, .user("X", "No")))
        #expect(Self.plannedJobs(bench.last) == [JobID(2)])
        // One that waits is cancelled without ever having begun.
        bench.handle(.cancel(JobID(3)))
        #expect(Self.plannedJobs(bench.last).isEmpty)
        #expect(bench.scheduler.ledger.jobs[3].outcome == .cancelled)
        #expect(bench.scheduler.queuedTaskCount == 1)
        bench.handle(.cancel(JobID(0)))
        #expect(Self.plannedJobs(bench.last) == [JobID(4)])
        #expect(bench.scheduler.turn(of: JobID(4)) == nil)
    }

    @Test("places go to the queue with fewest jobs for its weight, within a queue to the oldest job")
    func queues() {
        var bench = Self.bench(running: 4, ["many": 3, "few": 1])
        Self.submit(&bench, 0...8, pool: "many")
        Self.submit(&bench, 9...11, pool: "few")
        var order: [Int] = []
        var begun = (0..<4).map { JobID($0) }
        for _ in 0..<6 {
            bench.handle(.planningFailed(begun.removeFirst(), statement: 0, .user("X", "No")))
            begun += Self.plannedJobs(bench.last)
            order += Self.plannedJobs(bench.last).map(\.index)
        }
        // Three jobs of `many` run for each one of `few`.
        #expect(order == [9, 4, 5, 6, 10, 7], "\(order)")
    }

    @Test("what has begun goes on after a restart, though fewer may run now, and the others wait as before")
    func restart() {
        var before = Self.bench(running: 3)
        Self.submit(&before, 0...4)
        before.handle(.statementPlanned(JobID(1), statement: 0, stages: Self.tasks(1)))
        before.handle(.statementPlanned(JobID(2), statement: 0, stages: Self.tasks(1)))
        var settings = SchedulerSettings()
        settings.runningJobs = 1
        let bench = Bench(log: before.log, settings: settings)
        #expect(Self.begun(bench) == [false, true, true, false, false])
        #expect(bench.scheduler.turn(of: JobID(0))?.running == 2)
    }

    @Test("too many jobs that have not ended are refused, but for those of a run and for the same one again")
    func refusal() {
        var bench = Self.bench(accepted: 2)
        Self.submit(&bench, 0...1)
        Self.submit(&bench, 2...2)
        guard case .refused(let error) = bench.last.actions.first else {
            return #expect(Bool(false), "\(bench.last.actions)")
        }
        #expect(error.code == "TOO_MANY_JOBS" && error.message.contains("at most 2"))
        #expect(bench.scheduler.ledger.jobs.count == 2)
        Self.submit(&bench, 1...1)
        #expect(bench.last.actions.contains(.submitted(JobID(1), isNew: false)))
        bench.handle(
            .submit(JobHeader(externalID: "part", digest: [], name: "", statementCount: 1), isPart: true))
        #expect(bench.last.actions.contains(.submitted(JobID(2), isNew: true)))
        bench.handle(.cancel(JobID(0)))
        bench.handle(.cancel(JobID(1)))
        Self.submit(&bench, 3...3)
        #expect(bench.last.actions.contains(.submitted(JobID(3), isNew: true)))
    }

    @Test("a queue that the cluster does not have is refused by name, where it has named ones")
    func unknownQueue() {
        var bench = Self.bench(["nightly": 1, "default": 1])
        Self.submit(&bench, 0...0, pool: "nigthly")
        guard case .refused(let error) = bench.last.actions.first else {
            return #expect(Bool(false), "\(bench.last.actions)")
        }
        #expect(error.code == "UNKNOWN_QUEUE" && error.remedy?.contains("default, nightly") == true)
    }

    @Test("a thousand names of queues that nobody uses any more leave no trace; one that is used stays")
    func passingNames() {
        var bench = Self.bench(running: 2)
        bench.join("w1", slots: 1)
        Self.submit(&bench, 0...0, pool: "kept")
        bench.handle(.statementPlanned(JobID(0), statement: 0, stages: Self.tasks(1)))
        #expect(bench.launches.count == 1)
        for id in 1...1000 {
            Self.submit(&bench, id...id, pool: "queue-\(id)")
            bench.handle(.planningFailed(JobID(id), statement: 0, .user("X", "No")))
        }
        let scheduler = bench.scheduler
        #expect(scheduler.queues.count == JobScheduler.queueLimit)
        #expect(scheduler.queuePlaces.count == JobScheduler.queueLimit)
        #expect(scheduler.queuePlaces.allSatisfy { scheduler.queues[$0.value].name == $0.key })
        #expect(scheduler.queues.contains { $0.name == "kept" && $0.share.running == 1 })
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded)
        #expect(bench.scheduler.queues.allSatisfy { $0.share.running == 0 && $0.admittedCount == 0 })
    }
}
