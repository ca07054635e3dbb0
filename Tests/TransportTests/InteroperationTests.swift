import Foundation
import Testing
import Vocabulary

@testable import Transport

/// Against programs that share no code with this room's own ends (curl and h2load share nghttp2, Python's h2
/// nothing).
@Suite(.timeLimit(.minutes(2))) struct InteroperationTests {
    private let certificates: Certificates

    init() throws { certificates = try Certificates.shared.get() }

    private var tlsArguments: [String] {
        [
            "--cacert", certificates.path("ca.pem"), "--cert", certificates.path("client.pem"), "--key",
            certificates.path("client.key"),
        ]
    }

    @Test("curl gets an answer by prior knowledge, downloads 64 MiB and uploads 16 MiB")
    func curl() async throws {
        try await withServer { server, _, _ in
            let base = "http://127.0.0.1:\(server.port)"
            let options = ["-sS", "--http2-prior-knowledge", "-m", "50"]
            let hello = try await runAside(
                "curl", options + ["-w", "%{http_version} %{http_code}", "\(base)/hello"])
            #expect(hello.output == "hello\n2 200")
            let count = 64 << 20
            let large = try await runAside(
                "curl", options + ["-o", "/dev/null", "-w", "%{size_download}", "\(base)/bytes/\(count)"])
            #expect(large.output == String(count))
            let file = certificates.path("upload-\(UUID().uuidString)")
            try Data(count: 16 << 20).write(to: URL(fileURLWithPath: file))
            let upload = try await runAside("curl", options + ["-T", file, "\(base)/sum"])
            #expect(upload.output == String(16 << 20))
            let refused = try await runAside(
                "curl", options + ["-T", file, "-w", " %{http_code}", "\(base)/limited"])
            #expect(refused.output.hasSuffix(" 413"))
        }
    }

    @Test("curl with a client certificate is answered over TLS, and without one is refused")
    func curlTLS() async throws {
        let configuration = ServerConfiguration(listen: "127.0.0.1:0", tls: certificates.files("server"))
        try await withServer(configuration) { server, _, _ in
            let url = "https://localhost:\(server.port)/who"
            let known = try await runAside("curl", ["-sS", "--http2", "-m", "30"] + tlsArguments + [url])
            #expect(known.output == "etl-worker.test.svc")
            let unknown = try await runAside(
                "curl", ["-sS", "--http2", "-m", "30", "--cacert", certificates.path("ca.pem"), url])
            #expect(unknown.status != 0)
        }
    }

    @Test("h2load ends 20,000 requests on 8 connections without a failure")
    func h2load() async throws {
        try await withServer(.init(listen: "127.0.0.1:0", loopCount: 2)) { server, _, _ in
            let result = try await runAside(
                "h2load", ["-n", "20000", "-c", "8", "-m", "50", "http://127.0.0.1:\(server.port)/hello"])
            #expect(result.output.contains("20000 succeeded, 0 failed, 0 errored"), "\(result.output)")
        }
    }

    private static let python = """
        import socket, sys, h2.connection, h2.config, h2.events
        port = int(sys.argv[1])
        s = socket.create_connection(("127.0.0.1", port)); s.settimeout(20)
        c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        c.initiate_connection()
        head = [(":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/echo")]
        body = bytes(i * 7 % 251 for i in range(300000))
        c.send_headers(1, head)
        for i, path in enumerate(["/hello", "/who", "/bytes/100000"]):
            c.send_headers(3 + 2 * i, [(":method", "GET")] + head[1:3] + [(":path", path)], end_stream=True)
        sent, got, ended, trailers = 0, {}, set(), {}
        while ended != {1, 3, 5, 7}:
            while sent < len(body):
                room = min(c.local_flow_control_window(1), c.max_outbound_frame_size, len(body) - sent)
                if room == 0: break
                c.send_data(1, body[sent:sent + room], end_stream=sent + room == len(body)); sent += room
            s.sendall(c.data_to_send())
            data = s.recv(65536)
            assert data, "the server closed"
            for e in c.receive_data(data):
                if isinstance(e, h2.events.DataReceived):
                    got[e.stream_id] = got.get(e.stream_id, b"") + e.data
                    c.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
                elif isinstance(e, h2.events.TrailersReceived): trailers = dict(e.headers)
                elif isinstance(e, h2.events.StreamEnded): ended.add(e.stream_id)
                elif isinstance(e, (h2.events.StreamReset, h2.events.ConnectionTerminated)): sys.exit(repr(e))
        assert got[1] == body and got[3] == b"hello\\n" and got[5] == b"nobody" and len(got[7]) == 100000
        assert [v for k, v in trailers.items()] in ([b"300000"], ["300000"]), trailers
        print("agreed")
        """

    @Test("Python's h2 agrees with the server on four streams at once, flow control and trailers")
    func pythonClient() async throws {
        let python = FileManager.default.currentDirectoryPath + "/.deps/venv/bin/python"
        try #require(
            FileManager.default.isExecutableFile(atPath: python), "scripts/dependencies makes \(python)")
        try await withServer { server, _, _ in
            let result = try await runAside(python, ["-c", Self.python, String(server.port)])
            #expect(result.output == "agreed\n")
        }
    }
}
