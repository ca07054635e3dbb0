import Vocabulary

/// Reads the text of an XPath.
struct XPathParser {
    struct Failure: Error {
        var reason: String
    }

    private enum Token: Equatable {
        case number(Double)
        case text(String)
        case name(String)
        case sign(String)
    }

    private var tokens: [Token] = []
    private var position = 0
    private var depth = 0

    /// Throws for what is no path.
    static func path(_ text: String) throws(Failure) -> XPath {
        var parser = XPathParser()
        try parser.cut(Array(text.utf8))
        let path = try parser.expression(0)
        if parser.position < parser.tokens.count { throw Failure(reason: "it goes on behind its end") }
        return path
    }

    // MARK: Tokens

    private static let signs = ["::", "//", "..", "!=", "<=", ">="]

    private mutating func cut(_ bytes: [UInt8]) throws(Failure) {
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                at += 1
            } else if byte == 0x22 || byte == 0x27 {
                guard let end = bytes[(at + 1)...].firstIndex(of: byte) else {
                    throw Failure(reason: "a text is not closed")
                }
                tokens.append(.text(String(decoding: bytes[at + 1..<end], as: UTF8.self)))
                at = end + 1
            } else if Self.isDigit(byte) || byte == 0x2E && at + 1 < bytes.count && Self.isDigit(bytes[at + 1])
            {
                let end = bytes[at...].firstIndex { !Self.isDigit($0) && $0 != 0x2E } ?? bytes.count
                let number = XPathValue.number(of: String(decoding: bytes[at..<end], as: UTF8.self))
                if number.isNaN { throw Failure(reason: "a number is none") }
                tokens.append(.number(number))
                at = end
            } else if XMLReader.isNameByte(byte), byte != 0x2D, byte != 0x2E, byte != 0x3A {
                var end = at + 1
                while end < bytes.count, XMLReader.isNameByte(bytes[end]) {
                    // `child::a` is an axis and a name; `x:a` is one name.
                    if bytes[end] == 0x3A, end + 1 >= bytes.count || bytes[end + 1] == 0x3A { break }
                    end += 1
                }
                tokens.append(.name(String(decoding: bytes[at..<end], as: UTF8.self)))
                at = end
            } else {
                let pair = String(decoding: bytes[at..<min(at + 2, bytes.count)], as: UTF8.self)
                let sign = Self.signs.contains(pair) ? pair : String(decoding: [byte], as: UTF8.self)
                guard sign.count == 2 || "()[].@,/|+-=<>*".contains(sign) else {
                    throw Failure(reason: "it holds the sign \(sign)")
                }
                tokens.append(.sign(sign))
                at += sign.utf8.count
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private func peek(_ ahead: Int = 0) -> Token? {
        position + ahead < tokens.count ? tokens[position + ahead] : nil
    }

    private mutating func take(_ sign: String) -> Bool {
        guard peek() == .sign(sign) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ sign: String) throws(Failure) {
        if !take(sign) { throw Failure(reason: "'\(sign)' is missing") }
    }

    // MARK: Expressions

    /// The operator here, where one may stand: `*` and names such as `div` are operators behind an operand.
    private func binaryOperator() -> XPath.Operator? {
        switch peek() {
        case .sign(let sign): XPath.Operator(rawValue: sign)
        case .name(let name):
            ["or", "and", "div", "mod"].contains(name) ? XPath.Operator(rawValue: name) : nil
        default: nil
        }
    }

    private mutating func expression(_ least: Int) throws(Failure) -> XPath {
        depth += 1
        defer { depth -= 1 }
        if depth > Limits.nestingDepth { throw Failure(reason: "it is nested too deeply") }
        var left: XPath
        if take("-") { left = .negated(try expression(7)) } else { left = try union() }
        var count = 0
        while let operation = binaryOperator(), operation.strength >= max(least, 1), operation != .union {
            position += 1
            count += 1
            if count > Limits.nestingDepth { throw Failure(reason: "it is too long") }
            left = .binary(operation, left, try expression(operation.strength + 1))
        }
        return left
    }

    private mutating func union() throws(Failure) -> XPath {
        var left = try pathExpression()
        var count = 0
        while take("|") {
            count += 1
            if count > Limits.nestingDepth { throw Failure(reason: "it is too long") }
            left = .binary(.union, left, try pathExpression())
        }
        return left
    }

    private static let nodeTypes = ["node", "text", "comment", "processing-instruction"]

    private mutating func pathExpression() throws(Failure) -> XPath {
        let primary: XPath
        switch peek() {
        case .number(let number):
            position += 1
            primary = .number(number)
        case .text(let text):
            position += 1
            primary = .text(text)
        case .sign("("):
            position += 1
            primary = try expression(0)
            try expect(")")
        case .name(let name) where peek(1) == .sign("(") && !Self.nodeTypes.contains(name):
            position += 2
            primary = try call(name)
        default: return .path(try locationPath())
        }
        let predicates = try predicates()
        var steps: [XPath.Step] = []
        if peek() == .sign("/") || peek() == .sign("//") {
            if take("//") { steps.append(.anyBelow) } else { position += 1 }
            steps += try relativePath()
        }
        return predicates.isEmpty && steps.isEmpty ? primary : .filtered(primary, predicates, steps)
    }

    private mutating func call(_ name: String) throws(Failure) -> XPath {
        var arguments: [XPath] = []
        if !take(")") {
            repeat { arguments.append(try expression(0)) } while take(",")
            try expect(")")
        }
        guard let counts = XPathValue.functions[name] else {
            throw Failure(reason: "there is no function \(name)")
        }
        if !counts.contains(arguments.count) {
            throw Failure(reason: "\(name) does not take \(arguments.count) arguments")
        }
        return .call(name, arguments)
    }

    // MARK: Paths

    private mutating func locationPath() throws(Failure) -> XPath.Path {
        if take("/") {
            switch peek() {
            case .name, .sign("@"), .sign("."), .sign(".."), .sign("*"):
                return XPath.Path(isAbsolute: true, steps: try relativePath())
            default: return XPath.Path(isAbsolute: true, steps: [])
            }
        }
        if take("//") { return XPath.Path(isAbsolute: true, steps: [.anyBelow] + (try relativePath())) }
        return XPath.Path(isAbsolute: false, steps: try relativePath())
    }

    private mutating func relativePath() throws(Failure) -> [XPath.Step] {
        var steps = [try step()]
        while true {
            if take("//") {
                steps.append(.anyBelow)
            } else if !take("/") {
                return steps
            }
            steps.append(try step())
        }
    }

    private mutating func step() throws(Failure) -> XPath.Step {
        if take("..") { return XPath.Step(axis: .parent, test: .node) }
        if take(".") { return XPath.Step(axis: .itself, test: .node) }
        var axis = XPath.Axis.child
        if take("@") {
            axis = .attribute
        } else if case .name(let name)? = peek(), peek(1) == .sign("::") {
            guard let named = XPath.Axis(rawValue: name) else {
                throw Failure(reason: "there is no axis \(name)")
            }
            axis = named
            position += 2
        }
        let test = try nodeTest()
        return XPath.Step(axis: axis, test: test, predicates: try predicates())
    }

    private mutating func nodeTest() throws(Failure) -> XPath.Test {
        if take("*") { return .any }
        guard case .name(let name)? = peek() else {
            throw Failure(reason: "a location path was expected")
        }
        position += 1
        guard Self.nodeTypes.contains(name), take("(") else { return .name(name) }
        var target: String?
        if name == "processing-instruction", case .text(let text)? = peek() {
            target = text
            position += 1
        }
        try expect(")")
        switch name {
        case "text": return .text
        case "comment": return .comment
        case "node": return .node
        default: return .instruction(target)
        }
    }

    private mutating func predicates() throws(Failure) -> [XPath] {
        var found: [XPath] = []
        while take("[") {
            found.append(try expression(0))
            try expect("]")
        }
        return found
    }
}
