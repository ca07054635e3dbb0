import SeededRandom
import Testing
import Vocabulary

@testable import Scheduling

/// `Cases/log-version-1.hex` holds one fact a line, written once and never again: logs of every release
/// must replay. Kinds of fact that are new come at its end.
@Suite("The log of version 1")
struct GoldenLogTests {
    private static func facts() throws -> [Fact] {
        try GoldenLines.read("log-version-1").map { try Fact(wireBytes: $0) }
    }

    @Test("its facts are read, and mean what they meant")
    func meaning() throws { #expect(try Self.facts() == GoldenLog.facts) }

    @Test("its facts are written to the same bytes as long as the version is 1")
    func layout() throws {
        #expect(Fact.version == 1)
        #expect(GoldenLog.facts.map(\.wireBytes) == (try GoldenLines.read("log-version-1")))
    }

    @Test("it holds every kind of fact, failure, outcome and loss")
    func coverage() throws {
        let facts = try Self.facts()
        #expect(Set(facts.map { FactKind($0) }) == Set(FactKind.allCases))
        var failures: Set<FailureKind> = []
        var outcomes: Set<OutcomeKind> = []
        var losses: Set<WorkerLoss> = []
        var specs: [StageSpec] = []
        for fact in facts {
            switch fact {
            case .taskFailed(let record): failures.insert(FailureKind(record.failure))
            case .jobEnded(_, let outcome, _): outcomes.insert(OutcomeKind(outcome))
            case .workerLost(_, let loss): losses.insert(loss)
            case .statementPlanned(_, _, let stages, _), .stagesReplanned(_, let stages): specs += stages
            default: break
            }
        }
        #expect(failures == Set(FailureKind.allCases))
        #expect(outcomes == Set(OutcomeKind.allCases))
        #expect(losses == everyCase(WorkerLoss.self))
        #expect(Set(specs.map(\.output)) == everyCase(StageOutputKind.self))
        #expect(Set(specs.flatMap { $0.dependencies.map(\.kind) }) == everyCase(ExchangeKind.self))
    }

    @Test("folded, it gives the jobs and workers of its history")
    func fold() throws {
        var ledger = Ledger()
        for fact in try Self.facts() { ledger.apply(fact) }
        #expect(ledger.epoch == 2)
        try #require(ledger.jobs.count == 4)
        #expect(ledger.liveJobs.isEmpty)
        #expect(ledger.jobs.map(\.outcome) == [.succeeded, .cancelled, .failed(GoldenLog.error), .cancelled])
        #expect(ledger.jobs.map(\.header.externalID) == ["019a-0", "019a-1", "019a-2", "019a-3"])
        #expect(ledger.jobs.map(\.isCleaned) == [false, true, false, true])
        #expect(ledger.jobs.map(\.areResultsReleased) == [true, false, false, false])
        #expect(ledger.jobs.map(\.fatal) == [nil, nil, GoldenLog.error, nil])
        #expect(ledger.jobs.map(\.outrun.count) == [1, 0, 0, 0])
        #expect(ledger.jobs.map(\.losersLeft) == [[], [], [], []])
        #expect(ledger.jobs[0].startedMilliseconds == 1_700_000_000_100)
        #expect(ledger.jobs[0].endedMilliseconds == 1_700_000_003_001)
        #expect(ledger.jobs.map(\.header.slotLimit) == [0, 0, 0, 300])
        #expect(ledger.jobs.map(\.header.isReplicated) == [false, false, false, true])
        #expect(ledger.jobs.map(\.areResultsSent) == [true, false, false, false])
        #expect(ledger.loggedBytes == 0, "an output of a job that had ended counts for nothing")
        #expect(ledger.jobs.map(\.hasStoredOutputs) == [false, false, false, false])
        let first = ledger.jobs[0].statements
        #expect(first[0].stages[0].tasks.map(\.output?.isStored) == [true, false])
        #expect(first.map(\.isCommitted) == [true, true])
        #expect(first[0].stages.map(\.spec.label) == ["scan", "join, coalesced"])
        #expect(first[0].stages.map(\.isReplanned) == [true, false])
        #expect(first[0].stages.map(\.isComplete) == [true, true])
        #expect(first[0].stages[0].tasks[1].output?.attempt == GoldenLog.attempt(GoldenLog.map, 1, 2))
        #expect(first[0].stages[0].tasks.map(\.failures.count) == [0, 1])
        #expect(first[0].stages[1].tasks[0].failures.count == 3)
        #expect(first[0].stages[1].tasks[0].memoryFailureCount == 1)
        #expect(ledger.workers.map(\.loss) == [.replaced, .leaseExpired, .died, .left, .disconnected])
        #expect(ledger.worker(address: "w1:7078") == WorkerID(2))
        #expect(ledger.job(externalID: "019a-1") == JobID(1))
    }

    @Test("every prefix of it is a state from which a scheduler starts")
    func prefixes() throws {
        let facts = try Self.facts()
        for length in 0...facts.count {
            let bench = Bench(log: Array(facts.prefix(length)))
            #expect(bench.scheduler.ledger.epoch >= 1)
            let started = bench.log.contains { if case .epochStarted = $0 { true } else { false } }
            #expect(started)
        }
    }

    @Test("damaged facts are an error or another fact, never a trap")
    func damage() throws {
        var generator = SplitMix(state: 11)
        for fact in GoldenLog.facts {
            WireDamage.cut(fact)
            try WireDamage.flip(fact, generator: &generator)
        }
        for tag in UInt8(0)...31 {
            try WireDamage.random(Fact.self, after: [1, tag], generator: &generator)
        }
    }
}
