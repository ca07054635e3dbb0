/// Holds one word or one punctuation character of Swift source.
struct Token {
    var text: String
    /// 1-based line.
    var line: Int
    var isWord: Bool
    /// True when no white space stands before it.
    var isGlued: Bool
}

/// Splits Swift source into words and punctuation, and keeps comments apart. String literals become one `"`
/// token; code inside an interpolation is skipped. Enough for rules about declarations, not a parser.
struct Lexer {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var spaced = true
    private(set) var tokens: [Token] = []
    private(set) var comments: [Int: String] = [:]

    init(_ text: String) { bytes = Array(text.utf8) }

    private func peek(_ offset: Int = 0) -> UInt8 { at + offset < bytes.count ? bytes[at + offset] : 0 }

    mutating func run() {
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                at += 1
                spaced = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                at += 1
                spaced = true
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"): lineComment()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): blockComment()
            case UInt8(ascii: "\""): string(hashes: 0)
            case UInt8(ascii: "#") where startsRawString: rawString()
            case _ where Lexer.isWordByte(byte): word()
            default:
                emit(String(UnicodeScalar(byte)), isWord: false)
                at += 1
            }
        }
    }

    private mutating func emit(_ text: String, isWord: Bool) {
        tokens.append(Token(text: text, line: line, isWord: isWord, isGlued: !spaced))
        spaced = false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...255:
            true
        default: false
        }
    }

    private mutating func word() {
        let start = at
        while at < bytes.count, Lexer.isWordByte(bytes[at]) { at += 1 }
        emit(String(decoding: bytes[start..<at], as: UTF8.self), isWord: true)
    }

    private mutating func lineComment() {
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        comments[line] = String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func blockComment() {
        var depth = 0
        var start = at
        repeat {
            if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                at += 2
            } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                at += 2
            } else {
                if peek() == UInt8(ascii: "\n") {
                    comments[line] = String(decoding: bytes[start..<at], as: UTF8.self)
                    start = at + 1
                    line += 1
                }
                at += 1
            }
        } while depth > 0 && at < bytes.count
        comments[line] = String(
            decoding: bytes[min(start, bytes.count)..<min(at, bytes.count)], as: UTF8.self)
        spaced = true
    }

    private var startsRawString: Bool {
        var ahead = 0
        while peek(ahead) == UInt8(ascii: "#") { ahead += 1 }
        return peek(ahead) == UInt8(ascii: "\"")
    }

    private mutating func rawString() {
        var hashes = 0
        while peek() == UInt8(ascii: "#") {
            hashes += 1
            at += 1
        }
        string(hashes: hashes)
    }

    private func hashesFollow(_ offset: Int, _ count: Int) -> Bool {
        var index = 0
        while index < count {
            if peek(offset + index) != UInt8(ascii: "#") { return false }
            index += 1
        }
        return true
    }

    /// Skips a string literal whose opening quote is at `at`.
    private mutating func string(hashes: Int) {
        emit("\"", isWord: false)
        let quote = UInt8(ascii: "\"")
        let isMultiLine = peek(1) == quote && peek(2) == quote
        let width = isMultiLine ? 3 : 1
        at += width
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\n") {
                if !isMultiLine { return }
                line += 1
                at += 1
            } else if byte == UInt8(ascii: "\\"), hashesFollow(1, hashes) {
                if peek(1 + hashes) == UInt8(ascii: "(") {
                    at += 2 + hashes
                    interpolation()
                } else {
                    if peek(1 + hashes) == UInt8(ascii: "\n") { line += 1 }
                    at += 2 + hashes
                }
            } else if byte == quote, !isMultiLine || (peek(1) == quote && peek(2) == quote),
                hashesFollow(width, hashes)
            {
                at += width + hashes
                return
            } else {
                at += 1
            }
        }
    }

    /// Skips the code of an interpolation whose opening parenthesis was just passed.
    private mutating func interpolation() {
        var depth = 1
        while at < bytes.count, depth > 0 {
            switch bytes[at] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "\""):
                let kept = tokens.count
                string(hashes: 0)
                tokens.removeLast(tokens.count - kept)
                continue
            default: break
            }
            at += 1
        }
    }
}
