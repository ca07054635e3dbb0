import Testing
import Vocabulary

@testable import Scheduling

@Suite("Statements over which the coordinator crashes")
struct StatementCrashTests {
    /// Starts a life of the coordinator on a log, after a crash over a statement of the first job.
    private static func restart(_ log: [Fact], crashedOver statement: UInt32?) -> Bench {
        var scheduler = JobScheduler()
        for fact in log { scheduler.apply(fact) }
        var facts: [Fact] = []
        if let statement {
            let now = Moment(monotonic: Instant(milliseconds: 1), wallMilliseconds: 1)
            facts = scheduler.handle(.crashed(JobID(0), statement: statement), at: now).facts
        }
        return Bench(log: log + facts)
    }

    private static func submitted() -> Bench {
        var bench = Bench()
        for id in ["a", "b"] {
            bench.handle(
                .submit(JobHeader(externalID: id, digest: [1], name: id, statementCount: 2)))
        }
        return bench
    }

    private static func plannings(_ bench: Bench) -> [JobID] {
        bench.last.actions.compactMap { if case .planStatement(let job, _) = $0 { job } else { nil } }
    }

    @Test("after the second crash the job fails and is not planned again, and the others go on")
    func fails() {
        var bench = Self.restart(Self.submitted().log, crashedOver: 0)
        #expect(Self.plannings(bench) == [JobID(0), JobID(1)])
        bench = Self.restart(bench.log, crashedOver: 0)
        #expect(Self.plannings(bench) == [JobID(1)])
        guard case .failed(let error)? = bench.outcome else { return #expect(Bool(false)) }
        #expect(error.code == "COORDINATOR_CRASHED")
        #expect(error.blame == .internal)
        var ledger = Ledger()
        for fact in bench.log { ledger.apply(fact) }
        #expect(ledger == bench.scheduler.ledger)
    }

    @Test("a coordinator that is killed as often as you like says nothing about its jobs")
    func killed() {
        var bench = Self.submitted()
        for _ in 0..<20 { bench = Self.restart(bench.log, crashedOver: nil) }
        #expect(Self.plannings(bench) == [JobID(0), JobID(1)])
    }

    @Test("crashes over different statements of a job are counted apart")
    func apart() {
        var bench = Self.restart(Self.submitted().log, crashedOver: 0)
        bench.handle(.statementPlanned(JobID(0), statement: 0, stages: []))
        bench.handle(.committed(JobID(0), statement: 0))
        bench = Self.restart(bench.log, crashedOver: 1)
        #expect(bench.outcome == nil)
        bench = Self.restart(bench.log, crashedOver: 1)
        #expect(bench.outcome != nil)
    }

    @Test("a crash over a job that is unknown, or has ended, changes nothing")
    func unknown() {
        var bench = Self.restart([], crashedOver: 0)
        #expect(bench.scheduler.ledger.jobs.count == 0)
        bench = Self.submitted()
        bench.handle(.cancel(JobID(0)))
        let facts = bench.log.count
        bench = Self.restart(bench.log, crashedOver: 0)
        #expect(bench.log.count == facts + 1)
        #expect(bench.outcome == .cancelled)
    }
}
