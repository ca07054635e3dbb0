import Vocabulary

/// Reads expressions with Jinja's precedence, loosest first: choice, or, and, not, comparison, `+ -`, `~`,
/// `* / // %`, sign, `**`, then `.name [i] (…)`, filters and tests.
struct ExpressionParser {
    let source: TemplateSource
    private let tokens: [TemplateToken]
    private var at = 0
    private var depth = 0

    init(_ source: TemplateSource, _ tokens: [TemplateToken]) {
        self.source = source
        self.tokens = tokens
    }

    var token: TemplateToken { tokens[min(at, tokens.count - 1)] }

    private func peek(_ distance: Int) -> TemplateToken { tokens[min(at + distance, tokens.count - 1)] }

    mutating func takeSymbol(_ symbol: String) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        at += 1
        return true
    }

    mutating func takeWord(_ word: String) -> Bool {
        guard token.kind == .name(word) else { return false }
        at += 1
        return true
    }

    mutating func name() throws -> String {
        guard case .name(let name) = token.kind else { throw unexpected("a name") }
        at += 1
        return name
    }

    mutating func expect(_ symbol: String) throws {
        if !takeSymbol(symbol) { throw unexpected("'\(symbol)'") }
    }

    func expectEnd() throws {
        if token.kind != .end { throw unexpected("the end of the tag") }
    }

    func unexpected(_ wanted: String) -> EngineError {
        let here =
            switch token.kind {
            case .end: "the tag ends"
            case .name(let name): "there is '\(name)'"
            case .symbol(let symbol): "there is '\(symbol)'"
            case .text(let text): "there is '\(text)'"
            case .integer(let value): "there is \(value)"
            case .number(let value): "there is \(value)"
            }
        return source.error("Expected \(wanted), but \(here)", at: token.offset, length: token.length)
    }

    private func made(_ kind: TemplateExpression.Kind, from offset: Int) throws -> TemplateExpression {
        let last = tokens[max(0, min(at, tokens.count) - 1)]
        let height = kind.height
        if height > TemplateLimits.depth {
            throw source.error(
                "The expression is nested, or chained, deeper than \(TemplateLimits.depth)", at: offset,
                remedy: "Split it with {% set %}.", code: "TEMPLATE_LIMIT")
        }
        return TemplateExpression(
            kind: kind, offset: offset, length: last.offset + last.length - offset, height: height)
    }

    mutating func expression() throws -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        if depth > TemplateLimits.depth {
            throw source.error(
                "The expression is nested deeper than \(TemplateLimits.depth)", at: token.offset,
                code: "TEMPLATE_LIMIT")
        }
        let offset = token.offset
        var value = try orExpression()
        while takeWord("if") {
            let condition = try orExpression()
            let otherwise = takeWord("else") ? try expression() : nil
            value = try made(.choice(condition: condition, value, otherwise: otherwise), from: offset)
        }
        return value
    }

    /// An expression without `if`, as `for … in … if …` needs it.
    mutating func orExpression() throws -> TemplateExpression {
        let offset = token.offset
        var left = try andExpression()
        while takeWord("or") { left = try made(.binary("or", left, try andExpression()), from: offset) }
        return left
    }

    private mutating func andExpression() throws -> TemplateExpression {
        let offset = token.offset
        var left = try notExpression()
        while takeWord("and") { left = try made(.binary("and", left, try notExpression()), from: offset) }
        return left
    }

    private mutating func notExpression() throws -> TemplateExpression {
        let offset = token.offset
        var count = 0
        while takeWord("not") { count += 1 }
        var value = try comparison()
        if count > 0 { value = try made(.not(value), from: offset) }
        if count > 0, count % 2 == 0 { value = try made(.not(value), from: offset) }
        return value
    }

    private mutating func comparison() throws -> TemplateExpression {
        let offset = token.offset
        var left = try sum()
        while true {
            if let symbol = ["==", "!=", "<=", ">=", "<", ">"].first(where: { token.kind == .symbol($0) }) {
                at += 1
                left = try made(.binary(symbol, left, try sum()), from: offset)
            } else if takeWord("in") {
                left = try made(.binary("in", left, try sum()), from: offset)
            } else if token.kind == .name("not"), peek(1).kind == .name("in") {
                at += 2
                let inside = try made(.binary("in", left, try sum()), from: offset)
                left = try made(.not(inside), from: offset)
            } else {
                return left
            }
        }
    }

    private mutating func sum() throws -> TemplateExpression {
        let offset = token.offset
        var left = try concatenation()
        while let symbol = ["+", "-"].first(where: { token.kind == .symbol($0) }) {
            at += 1
            left = try made(.binary(symbol, left, try concatenation()), from: offset)
        }
        return left
    }

    private mutating func concatenation() throws -> TemplateExpression {
        let offset = token.offset
        var left = try product()
        while takeSymbol("~") { left = try made(.binary("~", left, try product()), from: offset) }
        return left
    }

    private mutating func product() throws -> TemplateExpression {
        let offset = token.offset
        var left = try signed()
        while let symbol = ["*", "//", "/", "%"].first(where: { token.kind == .symbol($0) }) {
            at += 1
            left = try made(.binary(symbol, left, try signed()), from: offset)
        }
        return left
    }

    private mutating func signed() throws -> TemplateExpression {
        let offset = token.offset
        var value = try unary()
        while takeSymbol("**") { value = try made(.binary("**", value, try unary()), from: offset) }
        return value
    }

    /// A sign binds tighter than filters and `**`, looser than `.name`, as in Jinja.
    private mutating func unary() throws -> TemplateExpression {
        let offset = token.offset
        var isNegative = false
        while token.kind == .symbol("-") || token.kind == .symbol("+") {
            if token.kind == .symbol("-") { isNegative.toggle() }
            at += 1
        }
        var value = try postfix()
        if isNegative { value = try made(.negative(value), from: offset) }
        return try filtered(value, from: offset)
    }

    private mutating func postfix() throws -> TemplateExpression {
        let offset = token.offset
        return try postfix(try primary(), from: offset)
    }

    private mutating func postfix(
        _ start: TemplateExpression, from offset: Int
    ) throws -> TemplateExpression {
        var value = start
        while true {
            if takeSymbol(".") {
                value = try made(.attribute(value, try name()), from: offset)
            } else if takeSymbol("[") {
                let index = token.kind == .symbol(":") ? nil : try expression()
                if takeSymbol(":") {
                    let end = token.kind == .symbol("]") ? nil : try expression()
                    try expect("]")
                    value = try made(.slice(value, from: index, to: end), from: offset)
                    continue
                }
                guard let index else { throw unexpected("an expression") }
                try expect("]")
                value = try made(.element(value, index), from: offset)
            } else if takeSymbol("(") {
                value = try made(.call(value, try arguments()), from: offset)
            } else {
                return value
            }
        }
    }

    private mutating func filtered(
        _ start: TemplateExpression, from offset: Int
    ) throws -> TemplateExpression {
        var value = start
        while true {
            if takeSymbol("|") {
                let filterOffset = token.offset
                let filter = try name()
                let given = takeSymbol("(") ? try arguments() : TemplateArguments()
                value = try made(.filter(value, filter, given), from: filterOffset)
            } else if takeWord("is") {
                let isNegated = takeWord("not")
                let testOffset = token.offset
                let test = try name()
                let given = takeSymbol("(") ? try arguments() : TemplateArguments()
                value = try made(.test(value, test, given, isNegated: isNegated), from: testOffset)
            } else {
                return value
            }
        }
    }

    private mutating func arguments() throws -> TemplateArguments {
        var arguments = TemplateArguments()
        while !takeSymbol(")") {
            if case .name(let name) = token.kind, peek(1).kind == .symbol("=") {
                at += 2
                arguments.named.append((name, try expression()))
            } else if arguments.named.isEmpty {
                arguments.positional.append(try expression())
            } else {
                throw unexpected("name=value, as after another named argument")
            }
            if !takeSymbol(","), token.kind != .symbol(")") { throw unexpected("',' or ')'") }
        }
        return arguments
    }

    private mutating func primary() throws -> TemplateExpression {
        let first = token
        switch first.kind {
        case .text(var text):
            at += 1
            // Texts beside each other are one, as in Python.
            while case .text(let more) = token.kind {
                text += more
                at += 1
            }
            return try made(.value(.text(text)), from: first.offset)
        case .integer(let value):
            at += 1
            return try made(.value(.integer(value)), from: first.offset)
        case .number(let value):
            at += 1
            return try made(.value(.number(value)), from: first.offset)
        case .name(let name):
            at += 1
            switch name {
            case "true", "True": return try made(.value(.boolean(true)), from: first.offset)
            case "false", "False": return try made(.value(.boolean(false)), from: first.offset)
            case "none", "None": return try made(.value(.none), from: first.offset)
            default: return try made(.name(name), from: first.offset)
            }
        case .symbol("("):
            at += 1
            return try group(from: first.offset)
        case .symbol("["):
            at += 1
            return try made(.list(try items(until: "]")), from: first.offset)
        case .symbol("{"):
            at += 1
            return try map(from: first.offset)
        default: throw unexpected("an expression")
        }
    }

    /// `(a)` is a, `(a, b)` and `(a,)` are lists.
    private mutating func group(from offset: Int) throws -> TemplateExpression {
        if takeSymbol(")") { return try made(.list([]), from: offset) }
        let first = try expression()
        if takeSymbol(")") { return first }
        try expect(",")
        return try made(.list([first] + (try items(until: ")"))), from: offset)
    }

    private mutating func items(until close: String) throws -> [TemplateExpression] {
        var items: [TemplateExpression] = []
        while !takeSymbol(close) {
            items.append(try expression())
            if !takeSymbol(","), token.kind != .symbol(close) { throw unexpected("',' or '\(close)'") }
        }
        return items
    }

    private mutating func map(from offset: Int) throws -> TemplateExpression {
        var pairs: [(TemplateExpression, TemplateExpression)] = []
        while !takeSymbol("}") {
            let key = try expression()
            try expect(":")
            pairs.append((key, try expression()))
            if !takeSymbol(","), token.kind != .symbol("}") { throw unexpected("',' or '}'") }
        }
        return try made(.map(pairs), from: offset)
    }
}
