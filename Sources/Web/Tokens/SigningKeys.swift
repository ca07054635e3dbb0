import FoundationEssentials
import JWTKit
import Vocabulary

/// Holds the public keys of those who may sign tokens: a JSON Web Key Set (RFC 7517).
struct SigningKeys: Sendable {
    private struct Key: Sendable {
        /// The one algorithm that the key is used with; what a token says of itself does not choose.
        let algorithm: String
        let verifier: any JWTAlgorithm
    }

    private var keys: [String: Key] = [:]

    /// Parses the text of a key set. Keys of kinds that are not used here are left out, as the RFC asks for.
    /// Throws `INVALID_JWT_KEYS` (user) when it is no key set, holds no key that is of use, a damaged, weak
    /// or private one, or two of one name.
    init(parsing text: String, file: String) async throws(EngineError) {
        guard let set = try? JSONDecoder().decode(KeySet.self, from: Data(text.utf8)) else {
            throw SigningKeys.invalid("The file is no JSON Web Key Set", file)
        }
        for (index, item) in set.keys.enumerated() {
            guard let jwk = item.key, let algorithm = SigningKeys.algorithm(of: jwk) else { continue }
            if item.isPrivate || jwk.privateExponent != nil {
                throw SigningKeys.invalid("Key \(index + 1) is a private key: it must not be here", file)
            }
            let name = jwk.keyIdentifier?.string ?? ""
            guard keys[name] == nil else {
                throw SigningKeys.invalid("Two keys have the same name (kid): \(name)", file)
            }
            guard let verifier = await SigningKeys.verifier(jwk, algorithm) else {
                throw SigningKeys.invalid("Key \(index + 1) is damaged or too short", file)
            }
            keys[name] = Key(algorithm: algorithm.rawValue, verifier: verifier)
        }
        guard !keys.isEmpty else {
            throw SigningKeys.invalid("The file holds no key for RS256, ES256, EdDSA or their kin", file)
        }
    }

    /// Whether `signature` is one of `signed` by the key of that name, made in the key's own way. A token
    /// without a name is taken where there is only one key.
    func isValid(_ signature: [UInt8], of signed: [UInt8], algorithm: String, name: String?) -> Bool {
        let key = name.map { keys[$0] } ?? (keys.count == 1 ? keys.first?.value : nil)
        guard let key, key.algorithm == algorithm else { return false }
        return (try? key.verifier.verify(signature, signs: signed)) ?? false
    }

    private static func invalid(_ why: String, _ file: String) -> EngineError {
        .user(
            "INVALID_JWT_KEYS", "--jwt-keys: \(why): \(file)",
            remedy: "Give the public keys of your identity provider, as its jwks_uri serves them.")
    }

    /// Returns what a key signs with; nil for kinds that are not used here.
    private static func algorithm(of jwk: JWK) -> JWK.Algorithm? {
        let own = jwk.algorithm
        switch jwk.keyType {
        case .rsa:
            let known: [JWK.Algorithm] = [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            let algorithm = own ?? .rs256
            return known.contains(algorithm) ? algorithm : nil
        case .ecdsa:
            let fitting: [String: JWK.Algorithm] = ["P-256": .es256, "P-384": .es384, "P-521": .es512]
            let algorithm = fitting[jwk.curve?.rawValue ?? ""]
            return own == nil || own == algorithm ? algorithm : nil
        case .octetKeyPair: return own == nil || own == .eddsa ? .eddsa : nil
        default: return nil
        }
    }

    /// Least bytes of an RSA modulus: 2048 bits (RFC 7518, 3.3).
    private static let modulusBytes = 256

    private static func verifier(_ jwk: JWK, _ algorithm: JWK.Algorithm) async -> (any JWTAlgorithm)? {
        if jwk.keyType == .rsa {
            guard let modulus = Base64URL.decode(jwk.modulus ?? ""),
                modulus.drop(while: { $0 == 0 }).count >= modulusBytes
            else { return nil }
        }
        var jwk = jwk
        jwk.algorithm = algorithm
        let name = JWKIdentifier(string: "key")
        jwk.keyIdentifier = name
        let collection = JWTKeyCollection()
        guard (try? await collection.add(jwk: jwk)) != nil else { return nil }
        return try? await collection.getKey(for: name, alg: algorithm.rawValue)
    }

    /// Reads a set with keys that are not understood here as nil.
    private struct KeySet: Decodable {
        struct Item: Decodable {
            let key: JWK?
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
                key = isForSignatures ? Item.key(from: decoder) : nil
            }

            private static func key(from decoder: any Decoder) -> JWK? {
                try? JWK(from: decoder)
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
