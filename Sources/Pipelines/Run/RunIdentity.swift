import Transport
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Names runs and the jobs of their steps.
package enum RunIdentity {
    /// Makes a UUIDv7 (RFC 9562): milliseconds, then random bits.
    package static func new(milliseconds: Int64) -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        for i in 0..<6 { bytes[i] = UInt8(truncatingIfNeeded: milliseconds >> Int64(40 - 8 * i)) }
        return text(&bytes, version: 7)
    }

    /// Makes the UUIDv8 (RFC 9562) that follows from parts: the same parts, the same id.
    package static func derived(_ parts: [String]) -> String {
        var bytes = Array(ContentDigest.sha256(Array(parts.joined(separator: "\u{0}").utf8)).prefix(16))
        return text(&bytes, version: 8)
    }

    private static func text(_ bytes: inout [UInt8], version: UInt8) -> String {
        bytes[6] = version << 4 | (bytes[6] & 0x0F)
        bytes[8] = 0x80 | (bytes[8] & 0x3F)
        let digits = Hexadecimal.text(bytes)
        var out = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { out += "-" }
            out.append(digit)
        }
        return out
    }
}
