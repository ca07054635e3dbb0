/// Holds an expression of XPath 1.0, as its text is read. Source: https://www.w3.org/TR/xpath-10/
indirect enum XPath {
    case number(Double)
    case literal(String)
    case negate(XPath)
    case binary(String, XPath, XPath)
    case call(String, [XPath])
    /// Steps from the document, from what another expression gives, or from the context.
    case path(from: XPath?, isAbsolute: Bool, [Step])
    /// The nodes of an expression that its conditions let pass.
    case filter(XPath, [XPath])

    enum Axis: String {
        case child, descendant, parent, attribute, ancestor
        case itself = "self"
        case descendantOrSelf = "descendant-or-self"
        case ancestorOrSelf = "ancestor-or-self"
        case followingSibling = "following-sibling"
        case precedingSibling = "preceding-sibling"
    }

    enum Test {
        case any
        case name(String)
        case text
        case node
    }

    struct Step {
        var axis: Axis
        var test: Test
        var conditions: [XPath] = []
    }

    /// Returns nil for a text that is no expression, or one of what is not known here.
    init?(_ text: String) {
        guard let tokens = XPathTokens.split(text), !tokens.isEmpty else { return nil }
        var parser = XPathParser(tokens)
        guard let expression = parser.expression(), parser.isAtEnd else { return nil }
        self = expression
    }
}

/// Splits the text of an expression.
enum XPathTokens {
    enum Token: Equatable {
        case number(Double)
        case literal(String)
        case name(String)
        case symbol(String)
    }

    private static let longest = 10_000

    static func split(_ text: String) -> [Token]? {
        let bytes = Array(text.utf8)
        guard bytes.count <= longest else { return nil }
        var tokens: [Token] = []
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let start = at
            switch byte {
            case 0...32: at += 1
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                guard let end = bytes[(at + 1)...].firstIndex(of: byte) else { return nil }
                tokens.append(.literal(String(decoding: bytes[(at + 1)..<end], as: UTF8.self)))
                at = end + 1
            case 48...57,
                46 where at + 1 < bytes.count && (48...57).contains(bytes[at + 1]):
                while at < bytes.count, (48...57).contains(bytes[at]) || bytes[at] == 46 { at += 1 }
                guard let number = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else {
                    return nil
                }
                tokens.append(.number(number))
            case _ where isNameByte(byte, first: true):
                while at < bytes.count, isNameByte(bytes[at], first: false) {
                    if bytes[at] == 58, at + 1 < bytes.count, bytes[at + 1] == 58 { break }
                    at += 1
                }
                tokens.append(.name(String(decoding: bytes[start..<at], as: UTF8.self)))
            default:
                let two = String(decoding: bytes[at..<min(at + 2, bytes.count)], as: UTF8.self)
                let symbol = ["//", "..", "::", "!=", "<=", ">="].contains(two) ? two : String(two.prefix(1))
                guard symbol.count == 2 || "/.@[](),|+-*=<>".contains(symbol) else { return nil }
                tokens.append(.symbol(symbol))
                at += symbol.utf8.count
            }
        }
        return tokens
    }

    private static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
        if byte | 32 >= 97 && byte | 32 <= 122 || byte == 95 || byte >= 128 { return true }
        return !first && ((48...57).contains(byte) || byte == 45 || byte == 46 || byte == 58)
    }
}

/// Reads the tokens of an expression.
struct XPathParser {
    private let tokens: [XPathTokens.Token]
    private var at = 0
    private var depth = 0
    private static let deepest = 200
    /// Operators from the loosest to the tightest.
    private static let operators: [[String]] = [
        ["or"], ["and"], ["=", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "div", "mod"],
    ]

    init(_ tokens: [XPathTokens.Token]) { self.tokens = tokens }

    var isAtEnd: Bool { at == tokens.count }

    private func isAt(_ symbol: String) -> Bool { at < tokens.count && tokens[at] == .symbol(symbol) }

    private mutating func take(_ symbol: String) -> Bool {
        guard isAt(symbol) else { return false }
        at += 1
        return true
    }

    mutating func expression() -> XPath? {
        depth += 1
        defer { depth -= 1 }
        return depth > Self.deepest ? nil : binary(0)
    }

    private mutating func binary(_ level: Int) -> XPath? {
        guard level < Self.operators.count else { return unary() }
        guard var left = binary(level + 1) else { return nil }
        while at < tokens.count {
            let word: String
            switch tokens[at] {
            case .name(let text), .symbol(let text): word = text
            default: return left
            }
            guard Self.operators[level].contains(word) else { return left }
            at += 1
            guard let right = binary(level + 1) else { return nil }
            left = .binary(word, left, right)
        }
        return left
    }

    private mutating func unary() -> XPath? {
        var isNegative = false
        while take("-") { isNegative.toggle() }
        guard var left = path() else { return nil }
        while take("|") {
            guard let right = path() else { return nil }
            left = .binary("|", left, right)
        }
        return isNegative ? .negate(left) : left
    }

    private mutating func path() -> XPath? {
        if let primary = primary() {
            guard let primary = primary.value else { return nil }
            guard isAt("/") || isAt("//") else { return primary }
            guard let steps = steps(first: false) else { return nil }
            return .path(from: primary, isAbsolute: false, steps)
        }
        let isAbsolute = isAt("/") || isAt("//")
        if isAt("/"), !startsStep(at + 1) {
            at += 1
            return .path(from: nil, isAbsolute: true, [])
        }
        guard let steps = steps(first: !isAbsolute) else { return nil }
        return .path(from: nil, isAbsolute: isAbsolute, steps)
    }

    private func startsStep(_ place: Int) -> Bool {
        guard place < tokens.count else { return false }
        switch tokens[place] {
        case .name: return true
        case .symbol(let symbol): return ["*", "@", ".", ".."].contains(symbol)
        default: return false
        }
    }

    /// Reads literals, calls and what stands in parentheses; nil where none begins, an empty box on a fault.
    private mutating func primary() -> (value: XPath?, Void)? {
        guard at < tokens.count else { return (nil, ()) }
        var value: XPath?
        switch tokens[at] {
        case .number(let number):
            at += 1
            value = .number(number)
        case .literal(let text):
            at += 1
            value = .literal(text)
        case .symbol("("):
            at += 1
            guard let inner = expression(), take(")") else { return (nil, ()) }
            value = inner
        case .name(let name)
        where at + 1 < tokens.count && tokens[at + 1] == .symbol("(") && name != "text" && name != "node":
            at += 2
            var arguments: [XPath] = []
            while !isAt(")") {
                if !arguments.isEmpty, !take(",") { return (nil, ()) }
                guard let argument = expression() else { return (nil, ()) }
                arguments.append(argument)
            }
            at += 1
            value = .call(name, arguments)
        default: return nil
        }
        guard let conditions = conditions(), let value else { return (nil, ()) }
        return (conditions.isEmpty ? value : .filter(value, conditions), ())
    }

    private mutating func conditions() -> [XPath]? {
        var found: [XPath] = []
        while take("[") {
            guard let condition = expression(), take("]") else { return nil }
            found.append(condition)
        }
        return found
    }

    private mutating func steps(first: Bool) -> [XPath.Step]? {
        var steps: [XPath.Step] = []
        var isFirst = first
        while true {
            if !isFirst {
                if take("//") {
                    steps.append(XPath.Step(axis: .descendantOrSelf, test: .node))
                } else if !take("/") {
                    return steps
                }
            }
            isFirst = false
            guard let step = step() else { return nil }
            steps.append(step)
        }
    }

    private mutating func step() -> XPath.Step? {
        if take(".") { return XPath.Step(axis: .itself, test: .node) }
        if take("..") { return XPath.Step(axis: .parent, test: .node) }
        var axis = XPath.Axis.child
        if take("@") {
            axis = .attribute
        } else if case .name(let name)? = at < tokens.count ? tokens[at] : nil, at + 1 < tokens.count,
            tokens[at + 1] == .symbol("::")
        {
            guard let known = XPath.Axis(rawValue: name) else { return nil }
            axis = known
            at += 2
        }
        guard at < tokens.count else { return nil }
        let test: XPath.Test
        switch tokens[at] {
        case .symbol("*"): test = .any
        case .name(let name):
            if at + 2 < tokens.count, tokens[at + 1] == .symbol("("), tokens[at + 2] == .symbol(")") {
                guard name == "text" || name == "node" else { return nil }
                at += 2
                test = name == "text" ? .text : .node
            } else {
                test = .name(name)
            }
        default: return nil
        }
        at += 1
        guard let conditions = conditions() else { return nil }
        return XPath.Step(axis: axis, test: test, conditions: conditions)
    }
}
