import Testing
import Vocabulary

@testable import Scheduling

@Suite("Tasks over which their workers crash")
struct TaskCrashTests {
    /// Three workers of two slots with a job of six tasks; one of its tasks crashes its worker.
    private static func crashed() -> (bench: Bench, task: TaskID) {
        var bench = Bench()
        for name in ["w1", "w2", "w3"] { bench.join(name) }
        bench.run([StageSpec(id: StageID(0), label: "scan", taskCount: 8, output: .files)])
        let task = bench.launches[0].launch.attempt.task
        bench.finish { .failed($0, .crash) }
        return (bench, task)
    }

    @Test("the second crash over a task ends its job, with the code and the count")
    func second() {
        var (bench, task) = Self.crashed()
        while bench.outcome == nil, !bench.launches.isEmpty {
            bench.finish {
                $0.task == task ? .failed($0, .crash) : .completed(TaskOutput(attempt: $0))
            }
        }
        guard case .failed(let error)? = bench.outcome else { return #expect(Bool(false)) }
        #expect(error.code == "TASK_CRASHED")
        #expect(error.message.contains("2 attempts on 2 workers"), "\(error.message)")
    }

    @Test("until the task is done its job runs one task at a time, and other jobs as many as they can")
    func oneAtATime() {
        var (bench, task) = Self.crashed()
        #expect(bench.launches.count == 5)
        for _ in 0..<5 { bench.finish() }
        #expect(bench.launches.map(\.launch.attempt.task) == [task])
        bench.run([StageSpec(id: StageID(0), taskCount: 3, output: .files)], id: "b")
        #expect(bench.launches.count == 4)
        #expect(bench.scheduler.ledger.jobs[0].crashedTasks == [task])
        bench.finish()
        #expect(bench.scheduler.ledger.jobs[0].crashedTasks.isEmpty)
        #expect(bench.launches.count { $0.launch.attempt.task.stage.job == JobID(0) } == 2)
        var ledger = Ledger()
        for fact in bench.log { ledger.apply(fact) }
        #expect(ledger == bench.scheduler.ledger)
    }
}
