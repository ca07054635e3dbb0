import Foundation
import Programs
import Testing

/// Runs the cluster on hosts that have nothing in common but the network.
@Suite("A cluster on four hosts", .serialized)
struct NetworkTests {
    /// A coordinator and two workers of one slot, with certificates and a token.
    private final class Hosts {
        let network: TestNetwork
        let folder: URL
        let token = "token-of-sixteen-characters"
        private(set) var coordinator: StartedProgram

        init() throws {
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
                ] + Hosts.certificates("coordinator", folder), on: "coordinator")
            for host in ["worker-1", "worker-2"] {
                try network.start(
                    ProgramRun.built("etl-worker"),
                    [
                        "--coordinator", "https://\(address):7077", "--listen",
                        "\(network.address(host)):7171", "--slots", "1", "--memory", "1g", "--spill",
                        folder.appendingPathComponent(host).path,
                    ] + Hosts.certificates("worker", folder), on: host)
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
}
