import Foundation
import Programs
import Synchronization
import Testing
import Transport
import Vocabulary

@testable import Web

/// Plays clients that are slow, silent, greedy or gone, with Python's sockets.
@Suite("The web port's patience", .timeLimit(.minutes(1)), .serialized)
struct WebPatienceTests {
    /// Tells a stream's first piece from the others, and its end: the stream owns it alone.
    private final class Pour: Sendable {
        private let isFirst = Mutex(true)
        private let onEnd: @Sendable () -> Void

        init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }

        deinit { onEnd() }

        func takeFirst() -> Bool {
            isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
        }
    }

    /// Streams pieces without end, counts them, and the streams that were let go.
    private final class Fountain: WebHandler {
        let produced = Mutex(0)
        let ended = Mutex(0)
        private let piece: [UInt8]
        private let pause: Duration?

        init(piece: [UInt8], pause: Duration?) {
            self.piece = piece
            self.pause = pause
        }

        func handle(_ request: WebRequest) async -> WebResponse {
            if request.path == "/short" { return .text("short\n") }
            let pour = Pour { self.ended.withLock { $0 += 1 } }
            return WebResponse(
                status: 200, headers: [HeaderField("content-type", "text/event-stream")],
                body: .stream(
                    AsyncThrowingStream {
                        if !pour.takeFirst(), let pause = self.pause { try await Task.sleep(for: pause) }
                        self.produced.withLock { $0 += 1 }
                        return self.piece
                    }))
        }

        var count: Int { produced.withLock { $0 } }
    }

    private static func open(
        _ handler: any WebHandler, _ change: (inout WebLimits) -> Void = { _ in }
    ) async throws -> WebPort {
        var configuration = WebPort.Configuration(listen: "127.0.0.1:0")
        change(&configuration.limits)
        return try await WebPort(configuration, handler: handler)
    }

    /// Runs Python with `s`, a connected socket, `port`, and `heard(seconds)`, which reads till the other end
    /// closes.
    private static func python(_ port: WebPort, _ lines: String) throws -> String {
        let text = """
            import socket, time, sys
            port = \(port.port)
            def connect():
                # A small buffer: the kernel's own grows to 32 MiB, and would take what the client does not.
                c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
                c.settimeout(15); c.connect(("127.0.0.1", port)); return c
            def heard(c):
                got = b""
                while True:
                    try: more = c.recv(65536)
                    except ConnectionResetError: more = b""
                    if not more: return got
                    got += more
            s = connect()
            \(lines)
            """
        let ran = try ProgramRun.run(ProgramRun.python, ["-c", text], seconds: 30)
        #expect(ran.status == 0, "\(ran.errors)")
        return ran.output
    }

    private static let ask = #"s.sendall(b"GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n")"#

    @Test("a stream ends at once when its client goes, and when the port stops")
    func departures() async throws {
        let fountain = Fountain(piece: Array("data: x\n\n".utf8), pause: .seconds(30))
        let port = try await Self.open(fountain)
        _ = try Self.python(
            port, Self.ask + "\ngot = b''\nwhile b'data: x' not in got: got += s.recv(4096)\ns.close()")
        #expect(eventually(within: 2) { fountain.ended.withLock { $0 } == 1 })
        let listening = try StartedProgram(
            URL(fileURLWithPath: "/usr/bin/curl"), ["-sN", "http://127.0.0.1:\(port.port)/stream"])
        #expect(eventually(within: 5) { listening.outputSoFar.contains("data: x") })
        let begin = ContinuousClock.now
        await port.stop()
        #expect(ContinuousClock.now - begin < .seconds(2))
        #expect(eventually(within: 2) { !listening.isRunning })
        #expect(fountain.ended.withLock { $0 } == 2)
    }

    @Test("rows are made as the client takes them, and one that takes none is left")
    func backPressure() async throws {
        let fountain = Fountain(piece: [UInt8](repeating: 1, count: 1 << 20), pause: nil)
        let port = try await Self.open(fountain) { $0.stuckSeconds = 1 }
        let said = try Self.python(
            port,
            Self.ask
                + "\ntime.sleep(0.7)\nassert len(s.recv(65536)) > 0\ntime.sleep(3)\nheard(s)\nprint('closed')"
        )
        #expect(said == "closed\n")
        #expect(fountain.count < 24, "\(fountain.count) MiB were made for a client that took less than one")
        await port.stop()
    }

    @Test("connections that say nothing, or never end what they began, are closed; slow bodies get 408")
    func silence() async throws {
        let port = try await Self.open(Fountain(piece: [], pause: nil)) {
            $0.idleSeconds = 0.5
            $0.bodyGraceSeconds = 0.3
        }
        #expect(try Self.python(port, "print(heard(s))") == "b''\n")
        #expect(
            try Self.python(port, "s.sendall(b'GET / HTTP/1.1\\r\\nhost: localhost\\r\\n')\nprint(heard(s))")
                == "b''\n")
        let slow = try Self.python(
            port,
            """
            s.sendall(b"POST /short HTTP/1.1\\r\\nhost: localhost\\r\\ncontent-length: 1000\\r\\n\\r\\n")
            for _ in range(4): s.sendall(b"x"); time.sleep(0.15)
            print(s.recv(65536).split(b"\\r\\n")[0])
            """)
        #expect(slow == "b'HTTP/1.1 408 Request Timeout'\n")
        await port.stop()
    }

    @Test("connections beyond the cap wait until another closes")
    func cap() async throws {
        let port = try await Self.open(Fountain(piece: [], pause: nil)) { $0.connectionCount = 2 }
        let said = try Self.python(
            port,
            """
            get = b"GET /short HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n"
            s.sendall(get); assert b"HTTP/1.1 200" in s.recv(4096)
            second = connect(); second.sendall(get); assert b"HTTP/1.1 200" in second.recv(4096)
            third = connect()
            third.sendall(get); third.settimeout(0.7)
            try: third.recv(4096); print("not waiting")
            except TimeoutError: pass
            s.close(); third.settimeout(5)
            print(b"HTTP/1.1 200" in third.recv(4096))
            """)
        #expect(said == "True\n")
        await port.stop()
    }

    @Test("what is no HTTP is answered with 400 or nothing, and the port goes on")
    func nonsense() async throws {
        let port = try await Self.open(Fountain(piece: [], pause: nil))
        let said = try Self.python(
            port,
            """
            import os
            for text in [b"GET / HTTP/9.9\\r\\n\\r\\n", b"\\x16\\x03\\x01\\x02\\x00\\x01",
                b"GET /a b HTTP/1.1\\r\\n\\r\\n",
                b"GET * HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n",
                b"POST / HTTP/1.1\\r\\nhost: localhost\\r\\ncontent-length: -1\\r\\n\\r\\n",
                b"POST / HTTP/1.1\\r\\nhost: localhost\\r\\ntransfer-encoding: chunked\\r\\n\\r\\nzz\\r\\n",
                b"GET / HTTP/1.1\\r\\nbad header\\r\\n\\r\\n", os.urandom(3000) + b"\\r\\n\\r\\n"]:
                c = connect(); c.sendall(text); c.shutdown(socket.SHUT_WR)
                answer = heard(c)
                assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), (text, answer)
            s.sendall(b"GET /short HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n")
            print(b"short" in heard(s))
            """)
        #expect(said == "True\n")
        await port.stop()
    }
}
