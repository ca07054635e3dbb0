import Columns
import Kernels
import Vocabulary

/// Declares further functions of texts.
enum TextFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "elt", typing: Signature.variadic([.int], rest: .string, least: 2) { _ in .string },
            nulls: .handled,
            "Returns the text at a 1-based place.", example: "elt(1, 'a', 'b')"
        ) { call in
            let place = Column(call[0])
            return .of(
                .string,
                try (0..<call.count).map { row in
                    if place.isNull(row) { return .null }
                    let index = place.integer(row)
                    if index >= 1, index < call.arguments.count { return call[index].scalar(at: row) }
                    if call.mode != .error { return .null }
                    throw EngineError.data(
                        "INVALID_ARRAY_INDEX",
                        "The index \(index) is out of bounds. The array has \(call.arguments.count - 1) "
                            + "elements.")
                })
        },
        ScalarFunction(
            "encode", typing: Signature.of([.string, .string], .binary),
            "Encodes a text; UTF-8, US-ASCII, ISO-8859-1 and UTF-16BE, -LE and UTF-16 are known.",
            example: "encode('abc', 'utf-8')"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes(.binary) { row in
                try Charset.named(rows.text(1, row), "encode").encoded(rows.text(0, row))
            }
        },
        ScalarFunction(
            "decode",
            typing: { request in
                try Signature.checkCount(request, 2...2)
                let type = request.types[0] == .string ? DataType.string : .binary
                guard type == .string || request.types[0] == .binary || request.types[0] == .null else {
                    throw Signature.mismatch(request, argument: 0, requires: "\"BINARY\"")
                }
                return Typing([type, .string], .string)
            }, "Decodes bytes as a text; with more arguments, looks a value up in pairs.",
            example: "decode(X'616263', 'utf-8')"
        ) { call in
            let rows = Rows(call)
            return try rows.texts { row in
                try Charset.named(rows.text(1, row), "decode").decoded(rows.columns[0].bytes(row))
            }
        },
        ScalarFunction(
            "conv", typing: Signature.of([.string, .int, .int], .string),
            "Writes a number of one base in another; a negative target base gives a sign.",
            example: "conv('ff', 16, 10)"
        ) { call in
            let rows = Rows(call)
            return try rows.written { row, out in
                try rows.columns[0].view(row).withBytes {
                    try NumberBase.convert(
                        $0, rows.integer(1, row), rows.integer(2, row), ansi: call.ansi, &out)
                }
            }
        },
        ScalarFunction(
            "luhn_check", typing: Signature.of([.string], .boolean),
            "Says whether digits pass Luhn's check.", example: "luhn_check('8112189876')"
        ) { call in
            let rows = Rows(call)
            return rows.map(UInt8.self, .boolean) { luhn(rows.columns[0].bytes($0)) ? 1 : 0 }
        },
        ScalarFunction(
            "quote", typing: Signature.of([.string], .string),
            "Puts a text in single quotes, with those inside escaped.", example: "quote('don''t')"
        ) { call in
            let rows = Rows(call)
            return rows.texts { "'\(rows.text(0, $0).backslashing("'"))'" }
        },
        ScalarFunction(
            "is_valid_utf8", typing: Signature.of([.text], .boolean), "Says whether bytes are UTF-8.",
            example: "is_valid_utf8('a')"
        ) { call in
            let rows = Rows(call)
            return rows.map(UInt8.self, .boolean) {
                String(validating: rows.columns[0].bytes($0), as: UTF8.self) == nil ? 0 : 1
            }
        },
        ScalarFunction(
            "mask",
            typing: Signature.of([.string, .string, .string, .string, .string], optional: 4, .string),
            nulls: .handled,
            "Replaces capitals, small letters, digits and, when given, all else; null leaves them.",
            example: "mask('AbC-123')"
        ) { call in
            let columns = call.arguments.map(Column.init)
            return .of(
                .string,
                (0..<call.count).map { row in
                    if columns[0].isNull(row) { return .null }
                    let signs = (1...4).map { place -> String? in
                        if place >= columns.count { return place == 4 ? nil : ["X", "x", "n"][place - 1] }
                        return columns[place].isNull(row) ? nil : columns[place].text(row)
                    }
                    return .string(masked(columns[0].text(row), signs))
                })
        },
        ScalarFunction(
            "str_to_map",
            typing: Signature.of(
                [.string, .string, .string], optional: 2,
                .map(key: .string, value: .string, valueContainsNull: true)),
            "Splits a text into the entries of a map, at regular expressions.",
            example: "str_to_map('a:1,b:2', ',', ':')"
        ) { call in
            try entries(call)
        },
        found("regexp_substr", "Returns the first match, null without one.", .string) { text, range in
            .string(String(decoding: text[range], as: UTF8.self))
        },
        found("regexp_instr", "Returns the 1-based place of the first match, 0 without one.", .int32) {
            text, range in
            .integer(Int64(String(decoding: text[..<range.lowerBound], as: UTF8.self).utf16.count + 1))
        },
    ]

    private static func found(
        _ name: String, _ summary: String, _ type: DataType,
        _ body: @escaping @Sendable ([UInt8], Range<Int>) -> Scalar
    ) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.string, .string], type), summary, example: "\(name)('abc', 'b')"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache(name)
            return try rows.scalars(type) { row in
                let expression = try cache.expression(rows.columns[1], row)
                let text = rows.columns[0].bytes(row)
                let range = text.withUnsafeBytes {
                    expression.search($0, from: 0) ? expression.start..<expression.end : nil
                }
                return range.map { body(text, $0) } ?? (type == .int32 ? .integer(0) : .null)
            }
        }
    }

    /// Computes `str_to_map`; keys and values share the texts' bytes.
    private static func entries(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        var caches = [RegexCache("str_to_map"), RegexCache("str_to_map")]
        let usual = try [",", ":"].map { try RegularExpression(Array($0.utf8), function: "str_to_map") }
        func expression(_ place: Int, _ row: Int) throws -> RegularExpression {
            if call.arguments.count <= place { return usual[place - 1] }
            return try caches[place - 1].expression(rows.columns[place], row)
        }
        let builder = ColumnBuilder(call.type, capacity: call.count)
        let keepsLast = MapFunctions.keepsLast(call.settings)
        var parts: [UnsafeRawBufferPointer] = []
        for row in 0..<call.count {
            guard rows.isValid(row) else {
                builder.appendNull()
                continue
            }
            let (entry, pair) = (try expression(1, row), try expression(2, row))
            try rows.columns[0].view(row).withBytes { bytes in
                parts.removeAll(keepingCapacity: true)
                pieces(bytes, entry) { parts.append($0) }
                if keepsLast { return lastEntries(parts, pair, builder) }
                for i in parts.indices {
                    let part = parts[i]
                    let hasValue = !part.isEmpty && pair.searchWide(part)
                    parts[i] = hasValue ? UnsafeRawBufferPointer(rebasing: part[..<pair.start]) : part
                    builder.children[0].share(parts[i])
                    if hasValue {
                        builder.children[1].share(UnsafeRawBufferPointer(rebasing: part[pair.end...]))
                    } else {
                        builder.children[1].appendNull()
                    }
                }
                try refuseTwice(parts)
            }
            builder.endList()
        }
        return builder.finish(shared: call[0].heaps)
    }

    /// Appends entries to a map; of those with the same key the last value, where the first one stands.
    private static func lastEntries(
        _ parts: [UnsafeRawBufferPointer], _ pair: RegularExpression, _ builder: ColumnBuilder
    ) {
        var places: [[UInt8]: Int] = [:]
        var found: [(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?)] = []
        for part in parts {
            let hasValue = !part.isEmpty && pair.searchWide(part)
            let key = hasValue ? UnsafeRawBufferPointer(rebasing: part[..<pair.start]) : part
            let value = hasValue ? UnsafeRawBufferPointer(rebasing: part[pair.end...]) : nil
            if let place = places[Array(key)] {
                found[place].value = value
            } else {
                places[Array(key)] = found.count
                found.append((key, value))
            }
        }
        for (key, value) in found {
            builder.children[0].share(key)
            if let value { builder.children[1].share(value) } else { builder.children[1].appendNull() }
        }
    }

    /// Gives the stretches between the matches of a pattern; those of no width do not count.
    private static func pieces(
        _ bytes: UnsafeRawBufferPointer, _ expression: RegularExpression,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        var from = 0
        expression.all(bytes) {
            if expression.start == expression.end { return true }
            body(UnsafeRawBufferPointer(rebasing: bytes[from..<expression.start]))
            from = expression.end
            return true
        }
        body(UnsafeRawBufferPointer(rebasing: bytes[from...]))
    }

    /// Throws `DUPLICATED_MAP_KEY` for a key that stands twice.
    private static func refuseTwice(_ keys: [UnsafeRawBufferPointer]) throws {
        var isTwice = false
        if keys.count <= 16 {
            for i in keys.indices.dropFirst() {
                for j in 0..<i where keys[i].count == keys[j].count && keys[i].elementsEqual(keys[j]) {
                    isTwice = true
                }
            }
        } else {
            isTwice = Set(keys.map { Array($0) }).count != keys.count
        }
        if isTwice { throw MapFunctions.twice }
    }

    private static func luhn(_ digits: [UInt8]) -> Bool {
        if digits.isEmpty { return false }
        var sum = 0
        for (place, byte) in digits.reversed().enumerated() {
            guard byte >= 48, byte <= 57 else { return false }
            let digit = Int(byte - 48)
            sum += place % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10
        }
        return sum % 10 == 0
    }

    private static func masked(_ text: String, _ signs: [String?]) -> String {
        var result = ""
        for character in text {
            let kind =
                character.isUppercase ? 0 : character.isLowercase ? 1 : character.isWholeNumber ? 2 : 3
            result += signs[kind] ?? String(character)
        }
        return result
    }
}

/// Names the character sets of `encode` and `decode`.
enum Charset: String {
    case utf8 = "UTF-8"
    case ascii = "US-ASCII"
    case latin = "ISO-8859-1"
    case utf16 = "UTF-16"
    case utf16Big = "UTF-16BE"
    case utf16Little = "UTF-16LE"

    static func named(_ name: String, _ function: String) throws -> Charset {
        if let known = Charset(rawValue: name.uppercased()) { return known }
        throw EngineError.data(
            "INVALID_PARAMETER_VALUE.CHARSET",
            "The charset of `\(function)` is none of 'iso-8859-1', 'us-ascii', 'utf-16', 'utf-16be', "
                + "'utf-16le', 'utf-8': '\(name)'.")
    }

    func encoded(_ text: String) throws -> [UInt8] {
        switch self {
        case .utf8: return Array(text.utf8)
        case .ascii, .latin:
            let limit: UInt32 = self == .ascii ? 128 : 256
            return try text.unicodeScalars.map { scalar in
                if scalar.value < limit { return UInt8(scalar.value) }
                throw malformed("encode")
            }
        case .utf16: return [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        case .utf16Big: return text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        case .utf16Little: return text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        }
    }

    func decoded(_ bytes: [UInt8]) throws -> String {
        switch self {
        case .utf8:
            guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed("decode") }
            return text
        case .ascii, .latin:
            if self == .ascii, bytes.contains(where: { $0 >= 128 }) { throw malformed("decode") }
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        case .utf16, .utf16Big, .utf16Little:
            var units = bytes[...]
            var isLittle = self == .utf16Little
            if self == .utf16, units.starts(with: [0xFF, 0xFE]) || units.starts(with: [0xFE, 0xFF]) {
                isLittle = units.first == 0xFF
                units = units.dropFirst(2)
            }
            let list = Array(units)
            var pairs: [UInt16] = []
            for at in stride(from: 0, to: list.count - 1, by: 2) {
                let (first, second) = (UInt16(list[at]), UInt16(list[at + 1]))
                pairs.append(isLittle ? second << 8 | first : first << 8 | second)
            }
            guard list.count % 2 == 0, let text = String(validating: pairs, as: UTF16.self) else {
                throw malformed("decode")
            }
            return text
        }
    }

    private func malformed(_ function: String) -> EngineError {
        .data(
            "MALFORMED_CHARACTER_CODING",
            "Invalid value found when performing `\(function)` with the charset \(rawValue).")
    }
}
