import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that look for something in strings, and LIKE.
enum StringSearchFunctions {
    static let all: [ScalarFunction] = [
        test("startswith", "Says whether a text begins with another.") { bytes, part in
            bytes.count >= part.count && (0..<part.count).allSatisfy { bytes[$0] == part[$0] }
        },
        test("endswith", "Says whether a text ends with another.") { bytes, part in
            let from = bytes.count - part.count
            return from >= 0 && (0..<part.count).allSatisfy { bytes[from + $0] == part[$0] }
        },
        test("contains", "Says whether a text contains another.") { UTF8Text.find($1, in: $0) != nil },
        like("like", "Says whether a text matches a pattern of % and _.", ignoreCase: false),
        like("ilike", "Says whether a text matches a pattern of % and _, ignoring case.", ignoreCase: true),
        ScalarFunction(
            "instr", typing: Signature.of([.string, .string], .int32),
            "Returns the 1-based place of a text in another, or 0.", example: "instr('abc', 'b')"
        ) { call in
            let rows = Rows(call)
            let (texts, parts) = (TextColumn(rows.columns[0]), TextColumn(rows.columns[1]))
            return rows.map(Int32.self, .int32) { row in
                let bytes = texts.bytes(row)
                guard let at = UTF8Text.find(parts.bytes(row), in: bytes) else { return 0 }
                return Int32(UTF8Text.length(UnsafeRawBufferPointer(rebasing: bytes[0..<at])) + 1)
            }
        },
        ScalarFunction(
            "locate", aliases: ["position", "charindex"],
            typing: Signature.of([.string, .string, .int], optional: 1, .int32), nulls: .handled,
            "Returns the 1-based place of a text in another from a position on, or 0.",
            example: "locate('b', 'abc')", kernel: located),
        ScalarFunction(
            "split_part", typing: Signature.of([.string, .string, .int], .string),
            "Returns a part of a text between delimiters, from the end when negative.",
            example: "split_part('a.b', '.', 2)"
        ) { call in
            let rows = Rows(call)
            for row in 0..<rows.count where rows.isValid(row) && rows.integer(2, row) == 0 {
                throw EngineError.data(
                    "INVALID_INDEX_OF_ZERO", "The index 0 is invalid: positions are counted from 1.")
            }
            return StringFunctions.substrings(call, rows) { text, row in
                let number = rows.integer(2, row)
                return rows.columns[1].view(row).withBytes { delimiter in
                    let parts = DelimitedText(text: text, delimiter: delimiter)
                    return parts.part(number > 0 ? number - 1 : number) ?? 0..<0
                }
            }
        },
        ScalarFunction(
            "substring_index", typing: Signature.of([.string, .string, .int], .string),
            "Returns what is before a number of delimiters, after them when negative.",
            example: "substring_index('a.b.c', '.', 2)"
        ) { call in
            let rows = Rows(call)
            return StringFunctions.substrings(call, rows) { text, row in
                let number = rows.integer(2, row)
                return rows.columns[1].view(row).withBytes { delimiter in
                    if number == 0 || delimiter.isEmpty { return 0..<0 }
                    let parts = DelimitedText(text: text, delimiter: delimiter)
                    if number > 0 { return 0..<(parts.part(number - 1)?.upperBound ?? text.count) }
                    return (parts.part(number)?.lowerBound ?? 0)..<text.count
                }
            }
        },
        ScalarFunction(
            "find_in_set", typing: Signature.of([.string, .string], .int32),
            "Returns the 1-based place of a text in a comma-separated list, or 0.",
            example: "find_in_set('b', 'a,b')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .int32) { row in
                let wanted = rows.columns[0].bytes(row)
                if wanted.contains(44) { return 0 }
                let parts = rows.columns[1].bytes(row).split(separator: 44, omittingEmptySubsequences: false)
                return Int32((parts.firstIndex { Array($0) == wanted } ?? -1) + 1)
            }
        },
        ScalarFunction(
            "levenshtein", typing: Signature.of([.string, .string, .int], optional: 1, .int32),
            "Counts the edits between two texts; −1 when above a limit.",
            example: "levenshtein('kitten', 'sitting')"
        ) { call in
            let rows = Rows(call)
            let bounded = call.arguments.count == 3
            var edits = EditDistance()
            return rows.map(Int32.self, .int32) { row in
                let distance = rows.columns[0].view(row).withBytes { a in
                    rows.columns[1].view(row).withBytes { b in edits.between(a, b) }
                }
                return bounded && distance > rows.integer(2, row) ? -1 : Int32(distance)
            }
        },
    ]

    /// Returns the 1-based character at which `needle` begins at or after character `start`, or 0.
    /// Computes `locate`: 0 where the position to begin at is null, whatever the others are.
    private static func located(_ call: Invocation) -> Vector {
        let hasStart = call.arguments.count == 3
        let isNull = call.arguments.map { $0.isNullConstant || $0.type == .null }
        if hasStart, isNull[2] || call[2].hasNulls {
            let columns = call.arguments.map(Column.init)
            return .of(
                .int32,
                (0..<call.count).map { row in
                    if columns[2].isNull(row) { return .integer(0) }
                    if columns[0].isNull(row) || columns[1].isNull(row) { return .null }
                    return .integer(Int64(place(columns, columns[2].integer(row), row)))
                })
        }
        if isNull.contains(true) { return .nulls(.int32, count: call.count) }
        let rows = Rows(call)
        return rows.map(Int32.self, .int32) { row in
            Int32(place(rows.columns, hasStart ? rows.integer(2, row) : 1, row))
        }
    }

    /// Returns where the first text is in the second one from a place on; one without letters is at 1.
    private static func place(_ columns: [Column], _ start: Int, _ row: Int) -> Int {
        if start < 1 { return 0 }
        return place(columns[1], columns[0].bytes(row), columns[0].view(row).count == 0 ? 1 : start, row)
    }

    private static func place(_ column: Column, _ needle: [UInt8], _ start: Int, _ row: Int) -> Int {
        column.view(row).withBytes { bytes in
            let from = start == 1 ? 0 : UTF8Text.offset(bytes, character: start - 1)
            guard let at = UTF8Text.find(needle, in: bytes, from: from) else { return 0 }
            return UTF8Text.length(UnsafeRawBufferPointer(rebasing: bytes[0..<at])) + 1
        }
    }

    private static func test(
        _ name: String, _ summary: String,
        _ body: @escaping @Sendable (UnsafeRawBufferPointer, [UInt8]) -> Bool
    ) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.text, .text], .boolean), summary,
            example: "\(name)('Spark', 'ar')"
        ) { call in
            let rows = Rows(call)
            let fixed = call[1].form == .constant && call.count > 0 ? rows.columns[1].bytes(0) : nil
            return rows.map(UInt8.self, .boolean) { row in
                let part = fixed ?? rows.columns[1].bytes(row)
                return rows.columns[0].view(row).withBytes { body($0, part) } ? 1 : 0
            }
        }
    }

    private static func like(_ name: String, _ summary: String, ignoreCase: Bool) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.string, .string, .string], optional: 1, .boolean), summary,
            example: "'Spark' \(name.uppercased()) 'S%'"
        ) { call in
            let rows = Rows(call)
            var known: (pattern: [UInt8], matcher: LikePattern)?
            let isFixed =
                call[1].form == .constant && (call.arguments.count < 3 || call[2].form == .constant)
            var texts: LikeTexts?
            return try rows.map(UInt8.self, .boolean) { row in
                if let texts { return rows.columns[0].view(row).withBytes { texts.matches($0) } ? 1 : 0 }
                if known == nil || !isFixed {
                    let bytes = rows.columns[1].bytes(row)
                    let escape = call.arguments.count == 3 ? rows.columns[2].bytes(row).first ?? 92 : 92
                    if known?.pattern != bytes || call.arguments.count == 3 {
                        known = (bytes, try LikePattern(bytes, escape: escape, ignoreCase: ignoreCase))
                    }
                    if isFixed, !ignoreCase { texts = known?.matcher.texts }
                }
                guard let known else { return 0 }
                if ignoreCase {
                    let lowered = Array(rows.text(0, row).lowercased().utf8)
                    return lowered.withUnsafeBytes { known.matcher.matches($0) } ? 1 : 0
                }
                return rows.columns[0].view(row).withBytes { known.matcher.matches($0) } ? 1 : 0
            }
        }
    }
}

/// Matches LIKE patterns: pieces of literal text and `_` between `%`s, found one after the other.
struct LikePattern {
    /// Bytes of a piece; nil stands for one character (`_`).
    private var pieces: [[UInt8?]] = [[]]
    /// The pieces, when none has a `_`.
    private(set) var texts: LikeTexts?

    /// Parses a pattern. Throws `INVALID_FORMAT.ESC_…` for an escape before anything but `%`, `_` or itself.
    init(_ pattern: [UInt8], escape: UInt8, ignoreCase: Bool) throws {
        let bytes = ignoreCase ? Array(String(decoding: pattern, as: UTF8.self).lowercased().utf8) : pattern
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            if byte == escape {
                guard i + 1 < bytes.count else {
                    throw EngineError.data(
                        "INVALID_FORMAT.ESC_AT_THE_END",
                        "The format is invalid: '\(String(decoding: pattern, as: UTF8.self))'. The escape "
                            + "character is not allowed to end with."
                    )
                }
                let next = bytes[i + 1]
                guard next == escape || next == 37 || next == 95 else {
                    throw EngineError.data(
                        "INVALID_FORMAT.ESC_IN_THE_MIDDLE",
                        "The format is invalid: '\(String(decoding: pattern, as: UTF8.self))'. The escape "
                            + "character is not allowed to precede '\(Character(UnicodeScalar(next)))'."
                    )
                }
                pieces[pieces.count - 1].append(next)
                i += 2
                continue
            }
            if byte == 37 {
                pieces.append([])
            } else {
                pieces[pieces.count - 1].append(byte == 95 ? nil : byte)
            }
            i += 1
        }
        if pieces.allSatisfy({ !$0.contains(nil) }) {
            texts = LikeTexts(pieces.map { $0.compactMap(\.self) })
        }
    }

    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let texts { return texts.matches(bytes) }
        guard let head = end(of: pieces[0], in: bytes, at: 0) else { return false }
        if pieces.count == 1 { return head == bytes.count }
        var at = head
        for piece in pieces.dropFirst().dropLast() {
            guard let next = find(piece, in: bytes, from: at) else { return false }
            at = next
        }
        return endsWith(pieces[pieces.count - 1], bytes, from: at)
    }

    /// Returns the byte after a piece that lies at `at`, or nil when it does not.
    @inline(__always)
    private func end(of piece: [UInt8?], in bytes: UnsafeRawBufferPointer, at: Int) -> Int? {
        var i = at
        for part in piece {
            guard i < bytes.count else { return nil }
            if let part {
                if bytes[i] != part { return nil }
                i &+= 1
            } else {
                i &+= 1
                while i < bytes.count, bytes[i] & 0xC0 == 0x80 { i &+= 1 }
            }
        }
        return i
    }

    private func find(_ piece: [UInt8?], in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let first = piece.first else { return from }
        var i = from
        while i < bytes.count {
            if first == nil || bytes[i] == first {
                if first != nil || bytes[i] & 0xC0 != 0x80, let found = end(of: piece, in: bytes, at: i) {
                    return found
                }
            }
            i &+= 1
        }
        return nil
    }

    private func endsWith(_ piece: [UInt8?], _ bytes: UnsafeRawBufferPointer, from: Int) -> Bool {
        if piece.isEmpty { return true }
        var i = bytes.count
        for part in piece.reversed() {
            guard i > from else { return false }
            i -= 1
            if let part {
                if bytes[i] != part { return false }
            } else {
                while i > from, bytes[i] & 0xC0 == 0x80 { i -= 1 }
            }
        }
        return true
    }
}

/// The parts of a text between delimiters, which are found from the left.
private struct DelimitedText {
    let text: UnsafeRawBufferPointer
    let delimiter: UnsafeRawBufferPointer

    /// Returns the bytes of a part: number `index` from the left, or, when it is negative, from the right, of
    /// which -1 is the last; nil where there is none. With an empty delimiter the text is one part.
    func part(_ index: Int) -> Range<Int>? {
        let wanted = index < 0 ? index + count : index
        var (number, from) = (0, 0)
        while let end = end(from: from) {
            if number == wanted { return from..<end }
            from = end + delimiter.count
            number += 1
        }
        return number == wanted ? from..<text.count : nil
    }

    private var count: Int {
        var (count, from) = (1, 0)
        while let end = end(from: from) {
            from = end + delimiter.count
            count += 1
        }
        return count
    }

    private func end(from: Int) -> Int? {
        delimiter.isEmpty ? nil : UTF8Text.find(delimiter, in: text, from: from)
    }
}
