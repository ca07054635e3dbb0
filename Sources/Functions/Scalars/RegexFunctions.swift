import CPCRE2
import Columns
import Kernels
import Memory
import Vocabulary

/// Matches a regular expression of Java's syntax (PCRE2, compiled to machine code). Used by one thread.
final class RegularExpression {
    private let code: OpaquePointer
    private let match: OpaquePointer
    let groupCount: Int
    /// Stands for the bytes of an empty text.
    private let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

    /// Compiles a pattern. Throws `INVALID_PARAMETER_VALUE.PATTERN`.
    init(_ pattern: [UInt8], function: String) throws {
        var error: Int32 = 0
        var offset = 0
        if let letter = Self.unknownEscape(pattern) {
            throw EngineError.data(
                "INVALID_PARAMETER_VALUE.PATTERN",
                "The value of parameter(s) `regexp` in `\(function)` is invalid: "
                    + "'\(String(decoding: pattern, as: UTF8.self))' escapes \(letter), which means nothing.",
                remedy: "Write two backslashes for one, or leave it out.")
        }
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) | UInt32(PCRE2_ALT_BSUX)
        let compiled = pcre2_compile_8(pattern + [0], pattern.count, options, &error, &offset, nil)
        guard let compiled, let data = pcre2_match_data_create_from_pattern_8(compiled, nil) else {
            throw EngineError.data(
                "INVALID_PARAMETER_VALUE.PATTERN",
                "The value of parameter(s) `regexp` in `\(function)` is invalid: "
                    + "'\(String(decoding: pattern, as: UTF8.self))'."
            )
        }
        code = compiled
        match = data
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        var count: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        groupCount = Int(count)
    }

    /// Returns a letter behind a backslash that Java gives no meaning, some of which PCRE2 knows; or nil.
    private static func unknownEscape(_ pattern: [UInt8]) -> Character? {
        var (at, isQuoted) = (0, false)
        while at + 1 < pattern.count {
            guard pattern[at] == UInt8(ascii: "\\") else {
                at += 1
                continue
            }
            let next = pattern[at + 1]
            let letter = Character(Unicode.Scalar(next))
            if isQuoted {
                if letter == "E" { isQuoted = false }
                at += letter == "E" ? 2 : 1
                continue
            }
            if letter == "Q" { isQuoted = true }
            if (97...122).contains(next | 32), !"abBAcdDeEfGhHknNpPQrRsStuvVwWxXzZ".contains(letter) {
                return letter
            }
            at += 2
        }
        return nil
    }

    deinit {
        nothing.deallocate()
        pcre2_match_data_free_8(match)
        pcre2_code_free_8(code)
    }

    /// Finds the next match at or after a byte. Returns the byte ranges of the match and its groups (nil
    /// where a group took no part), or nil when there is none.
    func find(_ bytes: UnsafeRawBufferPointer, from: Int, notEmpty: Bool = false) -> [Range<Int>?]? {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nothing)
        let options = notEmpty ? UInt32(PCRE2_NOTEMPTY_ATSTART) : 0
        let found = pcre2_match_8(code, base, bytes.count, from, options, match, nil)
        guard found >= 0, let offsets = pcre2_get_ovector_pointer_8(match) else { return nil }
        return (0...groupCount).map { group in
            let (start, end) = (offsets[group * 2], offsets[group * 2 + 1])
            return group < found && start <= end && end <= bytes.count ? start..<end : nil
        }
    }

    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nothing)
        return pcre2_match_8(code, base, bytes.count, 0, 0, match, nil) >= 0
    }

    /// Calls `body` for every match from left to right until it returns false.
    func all(_ bytes: UnsafeRawBufferPointer, from: Int = 0, _ body: ([Range<Int>?]) -> Bool) {
        var at = from
        while at <= bytes.count, let groups = find(bytes, from: at), let whole = groups[0] {
            if !body(groups) { return }
            if whole.isEmpty {
                at = whole.upperBound + 1
                while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
            } else {
                at = whole.upperBound
            }
        }
    }
}

/// Keeps the expression that was compiled last; patterns hardly ever change between rows.
struct RegexCache {
    private var pattern: [UInt8] = []
    private var expression: RegularExpression?
    private let function: String

    init(_ function: String) { self.function = function }

    mutating func expression(_ column: Column, _ row: Int) throws -> RegularExpression {
        if let expression, column.vector.form == .constant { return expression }
        let bytes = column.bytes(row)
        if let expression, bytes == pattern { return expression }
        let compiled = try RegularExpression(bytes, function: function)
        pattern = bytes
        expression = compiled
        return compiled
    }
}

/// Declares functions of regular expressions.
enum RegexFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "rlike", aliases: ["regexp", "regexp_like"], typing: Signature.of([.string, .string], .boolean),
            "Says whether a regular expression matches somewhere.", example: "'Spark' RLIKE '^S'"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("rlike")
            return try rows.map(UInt8.self, .boolean) { row in
                let expression = try cache.expression(rows.columns[1], row)
                return rows.columns[0].view(row).withBytes { expression.matches($0) } ? 1 : 0
            }
        },
        ScalarFunction(
            "regexp_replace", typing: Signature.of([.string, .string, .string, .int], optional: 1, .string),
            "Replaces every match; $1 stands for a group.",
            example: "regexp_replace('100-200', '(\\\\d+)', 'num')"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_replace")
            let hasStart = call.arguments.count == 4
            return try rows.bytes { row in
                let expression = try cache.expression(rows.columns[1], row)
                let replacement = rows.columns[2].bytes(row)
                return try rows.columns[0].view(row).withBytes { bytes in
                    let start =
                        hasStart ? UTF8Text.offset(bytes, character: max(0, rows.integer(3, row) - 1)) : 0
                    return try replace(expression, bytes, start, replacement)
                }
            }
        },
        ScalarFunction(
            "regexp_extract", typing: Signature.of([.string, .string, .int], optional: 1, .string),
            "Returns a group of the first match, empty without one.",
            example: "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_extract")
            return try rows.bytes { row in
                let expression = try cache.expression(rows.columns[1], row)
                let group = try group(call, rows, row, expression)
                return rows.columns[0].view(row).withBytes { bytes in
                    guard let range = expression.find(bytes, from: 0)?[group] else { return [] }
                    return Array(bytes[range])
                }
            }
        },
        ScalarFunction(
            "regexp_extract_all",
            typing: Signature.of([.string, .string, .int], optional: 1, .array(.string, containsNull: true)),
            "Returns a group of every match.", example: "regexp_extract_all('1a2b', '(\\\\d)', 1)"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_extract_all")
            return try rows.scalars(call.type) { row in
                let expression = try cache.expression(rows.columns[1], row)
                let group = try group(call, rows, row, expression)
                var found: [Scalar] = []
                rows.columns[0].view(row).withBytes { bytes in
                    expression.all(bytes) { groups in
                        found.append(
                            .string(groups[group].map { String(decoding: bytes[$0], as: UTF8.self) } ?? ""))
                        return true
                    }
                }
                return .array(found)
            }
        },
        ScalarFunction(
            "regexp_count", typing: Signature.of([.string, .string], .int32), "Counts the matches.",
            example: "regexp_count('aab', 'a')"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_count")
            return try rows.map(Int32.self, .int32) { row in
                let expression = try cache.expression(rows.columns[1], row)
                var count: Int32 = 0
                rows.columns[0].view(row).withBytes { bytes in
                    expression.all(bytes) { _ in
                        count += 1
                        return true
                    }
                }
                return count
            }
        },
        ScalarFunction(
            "split",
            typing: Signature.of(
                [.string, .string, .int], optional: 1, .array(.string, containsNull: false)),
            "Splits a text at the matches of a regular expression.", example: "split('a,b', ',')"
        ) { call in
            try split(call)
        },
    ]

    private static func group(
        _ call: Invocation, _ rows: Rows, _ row: Int, _ expression: RegularExpression
    ) throws -> Int {
        let group = call.arguments.count > 2 ? rows.integer(2, row) : 1
        if group >= 0, group <= expression.groupCount { return group }
        throw EngineError.data(
            "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
            "The value of parameter(s) `idx` in `\(call.name)` is invalid: Expects group index between 0 "
                + "and \(expression.groupCount), but got \(group)."
        )
    }

    /// Returns lists of the stretches of texts between matches; long ones share the texts' bytes.
    private static func split(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        var cache = RegexCache("split")
        let hasLimit = call.arguments.count == 3
        let offsets = Buffer(byteCount: (call.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var views: [StringView] = []
        for row in 0..<call.count {
            if rows.isValid(row) {
                let expression = try cache.expression(rows.columns[1], row)
                let limit = hasLimit ? rows.integer(2, row) : -1
                rows.columns[0].view(row).withBytes { split(expression, $0, limit, &views) }
            }
            ends[row + 1] = Int32(truncatingIfNeeded: views.count)
        }
        let items = Buffer(byteCount: max(views.count * 16, 16))
        views.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { items.base.copyMemory(from: base, byteCount: bytes.count) }
        }
        let parts = Vector.flat(
            .string, count: views.count, values: items, validity: nil, heaps: call[0].heaps)
        return .flat(
            call.type, count: call.count, values: offsets, validity: rows.validity, children: [parts])
    }

    private static func split(
        _ expression: RegularExpression, _ bytes: UnsafeRawBufferPointer, _ limit: Int,
        _ parts: inout [StringView]
    ) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            parts.append(StringView(head: 0, tail: 0))
            return
        }
        var from = 0
        var made = 0
        expression.all(bytes) { groups in
            guard let whole = groups[0] else { return false }
            if limit > 0, made == limit - 1 { return false }
            // Java gives no empty part for a match of no width at the start.
            if whole.isEmpty, whole.lowerBound == 0 || whole.lowerBound >= bytes.count { return true }
            parts.append(StringView(base + from, count: whole.lowerBound - from))
            made += 1
            from = whole.upperBound
            return true
        }
        parts.append(StringView(base + from, count: bytes.count - from))
    }

    private static func replace(
        _ expression: RegularExpression, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ replacement: [UInt8]
    ) throws -> [UInt8] {
        var result: [UInt8] = []
        var from = 0
        var bad: Int?
        expression.all(bytes, from: start) { groups in
            guard let whole = groups[0] else { return false }
            result.append(contentsOf: bytes[from..<whole.lowerBound])
            var i = 0
            while i < replacement.count {
                let byte = replacement[i]
                if byte == 92, i + 1 < replacement.count {
                    result.append(replacement[i + 1])
                    i += 2
                } else if byte == 36, i + 1 < replacement.count, (48...57).contains(replacement[i + 1]) {
                    var group = Int(replacement[i + 1] - 48)
                    i += 2
                    while i < replacement.count, (48...57).contains(replacement[i]),
                        group * 10 + Int(replacement[i] - 48) < groups.count
                    {
                        group = group * 10 + Int(replacement[i] - 48)
                        i += 1
                    }
                    if group >= groups.count {
                        bad = group
                    } else if let range = groups[group] {
                        result.append(contentsOf: bytes[range])
                    }
                } else {
                    result.append(byte)
                    i += 1
                }
            }
            from = whole.upperBound
            return bad == nil
        }
        if let bad { throw Failure.invalidArgument("regexp_replace", "there is no group \(bad)") }
        result.append(contentsOf: bytes[from..<bytes.count])
        return result
    }
}
