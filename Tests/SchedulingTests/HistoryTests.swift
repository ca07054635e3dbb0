import SeededRandom
import Testing
import Vocabulary

@testable import Scheduling

@Suite("What history forgets")
struct HistoryTests {
    /// Draws facts about some jobs and workers, in an order in which a scheduler might have found them.
    private struct History {
        var random: SplitMix
        var ledger = Ledger()
        var facts: [Fact] = []

        mutating func add(_ fact: Fact) {
            ledger.apply(fact)
            facts.append(fact)
        }

        /// One more fact, about anything that is there.
        mutating func grow() {
            let job = JobID(random.roll(max(1, ledger.jobs.count)))
            let worker = WorkerID(random.roll(max(1, ledger.workers.count)))
            let key = StageKey(
                job: job, statement: UInt32(random.roll(2)), stage: StageID(random.roll(2)))
            let task = TaskID(stage: key, index: UInt32(random.roll(3)))
            let attempt = AttemptID(task: task, epoch: 1, number: UInt32(random.roll(4)))
            let count = ledger.jobs.count
            // Nothing is told of a job before it was accepted.
            switch count == 0 ? 0 : random.roll(16) {
            case 0, 1:
                add(
                    .jobAccepted(
                        JobID(count),
                        JobHeader(externalID: "j\(count)", digest: [], name: "", statementCount: 2),
                        atMilliseconds: Int64(count)))
            case 2:
                add(
                    .workerRegistered(
                        WorkerID(ledger.workers.count),
                        WorkerIdentity(
                            address: "w\(random.roll(3))", incarnation: UInt64(ledger.workers.count),
                            version: 1, slots: 1, memoryBytes: 1)))
            case 3: add(.workerLost(worker, .died))
            case 4, 5:
                add(
                    .statementPlanned(
                        job, statement: key.statement,
                        stages: (0..<2).map { StageSpec(id: StageID($0), taskCount: 3) }, atMilliseconds: 1))
            case 6, 7, 8: add(.taskCompleted(TaskOutput(attempt: attempt, worker: worker)))
            case 9:
                add(
                    .taskFailed(
                        FailureRecord(attempt: attempt, worker: worker, failure: .workerLost(.died))))
            case 10: add(.outputLost(attempt, isBlamed: random.roll(2) == 0, nil))
            case 11: add(.commitStarted(job, statement: key.statement))
            case 12: add(.statementCommitted(job, statement: key.statement, atMilliseconds: 2))
            case 13: add(.outputMoved(attempt, to: worker))
            default: end(job)
            }
        }

        private mutating func end(_ job: JobID) {
            guard ledger.jobs.contains(job), ledger.jobs[job.index].isLive else { return }
            add(.jobEnded(job, random.roll(3) == 0 ? .cancelled : .succeeded, atMilliseconds: 3))
        }
    }

    @Test("a log without the facts of forgotten jobs folds to what the log with them does, and goes on alike")
    func fold() {
        var forgotten = 0
        for seed in 0..<400 as Range<UInt64> {
            var history = History(random: SplitMix(state: seed))
            for _ in 0..<120 { history.grow() }
            var log = history.facts
            for job in history.ledger.jobs where !job.isLive && history.random.roll(3) > 0 {
                history.add(.jobForgotten(job.id))
                guard !history.ledger.jobs.contains(job.id) else { continue }
                forgotten += 1
                log.removeAll { $0.job == job.id }
            }
            func folded() -> Ledger {
                var ledger = Ledger()
                for fact in log { ledger.apply(fact) }
                return ledger
            }
            #expect(folded() == history.ledger, "seed \(seed)")
            // Late facts about forgotten jobs, and new jobs.
            let before = history.facts.count
            for _ in 0..<60 { history.grow() }
            log += history.facts.dropFirst(before)
            #expect(folded() == history.ledger, "seed \(seed), later")
        }
        #expect(forgotten > 1000)
    }

    @Test("a job whose acceptance is dropped first is unknown: what is left of it changes nothing")
    func leftovers() {
        for seed in 0..<200 as Range<UInt64> {
            var history = History(random: SplitMix(state: seed))
            for _ in 0..<120 { history.grow() }
            guard let job = history.ledger.jobs.first(where: { !$0.isLive && $0.id.index < 3 })?.id,
                job.index + 1 < history.ledger.jobs.count
            else { continue }
            history.ledger.apply(.jobForgotten(job))
            let own = history.facts.indices.filter { history.facts[$0].job == job }
            for left in [1, own.count / 2, own.count] {
                let dropped = Set(own.prefix(left))
                var ledger = Ledger()
                for (place, fact) in history.facts.enumerated() where !dropped.contains(place) {
                    ledger.apply(fact)
                }
                #expect(ledger == history.ledger, "seed \(seed), \(left) of \(own.count) dropped")
            }
        }
    }

    @Test("the table finds jobs by their ids, whichever are gone, and reads those as ended")
    func table() {
        for seed in 0..<100 as Range<UInt64> {
            var random = SplitMix(state: seed)
            var table = JobTable()
            var kept: Set<Int> = []
            for _ in 0..<200 {
                let id = table.count
                if random.roll(2) == 0 || table.keptCount < 2 {
                    let header = JobHeader(externalID: "\(id)", digest: [], name: "", statementCount: 1)
                    table.append(JobRecord(id: JobID(id), header: header, acceptedMilliseconds: 0))
                    kept.insert(id)
                } else {
                    let gone = random.roll(id - 1)
                    table.remove(JobID(gone))
                    kept.remove(gone)
                }
                #expect(table.map(\.id.index) == kept.sorted() && table.keptCount == kept.count)
                for index in 0..<table.count {
                    #expect(table.contains(JobID(index)) == kept.contains(index))
                    #expect(table[index].id.index == index && table[index].isLive == kept.contains(index))
                }
            }
            #expect(!table.contains(JobID(table.count)) && table.oldest?.index == kept.min())
        }
    }

    @Test("a job is forgotten once it has ended and nothing is owed to it, and never the newest")
    func owed() {
        var settings = SchedulerSettings()
        settings.resultMilliseconds = 1000
        var bench = Bench(settings: settings)
        func isKept(_ job: Int) -> Bool {
            bench.handle(.forget([JobID(job)]))
            return bench.scheduler.ledger.jobs.contains(JobID(job))
        }
        bench.join("w1")
        bench.run([StageSpec(id: StageID(0), taskCount: 1, output: .result)], id: "a")
        #expect(isKept(0), "it runs")
        bench.finish()
        bench.handle(.committed(JobID(0), statement: 0))
        #expect(bench.outcome == .succeeded && isKept(0), "its rows may be fetched")
        bench.run([StageSpec(id: StageID(0), taskCount: 2, output: .files)], id: "b")
        bench.now += 1000
        bench.handle(.tick)
        #expect(!isKept(0))
        #expect(bench.scheduler.ledger.job(externalID: "a") == nil)
        bench.handle(.cancel(JobID(1)))
        #expect(isKept(1), "attempts of it run")
        bench.finish { .stopped($0) }
        bench.finish { .stopped($0) }
        #expect(isKept(1), "what it staged is not removed")
        bench.handle(.cleaned(JobID(1), statement: 0))
        #expect(isKept(1), "its id says which comes next")
        bench.run([StageSpec(id: StageID(0), taskCount: 1)], id: "a")
        #expect(!isKept(1))
        #expect(bench.scheduler.ledger.jobs.count == 3)
        // A word that comes late is one about an ended job.
        bench.handle(.cancel(JobID(0)))
        #expect(bench.last.ignored == [.jobEnded(JobID(0))])
        #expect(Bench(log: bench.log).scheduler.ledger.jobs == bench.scheduler.ledger.jobs)
    }
}
