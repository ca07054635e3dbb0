import Foundation
import Glibc
import Testing
import Vocabulary

@testable import Transport

/// A socket that an attacker holds.
final class RawSocket {
    let descriptor: Int32

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(descriptor, $0, 16) }
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// Reads until the server closes; false when it did not within 10 s.
    func isClosedByServer() async throws -> Bool {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: Self.isClosedByServer(descriptor)) }.start()
        }
    }

    private static func isClosedByServer(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno == ECONNRESET }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    private func configuration(_ change: (inout ServerTimeouts) -> Void) -> ServerConfiguration {
        var timeouts = ServerTimeouts()
        change(&timeouts)
        return ServerConfiguration(listen: "127.0.0.1:0", timeouts: timeouts)
    }

    @Test("a client that says nothing is closed after the headers' time")
    func silent() async throws {
        try await withServer(configuration { $0.headersSeconds = 0.2 }) { server, _, _ in
            let socket = RawSocket(port: server.port)
            let isClosed = try await socket.isClosedByServer()
            #expect(isClosed)
        }
    }

    @Test("a client that never ends its header block is closed")
    func openHeaderBlock() async throws {
        try await withServer(configuration { $0.headersSeconds = 0.2 }) { server, _, _ in
            let socket = RawSocket(port: server.port)
            socket.send(RawFrame.preface + RawFrame.settings)
            socket.send(RawFrame.frame(1, flags: 1, stream: 1, RawFrame.requestFields))
            let isClosed = try await socket.isClosedByServer()
            #expect(isClosed)
        }
    }

    @Test("an idle connection is closed, after a GOAWAY")
    func idle() async throws {
        try await withServer(configuration { $0.idleSeconds = 0.2 }) { server, _, _ in
            let socket = RawSocket(port: server.port)
            socket.send(RawFrame.preface + RawFrame.settings)
            let isClosed = try await socket.isClosedByServer()
            #expect(isClosed)
        }
    }

    @Test("a bounded body that comes too slowly is answered by 408; an unbounded one may take its time")
    func slowBody() async throws {
        try await withServer(configuration { $0.bodySeconds = 0.2 }) { _, client, origin in
            let slow = client.open(origin, method: "POST", path: "/limited", hasBody: true)
            slow.writer.write(copying: [1])
            #expect(try await slow.head().status == 408)
            let patient = client.open(origin, method: "POST", path: "/sum", hasBody: true)
            patient.writer.write(copying: [1])
            try await Task.sleep(for: .milliseconds(700))
            patient.writer.end()
            #expect(try await patient.head().status == 200)
        }
    }

    @Test("a client that reads nothing while the socket is full is closed")
    func stuck() async throws {
        let reason = Latch()
        let handler = ClosureHandler { request, response in
            response.onClose { error in if error?.code == "PEER_TIMEOUT" { reason.open() } }
            TestRoutes().handle(request, response)
        }
        try await withServer(configuration { $0.stuckSeconds = 0.3 }, handler: handler) { server, _, _ in
            let socket = RawSocket(port: server.port)
            // Windows of 1 GiB, so that only the socket holds the server back.
            let window: [UInt8] = [0, 4, 0x40, 0, 0, 0]
            socket.send(RawFrame.preface + RawFrame.frame(4, window) + RawFrame.frame(8, [0x40, 0, 0, 0]))
            let path: [UInt8] = Array("/bytes/1000000000".utf8)
            let fields: [UInt8] = [0x82, 0x86, 0x04, UInt8(path.count)] + path + [0x41, 0x01, 0x61]
            socket.send(RawFrame.frame(1, flags: 5, stream: 1, fields))
            try await expectEventually { reason.wait(seconds: 0) }
            try await expectEventually { server.connectionCount == 0 }
        }
    }

    @Test("a stream whose window stays shut is cancelled; the connection goes on")
    func shutWindow() async throws {
        try await withServer(configuration { $0.shutWindowSeconds = 0.3 }) { _, client, origin in
            let ended = Latch()
            let reset = Counter()
            let stream = client.fetch(
                origin, path: "/bytes/10000000", windowBytes: 1 << 16, onData: { _ in },
                onEnd: { error in
                    if error?.code == "STREAM_RESET" { reset.add(1) }
                    ended.open()
                })
            try await expectEventually { ended.wait(seconds: 0) }
            #expect(reset.current == 1)
            try await expectEventually { stream.writer.isClosed }
            try await expectHello(client, origin)
        }
    }

    @Test("at the cap the connection that is idle for longest makes room for a new one")
    func connectionCap() async throws {
        try await withServer(.init(listen: "127.0.0.1:0", connectionCount: 2)) { server, client, origin in
            let oldest = RawSocket(port: server.port)
            oldest.send(RawFrame.preface + RawFrame.settings)
            try await expectEventually { server.connectionCount == 1 }
            let second = RawSocket(port: server.port)
            second.send(RawFrame.preface + RawFrame.settings)
            try await expectEventually { server.connectionCount == 2 }
            try await expectHello(client, origin)
            #expect(try await oldest.isClosedByServer())
            #expect(server.connectionCount == 2)
            withExtendedLifetime(second) {}
        }
    }

    @Test("at the cap new connections are closed as they come when every other one has a request")
    func busyConnectionCap() async throws {
        let asked = Counter()
        let handler = ClosureHandler { request, response in
            asked.add(1)
            TestRoutes().handle(request, response)
        }
        let configuration = ServerConfiguration(listen: "127.0.0.1:0", connectionCount: 2)
        try await withServer(configuration, handler: handler) { server, _, _ in
            let busy = (0..<2).map { _ in RawSocket(port: server.port) }
            // They close when they are let go of.
            defer { withExtendedLifetime(busy) {} }
            let path: [UInt8] = Array("/never".utf8)
            let fields: [UInt8] = [0x82, 0x86, 0x04, UInt8(path.count)] + path + [0x41, 0x01, 0x61]
            for socket in busy {
                socket.send(RawFrame.preface + RawFrame.settings)
                socket.send(RawFrame.frame(1, flags: 5, stream: 1, fields))
            }
            try await expectEventually { asked.current == 2 }
            #expect(server.connectionCount == 2)
            #expect(try await RawSocket(port: server.port).isClosedByServer())
            #expect(server.connectionCount == 2)
            withExtendedLifetime(busy) {}
        }
    }

    @Test("the connection that holds most is closed when all hold too much; a light one is served")
    func load() async throws {
        let configuration = ServerConfiguration(listen: "127.0.0.1:0", heldBytes: 2 << 20)
        try await withServer(configuration) { server, client, origin in
            try await expectHello(client, origin)
            let heavy = RawSocket(port: server.port)
            heavy.send(RawFrame.preface + RawFrame.settings + RawFrame.frame(4, flags: 1))
            let path: [UInt8] = Array("/limited".utf8)
            let fields: [UInt8] = [0x83, 0x86, 0x04, UInt8(path.count)] + path + [0x41, 0x01, 0x61]
            for stream in 0..<4 as Range<UInt32> {
                heavy.send(RawFrame.frame(1, flags: 4, stream: 2 * stream + 1, fields))
                let piece = RawFrame.frame(0, stream: 2 * stream + 1, [UInt8](repeating: 1, count: 16_000))
                for _ in 0..<60 { heavy.send(piece) }
            }
            #expect(try await heavy.isClosedByServer())
            try await expectHello(client, origin)
        }
    }
}
