import Cluster
import Columns
import Foundation
import Kernels
import Programs
import Protocol
import Vocabulary

/// Holds the web service of the tests, started once.
final class RESTService: Sendable {
    static let shared = try! RESTService()
    let address: String
    /// Only told to end once it runs, by the thread that ends the tests.
    private nonisolated(unsafe) let program: StartedProgram

    private init() throws {
        let script = ProgramRun.root.appendingPathComponent("Tests/ConnectorsTests/rest_source.py")
        // It ends with the tests, and by its time limit should they be killed.
        program = try StartedProgram(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", script.path],
            limits: ProgramLimits(seconds: 300))
        let program = program
        guard eventually(within: 20, { program.outputSoFar.hasSuffix("\n") }) else {
            throw TestCluster.Failure(what: "The web service did not start: \(program.errorsSoFar)")
        }
        address = "http://127.0.0.1:" + program.outputSoFar.filter(\.isNumber)
        // SIGTERM, which `timeout` passes on.
        atexit { RESTService.shared.program.send(SIGTERM) }
    }

    /// Requests of a path that the service has seen.
    func requests(_ path: String) throws -> [[String: String]] {
        let log = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/curl"), ["-s", "--max-time", "10", address + "/log"])
        let all = try JSONSerialization.jsonObject(with: Data(log.output.utf8)) as? [[String: Any]] ?? []
        return all.map { $0.compactMapValues { $0 as? String } }.filter {
            ($0["path"] ?? "").split(separator: "?").first == Substring(path)
        }
    }
}

/// Holds what a job gave: rows as JSON lines, or its error.
struct SourceRun {
    var rows: [String] = []
    var error: EngineError?
    var log: [String] = []
    var plan = ""
    var warnings: [String] = []

    /// Runs SQL in a cluster of its own.
    static func sql(_ text: String) async throws -> SourceRun {
        let cluster = try await EmbeddedCluster(.init(slots: 2, memoryBytes: 256 << 20))
        let service = cluster.service
        var run = SourceRun()
        var status: JobStatus
        do { status = try await service.submit(JobRequest(sql: text)) } catch let error as EngineError {
            run.error = error
            return run
        }
        while !status.state.isEnd {
            status = try await service.waitForChange(status.id, after: status.version, milliseconds: 1000)
        }
        run.log = try await service.logs(status.id, from: 0).map(\.message)
        run.plan = try await service.plan(status.id)
        run.warnings = status.warnings
        if let error = status.error { run.error = error.engineError }
        guard status.state == .succeeded, status.hasResult else { return run }
        let result = try await service.result(status.id)
        let zone = try Zone.named(result.timeZone)
        for try await batch in result.batches {
            let cells = try RowText(batch, schema: result.schema, isJSON: true, zone: zone)
            for row in 0..<cells.rowCount {
                run.rows.append(
                    (0..<result.schema.count).map { cells.cell(row: row, column: $0) ?? "null" }.joined(
                        separator: " "))
            }
        }
        withExtendedLifetime(cluster) {}
        return run
    }

    /// Reads a path of the service; `client` and `endpoint` are members of the two options.
    static func rest(
        _ path: String, client: String = "", endpoint: String = "", more: String = "",
        select: String = "SELECT id FROM r ORDER BY id", base: String = RESTService.shared.address
    ) async throws -> SourceRun {
        let client = "{\"base_url\": \"\(base)\"" + (client.isEmpty ? "" : ", " + client) + "}"
        let endpoint = "{\"path\": \"\(path)\"" + (endpoint.isEmpty ? "" : ", " + endpoint) + "}"
        return try await sql(
            """
            CREATE TEMPORARY VIEW r USING rest
            OPTIONS (client '\(client)', endpoint '\(endpoint)'\(more));
            \(select)
            """)
    }
}
