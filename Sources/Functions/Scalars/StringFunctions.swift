import CKernels
import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Computes with UTF-8 bytes.
enum UTF8Text {
    /// Number of characters (code points).
    @inline(__always)
    static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
        var n = 0
        var i = 0
        let count = bytes.count
        while i < count {
            n &+= bytes[i] & 0xC0 == 0x80 ? 0 : 1
            i &+= 1
        }
        return n
    }

    static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var all: UInt8 = 0
        var i = 0
        let count = bytes.count
        while i < count {
            all |= bytes[i]
            i &+= 1
        }
        return all < 0x80
    }

    /// Returns the byte at which character number `index` begins; the end when there are fewer.
    static func offset(_ bytes: UnsafeRawBufferPointer, character index: Int) -> Int {
        var n = -1
        var i = 0
        while i < bytes.count {
            if bytes[i] & 0xC0 != 0x80 {
                n += 1
                if n == index { return i }
            }
            i += 1
        }
        return bytes.count
    }

    /// Returns the byte range of `length` characters from a 1-based `position`, counted from the end when
    /// negative, as Spark's substring does.
    static func substring(_ bytes: UnsafeRawBufferPointer, position: Int, length: Int) -> Range<Int> {
        let ascii = isASCII(bytes)
        let total = ascii ? bytes.count : self.length(bytes)
        let start = position > 0 ? position - 1 : (position < 0 ? total + position : 0)
        let end = length >= Int(Int32.max) ? total : start + length
        let (from, to) = (min(max(start, 0), total), min(max(end, 0), total))
        if to <= from { return 0..<0 }
        if ascii { return from..<to }
        return offset(bytes, character: from)..<offset(bytes, character: to)
    }

    /// Returns the first place of `needle` at or after `from`, or nil.
    static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer, from: Int = 0) -> Int? {
        needle.withUnsafeBytes { find($0, in: bytes, from: from) }
    }

    static func find(
        _ needle: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, from: Int = 0
    ) -> Int? {
        guard let wanted = needle.baseAddress, !needle.isEmpty else {
            return from <= bytes.count ? from : nil
        }
        guard let base = bytes.baseAddress, bytes.count - from >= needle.count else { return nil }
        let text = base.assumingMemoryBound(to: UInt8.self) + from
        let at = text_find(
            text, Int64(bytes.count - from), wanted.assumingMemoryBound(to: UInt8.self), Int64(needle.count))
        return at < 0 ? nil : from + Int(at)
    }
}

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
                return rows.scalars(call.type) { row in
                    .array(rows.columns[0].range(row).reversed().map { call[0].children[0].scalar(at: $0) })
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
            return try rows.bytes { row in
                let count = max(0, rows.integer(0, row))
                if count > Limits.stringBytes {
                    throw Failure.invalidArgument("space", "the result would have \(count) bytes")
                }
                return [UInt8](repeating: 32, count: count)
            }
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
            let fill = call.arguments.count == 3 ? rows.columns[2].bytes(row) : [0]
            if bytes.count >= wanted { return Array(bytes.prefix(wanted)) }
            if fill.isEmpty { return bytes }
            let padding = (0..<(wanted - bytes.count)).map { fill[$0 % fill.count] }
            return left ? padding + bytes : bytes + padding
        }
    }

    private static let building: [ScalarFunction] = [
        ScalarFunction(
            "concat",
            typing: { request in
                if request.types.contains(where: { if case .array = $0 { true } else { false } }) {
                    return try Signature.common()(request)
                }
                let binary = !request.types.isEmpty && request.types.allSatisfy { $0 == .binary }
                return try Signature.variadic(rest: binary ? .of(.binary) : .string) { _ in
                    binary ? .binary : .string
                }(request)
            }, "Joins texts, binaries or arrays.", example: "concat('a', 'b')"
        ) { call in
            let rows = Rows(call)
            if case .array = call.type {
                return rows.scalars(call.type) { row in
                    .array(
                        rows.columns.flatMap { column in
                            column.range(row).map { column.vector.children[0].scalar(at: $0) }
                        })
                }
            }
            return concat(call, rows)
        },
        ScalarFunction(
            "concat_ws",
            typing: { request in
                let types = request.types.enumerated().map { i, type -> DataType in
                    if i > 0, case .array = type { return .array(.string, containsNull: true) }
                    return .string
                }
                return Typing(types, .string)
            }, nulls: .handled, "Joins texts with a separator, nulls left out.",
            example: "concat_ws(',', 'a', 'b')"
        ) { call in
            joined(call)
        },
        ScalarFunction(
            "repeat", typing: Signature.of([.string, .int], .string), "Repeats a text.",
            example: "repeat('a', 3)"
        ) { call in
            let rows = Rows(call)
            return try rows.bytes { row in
                let bytes = rows.columns[0].bytes(row)
                let times = max(0, rows.integer(1, row))
                if bytes.count * times > Limits.stringBytes {
                    throw Failure.invalidArgument(
                        "repeat", "the result would have \(bytes.count * times) bytes")
                }
                return Array(repeatElement(bytes, count: times).joined())
            }
        },
        ScalarFunction(
            "replace", typing: Signature.of([.string, .string, .string], optional: 1, .string),
            "Replaces every place where a text occurs.", example: "replace('abc', 'b', 'x')"
        ) { call in
            let rows = Rows(call)
            let hasTarget = call.arguments.count == 3
            return rows.written { row, out in
                rows.columns[1].view(row).withBytes { needle in
                    rows.columns[0].view(row).withBytes { bytes in
                        var from = 0
                        while !needle.isEmpty, let at = UTF8Text.find(needle, in: bytes, from: from) {
                            out.append(contentsOf: bytes[from..<at])
                            if hasTarget {
                                rows.columns[2].view(row).withBytes { out.append(contentsOf: $0) }
                            }
                            from = at + needle.count
                        }
                        out.append(contentsOf: bytes[from..<bytes.count])
                    }
                }
                return true
            }
        },
        ScalarFunction(
            "translate", typing: Signature.of([.string, .string, .string], .string),
            "Replaces characters one by one.", example: "translate('abc', 'ab', 'xy')"
        ) { call in
            let rows = Rows(call)
            let isSame = rows.columns[1].vector.form == .constant && rows.columns[2].vector.form == .constant
            var known: Translation?
            return rows.written { row, out in
                let table = known ?? Translation(rows.text(1, row), to: rows.text(2, row))
                if isSame { known = table }
                rows.columns[0].view(row).withBytes { table.translate($0, &out) }
                return true
            }
        },
        ScalarFunction(
            "overlay", typing: Signature.of([.text, .text, .int, .int], optional: 1, { $0[0] }),
            "Replaces a stretch of a text.", example: "overlay('Spark', '_', 3)"
        ) { call in
            let rows = Rows(call)
            let hasLength = call.arguments.count == 4
            if call.type == .binary {
                return rows.bytes(.binary) { row in
                    let (bytes, insert) = (rows.columns[0].bytes(row), rows.columns[1].bytes(row))
                    let start = max(0, rows.integer(2, row) - 1)
                    var length = hasLength ? rows.integer(3, row) : -1
                    if length < 0 { length = insert.count }
                    return bytes.prefix(start) + insert + bytes.dropFirst(start &+ length)
                }
            }
            return rows.texts { row in
                let text = Array(rows.text(0, row).unicodeScalars)
                let insert = rows.text(1, row)
                let position = rows.integer(2, row)
                var length = hasLength ? rows.integer(3, row) : -1
                if length < 0 { length = insert.unicodeScalars.count }
                let head = text.prefix(max(0, position - 1))
                let tail = text.dropFirst(max(0, position - 1 + length))
                return String(String.UnicodeScalarView(head)) + insert
                    + String(String.UnicodeScalarView(tail))
            }
        },
    ]

    /// Joins texts, and elements of arrays of texts, with the first argument between them.
    private static func joined(_ call: Invocation) -> Vector {
        let columns = call.arguments.map(Column.init)
        let separator = columns[0]
        let parts = columns.dropFirst().map { column in
            (column, column.vector.type == .string ? nil : Column(column.vector.children[0].flattened()))
        }
        let builder = ViewBuilder(count: call.count)
        var nulls = NullCollector(nil, count: call.count)
        var out: [UInt8] = []
        for row in 0..<call.count {
            if separator.isNull(row) {
                nulls.setNull(row)
                continue
            }
            out.removeAll(keepingCapacity: true)
            var isFirst = true
            func append(_ column: Column, _ at: Int) {
                if column.isNull(at) { return }
                if !isFirst { separator.view(row).withBytes { out.append(contentsOf: $0) } }
                isFirst = false
                column.view(at).withBytes { out.append(contentsOf: $0) }
            }
            for (column, elements) in parts where !column.isNull(row) {
                if let elements {
                    for at in column.range(row) { append(elements, at) }
                } else {
                    append(column, row)
                }
            }
            builder.put(out, row)
        }
        return builder.finish(.string, validity: nulls.validity)
    }

    /// Joins bytes; the lengths are known before anything is copied.
    private static func concat(_ call: Invocation, _ rows: Rows) -> Vector {
        let builder = ViewBuilder(count: call.count)
        let columns = rows.columns
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { short in
            rows.each { row in
                var total = 0
                for column in columns { total &+= column.view(row).count }
                guard total > 0, let small = short.baseAddress else { return }
                let target = total <= 12 ? small : builder.reserve(total)
                var at = target
                for column in columns {
                    let view = column.view(row)
                    view.copyBytes(to: at)
                    at += view.count
                }
                builder.share(StringView(target, count: total), row)
            }
        }
        return builder.finish(call.type, validity: rows.validity)
    }
}

/// What `translate` does to characters.
private struct Translation {
    private var table: [UnicodeScalar: UnicodeScalar?] = [:]
    /// For each ASCII character what stands for it, 255 for nothing; nil where one of them is not ASCII.
    private var bytes: [UInt8]?

    init(_ from: String, to: String) {
        let targets = Array(to.unicodeScalars)
        for (i, scalar) in from.unicodeScalars.enumerated() where table[scalar] == nil {
            table[scalar] = .some(i < targets.count ? targets[i] : nil)
        }
        guard table.allSatisfy({ $0.key.isASCII && $0.value?.isASCII != false }) else { return }
        var plain = (0..<128).map { UInt8($0) }
        for (scalar, target) in table { plain[Int(scalar.value)] = target.map { UInt8($0.value) } ?? 255 }
        bytes = plain
    }

    func translate(_ text: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        if let bytes {
            // Bytes of other characters stay.
            for byte in text {
                let target = byte < 128 ? bytes[Int(byte)] : byte
                if byte >= 128 || target != 255 { out.append(target) }
            }
            return
        }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            guard let entry = table[scalar] else {
                out.append(contentsOf: String(scalar).utf8)
                continue
            }
            if let entry { out.append(contentsOf: String(entry).utf8) }
        }
    }
}

/// Bounds what functions make.
enum Limits {
    /// Longest string a function makes, bytes.
    static let stringBytes = 1 << 30
}

/// Computes Soundex codes as Spark does.
enum Soundex {
    static func code(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let codes = Array("0123012-02245501262301-202".utf8)
        func upper(_ byte: UInt8) -> UInt8 { byte &- 97 < 26 ? byte ^ 32 : byte }
        guard let first = bytes.first.map(upper), first &- 65 < 26 else { return Array(bytes) }
        var result = [first]
        var last = codes[Int(first - 65)]
        for byte in bytes.dropFirst() {
            let letter = upper(byte)
            guard letter &- 65 < 26 else {
                last = 48
                continue
            }
            let code = codes[Int(letter - 65)]
            if code == 45 { continue }
            if code != 48, code != last { result.append(code) }
            last = code
            if result.count == 4 { break }
        }
        while result.count < 4 { result.append(48) }
        return result
    }
}
