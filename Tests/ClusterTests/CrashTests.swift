import Foundation
import Programs
import Testing

/// Has programs trap, as a fault of their own would have them.
@Suite("Programs that crash", .serialized)
struct CrashTests {
    /// The status of the programs when they crash.
    private static let status: Int32 = 70

    @Test("what crashes the coordinator as it reads, plans or runs it fails at the third start, alone")
    func coordinator() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        // What is no job yet has no number, and a client that submits it again as soon as it can.
        let submission = try Self.crash(
            cluster, ["read:1", "read:1"], "reading a submission (digest) ",
            over: ["run", "-e", "SELECT 'first' AS word"])
        #expect(submission.errors.contains("Nothing else is concerned"), "\(submission.errors)")
        let statement = try Self.crash(
            cluster, ["plan:1", "plan:1"], "planning statement (job.statement) 0.0,",
            over: ["run", "-e", "SELECT 'second' AS word"])
        #expect(statement.errors.contains("Other jobs are not concerned"), "\(statement.errors)")
        let directory = try PipelineTests.folder(
            cluster, "shop", ["etl.yml": "name: shop\ntransform: [{name: a, sql: SELECT 1 AS x}]\n"])
        // It is read when it is submitted, and once more when it begins.
        let run = try Self.crash(
            cluster, ["pipeline:3", "pipeline:2"], "running a pipeline (digest) ", over: [directory])
        #expect(run.errors.contains("over this pipeline"), "\(run.errors)")
        let fine = try cluster.submit(["run", "-e", "SELECT 2 AS two", "--output", "csv"])
        #expect(fine.output == "two\n2\n", "\(fine.errors)")
        // Refused at once, without a crash.
        let again = try cluster.submit(["run", "-e", "SELECT 'first' AS word"])
        #expect(again.errors.contains("[COORDINATOR_CRASHED]"), "\(again.errors)")
    }

    /// Starts the coordinator anew with each point of failure, and then without, while a client asks for what
    /// leads there. Returns how the client ended.
    private static func crash(
        _ cluster: TestCluster, _ points: [String], _ work: String, over arguments: [String]
    ) throws -> ProgramRun {
        try cluster.killCoordinator()
        try cluster.startCoordinator(failPoint: points[0])
        let client = try cluster.start(arguments)
        for count in points.indices {
            let ended = try #require(try cluster.coordinator?.waited())
            #expect(ended.status == Self.status)
            #expect(Self.isOneLine(ended.errors, of: "etl-coordinator"), "\(ended.errors)")
            #expect(ended.errors.contains("while \(work)"), "\(ended.errors)")
            // At once: nothing holds its ports and its state.
            try cluster.startCoordinator(failPoint: points.dropFirst(count + 1).first)
        }
        let failed = try client.waited()
        #expect(failed.status == 1)
        #expect(failed.errors.contains("[COORDINATOR_CRASHED]"), "\(failed.errors)")
        return failed
    }

    @Test("of threads that crash at the same moment one whole line tells")
    func together() throws {
        let cluster = try TestCluster(workers: 1, slots: 4, environment: ["MILLRACE_FAIL_POINT": "tasks:4"])
        defer { cluster.stop() }
        let client = try cluster.start(["run", "-e", "SELECT max(id) FROM range(0, 400, 1, 4)"])
        let worker = try #require(cluster.workers.first)
        #expect(eventually(within: 20) { !worker.isRunning })
        client.send(SIGKILL)
        let ended = try worker.waited()
        #expect(ended.status == Self.status)
        #expect(Self.isOneLine(ended.errors, of: "etl-worker"), "\(ended.errors)")
        #expect(ended.errors.ranges(of: "point of failure").count == 4, "\(ended.errors)")
        let line = ended.errors.split(separator: "\n").first { $0.contains("internal error") } ?? ""
        #expect(line.contains(" while running task "), "\(line)")
        #expect(line.wholeMatch(of: /.* where it was,( at)?( \+0x[0-9a-f]+)*/) != nil, "\(line)")
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
        // From then on it hears of the signal itself.
        #expect(eventually(within: 10) { Self.catches(SIGSEGV, program.processID) })
        let begin = Date()
        program.send(SIGSEGV)
        let ended = try program.waited()
        #expect(ended.status == Self.status)
        // A stack trace would take longer, on a quiet machine too.
        #expect(Date().timeIntervalSince(begin) < 10)
        #expect(Self.isOneLine(ended.errors, of: "etl-submit"), "\(ended.errors)")
        #expect(ended.errors.contains("SIGSEGV"), "\(ended.errors)")
    }

    private static func catches(_ signal: Int32, _ processID: Int32) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)) ?? ""
        let caught = text.firstMatch(of: /SigCgt:\s*([0-9a-f]+)/).flatMap { UInt64($0.1, radix: 16) } ?? 0
        return caught >> UInt64(signal - 1) & 1 == 1
    }

    /// Whether the last line tells of the crash, and there is no stack trace.
    private static func isOneLine(_ errors: String, of program: String) -> Bool {
        let lines = errors.split(separator: "\n").filter { $0.contains("internal error") }
        return lines.count == 1 && lines[0].hasPrefix("\(program): internal error: SIG")
            && !errors.contains("Backtrac") && !errors.contains("Thread 0")
    }
}
