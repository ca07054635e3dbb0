import FoundationEssentials
import Transport
import Vocabulary

/// Holds the public keys of those who may sign tokens: a JSON Web Key Set (RFC 7517).
struct SigningKeys: Sendable {
    /// By their names. What a token says of its algorithm does not choose: each key is used in one way.
    private var keys: [String: VerificationKey] = [:]

    /// Parses the text of a key set. Keys of kinds that are not used here are left out, as the RFC asks for.
    /// Throws `INVALID_JWT_KEYS` (user) when it is no key set, holds no key that is of use, a damaged, weak
    /// or private one, or two of one name.
    init(parsing text: String, file: String) throws(EngineError) {
        guard let set = try? JSONDecoder().decode(KeySet.self, from: Data(text.utf8)) else {
            throw SigningKeys.invalid("The file is no JSON Web Key Set", file)
        }
        for (index, item) in set.keys.enumerated() {
            guard let jwk = item.key, let algorithm = jwk.algorithm else { continue }
            if item.isPrivate {
                throw SigningKeys.invalid("Key \(index + 1) is a private key: it must not be here", file)
            }
            let name = jwk.kid ?? ""
            guard keys[name] == nil else {
                throw SigningKeys.invalid("Two keys have the same name (kid): \(name)", file)
            }
            guard let key = jwk.verifying(by: algorithm) else {
                throw SigningKeys.invalid("Key \(index + 1) is damaged or too short", file)
            }
            keys[name] = key
        }
        guard !keys.isEmpty else {
            throw SigningKeys.invalid("The file holds no key for RS256, ES256, EdDSA or their kin", file)
        }
    }

    /// Whether `signature` is one of `signed` by the key of that name, made in the key's own way. A token
    /// without a name is taken where there is only one key.
    func isValid(_ signature: [UInt8], of signed: [UInt8], algorithm: String, name: String?) -> Bool {
        let key = name.map { keys[$0] } ?? (keys.count == 1 ? keys.first?.value : nil)
        guard let key, key.algorithm.rawValue == algorithm else { return false }
        return key.isValid(signature, of: signed)
    }

    private static func invalid(_ why: String, _ file: String) -> EngineError {
        .user(
            "INVALID_JWT_KEYS", "--jwt-keys: \(why): \(file)",
            remedy: "Give the public keys of your identity provider, as its jwks_uri serves them.")
    }

    /// A public key as RFC 7518, 6 and RFC 8037, 2 write it; numbers are big-endian, in tokens' alphabet.
    private struct PublicKey: Decodable {
        var kty: String
        var kid: String?
        var alg: String?
        var crv: String?
        var n: String?
        var e: String?
        var x: String?
        var y: String?

        /// Least bytes of an RSA modulus: 2048 bits (RFC 7518, 3.3).
        private static let modulusBytes = 256

        /// What the key verifies; nil for kinds that are not used here.
        var algorithm: VerificationKey.Algorithm? {
            let fitting: [VerificationKey.Algorithm]
            switch (kty, crv) {
            case ("RSA", _): fitting = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            case ("EC", "P-256"): fitting = [.es256]
            case ("EC", "P-384"): fitting = [.es384]
            case ("EC", "P-521"): fitting = [.es512]
            case ("OKP", "Ed25519"): fitting = [.eddsa]
            default: return nil
            }
            return alg == nil ? fitting[0] : fitting.first { $0.rawValue == alg }
        }

        /// Returns the key; nil for one that is damaged or too short.
        func verifying(by algorithm: VerificationKey.Algorithm) -> VerificationKey? {
            func bytes(_ member: String?) -> [UInt8] { member.flatMap(Base64URL.decode) ?? [] }
            switch kty {
            case "RSA":
                let modulus = bytes(n)
                guard modulus.drop(while: { $0 == 0 }).count >= PublicKey.modulusBytes else { return nil }
                return VerificationKey(modulus: modulus, exponent: bytes(e), algorithm: algorithm)
            case "EC":
                return VerificationKey(curve: crv ?? "", x: bytes(x), y: bytes(y), algorithm: algorithm)
            default: return VerificationKey(ed25519: bytes(x))
            }
        }
    }

    /// Reads a set with keys that are not understood here as nil.
    private struct KeySet: Decodable {
        struct Item: Decodable {
            let key: PublicKey?
            let isPrivate: Bool

            private enum CodingKeys: String, CodingKey {
                case use
                case privatePart = "d"
            }

            init(from decoder: any Decoder) throws {
                let fields = try decoder.container(keyedBy: CodingKeys.self)
                isPrivate = fields.contains(.privatePart)
                let use = try? fields.decode(String.self, forKey: .use)
                let isForSignatures = use == nil || use == "sig"
                key = isForSignatures ? try? PublicKey(from: decoder) : nil
            }
        }
        let keys: [Item]
    }
}

/// Reads the alphabet of tokens (RFC 4648, 5, without padding).
enum Base64URL {
    /// Returns the bytes; nil for any other character.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var plain: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                plain.append(byte)
            default: return nil
            }
        }
        while plain.count % 4 != 0 { plain.append(UInt8(ascii: "=")) }
        return Data(base64Encoded: Data(plain)).map { Array($0) }
    }
}
