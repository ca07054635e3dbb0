/// Walks the frame headers of everything a peer sends, before the library sees it, and counts what floods are
/// made of.
///
/// nghttp2 1.52 bounds neither RST_STREAM, PING nor CONTINUATION; this does, for every version of the
/// library.
///
///     +-----------------------------------------------+
///     |                 Length (24)                   |
///     +---------------+---------------+---------------+
///     |   Type (8)    |   Flags (8)   |
///     +-+-------------+---------------+-------------------------------+
///     |R|                 Stream Identifier (31)                      |
///     +=+=============================================================+
struct FrameAudit {
    /// Names the bound that the peer broke.
    enum Violation: String {
        case resets = "RST_STREAM frames"
        case pings = "PING frames"
        case settings = "SETTINGS frames"
        case continuations = "CONTINUATION frames in one header block"
        case idleFrames = "frames without effect"
    }

    private static let headerBytes = 9
    private static let prefaceBytes = 24
    private static let endStreamOrAckFlag: UInt8 = 0x1

    private let continuationLimit: Int
    private var skip: Int
    private var header: UInt64 = 0
    private var headerCount = 0
    private var continuations = 0
    private var resets: TokenBucket
    private var pings: TokenBucket
    private var settings: TokenBucket
    private var idleFrames: TokenBucket

    /// Starts before the first byte; `skipsPreface` where the peer is a client, which sends 24 bytes ahead of
    /// frames.
    init(limits: SessionLimits, skipsPreface: Bool) {
        continuationLimit = limits.continuationCount
        skip = skipsPreface ? Self.prefaceBytes : 0
        resets = TokenBucket(limits.resets)
        pings = TokenBucket(limits.pings)
        settings = TokenBucket(limits.settings)
        idleFrames = TokenBucket(limits.idleFrames)
    }

    /// Takes the next bytes, in whatever pieces they come, and returns the first bound that they break.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, at now: MonotonicTime) -> Violation? {
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

    /// Keeps length, type and flags: the first five of the nine bytes.
    private mutating func push(_ byte: UInt8) {
        if headerCount < 5 { header = (header << 8) | UInt64(byte) }
        headerCount += 1
    }

    private mutating func judge(at now: MonotonicTime) -> Violation? {
        let length = Int((header >> 16) & 0xff_ffff)
        let type = UInt8((header >> 8) & 0xff)
        let hasFlag = UInt8(header & 0xff) & Self.endStreamOrAckFlag != 0
        skip = length
        continuations = type == 0x9 ? continuations + 1 : 0
        switch type {
        case 0x0: return length == 0 && !hasFlag && !idleFrames.take(at: now) ? .idleFrames : nil
        case 0x1, 0x5, 0x7, 0x8: return nil
        case 0x3: return resets.take(at: now) ? nil : .resets
        case 0x4: return hasFlag || settings.take(at: now) ? nil : .settings
        case 0x6: return hasFlag || pings.take(at: now) ? nil : .pings
        case 0x9: return continuations > continuationLimit ? .continuations : nil
        default: return idleFrames.take(at: now) ? nil : .idleFrames
        }
    }
}
