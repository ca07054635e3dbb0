import Columns
import Foundation
import Protocol
import Testing
import Transport
import Vocabulary

@testable import Coordinator

@Suite(.timeLimit(.minutes(1))) struct WebPortTests {
    /// Runs curl and returns what it printed.
    private func curl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "-s", "--max-time", "10"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test("curl reads probes, metrics and rows over HTTP/1.1, several on one connection")
    func plain() throws {
        let port = try WebPort(listen: "127.0.0.1:0", handler: RESTRouter(service: JobServiceDouble()))
        defer { port.stop() }
        let base = "http://127.0.0.1:\(port.port)"
        #expect(try curl([base + "/livez", base + "/readyz"]) == "ok\nok\n")
        let rows = try curl([base + "/api/v1/jobs/\(JobServiceDouble.id)/result"])
        #expect(rows.split(separator: "\n").count == 2)
        let created = try curl([
            "-w", "%{http_code}", "-o", "/dev/null", "-H", "content-type: application/json", "-d",
            "{\"sql\":\"SELECT 1\"}",
            base + "/api/v1/jobs",
        ])
        #expect(created == "201")
        let long = String(repeating: "a", count: 40_000)
        #expect(
            try curl(["-w", "%{http_code}", "-o", "/dev/null", "-H", "x: \(long)", base + "/livez"]) == "431")
    }

    @Test("a busy port is refused by name")
    func busy() throws {
        let first = try WebPort(listen: "127.0.0.1:0", handler: RESTRouter(service: JobServiceDouble()))
        defer { first.stop() }
        let error = #expect(throws: EngineError.self) {
            try WebPort(listen: "127.0.0.1:\(first.port)", handler: RESTRouter(service: JobServiceDouble()))
        }
        #expect(error?.code == "ADDRESS_IN_USE")
    }

    @Test("the far job service gets statuses, rows and typed errors through the cluster port")
    func remote() async throws {
        let tokens = try TokenTable(parsing: "0123456789abcdef-admin admin", file: "f")
        let router = RESTRouter(service: JobServiceDouble(), tokens: tokens)
        let server = try HTTPServer(
            configuration: ServerConfiguration(listen: "127.0.0.1:0"),
            handler: WebTransportAdapter(router, isSecure: false))
        defer { server.stop() }
        let url = "http://127.0.0.1:\(server.port)"
        let service = try RemoteJobService(url: url, token: "0123456789abcdef-admin")
        #expect(try await service.jobs(all: true).count == 2)
        #expect(try await service.explain(JobRequest(sql: "SELECT 1")) == "Plan of SELECT 1")
        #expect(try await service.waitForChange(JobServiceDouble.id, after: 3, milliseconds: 10).version == 4)
        let result = try await service.result(JobServiceDouble.id)
        var rows = 0
        for try await batch in result.batches { rows += batch.count }
        #expect(rows == 2 && result.schema.count == 5 && result.timeZone == "Europe/Berlin")
        let missing = await #expect(throws: EngineError.self) { try await service.job("nope") }
        #expect(missing?.code == "JOB_NOT_FOUND" && missing?.blame == .user)
        let stranger = try RemoteJobService(url: url, token: "wrong")
        let refused = await #expect(throws: EngineError.self) { try await stranger.cluster() }
        #expect(refused?.code == "UNAUTHENTICATED" && refused?.remedy?.contains("ETL_TOKEN") == true)
        let nobody = try RemoteJobService(url: "http://127.0.0.1:1")
        let absent = await #expect(throws: EngineError.self) { try await nobody.cluster() }
        #expect(absent?.code == "CONNECTION_REFUSED" && absent?.remedy?.contains("etl-coordinator") == true)
    }
}
