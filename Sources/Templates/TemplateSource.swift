import Vocabulary

/// Bounds what a template may cost.
package enum TemplateLimits {
    /// Longest template, bytes.
    package static let templateBytes = 4 << 20
    /// Longest rendered text, bytes.
    package static let outputBytes = 16 << 20
    /// Most passes through loops in one rendering, all loops together.
    package static let loopPasses = 100_000
    /// Most values that changes of lists and maps copy in one rendering: a list that grows one by one has
    /// some thousand elements then.
    package static let changedValues = 20_000_000
    /// Deepest nesting of blocks, expressions and macro calls.
    package static let depth = 64
    /// Most elements of one list, from `range` or a sum of lists.
    package static let listElements = 100_000
    /// Most values within one value, those of nested lists and maps counted wherever they stand.
    package static let nestedValues = 200_000
}

/// Holds a template's text and finds places in it.
struct TemplateSource: Sendable {
    let file: String
    let bytes: [UInt8]

    /// Returns the place of a stretch of bytes, for messages with a caret.
    func location(_ offset: Int, length: Int = 1) -> SourceLocation {
        let at = min(max(0, offset), bytes.count)
        var line = 1
        var start = 0
        for index in 0..<at where bytes[index] == 10 {
            line += 1
            start = index + 1
        }
        var end = start
        while end < bytes.count, bytes[end] != 10, bytes[end] != 13 { end += 1 }
        let column = String(decoding: bytes[start..<at], as: UTF8.self).count + 1
        return SourceLocation(
            file: file, line: line, column: column,
            wholeLine: String(decoding: bytes[start..<end], as: UTF8.self),
            length: max(1, min(length, end - at)))
    }

    /// Returns an error of the user's at a place of this template.
    func error(
        _ message: String, at offset: Int, length: Int = 1, remedy: String? = nil,
        code: String = "TEMPLATE_ERROR"
    ) -> EngineError {
        .user(code, message, remedy: remedy, at: location(offset, length: length))
    }
}
