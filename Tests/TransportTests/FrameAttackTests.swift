import Testing
import Vocabulary

@testable import Transport

/// Writes frames byte by byte, as an attacker would.
enum RawFrame {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8]
    {
        let count = payload.count
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
            + [24, 16, 8, 0].map { UInt8(stream >> $0 & 255) } + payload
    }

    static let settings = frame(4)
    static let ping = frame(6, [0, 1, 2, 3, 4, 5, 6, 7])
    /// `:method GET`, `:scheme http`, `:path /` from HPACK's static table, and `:authority a`.
    static let requestFields: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]

    static func headers(_ stream: UInt32, end: Bool = true) -> [UInt8] {
        frame(1, flags: end ? 5 : 4, stream: stream, requestFields)
    }

    static func reset(_ stream: UInt32) -> [UInt8] { frame(3, stream: stream, [0, 0, 0, 8]) }
}

/// A server session under attack.
final class Victim {
    let session: HTTPSession
    let recorder = Recorder()
    var time = MonotonicTime(nanoseconds: 1)

    init(_ limits: SessionLimits = .publicPeers) throws {
        session = try HTTPSession(role: .server, limits: limits)
        session.delegate = recorder
        try send(RawFrame.preface + RawFrame.settings)
    }

    func send(_ bytes: [UInt8]) throws(EngineError) {
        do {
            try bytes.withUnsafeBytes { try session.receive($0, at: time) }
            try session.produce()
        } catch let error as EngineError {
            throw error
        } catch {
            throw .internal("\(error)")
        }
    }

    /// Sends the same frames until the session gives up, and returns how often they were taken.
    func flood(_ limit: Int, _ bytes: (Int) -> [UInt8]) -> Int {
        for i in 0..<limit {
            do throws(EngineError) {
                try send(bytes(i))
            } catch {
                return i
            }
        }
        return limit
    }

    /// The error code of the GOAWAY among what the session sends, or nil.
    func goAwayCode() -> UInt32? {
        try? session.produce()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 8)
        defer { memory.deallocate() }
        let count = session.output.drain(into: memory)
        var position = 0
        while position + 9 <= count {
            let size =
                Int(memory[position]) << 16 | Int(memory[position + 1]) << 8 | Int(memory[position + 2])
            if memory[position + 3] == 7 {
                return (0..<4).reduce(0) { $0 << 8 | UInt32(memory[position + 13 + $1]) }
            }
            position += 9 + size
        }
        return nil
    }
}

@Suite struct FrameAttackTests {
    @Test(
        "a flood of PING, SETTINGS, empty DATA or PRIORITY frames ends the connection with ENHANCE_YOUR_CALM")
    func floods() throws {
        let pings = try Victim()
        #expect(pings.flood(1_000) { _ in RawFrame.ping } == 100)
        #expect(pings.goAwayCode() == StreamErrorCode.enhanceYourCalm)
        let settings = try Victim()
        #expect(settings.flood(1_000) { _ in RawFrame.settings } == 99)
        #expect(settings.goAwayCode() == StreamErrorCode.enhanceYourCalm)
        let priorities = try Victim()
        #expect(priorities.flood(5_000) { _ in RawFrame.frame(2, stream: 1, [0, 0, 0, 0, 1]) } == 1_000)
        let empty = try Victim()
        try empty.send(RawFrame.headers(1, end: false))
        #expect(empty.flood(5_000) { _ in RawFrame.frame(0, stream: 1) } == 1_000)
    }

    @Test("a rapid reset attack ends the connection after the burst; a slow one goes on")
    func rapidReset() throws {
        let fast = try Victim()
        let taken = fast.flood(1_000) { i in
            RawFrame.headers(UInt32(2 * i + 1)) + RawFrame.reset(UInt32(2 * i + 1))
        }
        #expect(taken == 200)
        #expect(fast.goAwayCode() == StreamErrorCode.enhanceYourCalm)
        let slow = try Victim()
        let all = slow.flood(1_000) { i in
            slow.time = slow.time.after(seconds: 0.025)
            return RawFrame.headers(UInt32(2 * i + 1)) + RawFrame.reset(UInt32(2 * i + 1))
        }
        #expect(all == 1_000)
        let cluster = try Victim(.clusterPeers)
        let workers = cluster.flood(900) { i in
            RawFrame.headers(UInt32(2 * i + 1)) + RawFrame.reset(UInt32(2 * i + 1))
        }
        #expect(workers == 900)
    }

    @Test("streams that break the rules so that we must reset them are bounded too")
    func provokedResets() throws {
        let victim = try Victim()
        // A request without a path is an error of its stream alone.
        let taken = victim.flood(1_000) { i in
            RawFrame.frame(1, flags: 5, stream: UInt32(2 * i + 1), [0x82, 0x86, 0x41, 0x01, 0x61])
        }
        #expect((99...101).contains(taken), "\(taken)")
    }

    @Test("a header block of more than 8 CONTINUATION frames ends the connection")
    func continuations() throws {
        let victim = try Victim()
        try victim.send(RawFrame.frame(1, flags: 1, stream: 1, RawFrame.requestFields))
        #expect(victim.flood(100) { _ in RawFrame.frame(9, stream: 1) } == 8)
        #expect(victim.goAwayCode() == StreamErrorCode.enhanceYourCalm)
    }

    @Test("a HPACK bomb of indexed fields is refused by 431 without keeping them")
    func compressionBomb() throws {
        let victim = try Victim()
        // One literal of 4,000 bytes enters the table, then 12,000 references of one byte each.
        let value = [UInt8](repeating: UInt8(ascii: "a"), count: 3_900)
        var block = RawFrame.requestFields + [0x40, 0x01, UInt8(ascii: "x"), 0x7f, 0xbd, 0x1d] + value
        block += [UInt8](repeating: 0xbe, count: 12_000)
        try victim.send(RawFrame.frame(1, flags: 5, stream: 1, block))
        #expect(victim.recorder.heads[1] == nil)
        #expect(victim.session.streams.isEmpty)
    }

    @Test("what is no HTTP/2, and frames that RFC 9113 forbids, end the connection")
    func malformed() throws {
        let plain = try HTTPSession(role: .server)
        #expect(throws: EngineError.self) {
            try Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).withUnsafeBytes {
                try plain.receive($0, at: MonotonicTime(nanoseconds: 1))
            }
        }
        let forbidden: [(String, [UInt8])] = [
            ("DATA on stream 0 (6.1)", RawFrame.frame(0, stream: 0, [1])),
            ("HEADERS on stream 0 (6.2)", RawFrame.frame(1, flags: 5, stream: 0, RawFrame.requestFields)),
            ("HEADERS on an even stream (5.1.1)", RawFrame.headers(2)),
            ("RST_STREAM of an idle stream (6.4)", RawFrame.reset(9)),
            ("SETTINGS of 5 bytes (6.5)", RawFrame.frame(4, [0, 1, 0, 0, 0])),
            ("SETTINGS on a stream (6.5)", RawFrame.frame(4, stream: 1)),
            ("PUSH_PROMISE from a client (8.4)", RawFrame.frame(5, flags: 4, stream: 1, [0, 0, 0, 2])),
            ("PING of 7 bytes (6.7)", RawFrame.frame(6, [1, 2, 3, 4, 5, 6, 7])),
            ("WINDOW_UPDATE of 0 on the connection (6.9)", RawFrame.frame(8, [0, 0, 0, 0])),
            ("CONTINUATION without HEADERS (6.10)", RawFrame.frame(9, flags: 4, stream: 1)),
            ("a frame over the largest size (4.2)", [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
            (
                "a field that cannot be decompressed (4.3)",
                RawFrame.frame(1, flags: 5, stream: 1, [0xff, 0xff, 0xff])
            ),
        ]
        for (what, bytes) in forbidden {
            let victim = try Victim()
            try? victim.send(bytes)
            #expect(victim.goAwayCode().map { $0 != 0 } == true, "\(what)")
            #expect(!victim.session.isAlive, "\(what)")
        }
    }

    @Test("a request that RFC 9113 calls malformed is reset and never reaches the handler")
    func malformedRequests() throws {
        let upperCase: [UInt8] =
            RawFrame.requestFields + [0x40, 0x01, UInt8(ascii: "X"), 0x01, UInt8(ascii: "a")]
        let noPath: [UInt8] = [0x82, 0x86, 0x41, 0x01, 0x61]
        let twoMethods: [UInt8] = [0x82, 0x83] + RawFrame.requestFields.dropFirst()
        for block in [upperCase, noPath, twoMethods] {
            let victim = try Victim()
            try victim.send(RawFrame.frame(1, flags: 5, stream: 1, block))
            #expect(victim.recorder.heads[1] == nil)
            #expect(victim.session.isAlive)
        }
    }

    @Test("windows opened for nothing, unasked acknowledgements and DATA of padding end the connection")
    func framesWithoutEffect() throws {
        let windows = try Victim()
        #expect(windows.flood(5_000) { _ in RawFrame.frame(8, [0, 0, 0, 1]) } == 1_000)
        #expect(windows.goAwayCode() == StreamErrorCode.enhanceYourCalm)
        let pongs = try Victim()
        #expect(pongs.flood(5_000) { _ in RawFrame.frame(6, flags: 1, [0, 1, 2, 3, 4, 5, 6, 7]) } == 1_000)
        let padding = try Victim()
        try padding.send(RawFrame.headers(1, end: false))
        #expect(padding.flood(5_000) { _ in RawFrame.frame(0, flags: 8, stream: 1, [3, 0, 0, 0]) } == 1_000)
        #expect(padding.goAwayCode() == StreamErrorCode.enhanceYourCalm)
    }

    @Test(
        "a request on a stream that was left out ends the connection (5.1.1), one on a used stream does not")
    func skippedStreams() throws {
        let skipping = try Victim()
        try skipping.send(RawFrame.headers(7))
        #expect(throws: EngineError.self) { try skipping.send(RawFrame.headers(3)) }
        #expect(skipping.goAwayCode() == StreamErrorCode.protocolError)
        let late = try Victim()
        try late.send(RawFrame.headers(1, end: false) + RawFrame.headers(3) + RawFrame.reset(1))
        try late.send(RawFrame.headers(1))
        #expect(late.session.isAlive)
    }

    @Test("an initial window that takes a stream's over 2^31 - 1 ends the connection (6.9.2)")
    func windowOverflow() throws {
        let victim = try Victim()
        try victim.send(
            RawFrame.headers(1, end: false) + RawFrame.frame(8, stream: 1, [0x7f, 0xff, 0, 0]))
        #expect(throws: EngineError.self) {
            try victim.send(RawFrame.frame(4, [0, 4, 0x7f, 0xff, 0xff, 0xff]))
        }
        #expect(victim.goAwayCode() == 3)
    }

    @Test("any garbage after the preface ends or is ignored, and never traps")
    func garbage() throws {
        var seed: UInt64 = 42
        func next() -> UInt8 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: seed >> 33)
        }
        for _ in 0..<2_000 {
            let victim = try Victim()
            for _ in 0..<4 {
                let payload = (0..<Int(next() % 40)).map { _ in next() }
                try? victim.send(
                    RawFrame.frame(next() % 12, flags: next(), stream: UInt32(next() % 6), payload))
            }
            #expect(victim.recorder.heads.count <= 4)
        }
    }
}
