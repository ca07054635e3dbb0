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
    /// The text that the pattern is, where it is one of ASCII without operators: it is looked for without
    /// PCRE2.
    let literal: [UInt8]?
    /// The bounds in bytes of the match that `search` found.
    private(set) var start = 0
    private(set) var end = 0
    private let offsets: UnsafeMutablePointer<Int>
    private var groupsFound = 0
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
        let written = NegatedClasses.written(pattern)
        let compiled = pcre2_compile_8(written + [0], written.count, options, &error, &offset, nil)
        guard let compiled, let data = pcre2_match_data_create_from_pattern_8(compiled, nil) else {
            throw EngineError.data(
                "INVALID_PARAMETER_VALUE.PATTERN",
                "The value of parameter(s) `regexp` in `\(function)` is invalid: "
                    + "'\(String(decoding: pattern, as: UTF8.self))'."
            )
        }
        code = compiled
        match = data
        offsets = pcre2_get_ovector_pointer_8(data)
        literal = Self.literal(pattern)
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

    /// Returns the text that a pattern without operators stands for; nil for others, and for none of ASCII.
    private static func literal(_ pattern: [UInt8]) -> [UInt8]? {
        var (text, at): ([UInt8], Int) = ([], 0)
        while at < pattern.count {
            var byte = pattern[at]
            if "^$.|?*+()[]{}".utf8.contains(byte) || byte >= 128 || byte == 0 { return nil }
            if byte == UInt8(ascii: "\\") {
                at += 1
                guard at < pattern.count else { return nil }
                byte = pattern[at]
                let isPunctuation =
                    (33...126).contains(byte) && !(48...57).contains(byte)
                    && !(97...122).contains(byte | 32)
                if !isPunctuation { return nil }
            }
            text.append(byte)
            at += 1
        }
        return text.isEmpty ? nil : text
    }

    /// Finds the next match at or after a byte; false when there is none. Says where it lies by `start` and
    /// `end`, and by `range` where its groups do.
    @inline(__always)
    func search(_ bytes: UnsafeRawBufferPointer, from: Int) -> Bool {
        if let literal {
            guard let at = UTF8Text.find(literal, in: bytes, from: from) else { return false }
            start = at
            end = at &+ literal.count
            return true
        }
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nothing)
        let found = pcre2_match_8(code, base, bytes.count, from, 0, match, nil)
        guard found >= 0 else { return false }
        groupsFound = Int(found)
        start = offsets[0]
        end = offsets[1]
        // A group's end may lie before its start, by \\K in an assertion.
        return start <= end && end <= bytes.count
    }

    /// The bytes of a group of the match that `search` found, nil where it took no part; 0 is the whole
    /// match.
    @inline(__always)
    func range(_ group: Int) -> Range<Int>? {
        if group == 0 { return start..<end }
        let (from, to) = (offsets[group &* 2], offsets[group &* 2 &+ 1])
        return group < groupsFound && from >= 0 && from <= to ? from..<to : nil
    }

    /// The number of a group that the pattern names `(?<name>…)`; nil where it names none so.
    func group(named name: [UInt8]) -> Int? {
        let number = pcre2_substring_number_from_name_8(code, name + [0])
        return number > 0 ? Int(number) : nil
    }

    /// Where the search for the match behind the one that `search` found begins.
    @inline(__always)
    func following(_ bytes: UnsafeRawBufferPointer) -> Int {
        if start < end { return end }
        var at = end &+ 1
        while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at &+= 1 }
        return at
    }

    /// Says whether there is a match.
    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool { search(bytes, from: 0) }

    /// Finds the first match that has a width.
    func searchWide(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isFound = false
        all(bytes) {
            isFound = start < end
            return !isFound
        }
        return isFound
    }

    /// Calls `body` after each match from left to right, until it returns false.
    @inline(__always)
    func all(_ bytes: UnsafeRawBufferPointer, from: Int = 0, _ body: () -> Bool) {
        var at = from
        while at <= bytes.count, search(bytes, from: at) {
            let next = following(bytes)
            if !body() { return }
            at = next
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
