import Foundation
import Programs
import Testing

/// Has programs trap, as a fault of their own would have them.
@Suite("Programs that crash", .serialized)
struct CrashTests {
    /// The status of the programs when they crash.
    private static let status: Int32 = 70

    @Test("a statement that crashes the coordinator fails its job at the third start, and others go on")
    func coordinator() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        try cluster.killCoordinator()
        try cluster.startCoordinator(failPoint: "plan:1")
        let job = try cluster.start(["run", "-e", "SELECT 'first' AS word"])
        for count in 1...2 {
            let ended = try #require(try cluster.coordinator?.waited())
            #expect(ended.status == Self.status)
            #expect(Self.isOneLine(ended.errors, of: "etl-coordinator"), "\(ended.errors)")
            #expect(ended.errors.contains("while planning statement (job.statement) 0.0,"), "\(ended.errors)")
            // At once: nothing holds its ports and its state.
            try cluster.startCoordinator(failPoint: count == 1 ? "plan:1" : nil)
        }
        let failed = try job.waited()
        #expect(failed.status == 1)
        #expect(failed.errors.contains("[COORDINATOR_CRASHED]"), "\(failed.errors)")
        #expect(failed.errors.contains("Other jobs are not concerned"), "\(failed.errors)")
        let fine = try cluster.submit(["run", "-e", "SELECT 2 AS two", "--output", "csv"])
        #expect(fine.output == "two\n2\n", "\(fine.errors)")
    }

    @Test("a task that crashes its worker fails its job after two workers, and the third lives")
    func worker() throws {
        let cluster = try TestCluster(workers: 3, environment: ["MILLRACE_FAIL_POINT": "task:1"])
        defer { cluster.stop() }
        let failed = try cluster.submit(["run", "-e", "SELECT 1 AS one"], seconds: 40)
        #expect(failed.status == 1)
        #expect(failed.errors.contains("[TASK_CRASHED]"), "\(failed.errors)")
        #expect(failed.errors.contains("2 attempts on 2 workers"), "\(failed.errors)")
        #expect(try eventually(within: 10) { cluster.workers.count { $0.isRunning } == 1 })
        #expect(try eventually(within: 20) { try cluster.activeWorkers() == 1 })
        for worker in cluster.workers where !worker.isRunning {
            let ended = try worker.waited()
            #expect(ended.status == Self.status)
            #expect(Self.isOneLine(ended.errors, of: "etl-worker"), "\(ended.errors)")
        }
    }

    @Test("a fault in etl-submit is told in one line, at once")
    func submit() throws {
        let program = try StartedProgram(
            ProgramRun.built("etl-submit"), ["run", "-e", "SELECT count(*) FROM range(1000000000000)"])
        usleep(500_000)
        let begin = Date()
        program.send(SIGSEGV)
        let ended = try program.waited()
        #expect(ended.status == Self.status)
        #expect(Date().timeIntervalSince(begin) < 5)
        #expect(Self.isOneLine(ended.errors, of: "etl-submit"), "\(ended.errors)")
        #expect(ended.errors.contains("SIGSEGV"), "\(ended.errors)")
    }

    /// Whether the last line tells of the crash, and there is no stack trace.
    private static func isOneLine(_ errors: String, of program: String) -> Bool {
        let lines = errors.split(separator: "\n").filter { $0.contains("internal error") }
        return lines.count == 1 && lines[0].hasPrefix("\(program): internal error: SIG")
            && !errors.contains("Backtrac") && !errors.contains("Thread 0")
    }
}
