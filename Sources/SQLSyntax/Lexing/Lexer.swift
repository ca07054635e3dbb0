import Vocabulary

/// Cuts a SQL text into tokens, skipping white space and comments (`-- …`, nested `/* … */`). Any bytes are
/// accepted; what is no token is an error with its place.
struct Lexer {
    let source: SQLSource
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// The hint `/*+ … */` that was skipped last, its text alone.
    private var hint: SourceSpan?

    /// Cuts the text, or the part of it at `place`.
    init(_ source: SQLSource, at place: SourceSpan? = nil) {
        self.source = source
        bytes = source.bytes
        position = place.map { Int($0.start) } ?? 0
        end = place.map { Int($0.end) } ?? source.bytes.count
    }

    /// Returns all tokens, the last being `.end`, and the hints, by the index of the token behind. Throws
    /// PARSE_SYNTAX_ERROR for an unclosed string, quote or comment, for a stray character, and for a text
    /// beyond `Limits.sqlBytes`; SQL_TOO_LONG beyond
    /// `Limits.sqlTokens`.
    static func tokens(
        of source: SQLSource, at place: SourceSpan? = nil
    ) throws(EngineError) -> (tokens: [Token], hints: [Int: SourceSpan]) {
        if source.bytes.count > Limits.sqlBytes {
            throw .user(
                "PARSE_SYNTAX_ERROR",
                "The SQL text is longer than \(ByteSize.format(Limits.sqlBytes)): "
                    + "\(ByteSize.format(source.bytes.count)).",
                remedy: "Split the job into several files.")
        }
        var lexer = Lexer(source, at: place)
        var tokens: [Token] = []
        var hints: [Int: SourceSpan] = [:]
        tokens.reserveCapacity(min(source.bytes.count / 4, Limits.sqlTokens) + 1)
        while true {
            let token = try lexer.next()
            if let hint = lexer.hint {
                hints[tokens.count] = hint
                lexer.hint = nil
            }
            tokens.append(token)
            if token.kind == .end { return (tokens, hints) }
            if tokens.count > Limits.sqlTokens {
                throw .user(
                    "SQL_TOO_LONG",
                    "The SQL text has more than \(Limits.sqlTokens) words, numbers, texts and signs.",
                    remedy: "Split it into several jobs, or put long lists into a file and join with it.",
                    at: source.location(token.span))
            }
        }
    }

    private func peek(_ ahead: Int = 0) -> UInt8 {
        let index = position + ahead
        return index < end ? bytes[index] : 0
    }

    private func span(from start: Int) -> SourceSpan { SourceSpan(start: start, end: position) }

    private func error(
        _ message: String, code: String = "PARSE_SYNTAX_ERROR", at span: SourceSpan, remedy: String? = nil
    ) -> EngineError {
        .user(code, message, remedy: remedy, at: source.location(span))
    }

    private mutating func next() throws(EngineError) -> Token {
        try skipSpace()
        let start = position
        guard start < end else {
            return Token(kind: .end, span: SourceSpan(start: start, end: start))
        }
        let byte = bytes[start]
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            try skipString(raw: false)
            return Token(kind: .string, span: span(from: start))
        case UInt8(ascii: "`"):
            try skipBackQuotes()
            return Token(kind: .quotedWord, span: span(from: start))
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number()
        case UInt8(ascii: ".") where isDigit(peek(1)):
            return number()
        default:
            break
        }
        if byte | 0x20 == UInt8(ascii: "r"), peek(1) == UInt8(ascii: "'") || peek(1) == UInt8(ascii: "\"") {
            position += 1
            try skipString(raw: true)
            return Token(kind: .rawString, span: span(from: start))
        }
        if isWordByte(byte) {
            while position < end, isWordByte(bytes[position]) { position += 1 }
            return word(from: start)
        }
        return try symbol()
    }

    private func word(from start: Int) -> Token {
        let span = span(from: start)
        var keyword: Keyword?
        if position - start <= 16 {
            var upper = ""
            for byte in bytes[start..<position] {
                let isLower = byte >= 0x61 && byte <= 0x7A
                upper.unicodeScalars.append(Unicode.Scalar(isLower ? byte - 0x20 : byte))
            }
            keyword = Keyword.byWord[upper]
        }
        return Token(kind: .word, keyword: keyword, span: span)
    }

    private mutating func skipSpace() throws(EngineError) {
        while position < end {
            let byte = bytes[position]
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) {
                position += 1
            } else if byte == 0xC2, peek(1) == 0xA0 {
                position += 2  // a no-break space, which editors paste
            } else if byte == 0xEF, peek(1) == 0xBB, peek(2) == 0xBF, position == 0 {
                position += 3  // byte order mark
            } else if byte == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "-") {
                while position < end, bytes[position] != 0x0A { position += 1 }
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                try skipBracketedComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBracketedComment() throws(EngineError) {
        let start = position
        var depth = 0
        while position < end {
            if bytes[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if bytes[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
                if depth > 0 { continue }
                if bytes[start + 2] == UInt8(ascii: "+"), position >= start + 5 {
                    hint = SourceSpan(start: start + 3, end: position - 2)
                }
                return
            } else {
                position += 1
            }
        }
        throw error(
            "A comment is not closed.", code: "UNCLOSED_BRACKETED_COMMENT",
            at: SourceSpan(start: start, end: start + 2),
            remedy: "Close it with '*/'.")
    }

    /// Skips a string in either quote; a doubled quote stands for one, a backslash takes the next byte with
    /// it.
    private mutating func skipString(raw: Bool) throws(EngineError) {
        let start = position
        let quote = bytes[position]
        position += 1
        while position < end {
            let byte = bytes[position]
            if byte == quote {
                position += 1
                if raw || peek() != quote || position >= end { return }
                position += 1
            } else if byte == UInt8(ascii: "\\"), !raw {
                position += 2
            } else {
                position += 1
            }
        }
        position = end
        throw error(
            "A string is not closed.", at: SourceSpan(start: start, end: start + 1),
            remedy: "Close it with \(quote == UInt8(ascii: "'") ? "a single quote" : "a double quote").")
    }

    private mutating func skipBackQuotes() throws(EngineError) {
        let start = position
        position += 1
        while position < end {
            if bytes[position] == UInt8(ascii: "`") {
                if peek(1) != UInt8(ascii: "`") {
                    position += 1
                    return
                }
                position += 1
            }
            position += 1
        }
        throw error(
            "A quoted identifier is not closed.", at: SourceSpan(start: start, end: start + 1),
            remedy: "Close it with a back quote.")
    }

    /// Reads a number with its exponent and suffix. Digits followed by letters that are neither are an
    /// identifier, such as `2024_sales`.
    private mutating func number() -> Token {
        let start = position
        var kind = Token.Kind.integer
        while isDigit(peek()) { position += 1 }
        if peek() == UInt8(ascii: "."),
            !(isWordByte(peek(1)) && !isDigit(peek(1)) && !startsExponentOrSuffix(1))
        {
            kind = .decimal
            position += 1
            while isDigit(peek()) { position += 1 }
        }
        if let length = exponentLength() {
            kind = .exponent
            position += length
        }
        if let length = suffixLength() {
            position += length
            return Token(kind: .suffixed, span: span(from: start))
        }
        if kind == .integer, isWordByte(peek()) {
            while position < end, isWordByte(bytes[position]) { position += 1 }
            return word(from: start)
        }
        return Token(kind: kind, span: span(from: start))
    }

    private func startsExponentOrSuffix(_ ahead: Int) -> Bool {
        var probe = self
        probe.position += ahead
        return probe.exponentLength() != nil || probe.suffixLength() != nil
    }

    /// Returns the length of an exponent here, or nil; one that runs into a word is none.
    private func exponentLength() -> Int? {
        guard peek() | 0x20 == UInt8(ascii: "e") else { return nil }
        var length = 1
        if peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") { length = 2 }
        guard isDigit(peek(length)) else { return nil }
        while isDigit(peek(length)) { length += 1 }
        var probe = self
        probe.position += length
        return isWordByte(peek(length)) && probe.suffixLength() == nil ? nil : length
    }

    private func suffixLength() -> Int? {
        switch peek() | 0x20 {
        case UInt8(ascii: "l"), UInt8(ascii: "s"), UInt8(ascii: "y"), UInt8(ascii: "f"), UInt8(ascii: "d"):
            return isWordByte(peek(1)) ? nil : 1
        case UInt8(ascii: "b") where peek(1) | 0x20 == UInt8(ascii: "d"):
            return isWordByte(peek(2)) ? nil : 2
        default:
            return nil
        }
    }

    private mutating func symbol() throws(EngineError) -> Token {
        let start = position
        for length in [3, 2, 1] where start + length <= end {
            let text = String(decoding: bytes[start..<start + length], as: UTF8.self)
            if let symbol = Self.symbols[text] {
                position += length
                return Token(kind: .symbol, symbol: symbol, span: span(from: start))
            }
        }
        position += 1
        throw error("Unexpected character '\(printable(bytes[start]))'.", at: span(from: start))
    }

    private func printable(_ byte: UInt8) -> String {
        byte >= 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
    }

    private static let symbols: [String: Symbol] = {
        let all: [Symbol] = [
            .leftParenthesis, .rightParenthesis, .leftBracket, .rightBracket, .comma, .dot, .semicolon,
            .colon,
            .doubleColon, .question, .plus, .minus, .star, .slash, .percent, .pipe, .doublePipe, .pipeArrow,
            .ampersand,
            .caret,
            .tilde, .bang, .equal, .doubleEqual, .nullSafeEqual, .notEqual, .bangEqual, .less, .lessOrEqual,
            .greater,
            .greaterOrEqual, .shiftLeft, .shiftRight, .shiftRightUnsigned, .arrow, .fatArrow, .at,
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.rawValue, $0) })
    }()
}
