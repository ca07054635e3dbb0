import Columns
import Kernels
import Vocabulary

/// Declares functions that check and repair bytes, and those that take texts apart into words.
enum CheckedTextFunctions {
    static let all: [ScalarFunction] = [
        validated("validate_utf8", "Returns a text whose bytes are UTF-8; fails for others."),
        validated("try_validate_utf8", "Returns a text whose bytes are UTF-8, null for others."),
        ScalarFunction(
            "make_valid_utf8", typing: Signature.of([.text], .string),
            "Replaces bytes that are no UTF-8 by U+FFFD.", example: "make_valid_utf8('a')"
        ) { call in
            let rows = Rows(call)
            return rows.texts { String(decoding: rows.columns[0].bytes($0), as: UTF8.self) }
        },
        ScalarFunction(
            "try_url_decode", typing: Signature.of([.string], .string),
            "Decodes what a URL's query holds, null where it cannot.", example: "try_url_decode('a+b')"
        ) { call in
            let rows = Rows(call)
            return rows.bytes { EncodingFunctions.urlDecoded(rows.columns[0].bytes($0)) }
        },
        binary("to_binary", "Turns a text into bytes: hex (as without a format), base64, or utf-8."),
        binary("try_to_binary", "Turns a text into bytes, null where it cannot."),
        ScalarFunction(
            "collation", typing: Signature.of([.string], .string), nulls: .handled,
            "Returns the name of a text's collation.", example: "collation('a')"
        ) { .constant(.string("SYSTEM.BUILTIN.UTF8_BINARY"), count: $0.count) },
        ScalarFunction(
            "sentences",
            typing: Signature.of(
                [.string, .string, .string], optional: 2,
                .array(.array(.string, containsNull: false), containsNull: false)),
            "Takes a text apart into sentences of words.", example: "sentences('Hi there! Good day.')"
        ) { call in
            let rows = Rows(call)
            return rows.scalars(call.type) { row in .array(sentences(rows.text(0, row))) }
        },
        ScalarFunction(
            "bitmap_bit_position", typing: Signature.of([.long], .int64),
            "Returns a number's 0-based bit in its bitmap.", example: "bitmap_bit_position(123)"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int64.self, .int64) { row in
                let value = rows.integer(0, row)
                return Int64(value > 0 ? (value - 1) % bitmapBits : (0 &- value) % bitmapBits)
            }
        },
        ScalarFunction(
            "bitmap_bucket_number", typing: Signature.of([.long], .int64),
            "Returns the number of the bitmap that holds a number.", example: "bitmap_bucket_number(123)"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int64.self, .int64) { row in
                let value = rows.integer(0, row)
                return Int64(value > 0 ? 1 + (value - 1) / bitmapBits : value / bitmapBits)
            }
        },
        ScalarFunction(
            "bitmap_count", typing: Signature.of([.of(.binary)], .int64), "Counts the bits that are set.",
            example: "bitmap_count(X'FF10')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int64.self, .int64) { row in
                Int64(rows.columns[0].bytes(row).reduce(0) { $0 + $1.nonzeroBitCount })
            }
        },
    ]

    /// Bits of one bitmap: 4 KiB.
    private static let bitmapBits = 32_768

    private static func validated(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(name, typing: Signature.of([.text], .string), summary, example: "\(name)('a')") {
            call in
            let rows = Rows(call)
            return try rows.bytes { row in
                let bytes = rows.columns[0].bytes(row)
                if String(validating: bytes, as: UTF8.self) != nil { return bytes }
                if call.mode == .null { return nil }
                throw EngineError.data(
                    "INVALID_UTF8_STRING",
                    "Invalid UTF8 byte sequence found in string: "
                        + "\(String(decoding: Hexadecimal.digits(Array(bytes.prefix(32))), as: UTF8.self)).")
            }
        }
    }

    private static func binary(_ name: String, _ summary: String) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                let typing = try Signature.of([.string, .string], optional: 1, .binary)(request)
                if request.name == "to_binary", request.literals.count == 2,
                    case .string(let format)? = request.literals[1]?.value,
                    !["hex", "base64", "utf-8", "utf8"].contains(format.lowercased())
                {
                    throw EngineError.user(
                        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                        "Cannot resolve `\(request.name)`: its format is one of 'hex', 'base64', 'utf-8', "
                            + "not '\(format)'.")
                }
                return typing
            }, summary, example: "\(name)('61', 'hex')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in
                let format = call.arguments.count > 1 ? rows.text(1, row).lowercased() : "hex"
                let text = rows.columns[0].bytes(row)
                let bytes: [UInt8]?
                switch format {
                case "hex": bytes = Hex.bytes(text)
                case "base64": bytes = Base64.decodeLenient(text)
                case "utf-8", "utf8": bytes = text
                default: bytes = nil
                }
                if let bytes { return bytes }
                if call.mode == .null { return nil }
                throw EngineError.data(
                    "CONVERSION_INVALID_INPUT",
                    "The value '\(rows.text(0, row))' cannot be converted to \"BINARY\" because it is no "
                        + "\(format). Use `try_to_binary` to tolerate malformed input and return NULL "
                        + "instead."
                )
            }
        }
    }

    /// Sentences end at `.`, `!` and `?` before a blank or the end; words are runs of letters, digits and
    /// apostrophes.
    private static func sentences(_ text: String) -> [Scalar] {
        var (result, words, word): ([Scalar], [Scalar], String) = ([], [], "")
        var isEnding = false
        func endWord() {
            if !word.isEmpty { words.append(.string(word)) }
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber || character == "'" && !word.isEmpty {
                if isEnding, !words.isEmpty, word.isEmpty {
                    result.append(.array(words))
                    words = []
                }
                isEnding = false
                word.append(character)
                continue
            }
            endWord()
            if ".!?".contains(character) { isEnding = true }
        }
        endWord()
        // A text without words is one empty sentence.
        if !words.isEmpty || result.isEmpty && !text.isEmpty { result.append(.array(words)) }
        return result
    }
}
