import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that make strings out of strings.
enum StringFunctions {
    static let all: [ScalarFunction] = letters + pieces + building

    /// A number out of the bytes of one string.
    private static func number(
        _ name: String, _ aliases: [String], _ parameter: Parameter, _ summary: String, _ example: String,
        _ body: @escaping @Sendable (UnsafeRawBufferPointer) -> Int
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([parameter], .int32), summary, example: example
        ) { call in
            let rows = Rows(call)
            // A binary has no characters: its bytes count.
            if call[0].type == .binary, call.name == "length" {
                return rows.map(Int32.self, .int32) { Int32(rows.columns[0].view($0).count) }
            }
            return rows.map(Int32.self, .int32) { row in
                rows.columns[0].view(row).withBytes { Int32(truncatingIfNeeded: body($0)) }
            }
        }
    }

    private static let letters: [ScalarFunction] = [
        ScalarFunction(
            "reverse",
            typing: { request in
                if case .array? = request.types.first { return try Signature.of([.array]) { $0[0] }(request) }
                return try Signature.of([.string], .string)(request)
            }, "Reverses a text or an array.", example: "reverse('abc')"
        ) { call in
            let rows = Rows(call)
            if call.type != .string {
                return ListPicking.pick(call[0], rows, call.type) { _, range, picking in
                    for place in range.reversed() { picking.take(place) }
                }
            }
            return rows.bytes { row in
                rows.columns[0].view(row).withBytes { bytes in
                    if UTF8Text.isASCII(bytes) { return bytes.reversed() }
                    return Array(
                        String(
                            String.UnicodeScalarView(
                                String(decoding: bytes, as: UTF8.self).unicodeScalars.reversed())
                        ).utf8)
                }
            }
        },
        ScalarFunction(
            "soundex", typing: Signature.of([.string], .string), "Returns the Soundex code.",
            example: "soundex('Miller')"
        ) { call in
            let rows = Rows(call)
            return rows.bytes { row in rows.columns[0].view(row).withBytes(Soundex.code) }
        },
        number(
            "length", ["char_length", "character_length", "len"], .text,
            "Counts characters, or bytes of a binary.", "length('abc')"
        ) {
            UTF8Text.length($0)
        },
        number("octet_length", [], .text, "Counts bytes.", "octet_length('abc')") { $0.count },
        number("bit_length", [], .text, "Counts bits.", "bit_length('abc')") { $0.count * 8 },
        number("ascii", [], .string, "Returns the code of the first character.", "ascii('a')") { bytes in
            Int(String(decoding: bytes.prefix(4), as: UTF8.self).unicodeScalars.first?.value ?? 0)
        },
        ScalarFunction(
            "chr", aliases: ["char"], typing: Signature.of([.long], .string),
            "Returns the character of a code.",
            example: "chr(65)"
        ) { call in
            let rows = Rows(call)
            return rows.texts { row in
                let code = rows.integer(0, row)
                if code < 0 { return "" }
                return String(Character(UnicodeScalar(UInt8(truncatingIfNeeded: code))))
            }
        },
        ScalarFunction(
            "space", typing: Signature.of([.int], .string), "Returns a number of blanks.", example: "space(3)"
        ) { call in
            let rows = Rows(call)
            let builder = ViewBuilder(count: call.count)
            try rows.each { row in
                let count = max(0, rows.integer(0, row))
                if count > Limits.stringBytes {
                    throw Failure.invalidArgument("space", "the result would have \(count) bytes")
                }
                withUnsafeBytes(of: UInt8(ascii: " ")) { builder.repeated($0, count, row) }
            }
            return builder.finish(.string, validity: rows.validity)
        },
    ]

    private static let pieces: [ScalarFunction] = [
        ScalarFunction(
            "substring", aliases: ["substr"],
            typing: Signature.of([.text, .int, .int], optional: 1) { $0[0] },
            "Returns characters from a 1-based position, negative from the end.",
            example: "substring('Spark', 2, 3)"
        ) { call in
            let rows = Rows(call)
            let hasLength = call.arguments.count == 3
            return substrings(call, rows) { bytes, row in
                let length = hasLength ? rows.integer(2, row) : Int(Int32.max)
                if call.type == .binary {
                    let position = rows.integer(1, row)
                    let start = position > 0 ? position - 1 : (position < 0 ? bytes.count + position : 0)
                    let from = min(max(start, 0), bytes.count)
                    return from..<max(from, min(start + length, bytes.count))
                }
                return UTF8Text.substring(bytes, position: rows.integer(1, row), length: length)
            }
        },
        ScalarFunction(
            "left", typing: Signature.of([.text, .int], { $0[0] }), "Returns the first characters.",
            example: "left('Spark', 2)"
        ) { call in
            let rows = Rows(call)
            if call.type == .binary {
                return substrings(call, rows) { 0..<max(0, min($0.count, rows.integer(1, $1))) }
            }
            return substrings(call, rows) { UTF8Text.substring($0, position: 1, length: rows.integer(1, $1)) }
        },
        ScalarFunction(
            "right", typing: Signature.of([.string, .int], .string), "Returns the last characters.",
            example: "right('Spark', 2)"
        ) { call in
            let rows = Rows(call)
            return substrings(call, rows) { bytes, row in
                let count = rows.integer(1, row)
                return count <= 0
                    ? 0..<0 : UTF8Text.substring(bytes, position: -count, length: Int(Int32.max))
            }
        },
        trim("trim", [], "Removes blanks, or given characters, from both ends.", true, true),
        trim("btrim", [], "Removes blanks, or given characters, from both ends.", true, true),
        trim("ltrim", [], "Removes blanks, or given characters, from the start.", true, false),
        trim("rtrim", [], "Removes blanks, or given characters, from the end.", false, true),
        pad("lpad", "Fills a text from the left to a length.", left: true),
        pad("rpad", "Fills a text from the right to a length.", left: false),
    ]

    /// Makes strings that are stretches of the first argument's: long ones share its bytes.
    static func substrings(
        _ call: Invocation, _ rows: Rows, _ body: (UnsafeRawBufferPointer, Int) -> Range<Int>
    ) -> Vector {
        let builder = ViewBuilder(count: call.count)
        rows.each { row in
            let view = rows.columns[0].view(row)
            view.withBytes { bytes in
                let range = body(bytes, row)
                guard let base = bytes.baseAddress, !range.isEmpty else { return }
                builder.share(StringView(base + range.lowerBound, count: range.count), row)
            }
        }
        return builder.finish(call.type, validity: rows.validity, shared: call[0].heaps)
    }

    private static func trim(
        _ name: String, _ aliases: [String], _ summary: String, _ start: Bool, _ end: Bool
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([.text, .text], optional: 1, .string), summary,
            example: "\(name)('  a  ')"
        ) { call in
            let rows = Rows(call)
            if call.arguments.count == 1 {
                return substrings(call, rows) { bytes, _ in
                    var (from, to) = (0, bytes.count)
                    if start { while from < to, bytes[from] == 32 { from += 1 } }
                    if end { while to > from, bytes[to - 1] == 32 { to -= 1 } }
                    return from..<to
                }
            }
            return rows.texts { row in
                let set = Set(rows.text(1, row).unicodeScalars)
                var text = Substring(rows.text(0, row)).unicodeScalars
                if start { while let first = text.first, set.contains(first) { text.removeFirst() } }
                if end { while let last = text.last, set.contains(last) { text.removeLast() } }
                return String(text)
            }
        }
    }

    private static func pad(_ name: String, _ summary: String, left: Bool) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.text, .int, .text], optional: 1, { $0[0] }), summary,
            example: "\(name)('a', 3, '*')"
        ) { call in
            let rows = Rows(call)
            let hasFill = call.arguments.count == 3
            if call.type == .binary { return try padBytes(call, rows, left: left) }
            return try rows.written { row, out in
                let wanted = max(0, rows.integer(1, row))
                if wanted > Limits.stringBytes {
                    throw Failure.invalidArgument(name, "the result would have \(wanted) characters")
                }
                if !MadeMemory.hasRoom(for: 2 * wanted) { return false }
                rows.columns[0].view(row).withBytes { text in
                    let count = UTF8Text.length(text)
                    if count >= wanted {
                        out.append(contentsOf: text[0..<UTF8Text.offset(text, character: wanted)])
                        return
                    }
                    if !left { out.append(contentsOf: text) }
                    if hasFill {
                        rows.columns[2].view(row).withBytes { fill($0, wanted - count, &out) }
                    } else {
                        for _ in 0..<(wanted - count) { out.append(32) }
                    }
                    if left { out.append(contentsOf: text) }
                }
                return true
            }
        }
    }

    /// Appends so many characters of a text that is repeated; none when it is empty.
    private static func fill(_ text: UnsafeRawBufferPointer, _ count: Int, _ out: inout [UInt8]) {
        let characters = UTF8Text.length(text)
        if characters == 0 { return }
        for _ in 0..<(count / characters) { out.append(contentsOf: text) }
        out.append(contentsOf: text[0..<UTF8Text.offset(text, character: count % characters)])
    }

    /// Fills binaries with the bytes of the third argument, zeros without it.
    private static func padBytes(_ call: Invocation, _ rows: Rows, left: Bool) throws -> Vector {
        try rows.bytes(.binary) { row in
            let bytes = rows.columns[0].bytes(row)
            let wanted = max(0, rows.integer(1, row))
            if wanted > Limits.stringBytes {
                throw Failure.invalidArgument(call.name, "the result would have \(wanted) bytes")
            }
            if !MadeMemory.hasRoom(for: 2 * wanted) { return nil }
            let fill = call.arguments.count == 3 ? rows.columns[2].bytes(row) : [0]
            if bytes.count >= wanted { return Array(bytes.prefix(wanted)) }
            if fill.isEmpty { return bytes }
            let padding = (0..<(wanted - bytes.count)).map { fill[$0 % fill.count] }
            return left ? padding + bytes : bytes + padding
        }
    }
}
