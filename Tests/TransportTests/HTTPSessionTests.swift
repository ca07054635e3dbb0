import Glibc
import Memory
import Testing
import Vocabulary

@testable import Transport

/// Records what a session reports, and what the far end then sees.
final class Recorder: SessionDelegate {
    var heads: [Int32: [HeaderField]] = [:]
    var bodies: [Int32: [UInt8]] = [:]
    var unconsumed: [Int32: Int] = [:]
    var ends: [Int32: [HeaderField]] = [:]
    var closed: [Int32: UInt32] = [:]
    var sent = 0
    var largestPiece = 0
    var goAway: UInt32?
    var consumes = true

    func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool) {
        heads[stream] = head
    }
    func session(_ session: HTTPSession, data: UnsafeRawBufferPointer, of stream: Int32) {
        bodies[stream, default: []].append(contentsOf: data)
        largestPiece = max(largestPiece, data.count)
        if consumes {
            session.consume(stream, data.count)
        } else {
            unconsumed[stream, default: 0] += data.count
        }
    }
    func session(_ session: HTTPSession, endOf stream: Int32, trailers: [HeaderField]) {
        ends[stream] = trailers
    }
    func session(_ session: HTTPSession, sent byteCount: Int, of stream: Int32) { sent += byteCount }
    func session(_ session: HTTPSession, closed stream: Int32, errorCode: UInt32) {
        closed[stream] = errorCode
    }
    func session(_ session: HTTPSession, goAwayWith errorCode: UInt32, lastStream: Int32) {
        goAway = errorCode
    }
    func session(_ session: HTTPSession, answeredEarly stream: Int32) {
        session.reset(stream, errorCode: StreamErrorCode.noError)
    }
    func sessionReceivedSettings(_ session: HTTPSession) {}
    func session(_ session: HTTPSession, headerListTooLargeOn stream: Int32) {
        session.submitResponse(stream, [HeaderField(":status", "431")], isEnd: true)
    }
}

/// Two sessions that talk through memory, `pieceBytes` at a time.
struct SessionPair {
    let client: HTTPSession
    let server: HTTPSession
    let clientSide = Recorder()
    let serverSide = Recorder()
    var pieceBytes = 1 << 16
    let now = MonotonicTime(nanoseconds: 1)

    init(
        client clientLimits: SessionLimits = .clusterPeers, server serverLimits: SessionLimits = .publicPeers
    ) throws {
        client = try HTTPSession(role: .client, limits: clientLimits)
        server = try HTTPSession(role: .server, limits: serverLimits)
        client.delegate = clientSide
        server.delegate = serverSide
    }

    /// Carries bytes both ways until neither end has any.
    func settle() throws {
        while true {
            let moved = try carry(client, server) + carry(server, client)
            if moved == 0 { return }
        }
    }

    func carry(_ from: HTTPSession, _ to: HTTPSession) throws -> Int {
        try from.produce()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 8)
        defer { piece.deallocate() }
        var total = 0
        while true {
            let count = from.output.drain(into: piece)
            if count == 0 { return total }
            total += count
            try to.receive(UnsafeRawBufferPointer(rebasing: piece[..<count]), at: now)
        }
    }

    func get(_ path: String, headers: [HeaderField] = [], hasBody: Bool = false) throws -> Int32 {
        try client.submitRequest(
            [
                HeaderField(":method", "GET"), HeaderField(":scheme", "http"),
                HeaderField(":authority", "test"),
                HeaderField(":path", path),
            ] + headers, hasBody: hasBody)
    }
}

@Suite struct HTTPSessionTests {
    @Test(
        "a request and its answer pass between two sessions, in pieces of any size",
        arguments: [1, 7, 65_536])
    func roundTrip(pieceBytes: Int) throws {
        var pair = try SessionPair()
        pair.pieceBytes = pieceBytes
        let id = try pair.get("/a", headers: [HeaderField("x-one", "1")])
        try pair.settle()
        #expect(pair.serverSide.heads[id]?[":path"] == "/a")
        #expect(pair.serverSide.heads[id]?["x-one"] == "1")
        #expect(pair.serverSide.ends[id] != nil)
        pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: false)
        let buffer = patterned(100_000)
        pair.server.write(id, buffer, offset: 0, count: 100_000)
        pair.server.end(id, trailers: [HeaderField("x-sum", "7")])
        try pair.settle()
        #expect(pair.clientSide.heads[id]?[":status"] == "200")
        #expect(pair.clientSide.bodies[id] == Array(buffer.bytes))
        #expect(pair.clientSide.ends[id] == [HeaderField("x-sum", "7")])
        #expect(pair.clientSide.closed[id] == 0)
        #expect(pair.serverSide.closed[id] == 0)
    }

    @Test("bulk data goes in frames of at least 256 KiB")
    func largeFrames() throws {
        var pair = try SessionPair()
        pair.pieceBytes = 4 << 20
        let id = try pair.get("/a")
        try pair.settle()
        pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: false)
        let buffer = patterned(2 << 20)
        pair.server.write(id, buffer, offset: 0, count: buffer.byteCount)
        try pair.server.produce()
        // The frame's header is copied, the data is the very buffer.
        let vectors = UnsafeMutableBufferPointer<iovec>.allocate(capacity: 16)
        defer { vectors.deallocate() }
        let count = pair.server.output.fill(vectors)
        let large = vectors[..<count].filter { $0.iov_len >= 256 << 10 }
        #expect(large.first?.iov_base == buffer.base)
        pair.server.end(id)
        try pair.settle()
        #expect(pair.clientSide.bodies[id]?.count == buffer.byteCount)
    }

    @Test("a sender stops at the window and goes on when the consumer takes bytes")
    func flowControl() throws {
        var limits = SessionLimits.clusterPeers
        limits.streamWindowBytes = 100_000
        let pair = try SessionPair(client: limits)
        pair.clientSide.consumes = false
        let id = try pair.get("/a")
        try pair.settle()
        pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: false)
        pair.server.write(id, patterned(250_000), offset: 0, count: 250_000)
        pair.server.end(id)
        try pair.settle()
        #expect(pair.clientSide.bodies[id]?.count == 100_000)
        #expect(pair.server.queuedBytes(id) == 150_000)
        pair.client.consume(id, 100_000)
        try pair.settle()
        #expect(pair.clientSide.bodies[id]?.count == 200_000)
        pair.client.consume(id, 100_000)
        try pair.settle()
        #expect(pair.clientSide.ends[id] != nil)
    }

    @Test("a stalled stream does not stop another on the same connection")
    func noHeadOfLineBlocking() throws {
        var limits = SessionLimits.clusterPeers
        limits.streamWindowBytes = 100_000
        limits.connectionWindowBytes = 150_000
        let pair = try SessionPair(client: limits)
        pair.clientSide.consumes = false
        let ids = try (0..<5).map { try pair.get("/\($0)") }
        try pair.settle()
        for id in ids {
            pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: false)
            pair.server.write(id, patterned(100_000), offset: 0, count: 100_000)
            pair.server.end(id)
        }
        try pair.settle()
        for id in ids { #expect(pair.clientSide.bodies[id]?.count == 100_000) }
    }

    @Test("a header list over 100 fields, or over 32 KiB, is answered by 431")
    func headerLimits() throws {
        let pair = try SessionPair()
        let many = try pair.get("/many", headers: (0..<100).map { HeaderField("x-\($0)", "v") })
        let few = try pair.get("/few", headers: (0..<96).map { HeaderField("x-\($0)", "v") })
        let long = try pair.get("/long", headers: [HeaderField("x", String(repeating: "a", count: 33 << 10))])
        try pair.settle()
        #expect(pair.clientSide.heads[many]?[":status"] == "431")
        #expect(pair.clientSide.heads[long]?[":status"] == "431")
        #expect(pair.serverSide.heads[few]?[":path"] == "/few")
        #expect(pair.serverSide.heads[many] == nil)
    }

    @Test("more streams than the server allows wait at the client")
    func concurrency() throws {
        let pair = try SessionPair()
        let ids = try (0..<150).map { try pair.get("/\($0)") }
        try pair.settle()
        #expect(pair.serverSide.heads.count == 100)
        for id in ids.prefix(100) {
            pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: true)
        }
        try pair.settle()
        #expect(pair.serverSide.heads.count == 150)
    }

    @Test("a shutdown lets running streams end and refuses new ones")
    func shutDown() throws {
        let pair = try SessionPair()
        let id = try pair.get("/a")
        try pair.settle()
        pair.server.shutDown()
        try pair.settle()
        #expect(pair.clientSide.goAway == 0)
        #expect(throws: EngineError.self) {
            let late = try pair.get("/late")
            try pair.settle()
            if pair.clientSide.closed[late] == StreamErrorCode.refusedStream {
                throw EngineError.system("REFUSED", "refused")
            }
        }
        pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: true)
        try pair.settle()
        #expect(pair.clientSide.heads[id]?[":status"] == "200")
        #expect(!pair.server.isAlive)
    }

    @Test("a server that answers before the request's end releases the stream")
    func earlyAnswer() throws {
        let pair = try SessionPair()
        let id = try pair.get("/a", hasBody: true)
        try pair.settle()
        pair.server.submitResponse(id, [HeaderField(":status", "200")], isEnd: true)
        try pair.settle()
        #expect(pair.clientSide.closed[id] == 0)
        #expect(pair.server.streams.isEmpty)
    }
}
