import Pipelines
import Protocol
import Testing

@testable import Coordinator

@Suite("What a pipeline's run's time goes into")
struct RunDiagnosisTests {
    private let start: Int64 = 1_700_000_000_000

    /// A run of two steps that began at `start`, with facts at so many seconds after it.
    private func record(_ facts: [(seconds: Double, fact: RunFact)]) -> RunRecord {
        var record = RunRecord(
            RunHeader(
                id: "r", pipeline: "shop", acceptedAt: start, intervalStart: 0, intervalEnd: 0,
                maxActiveRuns: 2))
        for (seconds, fact) in facts {
            record.apply(RunEntry(at: start + Int64(seconds * 1000), fact: fact))
        }
        return record
    }

    private let began = (
        seconds: 0.0,
        fact: RunFact.began(
            tables: [], steps: ["orders", "report"], kinds: ["transform", "model"], parents: [[], ["orders"]])
    )

    private func why(
        _ record: RunRecord, after seconds: Double, parts: [RunPart] = [], others: [String] = []
    ) -> String? {
        RunDiagnosis(record: record, parts: parts, otherRuns: others, now: start + Int64(seconds * 1000)).text
    }

    private func part(_ step: String, _ state: JobState, _ why: String?) -> RunPart {
        RunPart(
            step: step,
            status: JobStatus(
                id: "j", name: "n", state: state, submittedAt: "",
                stages: .init(total: 1, done: 0, running: 1), why: why))
    }

    @Test("a run that waits for others says which rule keeps it")
    func waiting() {
        #expect(why(record([]), after: 1, others: ["a"]) == nil)
        #expect(
            why(record([]), after: 1, others: ["a", "b"])
                == "Waits for earlier runs of the pipeline: max_active_runs is 2.")
    }

    @Test("a run at work names the step that works longest, with what its job says")
    func running() {
        let working = record([began, (1, .stepStarted(step: "orders", attempt: 1))])
        #expect(why(working, after: 3.5) == "Step orders (transform) is at work, 2.5 s so far.")
        let parts = [part("orders", .succeeded, "old"), part("orders", .running, "It spills.")]
        #expect(
            why(working, after: 31, parts: parts)
                == "Step orders (transform) is at work, 30 s so far. It spills.")
    }

    @Test("a step that was cut off in its middle by the end of its run does not run on")
    func cutOff() {
        let ended = record([
            began, (1, .stepStarted(step: "orders", attempt: 1)), (3, .cancelled),
            (4, .ended(state: .cancelled, error: nil)),
        ])
        #expect(ended.steps["orders"]?.state == .cancelled)
        #expect(ended.steps["orders"]?.endedAt == start + 4000 && ended.steps["orders"]?.seconds == 3)
        // Neither that step nor those that had not begun were skipped for a failure.
        #expect(ended.summary.cancelled == ended.order.count && ended.summary.skipped == 0)
        #expect(ended.doneSteps.isEmpty)
    }

    @Test("a step that is tried again says why and when")
    func retrying() {
        let error = JobFailure(code: "DISK_FULL", message: "full", blame: "system")
        let failed = record([
            began, (1, .stepStarted(step: "orders", attempt: 1)),
            (2, .stepRetrying(step: "orders", attempt: 2, afterSeconds: 30, error: error)),
        ])
        #expect(
            why(failed, after: 12) == "Step orders (transform) failed (DISK_FULL) and is tried again in 20 s."
        )
    }

    @Test("an ended run names its longest step; a short one says nothing")
    func ended() {
        let facts = [
            began, (1, .stepStarted(step: "orders", attempt: 1)),
            (2, .stepStarted(step: "orders", attempt: 2)),
            (9, .stepDone(step: "orders", seconds: 7)), (9, .stepStarted(step: "report", attempt: 1)),
            (10, .stepDone(step: "report", seconds: 1)), (10, .ended(state: .succeeded, error: nil)),
        ]
        #expect(
            why(record(facts), after: 99)
                == "Step orders (transform) took 80 % of the time. It was tried 2 times.")
        let short = [began, (0.5, RunFact.ended(state: .succeeded, error: nil))]
        #expect(why(record(short), after: 99) == nil)
    }
}
