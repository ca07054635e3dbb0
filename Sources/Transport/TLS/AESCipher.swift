import COpenSSL

/// Encrypts and decrypts with AES (FIPS 197) through OpenSSL, for the SQL functions that do.
package struct AESCipher {
    /// Names how blocks are chained. GCM takes an initialisation vector of 12 bytes and gives a tag of 16
    /// behind the text; CBC takes one of 16; ECB and CBC fill the last block up (PKCS #7).
    package enum Mode: String, Sendable {
        case ecb = "ECB"
        case cbc = "CBC"
        case gcm = "GCM"

        /// Bytes of the initialisation vector.
        package var vectorBytes: Int {
            switch self {
            case .ecb: 0
            case .cbc: 16
            case .gcm: 12
            }
        }
    }

    /// Bytes of a GCM tag.
    package static let tagBytes = 16

    private let mode: Mode
    private let key: [UInt8]

    /// Takes a key; nil unless it has 16, 24 or 32 bytes.
    package init?(_ mode: Mode, key: [UInt8]) {
        guard [16, 24, 32].contains(key.count) else { return nil }
        self.mode = mode
        self.key = key
    }

    /// Returns `count` bytes that nobody can guess.
    package static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private var name: String { "AES-\(key.count * 8)-\(mode.rawValue)" }

    /// Runs OpenSSL over a text; nil when it refuses. `tag` is the one to check, or nil to make one.
    private func run(
        _ text: [UInt8], vector: [UInt8], data: [UInt8], tag: [UInt8]?, encrypts: Bool
    ) -> [UInt8]? {
        guard let cipher = EVP_CIPHER_fetch(nil, name, nil), let context = EVP_CIPHER_CTX_new() else {
            return nil
        }
        defer {
            EVP_CIPHER_CTX_free(context)
            EVP_CIPHER_free(cipher)
        }
        guard
            EVP_CipherInit_ex2(
                context, cipher, key, mode == .ecb ? nil : vector, encrypts ? 1 : 0, nil) == 1
        else { return nil }
        var written: Int32 = 0
        if !data.isEmpty {
            guard EVP_CipherUpdate(context, nil, &written, data, Int32(data.count)) == 1 else { return nil }
        }
        if var tag {
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else {
                return nil
            }
        }
        var out = [UInt8](repeating: 0, count: text.count + 32)
        guard EVP_CipherUpdate(context, &out, &written, text, Int32(text.count)) == 1 else { return nil }
        var last = [UInt8](repeating: 0, count: 32)
        var rest: Int32 = 0
        guard EVP_CipherFinal_ex(context, &last, &rest) == 1 else { return nil }
        var result = Array(out.prefix(Int(written))) + last.prefix(Int(rest))
        if mode == .gcm, encrypts {
            var made = [UInt8](repeating: 0, count: Self.tagBytes)
            guard EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &made) == 1
            else { return nil }
            result += made
        }
        return result
    }

    /// Returns the ciphertext, with GCM the tag behind it; nil when OpenSSL refuses. `data` is only
    /// authenticated.
    package func encrypt(_ text: [UInt8], vector: [UInt8], data: [UInt8] = []) -> [UInt8]? {
        guard vector.count == mode.vectorBytes, text.count < Int32.max - 64 else { return nil }
        return run(text, vector: vector, data: data, tag: nil, encrypts: true)
    }

    /// Returns the text of what `encrypt` gave; nil for anything else, or where the tag does not fit.
    package func decrypt(_ text: [UInt8], vector: [UInt8], data: [UInt8] = []) -> [UInt8]? {
        guard vector.count == mode.vectorBytes, text.count < Int32.max - 64 else { return nil }
        guard mode == .gcm else {
            return run(text, vector: vector, data: data, tag: nil, encrypts: false)
        }
        guard text.count >= Self.tagBytes else { return nil }
        return run(
            Array(text.dropLast(Self.tagBytes)), vector: vector, data: data,
            tag: Array(text.suffix(Self.tagBytes)), encrypts: false)
    }
}
