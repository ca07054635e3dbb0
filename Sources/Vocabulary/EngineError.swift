/// Names whose fault an error is. It decides the retry, the exit status and the HTTP status.
package enum Blame: String, Sendable, Hashable, CaseIterable {
    /// The request is wrong (SQL text, option, path): never retried, exit status 1 (2 for bad usage), HTTP
    /// 400.
    case user
    /// The input data is wrong (broken record, truncated file): never retried, exit status 1, HTTP 422.
    case data
    /// The machine or the network failed: retried on another worker, HTTP 503.
    case system
    /// Millrace broke one of its own rules: retried once, HTTP 500.
    case `internal`
}

/// Points at a stretch of a text that the user wrote, for messages with a caret.
package struct SourceLocation: Sendable, Hashable {
    /// File name as the user gave it, or `<command line>`.
    package var file: String
    /// 1-based line.
    package var line: Int
    /// 1-based column, counted in characters.
    package var column: Int
    /// The text of that line, without its line break; of a long line (generated SQL) the stretch around the
    /// place, see `lineTextColumn`.
    package var lineText: String
    /// Number of characters to underline, at least 1.
    package var length: Int

    /// Beyond this column `lineText` begins `lead` characters before the place.
    package static let wholeColumns = 400
    /// Characters before and after a place that are shown of a long line.
    package static let lead = 200

    /// The place's 1-based column within `lineText`.
    package var lineTextColumn: Int { column > Self.wholeColumns ? Self.lead + 1 : column }

    /// What goes below `lineText`: carets under the stretch, whatever tabs and wide characters stand before
    /// it.
    var caretLine: String {
        let before = lineText.prefix(max(0, lineTextColumn - 1))
        let marked = lineText.dropFirst(max(0, lineTextColumn - 1)).prefix(max(1, length))
        let indent = before.map { character in
            character == "\t" ? "\t" : String(repeating: " ", count: CharacterCells.width(character))
        }.joined()
        let missing = max(0, lineTextColumn - 1 - before.count)
        let carets = max(1, CharacterCells.of(String(marked)), marked.isEmpty ? length : 1)
        return indent + String(repeating: " ", count: missing) + String(repeating: "^", count: carets)
    }

    package init(file: String, line: Int, column: Int, lineText: String, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.lineText = lineText
        self.length = length
    }

    /// Makes the place of a file as a whole, of which no line is shown.
    package init(wholeFile file: String) { self.init(file: file, line: 1, column: 1, lineText: "") }

    /// Whether no line is shown: the place is a file as a whole, or there is nothing in it.
    var isWholeFile: Bool { line == 1 && column == 1 && lineText.isEmpty }

    /// Makes the place at a column of a whole line, of which it keeps what is shown.
    package init(file: String, line: Int, column: Int, wholeLine: some StringProtocol, length: Int = 1) {
        let first = column > Self.wholeColumns ? column - 1 - Self.lead : 0
        let shown = wholeLine.dropFirst(first).prefix(column - 1 - first + max(length, Self.lead))
        self.init(file: file, line: line, column: column, lineText: String(shown), length: length)
    }
}

/// Carries every failure of the engine, from a kernel to the message that a user reads.
///
/// `code` is a stable, upper-case Spark error class where Spark has one (`DIVIDE_BY_ZERO`,
/// `UNRESOLVED_COLUMN`, `PATH_NOT_FOUND`, …), so that users can search for it.
package struct EngineError: Error, Sendable, Hashable, CustomStringConvertible {
    package var blame: Blame
    package var code: String
    /// One sentence that says what is wrong; values come last.
    package var message: String
    /// What to do about it; nil where the message says it already.
    package var remedy: String?
    package var location: SourceLocation?

    package init(
        _ blame: Blame, _ code: String, _ message: String, remedy: String? = nil,
        at location: SourceLocation? = nil
    ) {
        self.blame = blame
        self.code = code
        self.message = message
        self.remedy = remedy
        self.location = location
    }

    /// Returns an error that blames the user.
    package static func user(
        _ code: String, _ message: String, remedy: String? = nil, at location: SourceLocation? = nil
    ) -> EngineError {
        EngineError(.user, code, message, remedy: remedy, at: location)
    }

    /// Returns an error that blames the input data.
    package static func data(_ code: String, _ message: String, remedy: String? = nil) -> EngineError {
        EngineError(.data, code, message, remedy: remedy)
    }

    /// Returns an error that blames the machine or the network; the task is tried again.
    package static func system(_ code: String, _ message: String, remedy: String? = nil) -> EngineError {
        EngineError(.system, code, message, remedy: remedy)
    }

    /// Returns an error that blames Millrace itself.
    package static func `internal`(_ message: String) -> EngineError {
        EngineError(
            .internal, "INTERNAL_ERROR", message,
            remedy: "This is a bug in Millrace; please report it with the job's text.")
    }

    /// Renders `[CODE] message`, the place with a caret, and the remedy, one below the other.
    package var description: String {
        var text = "[\(code)] \(message)"
        if let location {
            text += "\n  --> \(location.file):\(location.line):\(location.column)"
            if !location.isWholeFile { text += "\n   | \(location.lineText)\n   | \(location.caretLine)" }
        }
        if let remedy { text += "\n  = \(remedy)" }
        return text
    }
}
