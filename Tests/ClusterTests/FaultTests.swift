import Foundation
import Programs
import Testing

/// Plays faults on real processes: a crash at the wrong moment must change neither rows nor finished work.
@Suite("A cluster of processes under faults", .serialized)
struct FaultTests {
    @Test("a worker killed in the middle of a shuffle costs only its own tasks, and the log says so")
    func workerKilled() throws {
        let cluster = try TestCluster(workers: 3, flags: ["--log-format", "json"])
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let begin = ContinuousClock.now
        let job = try cluster.start(ShuffleJob.arguments)
        let id = try cluster.jobID(of: job)
        let allHoldOutputs = try eventually(within: 30) {
            Set(try cluster.tasks(of: id).filter { $0.state == "succeeded" }.map(\.worker)).count == 3
        }
        #expect(allHoldOutputs)
        let killed = try cluster.address(of: cluster.workers[1])
        let before = try cluster.tasks(of: id)
        cluster.workers[1].send(SIGKILL)
        let ended = try job.waited()
        let isSlow = ContinuousClock.now - begin > .seconds(5)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let log = try cluster.submit(["logs", id]).output
        #expect(log.contains("worker \(killed) was lost: its connection closed"), "\(log)")
        // What the others had finished was done once.
        let kept = before.filter { $0.state == "succeeded" && $0.worker != killed }
        #expect(!kept.isEmpty && before.contains { $0.worker == killed })
        let after = try cluster.tasks(of: id)
        for task in kept {
            let now = after.first { $0.name == task.name }
            #expect(now?.attempts == 1, "\(task.name) ran again, although \(task.worker ?? "") lives")
        }
        // Each repeat has the killed worker as its reason: it held the output, or ran the task.
        for line in log.split(separator: "\n") where line.hasSuffix("; the task runs again") {
            #expect(line.contains(" was on it") || line.contains(" on worker \(killed)"), "\(line)")
        }
        // The tasks that the two others had finished are not run again, and the log names those that are.
        let repeated = try cluster.tasks(of: id).filter { $0.attempts > 1 }
        #expect(!repeated.isEmpty, "no task ran twice: the fault did not strike")
        let named = log.matches(of: /(task \d+ of stage [\d.]+) .*; the task runs again\n/).map(\.1)
        #expect(Set(named.map(String.init)) == Set(repeated.map(\.name)), "\(log)")
        #expect(log.contains(" was on it; the task runs again"), "\(log)")
        let attempts = try cluster.attempts(of: id)
        let replayed = attempts.total - attempts.tasks
        #expect(replayed <= attempts.tasks / 2, "\(replayed) of \(attempts.tasks) tasks ran again")
        #expect(try cluster.metric("etl_task_retries_total") == Double(replayed))
        try expectTries(cluster, of: id, again: Set(repeated.map(\.name)), isSlow: isSlow)
    }

    /// Holds the workers' log against the job's: a task's tries count from 1, whatever else the cluster does.
    /// On a machine so busy that a task may take more than five seconds, another one may have been tried on a
    /// second worker as well, without the first having failed.
    private func expectTries(
        _ cluster: TestCluster, of id: String, again: Set<String>, isSlow: Bool
    ) throws {
        struct Line: Decodable {
            var message: String
            var job: String?
            var stage: String?
            var task: Int?
            var attempt: Int?
            var launch: String?
            var name: String { "task \(task ?? -1) of stage \(stage ?? "")" }
        }
        let text = cluster.workers.map { $0.outputSoFar + $0.errorsSoFar }.joined(separator: "\n")
        let lines = text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        .filter { $0.message == "task done" && $0.job == id }
        let second = Set(lines.filter { $0.attempt == 2 }.map(\.name))
        #expect(second == again || isSlow && second.isSuperset(of: again))
        #expect(lines.allSatisfy { $0.attempt == 1 || $0.attempt == 2 }, "\(lines)")
        #expect(Set(lines.map(\.launch)).count == lines.count)
        struct Log: Decodable { var lines: [Line] }
        let told = try JSONDecoder().decode(
            Log.self, from: Data(try cluster.get("/api/v1/jobs/\(id)/logs").utf8))
        #expect(told.lines.contains { $0.task != nil })
        #expect(told.lines.allSatisfy { $0.task == nil || $0.attempt == 1 })
    }

    @Test("a worker killed while it serves a shuffle read: no task that others had finished runs again")
    func killedWhileServing() throws {
        let cluster = try TestCluster(
            workers: 2, hasStorage: true, flags: ["--allow-path", "/", "--log-format", "json"])
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        // It kills itself as it is about to send its second block to another worker. Every worker reads, as
        // stages keep their tasks.
        let victim = try cluster.startWorker(launcher: ["/usr/bin/env", "MILLRACE_FAIL_POINT=serve:2"])
        let killed = try cluster.address(of: victim)
        #expect(try eventually(within: 20) { try cluster.activeWorkers() == 3 })
        let begin = ContinuousClock.now
        let job = try cluster.start(
            ShuffleJob.arguments + ["etl.shuffle.replicate=true", "spark.sql.adaptive.enabled=false"])
        let id = try cluster.jobID(of: job)
        let ended = try job.waited()
        // Then a task may have been tried on a second worker as well, for its slowness.
        let isSlow = ContinuousClock.now - begin > .seconds(5)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        #expect(!victim.isRunning, "it served nobody: the fault did not strike")
        #expect(try victim.waited().status == 128 + SIGKILL)
        let log = try cluster.submit(["logs", id]).output
        #expect(log.contains("worker \(killed) was lost"), "\(log)")
        struct Line: Decodable {
            var message: String
            var job: String?
            var stage: String?
            var task: Int?
            var name: String { "task \(task ?? -1) of stage \(stage ?? "")" }
        }
        func lines(_ programs: [StartedProgram]) -> [Line] {
            programs.map { $0.outputSoFar + $0.errorsSoFar }.joined(separator: "\n").split(separator: "\n")
                .compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
                .filter { $0.job == id }
        }
        let own = lines([victim]).filter { $0.message == "task done" }.map(\.name)
        let others = lines(cluster.workers.filter { $0 !== victim })
        let done = others.filter { $0.message == "task done" }.map(\.name)
        #expect(!own.isEmpty && (isSlow || Set(done).count == done.count), "\(own) \(done)")
        // The others' readers fail over it alone, if they have no copy yet.
        for line in others where line.message.hasPrefix("task failed") {
            #expect(line.message.contains(killed), "\(line)")
        }
        // What it had done is done again only where storage did not have it.
        for name in isSlow ? [] : Set(own).intersection(done) {
            #expect(log.contains("the output of \(name) was "), "\(name): \(log)")
        }
        for line in log.split(separator: "\n") where line.hasSuffix("; the task runs again") {
            #expect(line.contains(" was on it") || line.contains(killed), "\(line)")
        }
    }

    @Test("a coordinator killed in mid-job goes on where it was, and etl-submit waits for it")
    func coordinatorKilled() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.arguments)
        let job = try cluster.start(ShuffleJob.arguments)
        let id = try cluster.jobID(of: job)
        var log = ""
        #expect(
            try eventually(within: 30) {
                log = try cluster.submit(["logs", id]).output
                return log.contains("statement 1 planned")
            }, "\(log)")
        #expect(try eventually(within: 30) { try cluster.doneTasks(of: id, stage: "0.0") >= 3 })
        try cluster.killCoordinator()
        // As one does that dies again while clients connect.
        let closing = """
            import socket, sys, time
            port = socket.socket()
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port.bind(("127.0.0.1", int(sys.argv[1])))
            port.listen(64)
            port.settimeout(0.1)
            end = time.time() + 2
            while time.time() < end:
                try:
                    port.accept()[0].close()
                except TimeoutError:
                    pass
            """
        let number = String(try #require(cluster.address.split(separator: ":").last))
        #expect(try ProgramRun.run(ProgramRun.python, ["-c", closing, number], seconds: 20).status == 0)
        try cluster.startCoordinator()
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        #expect(ended.errors.contains("does not answer"), "the job ended before the fault struck")
        let after = try cluster.submit(["logs", id]).output
        #expect(after.hasPrefix(log) && after.contains("the coordinator started again"), "\(log)\n\(after)")
        let list = try cluster.submit(["list", "--all"]).output
        #expect(list.split(separator: "\n").count == 3, "\(list)")
        // Workers kept what was finished; nothing of it ran again.
        let attempts = try cluster.attempts(of: id)
        #expect(attempts.total == attempts.tasks, "\(attempts)")
    }

    @Test("a worker that died beside the coordinator stands in the job's log")
    func bothKilled() throws {
        let cluster = try TestCluster(workers: 1)
        defer { cluster.stop() }
        let job = try cluster.start(ShuffleJob.slowArguments)
        let id = try cluster.jobID(of: job)
        #expect(try eventually(within: 30) { try cluster.metric("etl_slots_used") == 1 })
        let worker = try #require(cluster.workers.first)
        let address = try cluster.address(of: worker)
        worker.send(SIGKILL)
        try cluster.killCoordinator()
        try cluster.startCoordinator()
        try cluster.startWorker()
        #expect(
            try eventually(within: 40) {
                try cluster.submit(["logs", id]).output.contains("worker \(address) was lost: ")
            })
        _ = try cluster.submit(["cancel", id])
        _ = try job.waited()
    }

    @Test("a worker that joins in mid-job gets tasks within two seconds; strangers get no outputs from it")
    func lateWorker() throws {
        let cluster = try TestCluster(workers: 1, flags: ["--log-format", "json"])
        defer { cluster.stop() }
        let job = try cluster.start(ShuffleJob.slowArguments)
        let id = try cluster.jobID(of: job)
        #expect(try eventually(within: 30) { try cluster.doneTasks(of: id, stage: "0.0") >= 1 })
        let late = try cluster.address(of: try cluster.startWorker())
        let bothWork = try eventually(within: 10) {
            try cluster.get("/api/v1/workers").ranges(of: #""slots":{"total":1,"used":1}"#).count == 2
        }
        #expect(bothWork)
        let wait = try Self.secondsToTask(of: late, in: cluster, id)
        #expect(wait < 2, "\(wait) s after it had joined")
        let stranger = try Stranger(cluster, holder: try #require(cluster.workers.first))
        let token = try stranger.token(ofJob: id)
        let other = try stranger.token(ofJob: "0192f0c0-0000-7000-8000-000000000001")
        #expect(token.utf8.count == 64 && other.utf8.count == 64)
        // What is asked for is there, for who has both.
        #expect(try stranger.status(certificate: "worker", token: token) == "200")
        for wrong in [nil, other, String(token.dropLast()), ""] {
            #expect(try stranger.status(certificate: "worker", token: wrong) == "401", "\(wrong ?? "none")")
        }
        #expect(try stranger.status(certificate: "submitter", token: token) == "403")
        #expect(try stranger.status(certificate: nil, token: token) == "000")
        _ = try cluster.submit(["cancel", id])
        let ended = try job.waited()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("cancelled"), "\(ended.errors)")
        let isIdle = try promptly(within: 15) { try cluster.metric("etl_slots_used") == 0 }
        #expect(isIdle, "a cancelled job's tasks still hold slots")
    }

    /// Seconds from a worker's registration to its first task of a job, both by the coordinator's clock.
    private static func secondsToTask(
        of worker: String, in cluster: TestCluster, _ id: String
    ) throws -> Double {
        struct Line: Decodable {
            var time: String
            var message: String
            var worker: String?
        }
        let text = cluster.coordinator?.errorsSoFar ?? ""
        let joined = text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        .first { $0.message == "a worker registered" && $0.worker == worker }
        let task = try cluster.tasks(of: id).filter { $0.worker == worker }.compactMap(\.startedAt).min()
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let times = try [#require(joined?.time, "\(text)"), #require(task)].map {
            try Date($0, strategy: style)
        }
        return times[1].timeIntervalSince(times[0])
    }

    @Test("a worker told to end hands its outputs to others and is gone in time, and nothing runs again")
    func drain() throws {
        let cluster = try TestCluster(workers: 3)
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.arguments)
        let job = try cluster.start(ShuffleJob.arguments)
        let id = try cluster.jobID(of: job)
        let leaving = try cluster.address(of: cluster.workers[0])
        func held() throws -> [TestCluster.Task] {
            try cluster.tasks(of: id).filter { $0.state == "succeeded" && $0.worker == leaving }
        }
        #expect(try eventually(within: 30) { try !held().isEmpty })
        let before = try held()
        let began = Date()
        cluster.workers[0].send(SIGTERM)
        #expect(eventually(within: 20) { !cluster.workers[0].isRunning })
        #expect(Date().timeIntervalSince(began) < 15)
        // The outputs are others' now.
        let now = try cluster.tasks(of: id)
        for task in before {
            let moved = now.first { $0.name == task.name }
            #expect(moved?.worker != leaving && moved?.attempts == 1, "\(task.name)")
        }
        #expect(!before.isEmpty, "nothing was there to hand over: the fault did not strike")
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let left = try cluster.workers[0].waited()
        #expect(left.status == 0)
        // Its log tells of tasks, and of nothing that went wrong.
        #expect(!left.errors.contains(/(warning|error|critical) etl-worker/), "\(left.errors)")
        let attempts = try cluster.attempts(of: id)
        let log = try cluster.submit(["logs", id]).output
        #expect(attempts.total == attempts.tasks, "\(log)")
    }

    @Test("a program whose worker leaves while it runs is not run again elsewhere: the try fails")
    func drained() throws {
        let cluster = try TestCluster(workers: 2, flags: ["--allow-commands"])
        defer { cluster.stop() }
        let (runs, go) = (cluster.file("runs"), cluster.file("go"))
        let script = "echo x >> \(runs); while [ ! -e \(go) ]; do sleep 0.05; done; echo {}"
        let sql =
            "CREATE TEMPORARY VIEW c (a INT) USING command OPTIONS (command '[\"sh\", \"-c\", "
            + "\"\(script)\"]'); SELECT * FROM c"
        let job = try cluster.start(["-e", sql, "--progress", "none"])
        func count() -> Int {
            (try? String(contentsOfFile: runs, encoding: .utf8))?.count { $0 == "\n" } ?? 0
        }
        #expect(eventually(within: 20) { count() == 1 })
        let id = try cluster.jobID(of: job)
        let running = try #require(try cluster.tasks(of: id).first { $0.state == "running" }?.worker)
        let leaving = try #require(cluster.workers.first { (try? cluster.address(of: $0)) == running })
        leaving.send(SIGTERM)
        let isDraining = eventually(within: 10) {
            (try? cluster.get("/api/v1/workers"))?.contains("draining") == true
        }
        #expect(isDraining)
        try Data().write(to: URL(fileURLWithPath: go))
        let ended = try job.waited()
        #expect(ended.status == 1 && ended.errors.contains("[SOURCE_ROWS_LOST]"), "\(ended.errors)")
        #expect(count() == 1)
    }
}
