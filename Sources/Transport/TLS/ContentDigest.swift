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
}
