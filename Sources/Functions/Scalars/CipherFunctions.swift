import Columns
import Kernels
import Transport
import Vocabulary

/// Declares `aes_encrypt` and `aes_decrypt`, with Spark's defaults: GCM, and the initialisation vector in
/// front of the ciphertext.
enum CipherFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "aes_encrypt",
            typing: typing(optional: 4),
            isDeterministic: false, "Encrypts with AES in the mode GCM, CBC or ECB.",
            example: "aes_encrypt('Spark', '0000111122223333', 'ECB')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in try encrypt(Arguments(rows, row)) }
        },
        decryption("aes_decrypt", "Decrypts what aes_encrypt gave."),
        decryption("try_aes_decrypt", "Decrypts what aes_encrypt gave; null where that fails."),
    ]

    private static func typing(optional: Int) -> Signature.Rule {
        let all: [Parameter] = [
            .of(.binary), .of(.binary), .string, .string, .of(.binary), .of(.binary),
        ]
        return { request in
            // A number is no key and no text.
            for place in request.types.indices
            where request.types[place].isNumeric && all.indices.contains(place) {
                throw Signature.mismatch(request, argument: place, requires: "\"BINARY\"")
            }
            return try Signature.of(Array(all.prefix(2 + optional)), optional: optional, .binary)(request)
        }
    }

    private static func decryption(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: typing(optional: 3), summary,
            example: "\(name)(unhex('348FF37EBDE05B7880BA339068FBDA5E'), '0000111122223333', 'ECB')"
        ) { call in
            let rows = Rows(call)
            let isTry = name.hasPrefix("try_")
            return try rows.bytes(.binary) { row in
                do {
                    return try decrypt(Arguments(rows, row))
                } catch {
                    if isTry { return nil }
                    throw error
                }
            }
        }
    }

    /// The arguments of a row.
    private struct Arguments {
        let text: [UInt8]
        let key: [UInt8]
        let mode: String
        let padding: String
        private let rows: Rows
        private let row: Int

        init(_ rows: Rows, _ row: Int) {
            let count = rows.columns.count
            text = rows.columns[0].bytes(row)
            key = rows.columns[1].bytes(row)
            mode = count > 2 ? rows.text(2, row).uppercased() : "GCM"
            padding = count > 3 ? rows.text(3, row).uppercased() : "DEFAULT"
            self.rows = rows
            self.row = row
        }

        /// The bytes of an optional argument.
        func bytes(_ place: Int) -> [UInt8] {
            rows.columns.count > place ? rows.columns[place].bytes(row) : []
        }
    }

    /// Returns the mode and the cipher. Throws for modes, paddings and keys that there are not.
    private static func cipher(_ arguments: Arguments) throws -> (AESCipher.Mode, AESCipher) {
        let paddings = arguments.mode == "GCM" ? ["DEFAULT", "NONE"] : ["DEFAULT", "PKCS"]
        guard let mode = AESCipher.Mode(rawValue: arguments.mode), paddings.contains(arguments.padding) else {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE.AES_MODE",
                "There is no AES-\(arguments.mode) with the padding \(arguments.padding).",
                remedy: "The modes are GCM (padding NONE), CBC and ECB (padding PKCS).")
        }
        guard let cipher = AESCipher(mode, key: arguments.key) else {
            throw EngineError.data(
                "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH",
                "An AES key has 16, 24 or 32 bytes, but this one has \(arguments.key.count).")
        }
        return (mode, cipher)
    }

    private static func encrypt(_ arguments: Arguments) throws -> [UInt8]? {
        let (mode, cipher) = try cipher(arguments)
        var vector = arguments.bytes(4)
        let data = arguments.bytes(5)
        if mode == .ecb, !vector.isEmpty {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE.AES_MODE_IV", "AES-ECB does not take an initialization vector.")
        }
        if mode != .gcm, !data.isEmpty {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE.AES_MODE_AAD",
                "AES-\(mode.rawValue) does not take additional authenticated data.")
        }
        if vector.isEmpty { vector = AESCipher.random(mode.vectorBytes) }
        guard vector.count == mode.vectorBytes else {
            throw EngineError.data(
                "INVALID_PARAMETER_VALUE.AES_IV_LENGTH",
                "AES-\(mode.rawValue) takes an initialization vector of \(mode.vectorBytes) bytes, but this "
                    + "one has \(vector.count).")
        }
        guard let encrypted = cipher.encrypt(arguments.text, vector: vector, data: data) else {
            throw failure("the text cannot be encrypted")
        }
        return vector + encrypted
    }

    private static func decrypt(_ arguments: Arguments) throws -> [UInt8]? {
        let (mode, cipher) = try cipher(arguments)
        let data = arguments.bytes(4)
        if mode != .gcm, !data.isEmpty {
            throw EngineError.user(
                "UNSUPPORTED_FEATURE.AES_MODE_AAD",
                "AES-\(mode.rawValue) does not take additional authenticated data.")
        }
        let text = arguments.text
        guard text.count >= mode.vectorBytes,
            let plain = cipher.decrypt(
                Array(text.dropFirst(mode.vectorBytes)), vector: Array(text.prefix(mode.vectorBytes)),
                data: data)
        else { throw failure("the key, the mode or the data are not those of the encryption") }
        return plain
    }

    private static func failure(_ reason: String) -> EngineError {
        .data(
            "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR",
            "AES failed: \(reason).", remedy: "Use `try_aes_decrypt` to get null instead.")
    }
}
