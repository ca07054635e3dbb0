import Kernels
import Protocol
import Vocabulary

/// Names jobs and tells whether two submissions are the same.
enum JobIdentity {
    /// Returns the id that the client chose, in lower case, or a new UUIDv7. Throws for an id that is no
    /// UUID.
    static func id(of request: JobRequest) throws -> String {
        guard let chosen = request.id?.lowercased() else { return newID() }
        let parts = chosen.split(separator: "-", omittingEmptySubsequences: false)
        let isHex = parts.allSatisfy { part in
            part.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        }
        guard isHex, parts.map(\.utf8.count) == [8, 4, 4, 4, 12] else {
            throw EngineError.user("INVALID_JOB_ID", "A job's id must be a UUID: \(chosen)")
        }
        return chosen
    }

    /// Makes a UUIDv7 (RFC 9562): milliseconds, then random bits.
    static func newID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        let milliseconds = UInt64(NodeClock.moment().wallMilliseconds)
        for i in 0..<6 { bytes[i] = UInt8(truncatingIfNeeded: milliseconds >> UInt64(40 - 8 * i)) }
        bytes[6] = 0x70 | (bytes[6] & 0x0F)
        bytes[8] = 0x80 | (bytes[8] & 0x3F)
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
            .map { $0.joined() }.joined(separator: "-")
    }

    /// Returns 128 bits by which submissions under one id are compared. Against mistakes, not against
    /// attackers: whoever may submit under an id may as well submit under another.
    static func digest(of request: JobRequest) -> [UInt8] {
        var text = "\(request.sql)\u{0}\(request.name ?? "")\u{0}\(request.file ?? "")"
        for (key, value) in (request.conf ?? [:]).sorted(by: { $0.key < $1.key }) {
            text += "\u{0}\(key)=\(value)"
        }
        return Array(text.utf8).withUnsafeBytes { bytes -> [UInt8] in
            guard let base = bytes.baseAddress else { return [] }
            let first = Hashing.hash(base, count: bytes.count)
            let second = Hashing.combine(first, UInt64(bytes.count))
            return withUnsafeBytes(of: (first, second)) { Array($0) }
        }
    }
}
