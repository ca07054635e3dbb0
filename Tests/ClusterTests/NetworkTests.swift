import Foundation
import Programs
import Testing

/// Runs the cluster on hosts that have nothing in common but the network.
@Suite("A cluster on four hosts", .serialized)
struct NetworkTests {
    /// A coordinator and two workers, with certificates and a token.
    private final class Hosts {
        let network: TestNetwork
        let folder: URL
        let token = "token-of-sixteen-characters"
        private(set) var coordinator: StartedProgram
        /// The workers by their hosts.
        private(set) var workers: [String: StartedProgram] = [:]

        init(slots: Int = 1, flags: [String] = []) throws {
            folder = try ProgramRun.makeFolder("network")
            network = try TestNetwork(hosts: ["coordinator", "worker-1", "worker-2", "client"])
            let names = ["coordinator", "worker-1", "worker-2"].map(network.address)
            let made = try ProgramRun.run(
                ProgramRun.root.appendingPathComponent("deploy/certificates"),
                [folder.appendingPathComponent("certs").path] + names, seconds: 30)
            guard made.status == 0 else { throw TestCluster.Failure(what: made.errors) }
            let tokens = folder.appendingPathComponent("tokens")
            try "\(token) submitter tests\n".write(to: tokens, atomically: true, encoding: .utf8)
            let address = network.address("coordinator")
            coordinator = try network.start(
                ProgramRun.built("etl-coordinator"),
                [
                    "--listen", "\(address):7077", "--web", "\(address):8080", "--state",
                    folder.appendingPathComponent("state").path, "--token-file", tokens.path,
                ] + Hosts.certificates("coordinator", folder) + flags, on: "coordinator")
            for host in ["worker-1", "worker-2"] {
                workers[host] = try network.start(
                    ProgramRun.built("etl-worker"),
                    [
                        "--coordinator", "https://\(address):7077", "--listen",
                        "\(network.address(host)):7171", "--slots", "\(slots)", "--memory", "1g", "--spill",
                        folder.appendingPathComponent(host).path,
                    ] + Hosts.certificates("worker", folder) + flags, on: host)
            }
        }

        func stop() {
            network.remove()
            try? FileManager.default.removeItem(at: folder)
        }

        static func certificates(_ role: String, _ folder: URL) -> [String] {
            let file = { folder.appendingPathComponent("certs/" + $0).path }
            return [
                "--tls-cert", file("\(role).pem"), "--tls-key", file("\(role)-key.pem"), "--tls-ca",
                file("ca.pem"),
            ]
        }

        var client: [String] {
            ["--coordinator", "https://\(network.address("coordinator")):7077", "--token", token]
                + Hosts.certificates("submitter", folder)
        }

        func submit(_ arguments: [String]) throws -> ProgramRun {
            try network.run(ProgramRun.built("etl-submit"), arguments + client, on: "client")
        }

        /// Starts a job and returns its client and its id.
        func start(_ arguments: [String]) throws -> (client: StartedProgram, id: String) {
            let program = ProgramRun.built("etl-submit")
            let started = try network.start(program, arguments + client, on: "client")
            _ = eventually(within: 10) { started.errorsSoFar.contains("job ") || !started.isRunning }
            guard let id = started.errorsSoFar.firstMatch(of: /job ([0-9a-f-]{36})/)?.1 else {
                throw TestCluster.Failure(what: "no job: \(started.errorsSoFar)")
            }
            return (started, String(id))
        }

        /// Tasks of a job, as REST tells the client's host.
        func tasks(of id: String) throws -> [TestCluster.Task] {
            struct Tasks: Decodable { var tasks: [TestCluster.Task] }
            let told = try network.run(
                URL(fileURLWithPath: "/usr/bin/curl"),
                [
                    "-s", "--max-time", "20", "--cacert", folder.appendingPathComponent("certs/ca.pem").path,
                    "-H", "authorization: Bearer \(token)",
                    "https://\(network.address("coordinator")):8080/api/v1/jobs/\(id)/tasks",
                ], on: "client")
            return try JSONDecoder().decode(Tasks.self, from: Data(told.output.utf8)).tasks
        }

        func activeWorkers() throws -> Int {
            let status = try submit(["status"])
            return status.output.split(separator: "\n").count { $0.contains(" active") }
        }
    }

    private static let shuffle = """
        SELECT id % 1000 AS k, count(*) AS n, sum(id) AS s FROM range(0, 2000000, 1, 8) GROUP BY id % 1000 \
        ORDER BY k
        """

    @Test("workers on hosts of their own shuffle with each other, and a host that is cut off costs no rows")
    func hosts() throws {
        let hosts = try Hosts()
        defer { hosts.stop() }
        #expect(try eventually(within: 20) { try hosts.activeWorkers() == 2 })
        let arguments = [
            "-e", Self.shuffle, "--conf", "spark.sql.shuffle.partitions=4", "--output", "csv", "--progress",
            "none",
        ]
        let alone = try ProgramRun.run(ProgramRun.built("etl-submit"), arguments, seconds: 60)
        #expect(alone.status == 0, "\(alone.errors)")
        let together = try hosts.submit(arguments)
        #expect(together.status == 0, "\(together.errors)")
        #expect(together.output == alone.output)

        // The web port answers on its own host's address, to whoever trusts the authority.
        let page = try hosts.network.run(
            URL(fileURLWithPath: "/usr/bin/curl"),
            [
                "-s", "--max-time", "10", "--cacert",
                hosts.folder.appendingPathComponent("certs/ca.pem").path,
                "https://\(hosts.network.address("coordinator")):8080/readyz",
            ], on: "client")
        #expect(page.status == 0, "\(page.errors)")

        try hosts.network.connect("worker-2", false)
        let oneLeft = try hosts.submit(arguments)
        #expect(oneLeft.status == 0, "\(oneLeft.errors)")
        #expect(oneLeft.output == alone.output)
        try hosts.network.connect("worker-2", true)
        #expect(try eventually(within: 30) { try hosts.activeWorkers() == 2 })
    }

    /// A program that ends when it is stopped.
    private static let waiting = """
        CREATE TEMPORARY VIEW c (a INT) USING command OPTIONS (command '["sleep", "600"]');
        SELECT * FROM c
        """

    /// Eight tasks of about a second.
    private static let digests = """
        SELECT count(*) AS n, sum(length(sha2(repeat(cast(id AS STRING), 3000), 256))) AS s
        FROM range(0, 400000, 1, 8)
        """

    @Test("a worker that the coordinator hears no more stops before it is given up, and commits nothing late")
    func oneWay() throws {
        let hosts = try Hosts(slots: 2, flags: ["--allow-commands"])
        defer { hosts.stop() }
        #expect(try eventually(within: 20) { try hosts.activeWorkers() == 2 })
        let held = try hosts.start(["run", "-e", Self.waiting, "--output", "csv"])
        var place: String?
        #expect(
            try eventually(within: 20) {
                place = try hosts.tasks(of: held.id).first { $0.state == "running" }?.worker
                return place != nil
            })
        let address = try #require(place)
        let host = address.hasPrefix(hosts.network.address("worker-1") + ":") ? "worker-1" : "worker-2"
        let worker = try #require(hosts.workers[host])
        let job = try hosts.start(["run", "-e", Self.digests, "--output", "csv"])
        func running() throws -> [TestCluster.Task] {
            try hosts.tasks(of: job.id).filter { $0.state == "running" && $0.worker == address }
        }
        #expect(try eventually(within: 30) { try !running().isEmpty })
        try hosts.network.deafen("coordinator", to: host)
        // What it does from now on the coordinator does not hear of.
        let late = try #require(try running().first, "it was at nothing when the fault struck")
        let ended = try job.client.waited()
        #expect(ended.status == 0 && ended.output == "n,s\n400000,25600000\n", "\(ended.errors)")
        let won = try #require(try hosts.tasks(of: job.id).first { $0.name == late.name })
        #expect(won.state == "succeeded" && won.worker != address, "\(won)")
        let done = "task done .*job=\(job.id) .*stage=\(late.stage) task=\(late.index)\\b"
        let isDone = try Regex(done)
        #expect(eventually(within: 10) { worker.errorsSoFar.contains(isDone) }, "\(worker.errorsSoFar)")
        // What could not be done twice failed with its worker, which had stopped it some time before.
        let failed = try held.client.waited()
        #expect(failed.status == 1, "\(failed.errors)")
        func time(_ text: String, _ program: StartedProgram) -> String? {
            let line = program.errorsSoFar.split(separator: "\n").first { $0.contains(text) }
            return line.map { String($0.prefix(24)) }
        }
        let lost = try #require(
            time("a worker was lost: it sent no heartbeat during its lease", hosts.coordinator))
        let stopped = try #require(time("task stopped", worker), "\(worker.errorsSoFar)")
        #expect(stopped < lost, "it stopped its tasks at \(stopped) and was given up at \(lost)")
        try hosts.network.heal("coordinator")
        #expect(try eventually(within: 30) { try hosts.activeWorkers() == 2 })
        let again = try hosts.submit(["run", "-e", Self.digests, "--output", "csv"])
        #expect(again.output == ended.output, "\(again.errors)")
    }
}
