import COpenSSL

/// Names contents by their SHA-256 digest (FIPS 180-4), through OpenSSL.
package enum ContentDigest {
    /// Returns the 32 bytes of the digest.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            var written: UInt32 = 0
            EVP_Digest(bytes, bytes.count, digest.baseAddress, &written, EVP_sha256(), nil)
            count = Int(written)
        }
    }

    /// Writes bytes as hexadecimal digits.
    package static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
