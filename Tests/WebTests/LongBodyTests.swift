import Foundation
import Programs
import Testing
import Transport
import Vocabulary

@testable import Web

@Suite("Long bodies at both ports", .timeLimit(.minutes(1)), .serialized)
struct LongBodyTests {
    private static let jobs = "/api/v1/jobs"
    private static let json = HeaderField("content-type", "application/json")

    /// Serves both ports with the same handler and the same places for long bodies.
    private static func withPorts(
        tokens: TokenTable? = nil, _ body: (WebPort, HTTPServer, LongBodies) async throws -> Void
    ) async throws {
        let places = LongBodies()
        let router = RESTRouter(service: JobServiceDouble(), tokens: tokens)
        let server = try HTTPServer(
            configuration: ServerConfiguration(
                listen: "127.0.0.1:0", requestBodyBytes: Limits.jobBodyBytes,
                refusal: WebTransportAdapter.refusal),
            handler: WebTransportAdapter(router, isSecure: false, longBodies: places))
        let port = try await WebPort(
            WebPort.Configuration(listen: "127.0.0.1:0", longBodies: places), handler: router)
        do { try await body(port, server, places) } catch { Issue.record(error) }
        server.stop()
        await port.stop()
    }

    private static func hasTaken(_ count: Int, _ places: LongBodies) async throws -> Bool {
        for _ in 0..<1000 {
            if places.taken == count { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test("the ninth long body gets 503 on both ports while eight are under way, and not after them")
    func places() async throws {
        let folder = try ProgramRun.makeFolder("web")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("body")
        let text = "{\"sql\":\"SELECT " + String(repeating: "1,", count: 1 << 20) + "1\"}"
        try Data(text.utf8).write(to: file)
        let post = ["-X", "POST", "-H", "content-type: application/json", "--data-binary", "@\(file.path)"]
        try await Self.withPorts { port, server, places in
            let client = try HTTPClient()
            defer { client.stop() }
            let origin = try Origin("127.0.0.1:\(server.port)")
            let slow = (0..<LongBodies.limit).map { _ in
                client.open(origin, method: "POST", path: Self.jobs, headers: [Self.json], hasBody: true)
            }
            for stream in slow { stream.writer.write(copying: Array(text.utf8.dropLast(1000))) }
            #expect(try await Self.hasTaken(LongBodies.limit, places))
            let plain = "http://127.0.0.1:\(port.port)\(Self.jobs)"
            let cluster = ["--http2-prior-knowledge", "http://127.0.0.1:\(server.port)\(Self.jobs)"]
            #expect(try Curl.status(post + [plain]) == 503)
            #expect(try Curl.status(post + cluster) == 503)
            for stream in slow {
                stream.writer.write(copying: Array(text.utf8.suffix(1000)))
                stream.writer.end()
                #expect(try await stream.head().status == 201)
            }
            #expect(places.taken == 0)
            #expect(try Curl.status(post + [plain]) == 201)
            #expect(try Curl.status(post + cluster) == 201)
        }
    }

    @Test("who has no token is refused before the body is there")
    func strangers() async throws {
        let tokens = try TokenTable(parsing: "0123456789abcdef-admin admin", file: "f")
        try await Self.withPorts(tokens: tokens) { port, server, _ in
            let client = try HTTPClient()
            defer { client.stop() }
            let origin = try Origin("127.0.0.1:\(server.port)")
            let stream = client.open(
                origin, method: "POST", path: Self.jobs, headers: [Self.json], hasBody: true)
            #expect(try await stream.head().status == 401)
            let ask = """
                import socket
                s = socket.create_connection(("127.0.0.1", \(port.port)), 10)
                s.sendall(b"POST \(Self.jobs) HTTP/1.1\\r\\nhost: localhost\\r\\n"
                    b"content-type: application/json\\r\\ncontent-length: 5000000\\r\\n\\r\\n")
                print(s.recv(4096)[:12].decode())
                """
            let ran = try ProgramRun.run(ProgramRun.python, ["-c", ask], seconds: 20)
            #expect(ran.output == "HTTP/1.1 401\n", "\(ran.errors)")
        }
    }
}
