import Testing
import Vocabulary

@testable import Scheduling

/// What attempts wrote aside is removed when, and each time that, the last of them can write no more.
@Suite("Cleaning up after statements")
struct CleaningTests {
    private static let twoTasks = [StageSpec(id: StageID(0), taskCount: 2, output: .files)]

    private static let clean = Action.clean(JobID(0), statement: 0)

    @Test("a failed job is cleaned after its last attempt, and marked as cleaned after the answer")
    func failed() {
        var bench = Bench()
        bench.join("w1")
        bench.run(Self.twoTasks)
        bench.finish { .failed($0, .error(.user("CAST_INVALID_INPUT", "no"))) }
        #expect(bench.outcome != nil && bench.cleanings == [])
        bench.finish { .stopped($0) }
        #expect(bench.cleanings == [Self.clean])
        #expect(!bench.scheduler.ledger.jobs[0].isCleaned)
        bench.handle(.cleaned(JobID(0), statement: 0))
        #expect(bench.scheduler.ledger.jobs[0].isCleaned)
    }

    @Test("what the storage would not let go is cleaned again a minute later, and so until it is gone")
    func refusedByStorage() {
        var bench = Bench()
        bench.join("w1", slots: 1)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        bench.finish { .failed($0, .error(.user("CAST_INVALID_INPUT", "no"))) }
        #expect(bench.cleanings == [Self.clean])
        for _ in 0..<3 {
            bench.handle(.cleaningFailed(JobID(0), statement: 0))
            let wait = SchedulerSettings().cleaningRetryMilliseconds
            for (time, expected) in [(wait - 1, []), (wait, [Self.clean])] {
                var later = bench
                later.now += time
                later.beat("w1")
                later.handle(.tick)
                #expect(later.cleanings == expected)
                if time == wait { bench = later }
            }
        }
        bench.handle(.cleaned(JobID(0), statement: 0))
        bench.now += 600_000
        bench.beat("w1")
        bench.handle(.tick)
        #expect(bench.cleanings == [])
        #expect(bench.scheduler.ledger.jobs[0].isCleaned)
    }

    @Test("the timer rings for it, also where nothing else is to happen")
    func refusedTimer() {
        var bench = Bench()
        bench.handle(.submit(JobHeader(externalID: "a", digest: [1], name: "a", statementCount: 1)))
        bench.handle(.cancel(JobID(0)))
        #expect(bench.cleanings == [Self.clean])
        bench.handle(.cleaningFailed(JobID(0), statement: 0))
        let due = bench.now + SchedulerSettings().cleaningRetryMilliseconds
        #expect(bench.last.actions == [.setTimer(Instant(milliseconds: due))])
    }

    @Test("a worker that is lost stops nothing up, and one that comes back with an attempt has it cleaned")
    func lostAndBack() {
        var bench = Bench()
        bench.join("w1")
        bench.run(Self.twoTasks)
        let running = bench.launches.map(\.launch.attempt)
        bench.handle(.cancel(JobID(0)))
        bench.handle(.disconnected(WorkerLife(address: "w1", incarnation: 1)))
        bench.now += 5_000
        bench.handle(.tick)
        #expect(bench.cleanings == [Self.clean])
        bench.handle(.cleaned(JobID(0), statement: 0))
        bench.join("w1", session: 2, running: running)
        #expect(bench.cleanings == [])
        bench.beat("w1", session: 2, [.stopped(running[0])])
        #expect(bench.cleanings == [])
        bench.beat("w1", session: 2, [.stopped(running[1])])
        #expect(bench.cleanings == [Self.clean])
    }

    @Test("a committed statement is cleaned when a loser that ran on has stopped, and else not at all")
    func loser() {
        for loses in [false, true] {
            var bench = Bench()
            bench.join("w1", slots: 1)
            bench.join("w2", slots: 1)
            bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
            let attempt = bench.launches[0].launch.attempt
            if loses {
                // The other worker comes with an attempt of the same task, as after a speculation.
                var second = attempt
                second.number += 100
                let other = bench.launches[0].life.address == "w1" ? "w2" : "w1"
                bench.join(other, session: 2, slots: 1, running: [second])
                bench.finish()
                bench.handle(.committed(JobID(0), statement: 0))
                #expect(bench.outcome == .succeeded && bench.cleanings == [])
                bench.beat(other, session: 2, [.stopped(second)])
                #expect(bench.cleanings == [Self.clean])
                bench.handle(.cleaned(JobID(0), statement: 0))
                #expect(!bench.scheduler.ledger.jobs[0].isCleaned)
            } else {
                bench.finish()
                bench.handle(.committed(JobID(0), statement: 0))
                #expect(bench.outcome == .succeeded && bench.cleanings == [])
            }
        }
    }

    @Test("after a restart a job is cleaned once its workers have said what they run, or are lost")
    func restart() {
        var before = Bench()
        before.join("w1")
        before.join("w2")
        before.run(Self.twoTasks)
        let running = before.launches.map { ($0.life.address, $0.launch.attempt) }
        before.handle(.cancel(JobID(0)))
        var bench = Bench(log: before.log)
        #expect(bench.cleanings == [])
        bench.join(running[0].0, session: 2, running: [running[0].1])
        bench.beat(running[0].0, session: 2, [.stopped(running[0].1)])
        #expect(bench.cleanings == [])
        bench.now += 31_000
        bench.beat(running[0].0, session: 2)
        bench.handle(.tick)
        #expect(bench.cleanings == [Self.clean])
        bench.handle(.cleaned(JobID(0), statement: 0))
        #expect(Bench(log: bench.log).cleanings == [])
    }

    @Test("after a restart, however late, a statement is cleaned whose losers ran on; once, and no other")
    func loserAndRestart() throws {
        var before = Bench()
        before.join("w1", slots: 1)
        before.join("w2", slots: 1)
        before.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        var loser = before.launches[0].launch.attempt
        loser.number += 100
        let other = before.launches[0].life.address == "w1" ? "w2" : "w1"
        before.join(other, session: 2, slots: 1, running: [loser])
        before.finish()
        before.handle(.committed(JobID(0), statement: 0))
        #expect(before.outcome == .succeeded && before.cleanings == [])
        #expect(before.last.facts.contains(.losersLeft(JobID(0), statement: 0)))
        #expect(!before.scheduler.canForget(JobID(0)))
        // The loser's worker dies with the coordinator: nobody else can say that it ran.
        var bench = Bench(log: before.log, now: 86_400_000)
        bench.join(other == "w1" ? "w2" : "w1", session: 2, slots: 1)
        #expect(bench.cleanings == [])
        bench.join(other, incarnation: 2, slots: 1)
        #expect(bench.cleanings == [Self.clean])
        bench.handle(.cleaned(JobID(0), statement: 0))
        #expect(bench.last.facts == [.losersCleaned(JobID(0), statement: 0)])
        var later = Bench(log: bench.log)
        for name in ["w1", "w2"] {
            later.join(name, incarnation: name == other ? 2 : 1, session: 3, slots: 1)
        }
        #expect(later.cleanings == [])
    }

    @Test("a commit that ends before all workers are back has its statement cleaned when they are")
    func absentAtCommit() {
        var before = Bench()
        before.join("w1", slots: 1)
        before.join("w2", slots: 1)
        before.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        let winner = before.launches[0].life.address
        before.finish()
        #expect(before.commit != nil)
        var bench = Bench(log: before.log)
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded && bench.cleanings == [])
        bench.join(winner, session: 2, slots: 1)
        #expect(bench.cleanings == [])
        // The other one never comes.
        bench.now += 31_000
        bench.beat(winner, session: 2)
        bench.handle(.tick)
        #expect(bench.cleanings == [Self.clean])
    }

    @Test("a restart of a job of many statements has those cleaned of which losers ran, and is little work")
    func manyStatements() {
        let count = 30_000 as UInt32
        let header = JobHeader(externalID: "a", digest: [1], name: "a", statementCount: Int(count) + 1)
        var facts: [Fact] = [.epochStarted(1), .jobAccepted(JobID(0), header, atMilliseconds: 0)]
        for statement in 0..<count {
            facts += [
                .statementPlanned(JobID(0), statement: statement, stages: [], atMilliseconds: 0),
                .commitStarted(JobID(0), statement: statement),
                .statementCommitted(JobID(0), statement: statement, atMilliseconds: 0),
            ]
            if statement % 2 == 0 { facts.append(.losersLeft(JobID(0), statement: statement)) }
        }
        let began = ContinuousClock.now
        let bench = Bench(log: facts)
        #expect(bench.cleanings.count == Int(count / 2))
        #expect(ContinuousClock.now - began < .seconds(10))
    }
}
