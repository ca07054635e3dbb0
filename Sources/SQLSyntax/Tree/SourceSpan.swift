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

    package init(_ text: String, file: String = "<command line>") {
        self.file = file
        self.bytes = Array(text.utf8)
    }

    /// Returns the text of a span; bytes that are no UTF-8 come out as replacement characters.
    package func text(_ span: SourceSpan) -> String {
        let start = max(0, min(Int(span.start), bytes.count))
        let end = max(start, min(Int(span.end), bytes.count))
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Returns line, column and line text of a span. A span over several lines is cut at the end of its
    /// first.
    package func location(_ span: SourceSpan) -> SourceLocation {
        let start = max(0, min(Int(span.start), bytes.count))
        var line = 1
        var lineStart = 0
        var index = 0
        while index < start {
            if bytes[index] == 0x0A {
                line += 1
                lineStart = index + 1
            }
            index += 1
        }
        var lineEnd = start
        while lineEnd < bytes.count, bytes[lineEnd] != 0x0A { lineEnd += 1 }
        if lineEnd > lineStart, bytes[lineEnd - 1] == 0x0D, lineEnd - 1 >= start { lineEnd -= 1 }
        let end = max(start, min(Int(span.end), lineEnd))
        // A very long line (generated SQL) is shown as a window around the place.
        let shownStart = start - lineStart > 400 ? start - 200 : lineStart
        let shownEnd = min(lineEnd, max(end, start + 200))
        let before = String(decoding: bytes[shownStart..<start], as: UTF8.self)
        let marked = String(decoding: bytes[start..<min(end, shownEnd)], as: UTF8.self)
        let shown = String(decoding: bytes[shownStart..<max(shownStart, shownEnd)], as: UTF8.self)
        return SourceLocation(
            file: file, line: line, column: before.count + 1, lineText: shown, length: max(1, marked.count))
    }
}
