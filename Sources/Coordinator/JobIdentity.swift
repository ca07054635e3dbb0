import Kernels
import Pipelines
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

    /// Makes a new id.
    static func newID() -> String { RunIdentity.new(milliseconds: NodeClock.moment().wallMilliseconds) }

    /// Returns 128 bits by which submissions under one id are compared. Against mistakes, not against
    /// attackers: whoever may submit under an id may as well submit under another.
    static func digest(of request: JobRequest) -> [UInt8] {
        var text = "\(request.sql)\u{0}\(request.name ?? "")\u{0}\(request.file ?? "")"
        for (key, value) in (request.conf ?? [:]).sorted(by: { $0.key < $1.key }) {
            text += "\u{0}\(key)=\(value)"
        }
        return digest(of: text)
    }

    /// Returns 128 bits of a text.
    static func digest(of text: String) -> [UInt8] {
        Array(text.utf8).withUnsafeBytes { bytes -> [UInt8] in
            guard let base = bytes.baseAddress else { return [] }
            let first = Hashing.hash(base, count: bytes.count)
            let second = Hashing.combine(first, UInt64(bytes.count))
            return withUnsafeBytes(of: (first, second)) { Array($0) }
        }
    }
}
