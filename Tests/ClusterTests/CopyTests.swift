import Foundation
import Programs
import Testing

/// Takes workers away that alone hold what they made: shared storage has it, and nothing runs again.
@Suite("A cluster of processes with shared storage", .serialized)
struct CopyTests {
    /// Where copies of a job's outputs lie, in a local storage.
    private static func copies(_ cluster: TestCluster, of id: String) -> [String] {
        let directory = cluster.file("storage/_millrace/shuffle/\(id)")
        return (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    /// Stops the only worker of a job that has finished some tasks, starts another one, compares the rows.
    private static func leaveAlone(_ cluster: TestCluster) throws -> String {
        let expected = try cluster.submit(ShuffleJob.arguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let job = try cluster.start(ShuffleJob.arguments)
        let id = try cluster.jobID(of: job)
        #expect(try eventually(within: 30) { try cluster.doneTasks(of: id, stage: "0.0") >= 3 })
        let began = Date()
        let leaving = cluster.workers[0]
        leaving.send(SIGTERM)
        #expect(eventually(within: 20) { !leaving.isRunning })
        #expect(Date().timeIntervalSince(began) < 15)
        let done = try cluster.tasks(of: id).filter { $0.state == "succeeded" }
        #expect(done.count >= 3, "nothing was there to hand over: the fault did not strike")
        try cluster.startWorker()
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let left = try leaving.waited()
        #expect(left.status == 0)
        #expect(!left.errors.contains(/(warning|error|critical) etl-worker/), "\(left.errors)")
        let attempts = try cluster.attempts(of: id)
        #expect(attempts.total == attempts.tasks, "\(attempts)")
        #expect(try cluster.metric("etl_task_retries_total") == 0)
        return id
    }

    @Test("a lone worker told to end leaves its outputs in a directory, and another one goes on with them")
    func drainToDirectory() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true, flags: ["--allow-path", "/"])
        defer { cluster.stop() }
        let id = try Self.leaveAlone(cluster)
        #expect(
            eventually(within: 15) { Self.copies(cluster, of: id).isEmpty }, "copies of an ended job stay")
    }

    @Test("or in a bucket")
    func drainToBucket() throws {
        let store = try StartedProgram(ProgramRun.python, ["-u", "-c", Self.store])
        defer { store.send(SIGKILL) }
        #expect(eventually(within: 20) { store.outputSoFar.hasSuffix("\n") })
        let port = try #require(store.outputSoFar.firstMatch(of: /\d+/)).0
        let url = "http://127.0.0.1:\(port)"
        let cluster = try TestCluster(
            workers: 1, storage: "s3://lake/jobs", flags: ["--allow-path", "/"],
            environment: [
                "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": "us-east-1",
            ])
        defer { cluster.stop() }
        func keys() throws -> String {
            let curl = URL(fileURLWithPath: "/usr/bin/curl")
            return try ProgramRun.run(curl, ["-s", url + "/lake?list-type=2"]).output
        }
        let id = try Self.leaveAlone(cluster)
        #expect(
            try eventually(within: 15) { try !keys().contains("_millrace/shuffle/\(id)") },
            "copies of an ended job stay")
    }

    @Test("a worker told to end takes nothing along of what its tasks wrote, and the job commits it all")
    func leavingWriter() throws {
        let cluster = try TestCluster(workers: 2, hasStorage: true)
        defer { cluster.stop() }
        let text = "sha2(repeat(cast(id AS STRING), 1000), 256)"
        let job = try cluster.start([
            "run", "-e",
            "INSERT OVERWRITE DIRECTORY 'out' USING parquet SELECT id, \(text) AS text "
                + "FROM range(0, 600000, 1, 24)",
        ])
        let id = try cluster.jobID(of: job)
        let address = try cluster.address(of: cluster.workers[0])
        func done() throws -> [TestCluster.Task] {
            try cluster.tasks(of: id).filter { $0.state == "succeeded" && $0.worker == address }
        }
        #expect(try eventually(within: 30) { try !done().isEmpty })
        cluster.workers[0].send(SIGTERM)
        #expect(eventually(within: 20) { !cluster.workers[0].isRunning })
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try !done().isEmpty)
        let attempts = try cluster.attempts(of: id)
        #expect(attempts.tasks == 24 && attempts.total == 24, "\(attempts)")
        // It left before what it had written was published.
        let log = cluster.coordinator?.errorsSoFar ?? ""
        let left = try #require(log.range(of: "a worker left"), "\(log)")
        let committed = try #require(log.range(of: "statement 1 committed"), "\(log)")
        #expect(left.lowerBound < committed.lowerBound, "the job was over before the fault struck")
        let rows = "SELECT count(*) AS n, sum(id) AS s, count(DISTINCT text) AS t FROM parquet.`out`"
        let read = try cluster.submit(["run", "-e", rows, "--output", "csv"])
        #expect(read.output == "n,s,t\n600000,179999700000,600000\n", "\(read.errors)")
    }

    /// moto, a double of S3, with a bucket in it.
    static let store = """
        import threading, boto3
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server, WSGIRequestHandler

        class Quiet(WSGIRequestHandler):
            protocol_version = 'HTTP/1.1'
            def log(self, *arguments): pass

        app = DomainDispatcherApplication(create_backend_app)
        server = make_server('127.0.0.1', 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        boto3.client('s3', endpoint_url=f'http://127.0.0.1:{server.server_port}', region_name='us-east-1',
            aws_access_key_id='testing', aws_secret_access_key='testing').create_bucket(Bucket='lake')
        print(server.server_port, flush=True)
        threading.Event().wait()
        """

    @Test("a replicated job's worker that is killed costs the task that it ran, and none that was done")
    func replication() throws {
        let cluster = try TestCluster(workers: 2, hasStorage: true, flags: ["--allow-path", "/"])
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.arguments)
        let job = try cluster.start(ShuffleJob.longArguments + ["etl.shuffle.replicate=true"])
        let id = try cluster.jobID(of: job)
        let killed = try cluster.address(of: cluster.workers[0])
        var before: [TestCluster.Task] = []
        // It is at work, and storage has what it has done: the coordinator knows.
        let isReady = try eventually(within: 60) {
            let own = try cluster.tasks(of: id).filter { $0.worker == killed }
            before = own.filter { $0.state == "succeeded" }
            return own.count > before.count && !before.isEmpty && before.allSatisfy { $0.isStored == true }
        }
        #expect(isReady)
        cluster.workers[0].send(SIGKILL)
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let after = try cluster.tasks(of: id)
        for task in before {
            let now = after.first { $0.name == task.name }
            #expect(now?.attempts == 1, "\(task.name) ran again, although storage has its output")
        }
        let log = try cluster.submit(["logs", id]).output
        #expect(log.contains("worker \(killed) was lost"), "the fault did not strike: \(log)")
        #expect(try cluster.metric("etl_task_retries_total") <= 2)
        #expect(
            eventually(within: 15) { Self.copies(cluster, of: id).isEmpty }, "copies of an ended job stay")
    }

    @Test("a large result outlives its only worker, killed before the rows were fetched")
    func result() throws {
        let cluster = try TestCluster(workers: 1, hasStorage: true)
        defer { cluster.stop() }
        let sql = "SELECT id, sha2(cast(id AS STRING), 256) AS text FROM range(0, 200000, 1, 2)"
        let expected = try cluster.submit(["run", "-e", sql, "--output", "csv"])
        let submitted = try cluster.submit(["run", "--detach", "-e", sql])
        let id = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(
            try eventually(within: 20) {
                try cluster.get("/api/v1/jobs/\(id)").contains(#""state":"succeeded""#)
            })
        #expect(
            try eventually(within: 10) {
                let tasks = try cluster.tasks(of: id)
                return !tasks.isEmpty && tasks.allSatisfy { $0.isStored == true }
            })
        #expect(!Self.copies(cluster, of: id).isEmpty)
        cluster.workers[0].send(SIGKILL)
        _ = try cluster.workers[0].waited()
        #expect(try eventually(within: 20) { try cluster.activeWorkers() == 0 })
        let fetched = try cluster.submit(["wait", id, "--output", "csv"])
        #expect(fetched.status == 0 && fetched.output == expected.output, "\(fetched.errors)")
        #expect(fetched.output.count > 5_000_000)
        #expect(
            eventually(within: 15) { Self.copies(cluster, of: id).isEmpty }, "copies of fetched rows stay")
    }
}
