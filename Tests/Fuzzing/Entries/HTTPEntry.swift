import Memory
import Transport
import Vocabulary

/// Takes three bytes of options and what a peer sends on an HTTP/2 connection: the session must hold to its
/// bounds, and end with an error at most.
///
///     options   bit 0 of the first: a client's session, not a server's; bit 1: limits of a cluster's peers;
///               bit 2: the preface stands before the bytes; the rest: what the delegate does
///               the second: bytes of a piece; the third: milliseconds from piece to piece
enum HTTPEntry {
    static let target = FuzzTarget(
        name: "http2", maximalBytes: 6_000,
        words: [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ":path", ":status", "content-length", "\0\0\0\u{4}\0\0\0\0\0",
        ],
        seeds: seeds, take: take)

    private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    /// Bytes that one input may have a session queue.
    private static let queueLimit = 64 << 20

    private static func take(_ bytes: UnsafeRawBufferPointer) throws {
        var input = InputBytes(bytes)
        let (flags, pieceBytes, stepMilliseconds) = (input.byte(), Int(input.byte()), input.byte())
        let isClient = flags & 1 != 0
        let session = try HTTPSession(
            role: isClient ? .client : .server, limits: flags & 2 != 0 ? .clusterPeers : .publicPeers)
        let peer = Peer(flags: flags)
        session.delegate = peer
        if isClient { try open(session, peer) }
        var clock: UInt64 = 1
        var all = [UInt8]()
        if !isClient, flags & 4 != 0 { all += preface.utf8 }
        all += input.rest
        var failure: Bool?
        var start = 0
        while start < all.count {
            let end = min(all.count, start + (pieceBytes == 0 ? all.count : pieceBytes))
            failure = try !attempt {
                try all[start..<end].withUnsafeBytes {
                    try session.receive($0, at: MonotonicTime(nanoseconds: clock))
                }
                try drain(session)
            }
            if failure == true || !session.isAlive { break }
            clock += UInt64(stepMilliseconds) * 1_000_000
            start = end
        }
        try attempt { try drain(session) }
        try require(session.queuedBodyBytes >= 0, "fewer than no bytes are queued")
        try require(
            session.queuedBodyBytes + peer.sentBytes <= peer.writtenBytes, "more is queued than was written")
        try require(peer.receivedBytes <= all.count, "a peer sent more than it sent")
    }

    private static func drain(_ session: HTTPSession) throws {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { piece.deallocate() }
        for _ in 0..<queueLimit >> 16 {
            try session.produce(limitBytes: 1 << 16)
            if session.output.drain(into: piece) == 0 { return }
        }
        throw Finding("a session has ever more to send")
    }

    private static func open(_ session: HTTPSession, _ peer: Peer) throws {
        for path in ["/a", "/b", "/c"] {
            let fields = [
                HeaderField(":method", "GET"), HeaderField(":scheme", "http"),
                HeaderField(":authority", "test"), HeaderField(":path", path),
            ]
            let id = try session.submitRequest(fields, hasBody: path == "/b")
            if path == "/b" { peer.write(session, id) }
        }
    }

    /// Answers what it is asked for, each stream in another way.
    private final class Peer: SessionDelegate {
        private(set) var writtenBytes = 0
        private(set) var sentBytes = 0
        private(set) var receivedBytes = 0
        private let flags: UInt8
        private var count = 0
        private static let body = Buffer.zeroed(byteCount: 20_000)

        init(flags: UInt8) { self.flags = flags }

        func write(_ session: HTTPSession, _ stream: Int32) {
            session.write(stream, Peer.body, offset: 0, count: Peer.body.byteCount)
            writtenBytes += Peer.body.byteCount
        }

        func session(_ session: HTTPSession, head: [HeaderField], of stream: Int32, isEnd: Bool) {
            count += 1
            if session.role == .client { return }
            switch (count + Int(flags >> 3)) % 5 {
            case 0: session.submitResponse(stream, [HeaderField(":status", "204")], isEnd: true)
            case 1: session.reset(stream)
            case 2: break
            default:
                let fields = [HeaderField(":status", "200"), HeaderField("content-type", "text/plain")]
                session.submitResponse(stream, fields, isEnd: false)
                write(session, stream)
                session.end(stream, trailers: count % 2 == 0 ? [HeaderField("x-sum", "1")] : [])
            }
        }

        func session(_ session: HTTPSession, data: UnsafeRawBufferPointer, of stream: Int32) {
            receivedBytes += data.count
            if flags & 0x80 == 0 { session.consume(stream, data.count) }
        }

        func session(_ session: HTTPSession, endOf stream: Int32, trailers: [HeaderField]) {
            if flags & 0x40 != 0 {
                session.submitResponse(stream, [HeaderField(":status", "200")], isEnd: true)
            }
        }

        func session(_ session: HTTPSession, sent byteCount: Int, of stream: Int32) { sentBytes += byteCount }
        func session(_ session: HTTPSession, closed stream: Int32, errorCode: UInt32) {}

        func session(_ session: HTTPSession, goAwayWith errorCode: UInt32, lastStream: Int32) {
            if flags & 0x20 != 0 { session.shutDown() }
        }

        func sessionReceivedSettings(_ session: HTTPSession) { if flags & 0x10 != 0 { session.ping() } }

        func session(_ session: HTTPSession, answeredEarly stream: Int32) {
            session.reset(stream, errorCode: StreamErrorCode.noError)
        }

        func session(_ session: HTTPSession, headerListTooLargeOn stream: Int32) {
            session.submitResponse(stream, [HeaderField(":status", "431")], isEnd: true)
        }
    }

    // MARK: seeds

    /// Returns what a client sends for some requests, and what a server answers them with.
    private static func seeds() throws -> [[UInt8]] {
        let client = try HTTPSession(role: .client)
        let server = try HTTPSession(role: .server)
        let (clientPeer, serverPeer) = (Peer(flags: 0), Peer(flags: 0))
        client.delegate = clientPeer
        server.delegate = serverPeer
        try open(client, clientPeer)
        var sent: [UInt8] = []
        var answered: [UInt8] = []
        for _ in 0..<8 {
            let request = try bytes(of: client)
            sent += request
            try request.withUnsafeBytes { try server.receive($0, at: MonotonicTime(nanoseconds: 1)) }
            let answer = try bytes(of: server)
            answered += answer
            try answer.withUnsafeBytes { try client.receive($0, at: MonotonicTime(nanoseconds: 1)) }
            client.ping()
        }
        // Bodies are long and of zeros: what lies around them is worth more.
        let short = Array(sent.prefix(1_500))
        return [
            [0, 0, 1] + short, [0x12, 7, 0] + short, [0xE2, 100, 200] + short,
            [1, 0, 1] + answered.prefix(1_500), [3, 50, 0] + answered.prefix(400),
        ]
    }

    private static func bytes(of session: HTTPSession) throws -> [UInt8] {
        try session.produce()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { piece.deallocate() }
        return Array(piece.prefix(session.output.drain(into: piece)))
    }
}
