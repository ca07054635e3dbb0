/// Walks the frame headers of everything a peer sends, before the library sees it, and counts what floods are
/// made of.
///
/// nghttp2 1.52 bounds neither RST_STREAM, PING nor CONTINUATION; this does, for every version of the
/// library. It also holds clients to stream identifiers that grow (RFC 9113 §5.1.1), where nghttp2 ignores
/// streams that were skipped.
///
///     +-----------------------------------------------+
///     |                 Length (24)                   |
///     +---------------+---------------+---------------+
///     |   Type (8)    |   Flags (8)   |
///     +-+-------------+---------------+-------------------------------+
///     |R|                 Stream Identifier (31)                      |
///     +=+=============================================================+
package struct FrameAudit {
    /// Names the bound that the peer broke.
    package enum Violation: String {
        case resets = "RST_STREAM frames"
        case pings = "PING frames"
        case settings = "SETTINGS frames"
        case continuations = "CONTINUATION frames in one header block"
        case idleFrames = "frames without effect"
        case windowUpdates = "WINDOW_UPDATE frames for what it was sent"
        case skippedStreams = "requests on streams below the last one"

        var errorCode: UInt32 {
            self == .skippedStreams ? StreamErrorCode.protocolError : StreamErrorCode.enhanceYourCalm
        }
    }

    /// WINDOW_UPDATE frames that a peer may answer one DATA frame with (Envoy's bound), and how many it may
    /// owe us.
    private static let windowUpdatesPerFrame = 10
    private static let windowUpdateCreditLimit = 100_000
    /// How many stretches of skipped streams are remembered.
    private static let skippedRangeLimit = 64

    private static let headerBytes = 9
    private static let prefaceBytes = 24
    private static let endStreamOrAckFlag: UInt8 = 0x1

    private let continuationLimit: Int
    private var skip: Int
    private var header: UInt64 = 0
    private var stream: UInt32 = 0
    private var headerCount = 0
    private var windowUpdateCredit = 0
    /// The last stream that a client opened, and those below it that it left out; nil towards a server.
    private var lastStream: UInt32?
    private var skipped: [Range<UInt32>] = []
    private var continuations = 0
    private var resets: TokenBucket
    private var pings: TokenBucket
    private var settings: TokenBucket
    private var idleFrames: TokenBucket

    /// Starts before the first byte; `skipsPreface` where the peer is a client, which sends 24 bytes ahead of
    /// frames.
    package init(limits: SessionLimits, skipsPreface: Bool) {
        continuationLimit = limits.continuationCount
        skip = skipsPreface ? Self.prefaceBytes : 0
        lastStream = skipsPreface ? 0 : nil
        resets = TokenBucket(limits.resets)
        pings = TokenBucket(limits.pings)
        settings = TokenBucket(limits.settings)
        idleFrames = TokenBucket(limits.idleFrames)
    }

    /// Takes the next bytes, in whatever pieces they come, and returns the first bound that they break.
    package mutating func scan(_ bytes: UnsafeRawBufferPointer, at now: MonotonicTime) -> Violation? {
        var position = 0
        while position < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - position)
                skip -= step
                position += step
                continue
            }
            push(bytes[position])
            position += 1
            if headerCount == Self.headerBytes {
                headerCount = 0
                if let violation = judge(at: now) { return violation }
            }
        }
        return nil
    }

    /// Notes that a DATA frame was sent, which the peer may answer by opening windows.
    package mutating func sentData() {
        let credit = windowUpdateCredit + Self.windowUpdatesPerFrame
        windowUpdateCredit = min(Self.windowUpdateCreditLimit, credit)
    }

    /// Counts a frame that turned out to have no effect.
    mutating func countIdle(at now: MonotonicTime) -> Violation? {
        idleFrames.take(at: now) ? nil : .idleFrames
    }

    /// Keeps length, type and flags, the first five of the nine bytes, and the stream, the others.
    private mutating func push(_ byte: UInt8) {
        if headerCount < 5 {
            header = (header << 8) | UInt64(byte)
        } else {
            stream = (stream << 8) | UInt32(byte)
        }
        headerCount += 1
    }

    private mutating func judge(at now: MonotonicTime) -> Violation? {
        let length = Int((header >> 16) & 0xff_ffff)
        let type = UInt8((header >> 8) & 0xff)
        let hasFlag = UInt8(header & 0xff) & Self.endStreamOrAckFlag != 0
        skip = length
        continuations = type == 0x9 ? continuations + 1 : 0
        switch type {
        case 0x0: return length == 0 && !hasFlag ? countIdle(at: now) : nil
        case 0x1: return opens(stream & 0x7fff_ffff) ? nil : .skippedStreams
        case 0x5: return nil
        case 0x8:
            if windowUpdateCredit > 0 {
                windowUpdateCredit -= 1
                return nil
            }
            return idleFrames.take(at: now) ? nil : .windowUpdates
        case 0x3: return resets.take(at: now) ? nil : .resets
        case 0x4: return hasFlag || settings.take(at: now) ? nil : .settings
        case 0x6: return hasFlag ? countIdle(at: now) : pings.take(at: now) ? nil : .pings
        case 0x9: return continuations > continuationLimit ? .continuations : nil
        default: return countIdle(at: now)
        }
    }

    /// Notes a client's HEADERS; false on a stream that it had left out.
    private mutating func opens(_ id: UInt32) -> Bool {
        guard let last = lastStream else { return true }
        if id <= last { return !skipped.contains { $0.contains(id) } }
        // Streams of odd numbers are the client's.
        if id > last + 2 {
            if skipped.count == Self.skippedRangeLimit { skipped.removeFirst() }
            skipped.append(last + 1..<id)
        }
        lastStream = id
        return true
    }
}
