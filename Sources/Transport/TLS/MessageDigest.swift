import COpenSSL
import Vocabulary

/// Computes message digests of many texts, one after the other, through OpenSSL. Used by one thread.
package final class MessageDigest {
    /// The digests' names (FIPS 180-4).
    package enum Algorithm: String {
        case sha1 = "SHA1"
        case sha224 = "SHA224"
        case sha256 = "SHA256"
        case sha384 = "SHA384"
        case sha512 = "SHA512"
    }

    /// Bytes of a digest.
    package let byteCount: Int
    private let algorithm: OpaquePointer
    private let context: OpaquePointer

    /// Throws `UNSUPPORTED_DIGEST` where OpenSSL is set up without the algorithm.
    package init(_ name: Algorithm) throws(EngineError) {
        guard let found = EVP_MD_fetch(nil, name.rawValue, nil), let made = EVP_MD_CTX_new() else {
            throw EngineError.system(
                "UNSUPPORTED_DIGEST", "OpenSSL has no \(name.rawValue) here",
                remedy: "Look at the providers in openssl.cnf.")
        }
        algorithm = found
        context = made
        byteCount = Int(EVP_MD_get_size(found))
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Writes the digest of `bytes` to `out`, which has room for `byteCount` bytes.
    package func digest(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutablePointer<UInt8>) {
        EVP_DigestInit_ex2(context, algorithm, nil)
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        EVP_DigestFinal_ex(context, out, nil)
    }
}
