import Foundation
import Programs
import Testing

@Suite("A cluster whose certificates are replaced", .serialized)
struct CertificateTests {
    /// Returns the serial number of the certificate that a node shows; empty when it shows none.
    private func serial(_ cluster: TestCluster, at address: String) throws -> String {
        let arguments = [
            "s_client", "-connect", address, "-alpn", "h2", "-CAfile", cluster.file("certs/ca.pem"),
            "-cert", cluster.file("certs/submitter.pem"), "-key", cluster.file("certs/submitter-key.pem"),
        ]
        // After the handshake a node speaks HTTP/2, which is no text: it goes to the second program.
        let shown = try ProgramRun.run(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", #"sleep 0.5 | openssl "$@" | openssl x509 -noout -serial"#, "sh"] + arguments, seconds: 10)
        return shown.output
    }

    private func serial(in file: String) throws -> String {
        try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/openssl"), ["x509", "-noout", "-serial", "-in", file], seconds: 10
        ).output
    }

    @Test("shows the new ones within ten seconds, while a job goes on and ends with its rows")
    func rotation() throws {
        let cluster = try TestCluster(workers: 2)
        defer { cluster.stop() }
        let expected = try cluster.submit(ShuffleJob.evenArguments)
        #expect(expected.status == 0, "\(expected.errors)")
        let worker = try cluster.address(of: cluster.workers[0])
        let web = String(cluster.webURL.dropFirst("https://".count))
        let nodes = [(cluster.address, "coordinator"), (web, "coordinator"), (worker, "worker")]
        let old = try nodes.map { try serial(in: cluster.file("certs/\($0.1).pem")) }
        for (node, serial) in zip(nodes, old) {
            #expect(try eventually(within: 10) { try self.serial(cluster, at: node.0) == serial })
        }
        let job = try cluster.start(ShuffleJob.evenArguments)
        let id = try cluster.jobID(of: job)
        #expect(try eventually(within: 30) { try cluster.doneTasks(of: id, stage: "0.1") >= 1 })
        try cluster.makeCertificates()
        let isRunning = job.isRunning
        for (node, serial) in zip(nodes, old) {
            let new = try self.serial(in: cluster.file("certs/\(node.1).pem"))
            #expect(new != serial)
            let isShown = try promptly(within: 10) { try self.serial(cluster, at: node.0) == new }
            #expect(isShown, "\(node.0) shows no new certificate")
        }
        #expect(isRunning, "the job ended before the fault struck")
        // One that never had the old ones shuffles with those that did.
        let late = try cluster.startWorker()
        try cluster.awaitWorkers(3)
        let ended = try job.waited()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == expected.output)
        let attempts = try cluster.attempts(of: id)
        #expect(attempts.total == attempts.tasks, "\(attempts)")
        let again = try cluster.submit(ShuffleJob.arguments)
        #expect(again.status == 0, "\(again.errors)")
        #expect(late.isRunning && cluster.workers.allSatisfy { $0.isRunning })
        #expect(try cluster.activeWorkers() == 3)
    }
}
