import COpenSSL

/// Holds a public key that verifies signatures of tokens in one way (RFC 7518, 3; RFC 8037, 3.1), through
/// OpenSSL.
package final class VerificationKey: Sendable {
    /// The ways of signing, by their names in tokens. Those with a shared secret are none of them.
    package enum Algorithm: String, Sendable {
        case rs256 = "RS256", rs384 = "RS384", rs512 = "RS512"
        case ps256 = "PS256", ps384 = "PS384", ps512 = "PS512"
        case es256 = "ES256", es384 = "ES384", es512 = "ES512"
        case eddsa = "EdDSA"

        /// Digest of what is signed; EdDSA takes its own.
        fileprivate var digest: String? { self == .eddsa ? nil : "SHA" + rawValue.suffix(3) }
        fileprivate var isPSS: Bool { rawValue.hasPrefix("PS") }
    }

    /// Named curves of elliptic keys, by their names in key sets, and the bytes of one coordinate.
    private static let curves: [String: (group: String, bytes: Int)] = [
        "P-256": ("P-256", 32), "P-384": ("P-384", 48), "P-521": ("P-521", 66),
    ]
    /// OpenSSL's EVP_PKEY_PUBLIC_KEY, a macro that Swift does not see: the domain's parameters and the public
    /// key.
    private static let publicKey: Int32 = 0x86

    package let algorithm: Algorithm
    /// Owned by this object; OpenSSL's keys do not change once made, and any thread may verify by them.
    private nonisolated(unsafe) let key: OpaquePointer
    /// Bytes of each half of an elliptic signature; nil for other kinds.
    private let halfBytes: Int?

    private init?(_ key: OpaquePointer?, _ algorithm: Algorithm, halfBytes: Int? = nil) {
        guard let key else { return nil }
        self.key = key
        self.algorithm = algorithm
        self.halfBytes = halfBytes
    }

    deinit { EVP_PKEY_free(key) }

    /// Makes a key of RSA's modulus and exponent, big-endian; nil for ones that are none.
    package convenience init?(modulus: [UInt8], exponent: [UInt8], algorithm: Algorithm) {
        let parameters = OSSL_PARAM_BLD_new()
        let (n, e) = (VerificationKey.number(modulus), VerificationKey.number(exponent))
        defer {
            BN_free(n)
            BN_free(e)
            OSSL_PARAM_BLD_free(parameters)
        }
        OSSL_PARAM_BLD_push_BN(parameters, "n", n)
        OSSL_PARAM_BLD_push_BN(parameters, "e", e)
        self.init(VerificationKey.make("RSA", parameters), algorithm)
    }

    /// Makes a key of a point on a named curve; nil for other curves and for points that are not on it.
    package convenience init?(curve: String, x: [UInt8], y: [UInt8], algorithm: Algorithm) {
        guard let (group, bytes) = VerificationKey.curves[curve], x.count == bytes, y.count == bytes else {
            return nil
        }
        let parameters = OSSL_PARAM_BLD_new()
        defer { OSSL_PARAM_BLD_free(parameters) }
        // An uncompressed point (SEC 1, 2.3.3).
        let point = [4] + x + y
        OSSL_PARAM_BLD_push_utf8_string(parameters, "group", group, 0)
        OSSL_PARAM_BLD_push_octet_string(parameters, "pub", point, point.count)
        self.init(VerificationKey.make("EC", parameters), algorithm, halfBytes: bytes)
    }

    /// Makes a key of the bytes of an Ed25519 key; nil when they are not 32.
    package convenience init?(ed25519 bytes: [UInt8]) {
        self.init(EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count), .eddsa)
    }

    /// Whether `signature`, in the form that tokens carry, is one of `signed`.
    package func isValid(_ signature: [UInt8], of signed: [UInt8]) -> Bool {
        // What OpenSSL says of a wrong signature must not stay for the next call on this thread.
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var options: OpaquePointer?
        guard EVP_DigestVerifyInit_ex(context, &options, algorithm.digest, nil, nil, key, nil) == 1 else {
            return false
        }
        if algorithm.isPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        var bytes = signature
        if let halfBytes {
            guard let encoded = VerificationKey.encoded(signature, halfBytes: halfBytes) else { return false }
            bytes = encoded
        }
        return EVP_DigestVerify(context, bytes, bytes.count, signed, signed.count) == 1
    }

    /// Returns an elliptic signature, in tokens two numbers side by side, in the form of ASN.1 that OpenSSL
    /// reads.
    private static func encoded(_ signature: [UInt8], halfBytes: Int) -> [UInt8]? {
        guard signature.count == 2 * halfBytes, let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        // The pair owns its numbers from here on.
        let (r, s) = (signature[..<halfBytes], signature[halfBytes...])
        guard ECDSA_SIG_set0(pair, number(Array(r)), number(Array(s))) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(max(0, i2d_ECDSA_SIG(pair, nil))))
        let count = bytes.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            return i2d_ECDSA_SIG(pair, &end)
        }
        return count > 0 ? bytes : nil
    }

    private static func number(_ bytes: [UInt8]) -> OpaquePointer? {
        BN_bin2bn(bytes, Int32(bytes.count), nil)
    }

    /// Returns a key of parameters by their names in OpenSSL; nil for a damaged one.
    private static func make(_ kind: String, _ builder: OpaquePointer?) -> OpaquePointer? {
        defer { ERR_clear_error() }
        guard let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, publicKey, parameters) == 1, let key
        else { return nil }
        let check = EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
        defer { EVP_PKEY_CTX_free(check) }
        guard EVP_PKEY_public_check(check) == 1 else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }
}
