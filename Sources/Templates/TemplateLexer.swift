import Vocabulary

/// A piece of a template: text as it is, `{{ }}`, or `{% %}`.
enum TemplatePiece: Sendable {
    case text(String, offset: Int)
    case output(tokens: [TemplateToken], offset: Int)
    case tag(tokens: [TemplateToken], offset: Int)
}

/// A word of a template expression.
struct TemplateToken: Sendable {
    enum Kind: Sendable, Equatable {
        case name(String)
        case text(String)
        case integer(Int)
        case number(Double)
        case symbol(String)
        case end
    }
    var kind: Kind
    var offset: Int
    var length: Int
}

/// Cuts a template into pieces and their expressions into tokens; does the whitespace control of Jinja with
/// `trim_blocks` and `lstrip_blocks` off, as dbt has it.
struct TemplateLexer {
    let source: TemplateSource
    private var at = 0
    private var pieces: [TemplatePiece] = []
    /// True after a `-` at the end of a tag: white space that follows goes.
    private var trims = false

    private init(_ source: TemplateSource) { self.source = source }

    /// Returns the pieces of a template. Throws where a tag does not end.
    static func pieces(of source: TemplateSource) throws -> [TemplatePiece] {
        if source.bytes.count > TemplateLimits.templateBytes {
            throw EngineError.user(
                "TEMPLATE_LIMIT",
                "The template is longer than \(ByteSize.format(TemplateLimits.templateBytes)): \(source.file)"
            )
        }
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.pieces
    }

    private func byte(_ index: Int) -> UInt8 { index < source.bytes.count ? source.bytes[index] : 0 }

    private mutating func run() throws {
        let bytes = source.bytes
        var start = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "{"), "{%#".utf8.contains(byte(at + 1)) else {
                at += 1
                continue
            }
            let offset = at
            let kind = bytes[at + 1]
            at += 2
            let isTrimmed = byte(at) == UInt8(ascii: "-")
            if isTrimmed || byte(at) == UInt8(ascii: "+") { at += 1 }
            addText(start..<offset, trimsEnd: isTrimmed)
            switch kind {
            case UInt8(ascii: "#"): try skipComment(offset)
            default: try readTag(offset, isOutput: kind == UInt8(ascii: "{"))
            }
            start = at
        }
        var end = bytes.count
        // Jinja drops one line break at the very end.
        if end > start, bytes[end - 1] == 10 { end -= 1 }
        addText(start..<end, trimsEnd: false)
    }

    private mutating func addText(_ range: Range<Int>, trimsEnd: Bool) {
        var low = range.lowerBound
        var high = range.upperBound
        if trims { while low < high, TemplateLexer.isSpace(source.bytes[low]) { low += 1 } }
        if trimsEnd { while low < high, TemplateLexer.isSpace(source.bytes[high - 1]) { high -= 1 } }
        trims = false
        if low < high {
            pieces.append(.text(String(decoding: source.bytes[low..<high], as: UTF8.self), offset: low))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private mutating func skipComment(_ offset: Int) throws {
        while at < source.bytes.count {
            if byte(at) == UInt8(ascii: "#"), byte(at + 1) == UInt8(ascii: "}") {
                trims = byte(at - 1) == UInt8(ascii: "-")
                at += 2
                return
            }
            at += 1
        }
        throw source.error("This comment does not end", at: offset, length: 2, remedy: "Close it with #}.")
    }

    private mutating func readTag(_ offset: Int, isOutput: Bool) throws {
        let close = isOutput ? "}}" : "%}"
        var tokens: [TemplateToken] = []
        var depth = 0
        while true {
            while at < source.bytes.count, TemplateLexer.isSpace(byte(at)) { at += 1 }
            if at >= source.bytes.count {
                throw source.error(
                    "This tag does not end", at: offset, length: 2, remedy: "Close it with \(close).")
            }
            if depth == 0, let length = closing(close) {
                trims = byte(at) == UInt8(ascii: "-")
                tokens.append(TemplateToken(kind: .end, offset: at, length: length))
                at += length
                break
            }
            let token = try nextToken()
            if case .symbol(let symbol) = token.kind {
                if "([{".contains(symbol) { depth += 1 }
                if ")]}".contains(symbol) { depth = max(0, depth - 1) }
            }
            tokens.append(token)
        }
        pieces.append(
            isOutput ? .output(tokens: tokens, offset: offset) : .tag(tokens: tokens, offset: offset))
        if !isOutput, tokens.count == 2, tokens[0].kind == .name("raw") {
            pieces.removeLast()
            try readRaw(offset)
        }
    }

    /// Returns the length of the closing mark when it stands here.
    private func closing(_ close: String) -> Int? {
        let mark = Array(close.utf8)
        let skip = byte(at) == UInt8(ascii: "-") || byte(at) == UInt8(ascii: "+") ? 1 : 0
        guard byte(at + skip) == mark[0], byte(at + skip + 1) == mark[1] else { return nil }
        return skip + 2
    }

    private mutating func readRaw(_ offset: Int) throws {
        let start = at
        while at < source.bytes.count {
            if byte(at) == UInt8(ascii: "{"), byte(at + 1) == UInt8(ascii: "%") {
                let text = String(
                    decoding: source.bytes[at..<min(at + 40, source.bytes.count)], as: UTF8.self)
                if let match = text.prefixMatch(of: /\{%([-+]?)\s*endraw\s*([-+]?)%\}/) {
                    addText(start..<at, trimsEnd: match.1 == "-")
                    trims = match.2 == "-"
                    at += text[match.range].utf8.count
                    return
                }
            }
            at += 1
        }
        throw source.error("This raw block does not end", at: offset, remedy: "Close it with {% endraw %}.")
    }

    private static let symbols = ["**", "//", "==", "!=", "<=", ">="]

    private mutating func nextToken() throws -> TemplateToken {
        let start = at
        let first = byte(at)
        func token(_ kind: TemplateToken.Kind) -> TemplateToken {
            TemplateToken(kind: kind, offset: start, length: at - start)
        }
        if TemplateLexer.isNameStart(first) {
            while TemplateLexer.isNameStart(byte(at)) || TemplateLexer.isDigit(byte(at)) { at += 1 }
            return token(.name(String(decoding: source.bytes[start..<at], as: UTF8.self)))
        }
        if TemplateLexer.isDigit(first) { return try readNumber() }
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") { return try readText(first) }
        if let symbol = TemplateLexer.symbols.first(where: {
            Array($0.utf8) == [first, byte(at + 1)]
        }) {
            at += 2
            return token(.symbol(symbol))
        }
        guard "+-*/%~()[]{}.,:|=<>".utf8.contains(first) else {
            let character = String(
                decoding: source.bytes[start..<min(start + 4, source.bytes.count)], as: UTF8.self)
            throw source.error(
                "This character has no meaning in a template expression: \(character.prefix(1))", at: start)
        }
        at += 1
        return token(.symbol(String(UnicodeScalar(first))))
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == 95 || (65...90).contains(byte) || (97...122).contains(byte)
    }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private mutating func readNumber() throws -> TemplateToken {
        let start = at
        while TemplateLexer.isDigit(byte(at)) || byte(at) == 95 { at += 1 }
        var isWhole = true
        if byte(at) == UInt8(ascii: "."), TemplateLexer.isDigit(byte(at + 1)) {
            isWhole = false
            at += 1
            while TemplateLexer.isDigit(byte(at)) { at += 1 }
        }
        if byte(at) | 32 == UInt8(ascii: "e") {
            var next = at + 1
            if byte(next) == 43 || byte(next) == 45 { next += 1 }
            if TemplateLexer.isDigit(byte(next)) {
                isWhole = false
                at = next
                while TemplateLexer.isDigit(byte(at)) { at += 1 }
            }
        }
        let text = String(decoding: source.bytes[start..<at].filter { $0 != 95 }, as: UTF8.self)
        let kind: TemplateToken.Kind? =
            isWhole ? Int(text).map { .integer($0) } : Double(text).map { .number($0) }
        guard let kind else {
            throw source.error("This number is too large: \(text)", at: start, length: at - start)
        }
        return TemplateToken(kind: kind, offset: start, length: at - start)
    }

    private mutating func readText(_ quote: UInt8) throws -> TemplateToken {
        let start = at
        at += 1
        var out: [UInt8] = []
        while at < source.bytes.count, byte(at) != quote {
            if byte(at) == UInt8(ascii: "\\"), at + 1 < source.bytes.count {
                at += 1
                switch byte(at) {
                case UInt8(ascii: "n"): out.append(10)
                case UInt8(ascii: "t"): out.append(9)
                case UInt8(ascii: "r"): out.append(13)
                case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): out.append(byte(at))
                default: out += [UInt8(ascii: "\\"), byte(at)]
                }
            } else {
                out.append(byte(at))
            }
            at += 1
        }
        guard at < source.bytes.count else {
            throw source.error("This text does not end", at: start, remedy: "Close it with the same quote.")
        }
        at += 1
        return TemplateToken(
            kind: .text(String(decoding: out, as: UTF8.self)), offset: start, length: at - start)
    }
}
