import Foundation
import Programs
import Testing

/// Has a task fail wherever it runs, by a file that every read of ends in an error of the system.
@Suite("A task that fails on every worker", .serialized)
struct PoisonTests {
    /// The kernel has no speed of the loopback device: the file opens, and reading it fails.
    private static let folder = "/sys/devices/virtual/net/lo"

    @Test("its job fails after four attempts on both workers and names the input, and the workers live on")
    func poison() throws {
        let cluster = try TestCluster(workers: 2, hasStorage: true, flags: ["--allow-path", Self.folder])
        defer { cluster.stop() }
        let failed = try cluster.submit([
            "run", "-e", "SELECT count(*) FROM text.`\(Self.folder)/speed`",
        ])
        #expect(failed.status == 1)
        #expect(failed.errors.contains("4 attempts on 2 workers"), "\(failed.errors)")
        #expect(failed.errors.contains("reading \(Self.folder)/speed bytes 0 to "), "\(failed.errors)")
        let fine = try cluster.submit(["run", "-e", "SELECT 1 AS one", "--output", "csv"])
        #expect(fine.output == "one\n1\n")
        #expect(cluster.workers.allSatisfy { $0.isRunning })
        #expect(try cluster.activeWorkers() == 2)
        let workers = try cluster.get("/api/v1/workers")
        #expect(!workers.contains("\"pause\""), "\(workers)")
    }
}
