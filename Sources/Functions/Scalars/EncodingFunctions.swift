import Columns
import Kernels
import Memory
import Plans
import Transport
import Vocabulary

/// Declares digests, checksums and encodings.
enum EncodingFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "md5", typing: Signature.of([.text], .string), "Returns the MD5 digest in hexadecimal.",
            example: "md5('a')"
        ) { call in MD5Texts.digests(call) },
        ScalarFunction(
            "sha1", aliases: ["sha"], typing: Signature.of([.text], .string),
            "Returns the SHA-1 digest in hexadecimal.",
            example: "sha1('a')"
        ) { call in try digest(call) { _ in .sha1 } },
        ScalarFunction(
            "sha2", typing: Signature.of([.text, .int], .string),
            "Returns the SHA-2 digest of 224, 256 (also 0), 384 or 512 bits in hexadecimal.",
            example: "sha2('a', 256)"
        ) { call in
            let bits = Column(call[1])
            return try digest(call) { row in
                switch bits.integer(row) {
                case 224: .sha224
                case 0, 256: .sha256
                case 384: .sha384
                case 512: .sha512
                default: nil
                }
            }
        },
        ScalarFunction(
            "crc32", typing: Signature.of([.text], .int64), "Returns the CRC-32 checksum.",
            example: "crc32('a')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int64.self, .int64) { row in
                rows.columns[0].view(row).withBytes { Int64(Digests.crc32($0)) }
            }
        },
        ScalarFunction(
            "base64", typing: Signature.of([.text], .string), "Encodes as Base64.", example: "base64('a')"
        ) { call in
            let rows = Rows(call)
            return rows.bytes { Base64.encode(rows.columns[0].bytes($0)) }
        },
        ScalarFunction(
            "unbase64", typing: Signature.of([.string], .binary), "Decodes Base64.",
            example: "unbase64('YQ==')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in
                let text = rows.columns[0].bytes(row)
                if let bytes = Base64.decodeLenient(text, skippingOthers: true) { return bytes }
                throw EngineError.data(
                    "CONVERSION_INVALID_INPUT",
                    "The value '\(rows.text(0, row))' cannot be converted to \"BINARY\" because it is no "
                        + "Base64."
                )
            }
        },
        ScalarFunction(
            "hex",
            typing: { request in
                try Signature.checkCount(request, 1...1)
                let type = request.types[0]
                if type.isNumeric || type == .null { return Typing([.int64], .string) }
                if type == .binary { return Typing([type], .string) }
                guard Parameter.string.coerced(type, ansi: request.ansi) != nil else {
                    throw Signature.mismatch(
                        request, argument: 0, requires: "(\"BIGINT\" or \"BINARY\" or \"STRING\")")
                }
                return Typing([.string], .string)
            }, "Writes a number or bytes in hexadecimal.", example: "hex(17)"
        ) { call in
            let rows = Rows(call)
            if call[0].type == .int64 {
                let digits = Hexadecimal.upper
                return rows.written { row, out in
                    let value = UInt64(bitPattern: Int64(rows.integer(0, row)))
                    var shift = max(0, (63 - value.leadingZeroBitCount) / 4 * 4)
                    while shift >= 0 {
                        out.append(digits[Int(value >> UInt64(shift) & 15)])
                        shift -= 4
                    }
                    return true
                }
            }
            return rows.bytes { row in
                Hexadecimal.digits(rows.columns[0].bytes(row), isUpper: true)
            }
        },
        ScalarFunction(
            "unhex", typing: Signature.of([.string], .binary), "Reads hexadecimal bytes.",
            example: "unhex('41')"
        ) { call in
            let rows = Rows(call)
            return rows.bytes(.binary) { Hex.bytes(rows.columns[0].bytes($0)) }
        },
        ScalarFunction(
            "bin",
            typing: { request in
                // As in Spark, decimals are cut to whole numbers.
                if request.types.count == 1, request.types[0].isDecimal { return Typing([.int64], .string) }
                return try Signature.of([.long], .string)(request)
            }, "Writes a number in binary.", example: "bin(13)"
        ) { call in
            let rows = Rows(call)
            return rows.texts { String(UInt64(bitPattern: Int64(rows.integer(0, $0))), radix: 2) }
        },
        ScalarFunction(
            "url_encode", typing: Signature.of([.string], .string), "Encodes for a URL's query.",
            example: "url_encode('a b')"
        ) { call in
            let rows = Rows(call)
            return rows.bytes { row in
                var out: [UInt8] = []
                for byte in rows.columns[0].bytes(row) {
                    let plain =
                        (48...57).contains(byte) || byte | 32 >= 97 && byte | 32 <= 122
                        || [46, 45, 42, 95].contains(byte)
                    if plain {
                        out.append(byte)
                    } else if byte == 32 {
                        out.append(43)
                    } else {
                        out.append(37)
                        Hexadecimal.append(byte, Hexadecimal.upper, to: &out)
                    }
                }
                return out
            }
        },
        ScalarFunction(
            "url_decode", typing: Signature.of([.string], .string), "Decodes what a URL's query holds.",
            example: "url_decode('a+b')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes { row in
                if let decoded = urlDecoded(rows.columns[0].bytes(row)) { return decoded }
                throw EngineError.data(
                    "CANNOT_DECODE_URL", "The provided URL cannot be decoded: \(rows.text(0, row)).")
            }
        },
        ScalarFunction(
            "xxhash64", typing: Signature.hashed(.int64), nulls: .handled,
            "Hashes the arguments to 64 bits (xxHash, seed 42, as Spark).", example: "xxhash64('a')"
        ) { call in
            try SparkHash.xx64(call.arguments, count: call.count)
        },
        ScalarFunction(
            "hash", typing: Signature.hashed(.int32), nulls: .handled,
            "Hashes the arguments to 32 bits (Murmur3, seed 42, as Spark).", example: "hash('a')"
        ) { call in
            try SparkHash.murmur(call.arguments, count: call.count)
        },
        ScalarFunction(
            "format_number",
            typing: { request in
                let isPattern = request.types.count == 2 && request.types[1] == .string
                return try Signature.of([.number, isPattern ? .string : .int], .string)(request)
            }, "Writes a number with thousands separators and a number of digits, or by a pattern.",
            example: "format_number(12332.1, 2)", kernel: formattedNumbers),
    ]

    private static func formattedNumbers(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        let isPattern = call[1].type == .string
        var (known, pattern) = ("", try DecimalPattern(""))
        return try rows.written { row, out in
            if isPattern {
                let text = rows.text(1, row)
                if known != text {
                    pattern = try DecimalPattern(text)
                    known = text
                }
            } else {
                let places = rows.integer(1, row)
                if places < 0 { return false }
                let isWritten =
                    call[0].type.isFloating
                    ? GroupedNumber.append(rows.double(0, row), places: places, to: &out)
                    : call[0].type.isIntegral
                        && GroupedNumber.append(integer: rows.integer(0, row), places: places, to: &out)
                if isWritten { return true }
                // More digits than any number has.
                pattern = DecimalPattern(places: min(places, 1100))
            }
            if call[0].type.isFloating {
                out.append(contentsOf: pattern.text(rows.double(0, row)).utf8)
            } else {
                let (_, scale) = DecimalArithmetic.shape(call[0].type)
                let value = call[0].scalar(at: row).integerValue
                out.append(contentsOf: pattern.text(DigitNumber(value, scale: scale)).utf8)
            }
            return true
        }
    }

    /// Decodes `+` and `%xx`; nil where an escape is broken.
    static func urlDecoded(_ bytes: [UInt8]) -> [UInt8]? {
        var (out, i) = ([UInt8](), 0)
        while i < bytes.count {
            if bytes[i] == 37 {
                guard i + 2 < bytes.count, let value = Hex.bytes(Array(bytes[(i + 1)...(i + 2)]))?.first
                else {
                    return nil
                }
                out.append(value)
                i += 3
            } else {
                out.append(bytes[i] == 43 ? 32 : bytes[i])
                i += 1
            }
        }
        return out
    }

    /// Writes digests in hexadecimal; null where `algorithm` gives none for the row.
    private static func digest(
        _ call: Invocation, _ algorithm: (Int) -> MessageDigest.Algorithm?
    ) throws -> Vector {
        let rows = Rows(call)
        var open: (algorithm: MessageDigest.Algorithm, digest: MessageDigest)?
        var made = [UInt8](repeating: 0, count: 64)
        let digits = Hexadecimal.lower
        return try rows.written { row, out in
            guard let wanted = algorithm(row) else { return false }
            if open?.algorithm != wanted { open = (wanted, try MessageDigest(wanted)) }
            guard let digest = open?.digest else { return false }
            rows.columns[0].view(row).withBytes { bytes in
                made.withUnsafeMutableBufferPointer { buffer in
                    if let base = buffer.baseAddress { digest.digest(bytes, into: base) }
                }
            }
            var i = 0
            while i < digest.byteCount {
                out.append(digits[Int(made[i] &>> 4)])
                out.append(digits[Int(made[i] & 15)])
                i &+= 1
            }
            return true
        }
    }
}

/// Reads hexadecimal.
enum Hex {
    static func bytes(_ text: [UInt8]) -> [UInt8]? {
        var digits: [UInt8] = []
        for byte in text {
            switch byte {
            case 48...57: digits.append(byte - 48)
            case 65...70: digits.append(byte - 55)
            case 97...102: digits.append(byte - 87)
            default: return nil
            }
        }
        if digits.count % 2 == 1 { digits.insert(0, at: 0) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension Base64 {
    /// Returns the bytes, nil when the text is not base64. Blanks are skipped, and what follows the padding
    /// is not looked at. With `skippingOthers`, as in Spark's `unbase64`, all that is no digit is skipped,
    /// but padding must fill up the last four digits, and no digit may follow it.
    /// Source: `java.util.Base64.getMimeDecoder`.
    static func decodeLenient(_ text: [UInt8], skippingOthers: Bool = false) -> [UInt8]? {
        var (out, word, bits) = ([UInt8](), UInt32(0), 0)
        for (place, byte) in text.enumerated() {
            if byte == padding {
                if skippingOthers, !isPadded(bits, text[(place + 1)...]) { return nil }
                break
            }
            guard let value = digit(byte) else {
                if byte <= 32 || skippingOthers { continue }
                return nil
            }
            word = word << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return bits == 6 ? nil : out
    }

    /// Whether padding may stand behind digits that leave so many bits: not where a unit of four begins, and
    /// twice behind two digits.
    private static func isPadded(_ bits: Int, _ rest: ArraySlice<UInt8>) -> Bool {
        bits != 0 && (bits != 4 || rest.first == padding) && !rest.contains { digit($0) != nil }
    }
}
