import Foundation
import Programs
import Protocol
import Testing
import Transport
import Vocabulary

@testable import Web

@Suite("The web port", .timeLimit(.minutes(1)), .serialized)
struct WebPortTests {
    private static func open(
        _ handler: any WebHandler = RESTRouter(service: JobServiceDouble()), hosts: [String]? = nil,
        certificates: URL? = nil, _ change: (inout WebLimits) -> Void = { _ in }
    ) async throws -> WebPort {
        var configuration = WebPort.Configuration(
            listen: "127.0.0.1:0", certificate: certificates?.appendingPathComponent("coordinator.pem").path,
            key: certificates?.appendingPathComponent("coordinator-key.pem").path, hosts: hosts)
        change(&configuration.limits)
        return try await WebPort(configuration, handler: handler)
    }

    private static func makeCertificates(in folder: URL) throws {
        let made = try ProgramRun.run(
            ProgramRun.root.appendingPathComponent("deploy/certificates"), [folder.path], seconds: 30)
        try #require(made.status == 0, "\(made.errors)")
    }

    @Test("curl reads probes and rows over HTTP/1.1 in clear text, several on one connection")
    func plain() async throws {
        let port = try await Self.open()
        let base = "http://127.0.0.1:\(port.port)"
        #expect(try Curl.get([base + "/livez", base + "/readyz"]).output == "ok\nok\n")
        let reused = try Curl.get([
            "-o", "/dev/null", "-o", "/dev/null", "-w", "%{http_version} %{num_connects};", base + "/livez",
            base + "/readyz",
        ])
        #expect(reused.output == "1.1 1;1.1 0;")
        let rows = try Curl.get([base + "/api/v1/jobs/\(JobServiceDouble.id)/result"])
        #expect(rows.output.split(separator: "\n").count == 2 && rows.status == 0)
        let created = ["-H", "content-type: application/json", "-d", "{\"sql\":\"SELECT 1\"}"]
        #expect(try Curl.status(created + [base + "/api/v1/jobs"]) == 201)
        let head = try Curl.get(["-I", base + "/livez"])
        #expect(
            head.output.lowercased().contains("content-length: 3\r\n") && head.output.contains(" GMT\r\n"),
            "\(head)")
        await port.stop()
        #expect(try Curl.get([base + "/livez"]).status == 7, "nothing listens any more")
    }

    @Test("a program that is started, and lives longer, does not hold the port")
    func closedInPrograms() async throws {
        let port = try await Self.open()
        var listening = 0
        for descriptor in Int32(3)..<1024 {
            var (value, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0, value != 0 else {
                continue
            }
            listening += 1
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0, "descriptor \(descriptor)")
        }
        #expect(listening > 0)
        await port.stop()
    }

    @Test("with a certificate HTTP/2 and HTTP/1.1 by ALPN, TLS 1.3, without a client's certificate")
    func secure() async throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.makeCertificates(in: folder)
        let port = try await Self.open(certificates: folder)
        let url = "https://localhost:\(port.port)/api/v1/jobs/\(JobServiceDouble.id)/result"
        let trust = ["--cacert", folder.appendingPathComponent("ca.pem").path]
        for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
            let answer = try Curl.get(trust + [flag, "-w", "%{http_version} %{http_code}", url])
            #expect(answer.output.hasSuffix("\n\(version) 200"), "\(answer)")
            #expect(answer.output.split(separator: "\n").count == 3)
        }
        #expect(try Curl.get(trust + ["--tls-max", "1.2", url]).status == 35)
        let loaded = try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/h2load"),
            ["-n", "2000", "-c", "10", "-m", "10", "https://localhost:\(port.port)/livez"], seconds: 50)
        #expect(loaded.output.contains("2000 succeeded, 0 failed, 0 errored"), "\(loaded)")
        await port.stop()
    }

    @Test("a certificate that changed serves the next handshakes; one that does not fit its key is not taken")
    func rotation() async throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.makeCertificates(in: folder)
        let port = try await Self.open(certificates: folder)
        func fingerprint() throws -> String {
            let shown = try ProgramRun.run(
                URL(fileURLWithPath: "/bin/sh"),
                [
                    "-c",
                    "openssl s_client -connect 127.0.0.1:\(port.port) </dev/null 2>/dev/null"
                        + " | openssl x509 -noout -fingerprint",
                ], seconds: 10)
            return shown.output
        }
        let first = try fingerprint()
        #expect(first.contains("="))
        let key = folder.appendingPathComponent("coordinator-key.pem")
        let old = try Data(contentsOf: key)
        try Self.makeCertificates(in: folder)
        let new = try Data(contentsOf: key)
        try old.write(to: key)
        try await Task.sleep(for: .milliseconds(1100))
        #expect(try fingerprint() == first, "the new certificate with the old key")
        try new.write(to: key)
        let changed = try eventually(within: 10) { try fingerprint() != first }
        #expect(changed)
        let certificate = folder.appendingPathComponent("coordinator.pem")
        try Data("no PEM".utf8).write(to: certificate)
        let error = await #expect(throws: EngineError.self) { try await Self.open(certificates: folder) }
        #expect(error?.code == "INVALID_TLS_FILE" && error?.message.contains(certificate.path) == true)
        await port.stop()
    }

    @Test(
        "heads and bodies that are too long are refused with 431 and 413, the connection's other requests not"
    )
    func sizes() async throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.makeCertificates(in: folder)
        let plain = try await Self.open()
        let secure = try await Self.open(certificates: folder)
        let post = ["-X", "POST", "-H", "content-type: application/json", "--data-binary"]
        let body = folder.appendingPathComponent("body")
        try Data(repeating: 32, count: 1_100_000).write(to: body)
        for base in ["http://127.0.0.1:\(plain.port)", "https://127.0.0.1:\(secure.port)"] {
            let trust = ["-k"]
            let long = ["-H", "x: " + String(repeating: "a", count: 40_000)]
            let refused = try Curl.status(trust + long + [base + "/livez"])
            // HTTP/2 refuses what is above the size that its settings announced by ending the stream.
            #expect(refused == 431 || (base.hasPrefix("https") && refused == 0), "\(base): \(refused)")
            let many = (0..<101).flatMap { ["-H", "x\($0): a"] }
            #expect(try Curl.status(trust + many + [base + "/livez"]) == 431)
            let login = base + "/api/v1/login"
            #expect(try Curl.status(trust + post + ["@\(body.path)", login]) == 413)
            let chunked = ["-H", "transfer-encoding: chunked"]
            let streamed = try Curl.status(
                trust + post + ["@\(body.path)"] + (base.hasPrefix("https") ? [] : chunked) + [login])
            #expect(streamed == 413)
            let both = try Curl.get(
                trust + [
                    "-w", "%{http_code} ", "-o", "/dev/null", "-o", "/dev/null", base + "/nothing",
                    base + "/livez",
                ])
            #expect(both.output == "404 200 ")
        }
        await plain.stop()
        await secure.stop()
    }

    @Test("a job's text may be longer than other bodies")
    func longTexts() async throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        let body = folder.appendingPathComponent("body")
        let text = "SELECT " + String(repeating: "1,", count: 1 << 20) + "1"
        try Data("{\"sql\":\"\(text)\"}".utf8).write(to: body)
        let port = try await Self.open()
        let post = ["-X", "POST", "-H", "content-type: application/json", "--data-binary", "@\(body.path)"]
        #expect(try Curl.status(post + ["http://127.0.0.1:\(port.port)/api/v1/jobs"]) == 201)
        await port.stop()
    }

    @Test("a route may take a longer body than others")
    func longerBodies() async throws {
        struct Counter: WebHandler {
            func handle(_ request: WebRequest) async -> WebResponse { .text("\(request.body.count)") }
            func bodyLimit(method: String, path: String) -> Int { path == "/bundle" ? 8 << 20 : 1 << 20 }
        }
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        let body = folder.appendingPathComponent("body")
        try Data(repeating: 7, count: 5 << 20).write(to: body)
        let port = try await Self.open(Counter())
        let base = "http://127.0.0.1:\(port.port)"
        let begin = ContinuousClock.now
        let taken = try Curl.get(
            ["--expect100-timeout", "40", "--data-binary", "@\(body.path)", base + "/bundle"])
        #expect(taken.output == "\(5 << 20)")
        #expect(ContinuousClock.now - begin < .seconds(35), "curl waits where 100 Continue is missing")
        #expect(try Curl.status(["--data-binary", "@\(body.path)", base + "/other"]) == 413)
        await port.stop()
    }

    @Test("the cluster port tells of a body that is too long as the web port does: by a problem document")
    func longBodies() throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        let body = folder.appendingPathComponent("body")
        try Data(repeating: 120, count: 3 << 20).write(to: body)
        let router = RESTRouter(service: JobServiceDouble())
        let server = try HTTPServer(
            configuration: ServerConfiguration(listen: "127.0.0.1:0", refusal: WebTransportAdapter.refusal),
            handler: WebTransportAdapter(router, isSecure: false))
        defer { server.stop() }
        let answer = try Curl.get([
            "--http2-prior-knowledge", "-H", "content-type: application/json", "--data-binary",
            "@\(body.path)",
            "-w", "\n%{http_code} %{content_type}", "http://127.0.0.1:\(server.port)/api/v1/jobs",
        ])
        #expect(answer.output.hasSuffix("\n413 application/problem+json"), "\(answer)")
        #expect(answer.output.contains("\"code\":\"BODY_TOO_LARGE\""), "\(answer)")
    }

    @Test("names that others may have resolved to this machine are served only where they are listed")
    func hosts() async throws {
        let loopback = try await Self.open()
        let listed = try await Self.open(hosts: ["Etl.example.org"])
        func status(_ port: WebPort, _ host: String) throws -> Int {
            try Curl.status(["-H", "host: \(host)", "http://127.0.0.1:\(port.port)/livez"])
        }
        for port in [loopback, listed] {
            for host in ["127.0.0.1:\(port.port)", "localhost", "[::1]:8080", "10.0.0.7", "page.localhost:1"]
            {
                #expect(try status(port, host) == 200, "\(host)")
            }
            for host in [
                "evil.example:\(port.port)", "127.0.0.1.evil.example", "localhost.evil.example", "::1::",
            ] {
                #expect(try status(port, host) == 421, "\(host)")
            }
        }
        #expect(try status(listed, "etl.example.org:443") == 200)
        #expect(ServedHosts(listen: "0.0.0.0:8080", names: nil).serves("etl.example.org"))
        await loopback.stop()
        await listed.stop()
    }

    @Test("a busy port is refused by name, and so is an address that is not here")
    func busy() async throws {
        let first = try await Self.open()
        func code(_ listen: String) async -> String? {
            let error = await #expect(throws: EngineError.self) {
                try await WebPort(
                    WebPort.Configuration(listen: listen), handler: RESTRouter(service: JobServiceDouble()))
            }
            return error?.code
        }
        #expect(await code("127.0.0.1:\(first.port)") == "ADDRESS_IN_USE")
        #expect(await code("192.0.2.1:0") == "INVALID_ADDRESS")
        #expect(await code("nowhere.invalid:0") == "INVALID_ADDRESS")
        await first.stop()
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

/// Runs curl.
enum Curl {
    static func get(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.run(
            URL(fileURLWithPath: "/usr/bin/curl"), ["-s", "--max-time", "10"] + arguments, seconds: 20)
    }

    /// Returns the answer's status, 0 when there is none.
    static func status(_ arguments: [String]) throws -> Int {
        let answer = try get(["-o", "/dev/null", "-w", "%{http_code}"] + arguments)
        return Int(answer.output) ?? -1
    }
}
