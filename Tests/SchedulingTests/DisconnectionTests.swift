import Testing
import Vocabulary

@testable import Scheduling

@Suite("Closed connections")
struct DisconnectionTests {
    private static let life = WorkerLife(address: "w1", incarnation: 1)

    @Test("a worker whose connection closed is lost after five seconds, unless it speaks again")
    func silence() {
        var bench = Bench()
        bench.join("w1")
        bench.handle(.disconnected(Self.life))
        bench.now += 4_999
        bench.handle(.tick)
        #expect(bench.last.facts.isEmpty)
        bench.beat("w1")
        bench.now += 5_001
        bench.handle(.tick)
        #expect(bench.last.facts.isEmpty)
        bench.handle(.disconnected(Self.life))
        bench.now += 5_000
        bench.handle(.tick)
        #expect(bench.last.facts == [.workerLost(WorkerID(0), .disconnected)])
    }

    @Test("heartbeats of idle workers arm no timer; the one that is armed rings in time for a silent one")
    func idle() {
        var bench = Bench()
        func timers() -> [Instant] {
            bench.last.actions.compactMap { if case .setTimer(let time) = $0 { time } else { nil } }
        }
        bench.join("w1")
        let due = bench.now + SchedulerSettings().leaseMilliseconds
        #expect(timers() == [Instant(milliseconds: due)])
        bench.join("w2")
        #expect(timers() == [])
        for _ in 0..<29 {
            bench.now += 1000
            bench.beat("w1")
            #expect(timers() == [])
        }
        bench.now = due
        bench.handle(.tick)
        #expect(bench.scheduler.ledger.workers[1].loss == .leaseExpired)
        #expect(bench.scheduler.ledger.workers[0].loss == nil && timers().count == 1)
    }

    @Test("the first reader that misses an output of a disconnected worker loses all that it held")
    func reader() {
        var bench = Bench()
        bench.join("w1", slots: 2)
        bench.join("w2", slots: 1)
        bench.run([
            StageSpec(id: StageID(0), taskCount: 2),
            StageSpec(id: StageID(1), dependencies: [.init(on: StageID(0), .shuffle)], taskCount: 3),
        ])
        // The producers run on w1, and so do the first two readers; the third runs on w2, and w1 goes.
        let held = bench.launches.filter { $0.life.address == "w1" }.map(\.launch.attempt)
        while bench.launches.first?.launch.attempt.task.stage.stage == StageID(0) { bench.finish() }
        bench.handle(.disconnected(Self.life))
        let onOther = bench.launches.first { $0.life.address == "w2" }
        guard let reader = onOther, let missing = held.first else {
            return #expect(Bool(false), "nothing ran")
        }
        bench.beat(
            reader.life.address,
            [.failed(reader.launch.attempt, .fetchFailed(producer: missing, .system("GONE", "gone")))])
        #expect(bench.last.facts.contains(.workerLost(WorkerID(0), .disconnected)))
        for attempt in held { #expect(bench.last.facts.contains(.outputLost(attempt, isBlamed: false, nil))) }
        // A loss is nobody's fault: no failure counts against the tasks.
        let tasks = bench.scheduler.ledger.jobs[0].statements[0].stages[0].tasks
        #expect(held.count >= 1)
        #expect(tasks.allSatisfy { $0.failures.isEmpty })
        #expect(tasks.filter { $0.output == nil }.count == held.count)
    }

    @Test("a dead process's late word displaces nobody, and a clock set back locks nobody out")
    func incarnations() {
        var bench = Bench()
        bench.join("w1", incarnation: 5)
        bench.join("w1", incarnation: 4)
        #expect(bench.last.facts.isEmpty)
        #expect(bench.last.ignored == [.staleIncarnation(WorkerLife(address: "w1", incarnation: 4))])
        bench.handle(.disconnected(WorkerLife(address: "w1", incarnation: 5)))
        bench.now += 5_000
        bench.handle(.tick)
        bench.join("w1", incarnation: 4)
        #expect(bench.last.facts.count == 1)
        guard case .workerRegistered(_, let identity)? = bench.last.facts.first else {
            return #expect(Bool(false), "the older incarnation is locked out")
        }
        #expect(identity.incarnation == 4)
    }

    @Test("a draining worker that nobody answers leaves soon, a silent cluster's after its time")
    func drain() {
        let start = Instant(milliseconds: 0)
        var unknown = TaskAgent(Bench.identity("w1"), at: start)
        _ = unknown.handle(.tick, at: start)
        #expect(unknown.handle(.drain, at: Instant(milliseconds: 10)).last != .leave)
        let farewell = 10 + AgentSettings().farewellMilliseconds
        #expect(unknown.handle(.tick, at: Instant(milliseconds: farewell)).last == .leave)
        #expect(unknown.handle(.tick, at: Instant(milliseconds: farewell + 10)).isEmpty)
        var known = TaskAgent(Bench.identity("w1"), at: start)
        _ = known.handle(.tick, at: start)
        let welcome = CoordinatorMessage.welcome(
            epoch: 1, session: 1, worker: WorkerID(0), heardSentAt: start)
        _ = known.handle(.message(welcome), at: Instant(milliseconds: 1))
        #expect(known.handle(.drain, at: Instant(milliseconds: 10)).last != .leave)
        // Its outputs find no takers while nobody answers: it leaves when the time of its drain is over.
        let limit = 10 + AgentSettings().drainMilliseconds
        #expect(known.handle(.tick, at: Instant(milliseconds: limit - 1)).last != .leave)
        #expect(known.handle(.tick, at: Instant(milliseconds: limit)).last == .leave)
    }

    @Test("a worker that left is shown no more, a lost one for ten minutes")
    func shown() {
        var bench = Bench()
        func shown(after milliseconds: Int64) -> [WorkerState] {
            bench.scheduler.workerProgress(withLostAt: Instant(milliseconds: bench.now + milliseconds))
                .map(\.state)
        }
        bench.join("w1")
        bench.join("w2")
        bench.beat("w1", draining: true)
        #expect(bench.last.facts == [.workerLost(WorkerID(0), .left)])
        #expect(shown(after: 0) == [.active])
        bench.handle(.workerDied(WorkerID(1)))
        #expect(shown(after: 599_999) == [.lost])
        #expect(shown(after: 600_000).isEmpty)
        #expect(bench.scheduler.workerProgress().isEmpty)
        // After a restart those lost before it are gone; one that may yet come is shown.
        bench.join("w3")
        bench = Bench(log: bench.log)
        #expect(shown(after: 0) == [.lost])
        #expect(
            bench.scheduler.workerProgress(withLostAt: Instant(milliseconds: bench.now))[0].id == WorkerID(2))
    }

    @Test("an ended task's time tells its stage's seconds and skew")
    func times() {
        var bench = Bench()
        bench.join("w1", slots: 3)
        bench.run([StageSpec(id: StageID(0), taskCount: 3, output: .files)])
        for milliseconds in [100, 100, 400] {
            bench.now += 100
            bench.finish {
                .completed(
                    TaskOutput(attempt: $0, counters: TaskCounters(milliseconds: milliseconds)))
            }
        }
        let stage = bench.scheduler.progress(of: JobID(0))?.stages.first
        #expect(stage?.skew == 4)
        // The longest began 400 ms before its end, 300 ms after the bench began.
        #expect(stage?.seconds == 0.4)
    }
}
