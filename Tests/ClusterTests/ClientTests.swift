import Foundation
import Programs
import Protocol
import Synchronization
import Testing
import Transport

/// Plays what users do at their terminal while a cluster works for them.
@Suite("etl-submit beside a cluster", .serialized)
struct ClientTests {
    @Test("logs -f shows lines as they come when its output is no terminal, and goes on after a restart")
    func followedLogs() throws {
        // Without a worker the job waits.
        let cluster = try TestCluster(workers: 0)
        defer { cluster.stop() }
        let id = try cluster.submit(["run", "-e", "SELECT max(id) FROM range(0, 9)", "--detach"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let logs = try cluster.start(["logs", "-f", id])
        #expect(eventually(within: 10) { logs.outputSoFar.contains(" info accepted\n") })
        #expect(logs.isRunning)
        try cluster.killCoordinator()
        #expect(eventually(within: 10) { logs.errorsSoFar.contains("does not answer") })
        try cluster.startCoordinator()
        #expect(eventually(within: 10) { logs.outputSoFar.contains(" info the coordinator started again\n") })
        _ = try cluster.submit(["cancel", id])
        let ended = try logs.waited()
        #expect(ended.status == 0 && ended.output.hasSuffix(" info cancelled\n"), "\(ended)")
        #expect(ended.output.ranges(of: " info accepted\n").count == 1, "\(ended)")
    }

    @Test("what is not there is said: no jobs, no pipelines; and what a removed pipeline leaves to run")
    func nothing() throws {
        // Without a worker runs wait.
        let cluster = try TestCluster(workers: 0, hasStorage: true)
        defer { cluster.stop() }
        let list = try cluster.submit(["list"])
        #expect(list.output.isEmpty && list.errors.contains("list --all shows those that have ended"))
        #expect(try cluster.submit(["list", "--all"]).errors == "There are no jobs.\n")
        #expect(try cluster.submit(["runs"]).errors == "No pipeline is deployed.\n")
        let directory = try PipelineTests.folder(
            cluster, "shop",
            [
                "etl.yml": """
                name: shop
                schedule: "@daily"
                start_date: 2024-01-01
                transform: [{name: a, sql: SELECT 1 AS x}]
                """
            ])
        #expect(try cluster.submit(["deploy", directory]).status == 0)
        _ = try cluster.submit(["pause", "shop"])
        // The interval that was over when it was deployed, and two more.
        let more = try cluster.submit(["backfill", "shop", "--from", "2024-01-01", "--to", "2024-01-03"])
        #expect(more.errors.contains("2 new runs, 0 intervals ran already"), "\(more.errors)")
        #expect(
            try cluster.submit(["remove", "shop"]).errors
                == "pipeline shop is removed; still to end: 3 runs "
                + "(etl-submit list shows them, cancel ends one)\n")
    }

    @Test("wait, status and logs of a job bear with a coordinator that is away when they first ask")
    func firstQuestions() throws {
        let cluster = try TestCluster(workers: 0, coordinatorFlags: ["--history", "1"])
        defer { cluster.stop() }
        // History is as long as asked for: these need no worker.
        for _ in 0..<4 { _ = try cluster.submit(["run", "-e", "SET spark.sql.ansi.enabled=false"]) }
        let isShort = try eventually(within: 30) {
            try cluster.submit(["list", "--all"]).output.split(separator: "\n").count == 2
        }
        #expect(isShort)
        let id = try cluster.submit(["run", "-e", "SELECT max(id) FROM range(0, 9)", "--detach"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try cluster.killCoordinator()
        let asking = try ["wait", "status", "logs"].map { try cluster.start([$0, id]) }
        for program in asking {
            #expect(eventually(within: 20) { program.errorsSoFar.contains("does not answer; waiting up to") })
        }
        try cluster.startCoordinator()
        for program in asking.dropFirst() {
            let ended = try program.waited()
            #expect(ended.status == 0 && ended.errors.contains("The coordinator is back."), "\(ended)")
        }
        _ = try cluster.submit(["cancel", id])
        let waited = try asking[0].waited()
        #expect(waited.status == 1 && waited.errors.contains("cancelled"), "\(waited)")
    }

    /// Runs a command on a terminal of its own: presses Ctrl-C once progress shows, listens a while, answers
    /// with the last argument. Prints what came before the question, after it, and after the answer, and
    /// the exit status, between lines of `====`.
    private static let typist = """
        import os, pty, select, sys, time
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.argv[1], sys.argv[1:-1])

        def hear(seconds, until=None):
            heard, end = b"", time.time() + seconds
            while time.time() < end and not (until and until in heard):
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        heard += os.read(terminal, 65536)
                    except OSError:
                        break
            return heard

        before = hear(20, b" task")
        os.write(terminal, b"\\x03")
        before += hear(10, b"[d/c] ")
        parts = [before, hear(2)]
        os.write(terminal, sys.argv[-1].encode() + b"\\n")
        parts.append(hear(20))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("\\n====\\n".join([p.decode(errors="replace") for p in parts] + [str(status)]))
        """

    private static func type(_ answer: String, _ cluster: TestCluster) throws -> [String] {
        let command = ProgramRun.built("etl-submit").path
        let ran = try ProgramRun.run(
            ProgramRun.python,
            ["-c", typist, command] + ShuffleJob.slowArguments + cluster.clientArguments + [answer])
        return ran.output.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n====\n")
    }

    @Test("Ctrl-C asks on a quiet terminal; c cancels the job and says so, d leaves it to the cluster")
    func interruption() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let cancelled = try Self.type("c", cluster)
        try #require(cancelled.count == 4, "\(cancelled)")
        #expect(cancelled[0].contains(" task") && cancelled[0].hasSuffix("[d/c] "), "\(cancelled)")
        #expect(cancelled[1] == "", "\(cancelled)")
        let id = try #require(cancelled[0].firstMatch(of: /job ([0-9a-f-]{36})/)).1
        // The terminal echoes the answer.
        #expect(cancelled[2] == "c\njob \(id) is cancelled\n", "\(cancelled)")
        #expect(cancelled[3] == "130\n")
        // A cancelled job has not succeeded, by `status` as by `wait`.
        for command in ["status", "wait"] {
            #expect(try cluster.submit([command, String(id)]).status == 1)
        }
        let detached = try Self.type("d", cluster)
        try #require(detached.count == 4, "\(detached)")
        let other = try #require(detached[0].firstMatch(of: /job ([0-9a-f-]{36})/)).1
        #expect(detached[2] == "d\nFollow again with: etl-submit wait \(other)\n", "\(detached)")
        #expect(detached[3] == "130\n")
        #expect(try cluster.submit(["list"]).output.contains(other))
    }

    /// Stands before a coordinator that starts again: answers for it now and then.
    private final class Proxy: RequestHandler {
        private let asked = Mutex<[String: Int]>([:])

        func handle(_ request: Request, _ response: ResponseWriter) {
            let what = "\(request.method) \(request.path)"
            let count = asked.withLock { asked in
                asked[what, default: 0] += 1
                return asked[what] ?? 0
            }
            if count < 3 {
                return response.respond(
                    status: 502 + count, contentType: "text/html", Array("<html>Away</html>".utf8))
            }
            let id = "0190a5b6-0000-7000-8000-000000000001"
            let job = JobStatus(
                id: id, name: "sql", state: request.method == "POST" ? .running : .succeeded,
                submittedAt: "", stages: .init(total: 0, done: 0, running: 0))
            let list = Data(#"{"stages":[]}"#.utf8)
            let body = request.path.hasSuffix("/stages") ? list : try? JSONEncoder().encode(job)
            response.respond(
                status: request.method == "POST" ? 201 : 200, contentType: "application/json",
                Array(body ?? Data()))
        }
    }

    @Test("what stands before a coordinator and does not reach it is no answer: the client asks again")
    func proxy() throws {
        let server = try HTTPServer(
            configuration: ServerConfiguration(listen: "127.0.0.1:0"), handler: Proxy())
        defer { server.stop() }
        let run = try ProgramRun.run(
            ProgramRun.built("etl-submit"),
            [
                "run", "-e", "SELECT 1", "--progress", "plain", "--coordinator",
                "http://127.0.0.1:\(server.port)",
            ])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("The coordinator is back."), "\(run.errors)")
    }

    @Test("workers killed after a job's end, with rows too large for the log: what to do; and who is shown")
    func lostResult() throws {
        let cluster = try TestCluster(workers: 2)
        defer { cluster.stop() }
        let id = try cluster.submit(ShuffleJob.largeResultArguments).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let isDone = try eventually(within: 20) {
            try cluster.get("/api/v1/jobs/\(id)").contains(#""state":"succeeded""#)
        }
        #expect(isDone)
        for worker in cluster.workers { worker.send(SIGKILL) }
        let waited = try cluster.submit(["wait", id])
        #expect(waited.status == 1)
        #expect(waited.errors.contains("[RESULT_LOST]") && waited.output == "", "\(waited)")
        #expect(waited.errors.contains("Run it again with: etl-submit retry \(id)"), "\(waited.errors)")
        let areLost = try eventually(within: 15) {
            try cluster.get("/api/v1/workers").ranges(of: #""state":"lost""#).count == 2
        }
        #expect(areLost)
        let third = try cluster.startWorker()
        try cluster.awaitWorkers(1)
        third.send(SIGTERM)
        #expect(try third.waited().status == 0)
        let isGone = try eventually(within: 5) {
            try cluster.get("/api/v1/workers").ranges(of: #""id":"#).count == 2
        }
        let shown = try cluster.get("/api/v1/workers")
        #expect(isGone, "\(shown) \(third.errorsSoFar)")
    }
}
