import Foundation
import Testing
import Vocabulary

@testable import Transport

@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    let certificates: Certificates
    var mutual: ServerConfiguration { .init(listen: "127.0.0.1:0", tls: certificates.files("server")) }

    init() throws { certificates = try Certificates.shared.get() }

    private func failure(of client: TLSFiles?, against server: TLSFiles?) async throws -> EngineError? {
        var error: EngineError?
        try await withServer(
            .init(listen: "127.0.0.1:0", tls: server), client: .init(tls: client, connectSeconds: 2)
        ) { _, client, origin in
            error = await errorOf { _ = try await client.request(origin, path: "/hello", timeoutSeconds: 5) }
        }
        return error
    }

    @Test("mutual TLS names the client to the handler by its certificate's alternative names")
    func mutualTLS() async throws {
        try await withServer(mutual, client: .init(tls: certificates.files("client"))) {
            server, client, origin in
            let byAddress = try await client.request(origin, path: "/who")
            #expect(try await text(byAddress) == "etl-worker.test.svc")
            let byName = try await client.request(Origin(host: "localhost", port: server.port), path: "/who")
            #expect(try await text(byName) == "etl-worker.test.svc")
        }
    }

    @Test("large bodies go both ways through TLS")
    func largeBodies() async throws {
        try await withServer(mutual, client: .init(tls: certificates.files("client"))) { _, client, origin in
            let body = [UInt8](repeating: 7, count: 20 << 20)
            let answer = try await client.request(origin, method: "POST", path: "/echo", body: body)
            let echoed = try await answer.body.collect(limitBytes: 1 << 30)
            #expect(echoed == body)
        }
    }

    @Test("a client without a certificate is refused, and told which to give")
    func noClientCertificate() async throws {
        let error = try await failure(
            of: TLSFiles(authority: certificates.path("ca.pem")), against: certificates.files("server"))
        #expect(error?.code == "TLS_HANDSHAKE_FAILED")
        #expect(error?.remedy?.contains("--tls-cert") == true)
    }

    @Test("a client of another authority is refused")
    func strangeClient() async throws {
        let error = try await failure(
            of: certificates.files("stranger"), against: certificates.files("server"))
        #expect(error?.code == "TLS_HANDSHAKE_FAILED")
    }

    @Test("a server of an unknown authority is refused, and so is one of another name")
    func strangeServer() async throws {
        let unknown = try await failure(
            of: certificates.files("client", authority: "other"),
            against: certificates.files("server", authority: nil))
        #expect(unknown?.code == "TLS_HANDSHAKE_FAILED")
        #expect(unknown?.remedy?.contains("--tls-ca") == true)
        let misnamed = try await failure(
            of: certificates.files("client"), against: certificates.files("misnamed"))
        #expect(misnamed?.code == "TLS_HANDSHAKE_FAILED")
        #expect(misnamed?.message.lowercased().contains("mismatch") == true)
    }

    @Test("a server reached by an address is known by its role's name where the client asks for one")
    func roleName() async throws {
        let server = ServerConfiguration(listen: "127.0.0.1:0", tls: certificates.files("misnamed"))
        let role = ClientConfiguration(
            tls: certificates.files("client"), serverName: "elsewhere.example")
        try await withServer(server, client: role) { _, client, origin in
            try await expectHello(client, origin)
        }
    }

    @Test("a role is named alone or with a domain, and by nothing that only begins like it")
    func roleDomains() async throws {
        let certificates = try Certificates()
        for (name, isTaken) in [
            ("etl-worker", true), ("etl-worker.etl.svc", true), ("etl-workers.etl.svc", false),
            ("etl-coordinator", false), ("etl.etl-worker", false),
        ] {
            try certificates.issue("server", names: "DNS:\(name),IP:127.0.0.1")
            let role = ClientConfiguration(tls: certificates.files("client"), serverName: "etl-worker")
            let server = ServerConfiguration(listen: "127.0.0.1:0", tls: certificates.files("server"))
            try await withServer(server, client: role) { _, client, origin in
                let error = await errorOf {
                    _ = try await client.request(origin, path: "/hello", timeoutSeconds: 5)
                }
                #expect((error == nil) == isTaken, "\(name): \(error as Any)")
                if let error {
                    #expect(error.code == "TLS_HANDSHAKE_FAILED")
                    #expect(error.message.contains("does not name etl-worker"), "\(error.message)")
                    #expect(error.message.contains(name), "\(error.message)")
                }
            }
        }
    }

    @Test("a client that agrees on no protocol at all (ALPN) hears no HTTP/2 either")
    func noProtocol() async throws {
        let python = FileManager.default.currentDirectoryPath + "/.deps/venv/bin/python"
        try #require(
            FileManager.default.isExecutableFile(atPath: python), "scripts/dependencies makes \(python)")
        try await withServer(mutual) { server, _, _ in
            func heard(_ protocols: String) async throws -> String {
                let text = """
                    import socket, ssl, sys
                    context = ssl.create_default_context(cafile=sys.argv[2])
                    context.check_hostname = False
                    context.load_cert_chain(sys.argv[3], sys.argv[4])
                    \(protocols)
                    peer = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
                    peer.settimeout(10)
                    try:
                        preface = b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"
                        peer.sendall(preface + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
                        print(len(peer.recv(100)) > 0)
                    except OSError:
                        print(False)
                    """
                return try await runAside(
                    python,
                    [
                        "-c", text, "\(server.port)", certificates.path("ca.pem"),
                        certificates.path("client.pem"), certificates.path("client.key"),
                    ]
                ).output
            }
            let answers = (try await heard("context.set_alpn_protocols(['h2'])"), try await heard(""))
            #expect(answers == ("True\n", "False\n"))
        }
    }

    @Test("cleartext towards a TLS port, and TLS towards a cleartext port, end with an error")
    func mixed() async throws {
        let plainClient = try await failure(of: nil, against: certificates.files("server"))
        #expect(plainClient != nil)
        let plainServer = try await failure(of: certificates.files("client"), against: nil)
        #expect(plainServer?.code == "TLS_HANDSHAKE_FAILED")
    }

    @Test("a client that offers no h2, or TLS 1.2 only, is refused in the handshake")
    func olderClients() async throws {
        try await withServer(mutual) { server, _, _ in
            let base = [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-cert", certificates.path("client.pem"),
                "-key",
                certificates.path("client.key"), "-CAfile", certificates.path("ca.pem"),
            ]
            let http1 = try await runAside("openssl", base + ["-alpn", "http/1.1"])
            #expect(http1.output.contains("no application protocol"))
            let old = try await runAside("openssl", base + ["-alpn", "h2", "-tls1_2"])
            #expect(old.output.contains("protocol version"))
        }
    }

    @Test("missing, broken and unmatched files are user errors that name the file")
    func brokenFiles() throws {
        let missing = TLSFiles(certificate: "/nowhere.pem", key: certificates.path("server.key"))
        let unmatched = TLSFiles(
            certificate: certificates.path("server.pem"), key: certificates.path("client.key"))
        for (files, path) in [(missing, "/nowhere.pem"), (unmatched, certificates.path("client.key"))] {
            do {
                let server = try HTTPServer(
                    configuration: .init(listen: "127.0.0.1:0", tls: files), handler: TestRoutes())
                server.stop()
                Issue.record("the files were taken: \(path)")
            } catch {
                #expect(error.code == "INVALID_TLS_FILE")
                #expect(error.blame == .user)
                #expect(error.message.contains(path))
                #expect(
                    error.message.contains("No such file or directory") == (path == "/nowhere.pem"),
                    "\(error.message)")
            }
        }
    }

    @Test("new certificate files are used without a restart, and connections that stand go on")
    func rotation() async throws {
        let certificates = try Certificates()
        let mutual = ServerConfiguration(listen: "127.0.0.1:0", tls: certificates.files("server"))
        try await withServer(mutual, client: .init(tls: certificates.files("client"))) {
            server, old, origin in
            let open = old.open(origin, method: "POST", path: "/echo", hasBody: true)
            #expect(try await open.head().status == 200)
            // The new certificate has another name only, so that its use shows.
            try certificates.issue("server", names: "DNS:elsewhere.example")
            try await Task.sleep(for: .milliseconds(1_200))
            let fresh = try HTTPClient(configuration: .init(tls: certificates.files("client")))
            defer { fresh.stop() }
            let error = await errorOf { _ = try await fresh.request(origin, path: "/hello") }
            #expect(error?.message.lowercased().contains("mismatch") == true)
            open.writer.write(copying: [1, 2, 3])
            #expect(try await open.body.next()?.byteCount == 3)
            open.writer.end()
        }
    }
}
