import Foundation
import Programs
import Testing

/// Runs a PostgreSQL server of the tests' own: Debian's binaries, a temporary directory, an unprivileged
/// user, a free port of this machine. It ends with the test process.
///
/// `@unchecked Sendable`: it does not change after it was made; its process is only told to end.
final class PostgresServer: @unchecked Sendable {
    let port: Int
    private let folder: URL
    private let process: StartedProgram

    /// The server that all tests share, or why it did not start.
    static let shared = Result { try PostgresServer() }

    /// A password that no message may show; the server knows another one for its user.
    static let canary = "canary-51c9e0"

    private static func binaries() throws -> URL {
        let root = URL(fileURLWithPath: "/usr/lib/postgresql")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        guard let version = versions.compactMap(Int.init).max() else {
            throw TestCluster.Failure(
                what: "There is no PostgreSQL server: run scripts/dependencies --tests")
        }
        return root.appendingPathComponent("\(version)/bin")
    }

    /// Drops root, which the server refuses to run as.
    private static var unprivileged: [String] {
        getuid() == 0
            ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : ["/usr/bin/env"]
    }

    private init() throws {
        folder = try ProgramRun.makeFolder("postgres")
        let binaries = try PostgresServer.binaries()
        chmod(folder.path, 0o777)
        let data = folder.appendingPathComponent("data").path
        let made = try PostgresServer.run(
            [
                binaries.appendingPathComponent("initdb").path, "-D", data, "-U", "postgres", "-A", "trust",
                "-N",
            ])
        guard made.status == 0 else { throw TestCluster.Failure(what: made.errors) }
        let rules = "host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        try rules.write(toFile: data + "/pg_hba.conf", atomically: false, encoding: .utf8)
        port = try PostgresServer.freePort()
        // Killed after a while, should the tests end without stopping it.
        let command =
            ["900"] + PostgresServer.unprivileged + [
                binaries.appendingPathComponent("postgres").path, "-D", data, "-p", "\(port)", "-c",
                "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c",
                "log_connections=on", "-c",
                // Reads by cursor leave for the next run what is newer than an open transaction.
                "autovacuum=off",
            ]
        process = try StartedProgram(
            URL(fileURLWithPath: "/usr/bin/timeout"), ["-s", "INT"] + command, in: folder)
        let end = Date().addingTimeInterval(30)
        while (try? sql("SELECT 1", "postgres"))?.status != 0 {
            guard Date() < end, process.isRunning else {
                throw TestCluster.Failure(what: "PostgreSQL did not start: \(process.errorsSoFar)")
            }
            usleep(50_000)
        }
        setenv("MILLRACE_PG", uri, 1)
        setenv(
            "MILLRACE_PG_LOCKED", "postgresql://locked:\(PostgresServer.canary)@127.0.0.1:\(port)/postgres", 1
        )
        _ = try sql("CREATE ROLE locked LOGIN PASSWORD 'other'; CREATE ROLE reader LOGIN")
        atexit { if case .success(let server) = PostgresServer.shared { server.stop() } }
    }

    var uri: String { "postgresql://postgres@127.0.0.1:\(port)/postgres" }

    /// What the server has said: its connections, errors, and statements of sessions that want it.
    var log: String { process.errorsSoFar }

    private func stop() {
        process.send(SIGINT)
        for _ in 0..<100 where process.isRunning { usleep(20_000) }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func run(_ command: [String]) throws -> ProgramRun {
        let all = unprivileged + command
        return try ProgramRun.run(URL(fileURLWithPath: all[0]), Array(all.dropFirst()), seconds: 60)
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                bind(descriptor, place, length) == 0 && getsockname(descriptor, place, &length) == 0
            }
        }
        guard bound else { throw TestCluster.Failure(what: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Runs statements with psql; output is rows with `|` between columns.
    @discardableResult
    func sql(_ text: String, _ user: String = "postgres") throws -> ProgramRun {
        try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/env"),
            [
                "psql", "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", text,
                "postgresql://\(user)@127.0.0.1:\(port)/postgres",
            ],
            seconds: 30)
    }

    /// Runs statements that must succeed and returns their rows.
    func rows(_ text: String) throws -> String {
        let run = try sql(text)
        guard run.status == 0 else { throw TestCluster.Failure(what: run.errors) }
        return run.output
    }
}

/// Returns what a run printed, which must have succeeded.
func good(_ run: ProgramRun) -> String {
    #expect(run.status == 0, "\(run.errors)")
    return run.output
}

/// Runs `etl-submit` in a folder of its own.
final class Submit {
    let folder: URL

    init() throws { folder = try ProgramRun.makeFolder("connectors") }
    deinit { try? FileManager.default.removeItem(at: folder) }

    func run(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(ProgramRun.built("etl-submit"), arguments, in: folder, seconds: 60)
    }

    /// Runs statements; rows come as JSON lines.
    func sql(_ text: String, _ more: [String] = []) throws -> ProgramRun {
        try run(["-e", text, "--output", "json", "--progress", "none"] + more)
    }

    /// Reads what stands after FROM in the test's database.
    func read(_ options: String, _ query: String = "SELECT * FROM v") throws -> ProgramRun {
        try sql("CREATE TEMPORARY VIEW v USING jdbc OPTIONS (url 'env:MILLRACE_PG', \(options)); \(query)")
    }

    /// Loads a query's rows into the test's database.
    func load(_ options: String, _ query: String) throws -> ProgramRun {
        try sql("INSERT OVERWRITE DIRECTORY USING jdbc OPTIONS (url 'env:MILLRACE_PG', \(options)) \(query)")
    }

    func write(_ name: String, _ text: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
