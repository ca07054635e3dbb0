import Vocabulary

/// Holds what a template gave, and where each stretch of it came from.
///
/// ```
///   template   SELECT {{ cols }} FROM t        marks: (0, 0, copied), (7, 10, not copied), (11, 17, copied)
///   text       SELECT a, b FROM t
/// ```
package struct RenderedText: Sendable {
    /// Says from which byte of the template the text from a byte on came.
    struct Mark: Sendable {
        var out: Int
        var offset: Int
        /// Whether it was copied, byte for byte; else an expression gave it.
        var isCopied: Bool
    }

    package let text: String
    let source: TemplateSource
    /// In the order of the text.
    let marks: [Mark]

    /// Bytes of the template.
    package var template: [UInt8] { source.bytes }

    /// Returns the place in the template of a place in the text.
    package func place(of inner: SourceLocation) -> SourceLocation {
        source.location(offset(of: inner), length: inner.length)
    }

    /// Returns the byte of the template from which a place in the text came: of what an expression gave, the
    /// expression's first.
    package func offset(of inner: SourceLocation) -> Int {
        let at = RenderedText.offset(line: inner.line, column: inner.column, in: Array(text.utf8))
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].out <= at { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return 0 }
        let mark = marks[low - 1]
        return mark.isCopied ? mark.offset + (at - mark.out) : mark.offset
    }

    /// Returns the byte where a line's column is, both from 1 on, columns counted in characters; the end of
    /// the line or of the text where there are not as many.
    package static func offset(line: Int, column: Int, in bytes: [UInt8]) -> Int {
        var start = 0
        var left = line - 1
        while left > 0, let end = bytes[start...].firstIndex(of: 10) {
            start = end + 1
            left -= 1
        }
        if left > 0 { return bytes.count }
        let end = bytes[start...].firstIndex(of: 10) ?? bytes.count
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        return min(end, start + text.prefix(max(0, column - 1)).utf8.count)
    }
}
