import Templates
import Vocabulary

/// Finds the place in the user's file for a place in a query that was rendered from it.
struct QueryPlaces: Sendable {
    let text: RenderedText
    /// Where the template stands in a YAML file; nil when it is a file of its own.
    var scalar: ScalarPlaces?

    /// Returns the place in the user's file.
    func place(of inner: SourceLocation) -> SourceLocation {
        guard let scalar else { return text.place(of: inner) }
        return scalar.place(ofByte: text.offset(of: inner), in: text.template, length: inner.length)
    }
}

/// Finds places of a scalar's text in the YAML file that holds it. What is not white space stands in both in
/// the same order, whatever the style does with indentation and line breaks: so it is counted.
///
/// ```
///   sql: >              text: SELECT a FROM t
///     SELECT a
///     FROM t
/// ```
struct ScalarPlaces: Sendable {
    private let file: String
    private let bytes: [UInt8]
    private let start: Int
    /// The quote around the text; 0 for other styles.
    private let quote: UInt8

    /// `location` is where the scalar begins in the file with these bytes.
    init(_ bytes: [UInt8], at location: SourceLocation) {
        file = location.file
        self.bytes = bytes
        var at = RenderedText.offset(line: location.line, column: location.column, in: bytes)
        var quote: UInt8 = 0
        if at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "|"), UInt8(ascii: ">"):
                // The text of a block begins in the next line.
                at = (bytes[at...].firstIndex(of: 10) ?? bytes.count - 1) + 1
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                quote = bytes[at]
                at += 1
            default: break
            }
        }
        start = at
        self.quote = quote
    }

    /// Returns the place of a byte of the scalar's text.
    func place(ofByte offset: Int, in text: [UInt8], length: Int) -> SourceLocation {
        var left = text.prefix(offset).count { !ScalarPlaces.isSpace($0) }
        var at = start
        while at < bytes.count {
            let (width, counts) = character(at)
            if counts {
                if left == 0 { break }
                left -= 1
            }
            at += width
        }
        return location(min(at, bytes.count), length: length)
    }

    /// Returns the place of a place in the scalar's text.
    func place(of inner: SourceLocation, in text: [UInt8]) -> SourceLocation {
        let offset = RenderedText.offset(line: inner.line, column: inner.column, in: text)
        return place(ofByte: offset, in: text, length: inner.length)
    }

    /// Returns how many bytes of the file stand for what is at one, and whether that is a byte of the text
    /// other than white space. (Escapes by number stand for one.)
    private func character(_ at: Int) -> (width: Int, counts: Bool) {
        let byte = bytes[at]
        let next = at + 1 < bytes.count ? bytes[at + 1] : 0
        if quote == UInt8(ascii: "'"), byte == quote, next == quote { return (2, true) }
        guard quote == UInt8(ascii: "\""), byte == UInt8(ascii: "\\") else {
            return (1, !ScalarPlaces.isSpace(byte))
        }
        switch next {
        case UInt8(ascii: "x"): return (4, true)
        case UInt8(ascii: "u"): return (6, true)
        case UInt8(ascii: "U"): return (10, true)
        case 10, 32, UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "f"),
            UInt8(ascii: "v"):
            return (2, false)
        default: return (2, true)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private func location(_ at: Int, length: Int) -> SourceLocation {
        let before = bytes[..<at]
        let begin = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        var end = bytes[at...].firstIndex(of: 10) ?? bytes.count
        if end > begin, bytes[end - 1] == 13 { end -= 1 }
        end = max(end, begin)
        return SourceLocation(
            file: file, line: before.count { $0 == 10 } + 1,
            column: String(decoding: bytes[begin..<min(at, end)], as: UTF8.self).count + 1,
            wholeLine: String(decoding: bytes[begin..<end], as: UTF8.self),
            length: max(1, min(length, end - at)))
    }
}
