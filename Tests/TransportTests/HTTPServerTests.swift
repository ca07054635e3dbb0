import Foundation
import Glibc
import Memory
import Testing
import Vocabulary

@testable import Transport

/// Starts a server with the tests' routes and a client of it.
func withServer(
    _ configuration: ServerConfiguration = .init(listen: "127.0.0.1:0"),
    client clientConfiguration: ClientConfiguration = .init(), handler: any RequestHandler = TestRoutes(),
    host: String = "127.0.0.1", _ body: (HTTPServer, HTTPClient, Origin) async throws -> Void
) async throws {
    let server = try HTTPServer(configuration: configuration, handler: handler)
    defer { server.stop() }
    let client = try HTTPClient(configuration: clientConfiguration)
    defer { client.stop() }
    try await body(server, client, Origin(host: host, port: server.port))
}

/// Returns the error that `body` throws.
func errorOf(_ body: () async throws -> Void) async -> EngineError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? EngineError
    }
}

/// Checks that the server still answers.
func expectHello(_ client: HTTPClient, _ origin: Origin) async throws {
    let response = try await client.request(origin, path: "/hello")
    #expect(response.status == 200)
}

func text(_ response: Response) async throws -> String {
    String(decoding: try await response.body.collect(), as: UTF8.self)
}

@Suite(.timeLimit(.minutes(2))) struct HTTPServerTests {
    @Test("a request is answered over loopback, by address and by name")
    func hello() async throws {
        try await withServer { server, client, origin in
            let response = try await client.request(origin, path: "/hello")
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == "text/plain")
            #expect(try await text(response) == "hello\n")
            let named = try await client.request(Origin(host: "localhost", port: server.port), path: "/hello")
            #expect(named.status == 200)
            #expect(try await client.request(origin, path: "/nothing").status == 404)
        }
    }

    @Test("a large body comes back from an echo, whole and with trailers, while both directions run")
    func echo() async throws {
        try await withServer { _, client, origin in
            let stream = client.open(origin, method: "POST", path: "/echo", hasBody: true)
            let buffer = patterned(1 << 20)
            async let sent: Void = {
                for _ in 0..<64 { try await stream.writer.send(buffer) }
                stream.writer.end()
            }()
            var count = 0
            var isRight = true
            while let chunk = try await stream.body.next() {
                for i in stride(from: 0, to: chunk.byteCount, by: 997)
                where chunk.bytes[i] != buffer.bytes[(count + i) & (1 << 20 - 1)] { isRight = false }
                count += chunk.byteCount
            }
            try await sent
            #expect(count == 64 << 20)
            #expect(isRight)
            #expect(stream.body.trailers == [HeaderField("x-echoed", String(64 << 20))])
        }
    }

    @Test("a long-lived stream carries messages back and forth, one at a time")
    func conversation() async throws {
        try await withServer { _, client, origin in
            let stream = client.open(origin, method: "POST", path: "/echo", hasBody: true)
            #expect(try await stream.head().status == 200)
            for i in 0..<50 {
                let message = Array("message \(i)".utf8)
                stream.writer.write(copying: message)
                let answer = try await stream.body.next()
                #expect(answer.map { Array($0.bytes) } == message)
            }
            stream.writer.end()
            #expect(try await stream.body.next() == nil)
        }
    }

    @Test("a slow consumer holds the server back: no more than windows and queues is under way")
    func slowConsumer() async throws {
        let written = Counter()
        let handler = ClosureHandler { request, response in
            response.head(status: 200)
            Task {
                for _ in 0..<256 {
                    try await response.body.send(TestRoutes.chunk)
                    written.add(TestRoutes.chunk.byteCount)
                }
                response.end()
            }
        }
        try await withServer(handler: handler) { _, client, origin in
            let received = Counter()
            let ended = Latch()
            let stream = client.fetch(
                origin, path: "/", windowBytes: 1 << 20,
                onData: { received.add($0.count) }, onEnd: { _ in ended.open() })
            try await expectEventually { received.current == 1 << 20 }
            try await Task.sleep(for: .milliseconds(200))
            #expect(received.current == 1 << 20)
            // The window, the writer's queue and one chunk.
            #expect(written.current <= (1 << 20) + BodyWriter.highWaterBytes + (1 << 20))
            var granted = 0
            while received.current < 256 * TestRoutes.chunk.byteCount {
                let now = received.current
                stream.body.grant(now - granted)
                granted = now
                try await Task.sleep(for: .milliseconds(1))
            }
            try await expectEventually { ended.wait(seconds: 0) }
        }
    }

    @Test("a slow server holds the client back when it uploads")
    func slowServer() async throws {
        let gate = Latch()
        let handler = ClosureHandler { request, response in
            request.body.allowUnbounded()
            Task.detached {
                while !gate.wait(seconds: 0) { try await Task.sleep(for: .milliseconds(5)) }
                var count = 0
                while let chunk = try await request.body.next() { count += chunk.byteCount }
                response.respond(status: 200, contentType: "text/plain", Array(String(count).utf8))
            }
        }
        try await withServer(handler: handler) { _, client, origin in
            let sent = Counter()
            let stream = client.open(origin, method: "POST", path: "/", hasBody: true)
            let upload = Task {
                for _ in 0..<128 {
                    try await stream.writer.send(TestRoutes.chunk)
                    sent.add(TestRoutes.chunk.byteCount)
                }
                stream.writer.end()
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(sent.current <= (1 << 20) + BodyWriter.highWaterBytes + (1 << 20))
            gate.open()
            try await upload.value
            #expect(try await stream.head().status == 200)
            #expect(
                try await String(decoding: stream.body.collect(), as: UTF8.self) == String(128 * (256 << 10)))
        }
    }

    @Test("two thousand requests share one connection")
    func manyStreams() async throws {
        try await withServer(.init(listen: "127.0.0.1:0", loopCount: 2)) { server, client, origin in
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for i in 0..<2_000 {
                    group.addTask {
                        let response = try await client.request(origin, path: "/bytes/\(i * 7)")
                        var count = 0
                        while let chunk = try await response.body.next() { count += chunk.byteCount }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 7 * 2_000 * 1_999 / 2)
            #expect(server.connectionCount == 1)
        }
    }

    @Test("a body over the bound is refused by 413; a route that lifts it takes more")
    func bodyBound() async throws {
        try await withServer { _, client, origin in
            let large = [UInt8](repeating: 1, count: 3 << 20)
            let refused = try await client.request(origin, method: "POST", path: "/limited", body: large)
            #expect(refused.status == 413)
            let taken = try await client.request(origin, method: "POST", path: "/sum", body: large)
            #expect(try await text(taken) == String(3 << 20))
            let small = try await client.request(
                origin, method: "POST", path: "/limited", body: [UInt8](repeating: 1, count: 1 << 20))
            #expect(try await text(small) == String(1 << 20))
        }
    }

    @Test("only the authorities of the list are served")
    func authorities() async throws {
        let configuration = ServerConfiguration(listen: "127.0.0.1:0", serves: { $0 == "coordinator:7077" })
        try await withServer(configuration) { _, client, origin in
            let response = try await client.request(origin, path: "/hello")
            #expect(response.status == 421)
        }
    }

    @Test("a busy port is a user error with a remedy")
    func busyPort() async throws {
        try await withServer { server, _, _ in
            let error = await errorOf {
                let second = try HTTPServer(
                    configuration: .init(listen: "127.0.0.1:\(server.port)"), handler: TestRoutes())
                second.stop()
            }
            #expect(error?.code == "ADDRESS_IN_USE")
            #expect(error?.blame == .user)
            #expect(error?.remedy != nil)
        }
    }

    @Test("a refused connection, an unknown host and a silent host have errors of their own")
    func connectErrors() async throws {
        let client = try HTTPClient(configuration: .init(connectSeconds: 0.3))
        defer { client.stop() }
        let free = try HTTPServer(configuration: .init(listen: "127.0.0.1:0"), handler: TestRoutes())
        let port = free.port
        free.stop()
        let refused = await errorOf {
            _ = try await client.request(Origin(host: "127.0.0.1", port: port), path: "/")
        }
        #expect(refused?.code == "CONNECTION_REFUSED")
        #expect(refused?.blame == .system)
        let byName = await errorOf {
            _ = try await client.request(Origin(host: "localhost", port: port), path: "/")
        }
        #expect(byName?.code == "CONNECTION_REFUSED")
        let unknown = await errorOf {
            _ = try await client.request(Origin(host: "no-such-host.invalid", port: 1), path: "/")
        }
        #expect(unknown?.code == "UNKNOWN_HOST" || unknown?.code == "CONNECT_TIMEOUT")
    }

    @Test("a request that takes too long is given up, and a cancelled one says so")
    func timeouts() async throws {
        try await withServer { _, client, origin in
            let late = await errorOf {
                _ = try await client.request(origin, path: "/never", timeoutSeconds: 0.1)
            }
            #expect(late?.code == "REQUEST_TIMEOUT")
            let task = Task { try await client.request(origin, path: "/never") }
            try await Task.sleep(for: .milliseconds(30))
            task.cancel()
            let cancelled = await errorOf { _ = try await task.value }
            #expect(cancelled?.code == "CANCELLED")
            try await expectHello(client, origin)
        }
    }

    @Test("a server that goes away ends running requests as lost; one that stops gracefully lets them finish")
    func shutDown() async throws {
        let server = try HTTPServer(configuration: .init(listen: "127.0.0.1:0"), handler: TestRoutes())
        let client = try HTTPClient()
        defer { client.stop() }
        let origin = Origin(host: "127.0.0.1", port: server.port)
        let running = client.open(origin, method: "POST", path: "/echo", hasBody: true)
        _ = try await running.head()
        let stopped = Latch()
        let thread = Thread {
            server.stop(graceSeconds: 10)
            stopped.open()
        }
        thread.start()
        // Until it has stopped to listen.
        var refused: EngineError?
        for _ in 0..<2_000 where refused?.code != "CONNECTION_REFUSED" {
            try await Task.sleep(for: .milliseconds(2))
            let other = try HTTPClient()
            refused = await errorOf { _ = try await other.request(origin, path: "/hello") }
            other.stop()
        }
        #expect(refused?.code == "CONNECTION_REFUSED")
        running.writer.write(copying: Array("still here".utf8))
        #expect(try await running.body.next().map { $0.byteCount } == 10)
        refused = await errorOf { _ = try await client.request(origin, path: "/hello") }
        #expect(refused?.code == "CONNECTION_REFUSED")
        running.writer.end()
        #expect(try await running.body.next() == nil)
        try await expectEventually { stopped.wait(seconds: 0) }

        let second = try HTTPServer(configuration: .init(listen: "127.0.0.1:0"), handler: TestRoutes())
        let waiting = client.open(Origin(host: "127.0.0.1", port: second.port), method: "GET", path: "/never")
        try await expectEventually { second.connectionCount == 1 }
        second.stop()
        let lost = await errorOf { _ = try await waiting.head() }
        #expect(lost?.code == "CONNECTION_LOST")
    }

    @Test("keep-alive finds a server that fell silent")
    func keepAlive() async throws {
        // A listener that accepts into its backlog and never says a word.
        let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(silent) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(silent, $0, 16) }
        }
        listen(silent, 5)
        let client = try HTTPClient(configuration: .init(keepAliveSeconds: 0.1))
        defer { client.stop() }
        let origin = Origin(host: "127.0.0.1", port: SocketAddress.boundPort(silent))
        let error = await errorOf { _ = try await client.request(origin, path: "/hello") }
        #expect(error?.code == "CONNECTION_LOST")
    }

    @Test("a handler hears that its client is gone")
    func clientGone() async throws {
        let gone = Latch()
        let handler = ClosureHandler { request, response in
            response.onClose { error in if error != nil { gone.open() } }
            response.head(status: 200)
        }
        try await withServer(handler: handler) { _, client, origin in
            let stream = client.open(origin, method: "GET", path: "/")
            _ = try await stream.head()
            stream.cancel()
            try await expectEventually { gone.wait(seconds: 0) }
        }
    }

    @Test("an address is parsed with its port, IPv6 in brackets, and refused without")
    func origins() throws {
        #expect(try Origin("a.b:1") == Origin(host: "a.b", port: 1))
        #expect(try Origin("[::1]:7077") == Origin(host: "::1", port: 7077))
        #expect(try Origin("[::1]:7077").description == "[::1]:7077")
        #expect(throws: EngineError.self) { try Origin("nothing") }
        #expect(throws: EngineError.self) { try Origin("a:99999") }
    }
}
