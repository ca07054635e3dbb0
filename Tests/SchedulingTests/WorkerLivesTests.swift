import Testing
import Vocabulary

@testable import Scheduling

/// What is kept of workers that are gone: no more than somebody may ask about.
@Suite("Lives of workers")
struct WorkerLivesTests {
    /// The facts that a log keeps, which drops those of a forgotten life.
    struct Kept {
        private(set) var facts: [Fact] = []
        private(set) var most = 0

        mutating func add(_ new: [Fact]) {
            for fact in new {
                if case .workerForgotten(let worker) = fact {
                    facts.removeAll { $0.worker == worker }
                } else {
                    facts.append(fact)
                }
            }
            most = max(most, facts.count)
        }

        var folded: Ledger {
            var ledger = Ledger()
            for fact in facts { ledger.apply(fact) }
            return ledger
        }
    }

    @Test("a hundred thousand of them, of a worker that crashes every five seconds, leave a bounded trace")
    func crashLoop() {
        var bench = Bench()
        bench.join("steady")
        var kept = Kept()
        kept.add(bench.log)
        for life in 1...100_000 as ClosedRange<UInt64> {
            bench.now += 5_000
            bench.join("loops", incarnation: life)
            kept.add(bench.last.facts)
            if life % 5 == 0 {
                bench.beat("steady")
                bench.handle(.tick)
                kept.add(bench.last.facts)
            }
            bench.log = []
        }
        // Ten minutes of lives, and those of the minute until they are looked for again.
        #expect(bench.scheduler.ledger.workers.count <= 140, "\(bench.scheduler.ledger.workers.count) lives")
        #expect(bench.scheduler.links.count <= 140 && bench.scheduler.lostAt.count <= 140)
        #expect(kept.most <= 300, "\(kept.most) facts")
        #expect(kept.folded == bench.scheduler.ledger)
        #expect(bench.scheduler.ledger.worker(address: "loops") != nil)
        // A restart begins with them, and forgets those that it need not show.
        var again = Bench(log: kept.facts, now: bench.now)
        again.join("steady", session: 2)
        again.handle(.tick)
        #expect(again.scheduler.ledger.workers.keptCount == 2)
    }

    @Test("a life that a job's history names is kept as long as the job, and then its id is another's")
    func named() {
        var bench = Bench()
        bench.join("w1")
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)])
        bench.finish { .failed($0, .error(.system("DISK_FULL", "full"))) }
        // It was tried again on the first life, which ends with it.
        bench.join("w1", incarnation: 2)
        bench.launches.removeFirst()
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded)
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .files)], id: "b")
        func pass(_ milliseconds: Int64) {
            bench.now += milliseconds
            bench.beat("w1", incarnation: 2)
            bench.handle(.tick)
        }
        pass(599_000)
        pass(61_000)
        #expect(bench.scheduler.ledger.workers.map(\.id) == [WorkerID(0), WorkerID(1)])
        #expect(bench.scheduler.failures(of: JobID(0)).map(\.record.worker) == [WorkerID(0), WorkerID(0)])
        bench.handle(.forget([JobID(0)]))
        pass(60_000)
        #expect(bench.scheduler.ledger.workers.map(\.id) == [WorkerID(1)])
        #expect(bench.scheduler.ledger.worker(WorkerLife(address: "w1", incarnation: 1)) == nil)
        // The younger life is still the one at the address; another worker takes the place that is free.
        bench.join("w1", incarnation: 1)
        #expect(bench.last.ignored == [.staleIncarnation(WorkerLife(address: "w1", incarnation: 1))])
        bench.join("w2")
        #expect(bench.scheduler.ledger.worker(address: "w2") == WorkerID(0))
        #expect(bench.scheduler.ledger.workers[0].identity.address == "w2")
    }

    @Test("outputs that a worker leaves behind are told one by one, so that its leaving may be forgotten")
    func left() {
        var bench = Bench()
        bench.join("w1")
        bench.run(mapReduce)
        bench.finish()
        bench.finish()
        bench.join("w2")
        bench.finish()
        bench.beat("w1", draining: true)
        bench.handle(.committed(JobID(0), statement: 0))
        bench.beat("w1", draining: true)
        #expect(bench.log.contains(.workerLost(WorkerID(0), .left)))
        var without = Ledger()
        for fact in bench.log where fact.worker != WorkerID(0) { without.apply(fact) }
        #expect(without.jobs.map { $0.statements } == bench.scheduler.ledger.jobs.map { $0.statements })
    }

    @Test("a table without a forgotten life is the one of a log without its facts")
    func table() {
        func identity(_ address: String, _ incarnation: UInt64) -> WorkerIdentity {
            Bench.identity(address, incarnation: incarnation)
        }
        var table = WorkerTable()
        table.add(WorkerID(0), identity("a", 1))
        table.add(WorkerID(1), identity("a", 2))
        table.add(WorkerID(2), identity("a", 2))
        for id in 1...2 { table.setLoss(.died, of: WorkerID(id)) }
        // One that is not lost stays, and one that nobody knows is one that has left.
        table.forget(WorkerID(0))
        #expect(table.keptCount == 3 && table[7].loss == .left && table.nextID == WorkerID(3))
        table.forget(WorkerID(2))
        #expect(table.worker(WorkerLife(address: "a", incarnation: 2)) == WorkerID(1))
        #expect(table.worker(address: "a") == WorkerID(1) && table.count == 2)
        table.forget(WorkerID(1))
        var other = WorkerTable()
        other.add(WorkerID(0), identity("a", 1))
        #expect(table == other && table.nextID == WorkerID(1))
        // A place far beyond is none of ours, nor is one that is taken.
        table.add(WorkerID(rawValue: .max), identity("b", 1))
        table.add(WorkerID(0), identity("b", 1))
        #expect(table == other)
    }
}
