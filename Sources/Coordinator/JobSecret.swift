import Transport
import Vocabulary

/// Makes the token by which a job's outputs may be read: HMAC-SHA-256 (RFC 2104) of the job's id, under a key
/// of the coordinator's log. Each token stays the same as long as the log does.
struct JobSecret: Sendable {
    private let key: [UInt8]

    /// Bytes of a key.
    private static let keyBytes = 32
    /// Bytes that the digest takes at a time.
    private static let blockBytes = 64

    init(key: [UInt8]) { self.key = key }

    /// Makes a key that nobody can guess.
    static func newKey() -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &system) }
    }

    /// Returns the token of the job that clients know by an id. Throws `UNSUPPORTED_DIGEST`.
    func token(of externalID: String) throws(EngineError) -> [UInt8] {
        let digest = try MessageDigest(.sha256)
        let padded = key + [UInt8](repeating: 0, count: JobSecret.blockBytes - key.count)
        let inner = JobSecret.digest(padded.map { $0 ^ 0x36 } + Array(externalID.utf8), by: digest)
        return JobSecret.digest(padded.map { $0 ^ 0x5c } + inner, by: digest)
    }

    private static func digest(_ bytes: [UInt8], by digest: MessageDigest) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: digest.byteCount) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            bytes.withUnsafeBytes { digest.digest($0, into: start) }
            count = digest.byteCount
        }
    }
}
