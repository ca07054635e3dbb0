import Vocabulary

/// Marks a half-open stretch of a SQL text, in UTF-8 bytes from its start.
package struct SourceSpan: Sendable, Hashable {
    package var start: Int32
    package var end: Int32

    package init(start: Int, end: Int) {
        self.start = Int32(clamping: start)
        self.end = Int32(clamping: max(start, end))
    }

    /// Returns the least span that covers both.
    package func union(_ other: SourceSpan) -> SourceSpan {
        SourceSpan(start: Int(min(start, other.start)), end: Int(max(end, other.end)))
    }

    /// The span of nodes that no text stands for.
    package static let none = SourceSpan(start: 0, end: 0)
}

/// Holds one SQL text with its name, and turns spans into places that messages can show.
package struct SQLSource: Sendable, Hashable {
    /// File name as the user gave it, or `<command line>`.
    package let file: String
    package let bytes: [UInt8]
    /// Where the lines begin, in order.
    private let lineStarts: [Int32]
    private let columns: LongLineColumns

    package init(_ text: String, file: String = "<command line>") {
        self.file = file
        let bytes = Array(text.utf8)
        self.bytes = bytes
        lineStarts = Self.lineStarts(bytes)
        columns = LongLineColumns(bytes, lineStarts)
    }

    /// Returns the text of a span; bytes that are no UTF-8 come out as replacement characters.
    package func text(_ span: SourceSpan) -> String {
        let start = max(0, min(Int(span.start), bytes.count))
        let end = max(start, min(Int(span.end), bytes.count))
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private static func lineStarts(_ bytes: [UInt8]) -> [Int32] {
        var starts: [Int32] = [0]
        for (index, byte) in bytes.enumerated() where byte == 0x0A {
            starts.append(Int32(clamping: index + 1))
        }
        return starts
    }

    /// Returns the number of a byte's line, from 0.
    private func line(of index: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(lineStarts[middle]) <= index { low = middle } else { high = middle }
        }
        return low
    }

    /// Returns the span of a place that `location` gave; nil for one in a line of which only a window is
    /// shown.
    package func span(of location: SourceLocation) -> SourceSpan? {
        guard lineStarts.indices.contains(location.line - 1),
            (1...SourceLocation.wholeColumns).contains(location.column)
        else { return nil }
        let start = Int(lineStarts[location.line - 1])
        let shown = Array(location.lineText.utf8)
        guard start + shown.count <= bytes.count, bytes[start..<start + shown.count].elementsEqual(shown)
        else {
            return nil
        }
        let before = location.lineText.prefix(location.column - 1)
        let marked = location.lineText.dropFirst(location.column - 1).prefix(location.length)
        let begin = start + before.utf8.count
        return SourceSpan(start: begin, end: begin + marked.utf8.count)
    }

    /// Returns line, column and line text of a span. A span over several lines is cut at the end of its
    /// first.
    package func location(_ span: SourceSpan) -> SourceLocation {
        let start = max(0, min(Int(span.start), bytes.count))
        let line = line(of: start)
        let lineStart = Int(lineStarts[line])
        var lineEnd = line + 1 < lineStarts.count ? Int(lineStarts[line + 1]) - 1 : bytes.count
        if lineEnd > lineStart, bytes[lineEnd - 1] == 0x0D, lineEnd - 1 >= start { lineEnd -= 1 }
        let end = max(start, min(Int(span.end), lineEnd))
        let marked = String(decoding: bytes[start..<end], as: UTF8.self).count
        let column = columns.column(of: start, in: bytes, lineStart: lineStart)
        // Of a long line (generated SQL) only what is near is decoded: each expression of a plan has a place.
        let before =
            column > SourceLocation.wholeColumns
            ? lead(before: start, lineStart: lineStart)
            : String(decoding: bytes[lineStart..<start], as: UTF8.self)
        let after = String(
            decoding: bytes[start..<min(lineEnd, max(end, start + Self.nearBytes))], as: UTF8.self)
        return SourceLocation(
            file: file, line: line + 1, column: column,
            lineText: before + after.prefix(max(marked, SourceLocation.lead)), length: max(1, marked))
    }

    /// Bytes that are looked at around a place: more than `SourceLocation.lead` characters, but for odd
    /// texts.
    private static let nearBytes = 1024

    /// Returns the `SourceLocation.lead` characters before a place that has as many on its line.
    private func lead(before start: Int, lineStart: Int) -> String {
        for first in [max(lineStart, start - Self.nearBytes), lineStart] {
            let text = String(decoding: bytes[first..<start], as: UTF8.self)
            // The first may be a part of a character, if it is not the line's.
            if text.count > SourceLocation.lead { return String(text.suffix(SourceLocation.lead)) }
        }
        return ""
    }
}
