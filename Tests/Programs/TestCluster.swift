import Foundation

/// Runs a coordinator and workers as processes of their own, over TLS with certificates of
/// `deploy/certificates`, on free loopback ports; the coordinator's stay the same. All of them end with
/// `stop`, and with the object.
package final class TestCluster {
    package let folder: URL
    package private(set) var coordinator: StartedProgram?
    package private(set) var workers: [StartedProgram] = []
    private var clusterPort = 0
    private var webPort = 0
    /// Where jobs' relative paths lead; nil for the program's own directory.
    private let storage: [String]
    /// Flags of every worker beside those, and of every node.
    private let workerFlags: [String]
    /// Flags of the coordinator beside those.
    private let coordinatorFlags: [String]
    private let flags: [String]
    /// Environment of every node.
    private let environment: [String: String]
    /// Clocks of the coordinator and of its workers, where they are not the machine's.
    package private(set) var clocks: (coordinator: TestClock, workers: TestClock)?

    /// Starts a coordinator and `workers` workers of `slots` slots each; ready when this returns. `storage`:
    /// a URL in place of the directory that `hasStorage` makes. `hasClocks`: the nodes go by `clocks`.
    package init(
        workers: Int, slots: Int = 1, memory: String = "1g", hasStorage: Bool = false, storage: String? = nil,
        workerFlags: [String] = [], coordinatorFlags: [String] = [], flags: [String] = [],
        environment: [String: String] = [:], hasClocks: Bool = false
    ) throws {
        self.environment = environment
        self.workerFlags = workerFlags
        self.coordinatorFlags = coordinatorFlags
        self.flags = flags
        folder = try ProgramRun.makeFolder("cluster")
        let directory = hasStorage ? folder.appendingPathComponent("storage").path : nil
        self.storage = (storage ?? directory).map { ["--storage", $0] } ?? []
        if hasStorage {
            try FileManager.default.createDirectory(
                atPath: file("storage"), withIntermediateDirectories: true)
        }
        if hasClocks {
            clocks = (try TestClock("coordinator", in: folder), try TestClock("workers", in: folder))
        }
        try makeCertificates()
        let ports = try FreePorts.find(2)
        (clusterPort, webPort) = (ports[0], ports[1])
        try startCoordinator()
        for _ in 0..<workers { try startWorker(slots: slots, memory: memory) }
        try awaitWorkers(workers)
    }

    deinit { stop() }

    /// Says what did not come about.
    package struct Failure: Error, CustomStringConvertible {
        package let what: String

        package init(what: String) { self.what = what }

        package var description: String { what }
    }

    /// Returns a path in the cluster's folder.
    package func file(_ name: String) -> String { folder.appendingPathComponent(name).path }

    package func certificates(_ role: String) -> [String] {
        [
            "--tls-cert", file("certs/\(role).pem"), "--tls-key", file("certs/\(role)-key.pem"),
            "--tls-ca", file("certs/ca.pem"),
        ]
    }

    package var url: String { "https://127.0.0.1:\(clusterPort)" }
    package var address: String { "127.0.0.1:\(clusterPort)" }
    package var webURL: String { "https://127.0.0.1:\(webPort)" }
    package var clientArguments: [String] { ["--coordinator", url] + certificates("submitter") }

    // MARK: - Nodes

    /// Starts the coordinator, on the same ports and state as before when it ran already.
    /// `failPoint` has it kill itself, as `FailPoint` says, maybe before this returns.
    package func startCoordinator(failPoint: String? = nil) throws {
        var environment = environment.merging(clocks?.coordinator.environment ?? [:]) { $1 }
        environment["MILLRACE_FAIL_POINT"] = failPoint ?? environment["MILLRACE_FAIL_POINT"]
        let program = try StartedProgram(
            ProgramRun.built("etl-coordinator"),
            [
                "--listen", "127.0.0.1:\(clusterPort)", "--web", "127.0.0.1:\(webPort)", "--state",
                file("state"),
            ] + storage + certificates("coordinator") + coordinatorFlags + flags,
            environment: environment)
        coordinator = program
        // "… listens on https://127.0.0.1:PORT, web on https://127.0.0.1:PORT, state in …"
        let isUp = eventually(within: 20) { program.outputSoFar.contains("state in") || !program.isRunning }
        let ports = program.outputSoFar.matches(of: /127\.0\.0\.1:(\d+)/).compactMap { Int($0.1) }
        if ports.count < 2, failPoint != nil, !program.isRunning { return }
        guard isUp, ports == [clusterPort, webPort] else {
            throw Failure(what: "The coordinator did not start: \(program.errorsSoFar)")
        }
    }

    /// Makes certificates anew, of the same authority, in the place of those in use.
    package func makeCertificates() throws {
        // Older than any time that a clock is set to.
        try clocks?.coordinator.set(hours: -24)
        let made = try ProgramRun.run(
            ProgramRun.root.appendingPathComponent("deploy/certificates"), [file("certs")],
            environment: clocks?.coordinator.environment ?? [:], seconds: 30)
        try clocks?.coordinator.set(hours: 0)
        guard made.status == 0 else { throw Failure(what: made.errors) }
    }

    /// Starts one more worker. Without `memory` it looks for itself what it has; `launcher`, a command that
    /// becomes the program whose command follows, may bound that.
    @discardableResult
    package func startWorker(
        slots: Int = 1, memory: String? = "1g", launcher: [String] = []
    ) throws -> StartedProgram {
        let command =
            launcher + [
                ProgramRun.built("etl-worker").path, "--coordinator", url, "--slots", "\(slots)", "--spill",
                file("spill-\(workers.count)"),
            ] + (memory.map { ["--memory", $0] } ?? []) + storage + certificates("worker") + workerFlags
            + flags
        let worker = try StartedProgram(
            URL(fileURLWithPath: command[0]), Array(command.dropFirst()),
            environment: environment.merging(clocks?.workers.environment ?? [:]) { $1 })
        workers.append(worker)
        return worker
    }

    /// Returns the address at which the cluster knows a worker, once it has told it.
    package func address(of worker: StartedProgram) throws -> String {
        _ = eventually(within: 10) { worker.outputSoFar.contains("127.0.0.1:") || !worker.isRunning }
        guard let match = worker.outputSoFar.firstMatch(of: /127\.0\.0\.1:\d+/) else {
            throw Failure(what: "a worker tells no address: \(worker.outputSoFar)")
        }
        return String(match.0)
    }

    /// Waits until so many workers are active.
    package func awaitWorkers(_ count: Int) throws {
        let came = try eventually(within: 20) { try activeWorkers() == count }
        if !came { throw Failure(what: "\(count) workers did not register: \(try get("/api/v1/workers"))") }
    }

    package func activeWorkers() throws -> Int {
        try get("/api/v1/workers").ranges(of: #""state":"active""#).count
    }

    /// Kills the coordinator as a crash would (SIGKILL), and waits for its end.
    package func killCoordinator() throws {
        coordinator?.send(SIGKILL)
        _ = try coordinator?.waited()
    }

    /// Ends every process of the cluster and removes its folder.
    package func stop() {
        for program in workers + [coordinator].compactMap({ $0 }) {
            program.send(SIGKILL)
            _ = try? program.waited()
        }
        workers = []
        coordinator = nil
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Clients

    /// Runs `etl-submit` against the cluster.
    package func submit(_ arguments: [String], into file: URL? = nil, seconds: Int = 120) throws -> ProgramRun
    {
        try ProgramRun.run(
            ProgramRun.built("etl-submit"), arguments + clientArguments, into: file, seconds: seconds)
    }

    /// Starts `etl-submit` against the cluster.
    package func start(_ arguments: [String]) throws -> StartedProgram {
        try StartedProgram(ProgramRun.built("etl-submit"), arguments + clientArguments)
    }

    /// Gets a path of the web port with curl, and returns the body.
    package func get(_ path: String, _ arguments: [String] = []) throws -> String {
        try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/curl"),
            ["-s", "--max-time", "10", "--cacert", file("certs/ca.pem")] + arguments + [webURL + path],
            seconds: 20
        ).output
    }

    /// Returns the value of a metric without labels.
    package func metric(_ name: String) throws -> Double {
        let line = try get("/metrics").split(separator: "\n").first { $0.hasPrefix(name + " ") }
        guard let line, let value = Double(line.dropFirst(name.count + 1)) else {
            throw Failure(what: "there is no metric \(name)")
        }
        return value
    }
}
