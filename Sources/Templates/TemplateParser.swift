import Vocabulary

/// Builds the tree of statements out of a template's pieces.
struct TemplateParser {
    let source: TemplateSource
    private let pieces: [TemplatePiece]
    private var at = 0
    private var depth = 0

    private init(_ source: TemplateSource, _ pieces: [TemplatePiece]) {
        self.source = source
        self.pieces = pieces
    }

    /// Reads a whole template. Throws with the place of what is no Jinja, or none of the subset's.
    static func parse(_ source: TemplateSource) throws -> [TemplateNode] {
        var parser = TemplateParser(source, try TemplateLexer.pieces(of: source))
        return try parser.body(until: [], opened: 0).nodes
    }

    /// Words that begin statements of the subset.
    static let statements = ["if", "for", "set", "macro", "test", "do", "raw"]
    private static let endings = ["elif", "else", "endif", "endfor", "endset", "endmacro", "endtest"]
    /// Statements of Jinja and dbt that are known and left out.
    private static let refused: Set<String> = [
        "block", "extends", "include", "import", "from", "call", "filter", "with", "autoescape", "snapshot",
        "materialization", "docs", "break", "continue",
    ]

    /// A tag that ends a body, its expression still to be read.
    private struct Ending {
        var word: String
        var parser: ExpressionParser
    }

    private mutating func body(
        until words: Set<String>, opened: Int
    ) throws -> (nodes: [TemplateNode], ending: Ending?) {
        depth += 1
        defer { depth -= 1 }
        if depth > TemplateLimits.depth {
            throw source.error(
                "Blocks are nested deeper than \(TemplateLimits.depth)", at: opened, code: "TEMPLATE_LIMIT")
        }
        var nodes: [TemplateNode] = []
        while at < pieces.count {
            let piece = pieces[at]
            at += 1
            switch piece {
            case .text(let text, let offset): nodes.append(.text(text, offset: offset))
            case .output(let tokens, _):
                var parser = ExpressionParser(source, tokens)
                let expression = try parser.expression()
                try parser.expectEnd()
                nodes.append(.output(expression))
            case .tag(let tokens, let offset):
                var parser = ExpressionParser(source, tokens)
                let word = try parser.name()
                if words.contains(word) { return (nodes, Ending(word: word, parser: parser)) }
                nodes.append(try statement(word, &parser, offset, tokens[0]))
            }
        }
        if words.isEmpty { return (nodes, nil) }
        let close = words.filter { $0.hasPrefix("end") }.sorted().joined(separator: " or ")
        throw source.error(
            "This block does not end", at: opened, length: 2, remedy: "Close it with {% \(close) %}.")
    }

    private mutating func statement(
        _ word: String, _ parser: inout ExpressionParser, _ offset: Int, _ token: TemplateToken
    ) throws -> TemplateNode {
        switch word {
        case "if": return try branches(&parser, offset)
        case "for": return .loop(try loop(&parser, offset))
        case "set": return try set(&parser, offset)
        case "macro": return .macro(try macro(&parser, offset, until: "endmacro"))
        case "test":
            // A generic test of dbt is a macro of this name.
            var test = try macro(&parser, offset, until: "endtest")
            test.name = "test_" + test.name
            return .macro(test)
        case "do":
            let expression = try parser.expression()
            try parser.expectEnd()
            return .evaluation(expression)
        default: break
        }
        if TemplateParser.refused.contains(word) {
            throw source.error(
                "The statement {% \(word) %} is not supported", at: token.offset, length: token.length,
                remedy: "Supported are: \(TemplateParser.statements.joined(separator: ", ")).",
                code: "UNSUPPORTED_TEMPLATE")
        }
        let near = Suggestion.nearest(
            to: word, among: TemplateParser.statements + TemplateParser.endings)
        throw source.error(
            TemplateParser.endings.contains(word)
                ? "This ends no block: \(word)" : "There is no statement of this name: \(word)",
            at: token.offset, length: token.length,
            remedy: near.flatMap { $0 == word ? nil : "Did you mean \($0)?" })
    }

    private mutating func branches(_ parser: inout ExpressionParser, _ offset: Int) throws -> TemplateNode {
        var branches: [(condition: TemplateExpression?, body: [TemplateNode])] = []
        var condition: TemplateExpression? = try parser.expression()
        try parser.expectEnd()
        while true {
            let ends: Set<String> = condition == nil ? ["endif"] : ["elif", "else", "endif"]
            let (nodes, ending) = try body(until: ends, opened: offset)
            branches.append((condition, nodes))
            guard var ending else { throw EngineError.internal("a block without its end") }
            condition = ending.word == "elif" ? try ending.parser.expression() : nil
            try ending.parser.expectEnd()
            if ending.word == "endif" { return .branches(branches) }
        }
    }

    private mutating func loop(_ parser: inout ExpressionParser, _ offset: Int) throws -> TemplateLoop {
        var names: [String] = []
        repeat { names.append(try parser.name()) } while parser.takeSymbol(",")
        guard parser.takeWord("in") else { throw parser.unexpected("'in'") }
        let list = try parser.orExpression()
        let condition = parser.takeWord("if") ? try parser.expression() : nil
        if parser.takeWord("recursive") {
            throw source.error("Recursive loops are not supported", at: offset, code: "UNSUPPORTED_TEMPLATE")
        }
        try parser.expectEnd()
        let (nodes, ending) = try body(until: ["else", "endfor"], opened: offset)
        var otherwise: [TemplateNode] = []
        try ending?.parser.expectEnd()
        if ending?.word == "else" {
            let (more, last) = try body(until: ["endfor"], opened: offset)
            try last?.parser.expectEnd()
            otherwise = more
        }
        return TemplateLoop(
            names: names, list: list, condition: condition, body: nodes, otherwise: otherwise)
    }

    private mutating func set(_ parser: inout ExpressionParser, _ offset: Int) throws -> TemplateNode {
        var names: [String] = []
        repeat { names.append(try parser.name()) } while parser.takeSymbol(",")
        if names.count == 1, parser.takeSymbol(".") {
            let attribute = try parser.name()
            try parser.expect("=")
            let value = try parser.expression()
            try parser.expectEnd()
            return .setAttribute(name: names[0], attribute, value)
        }
        if parser.takeSymbol("=") {
            let value = try parser.expression()
            try parser.expectEnd()
            return .set(names: names, value)
        }
        try parser.expectEnd()
        let (nodes, ending) = try body(until: ["endset"], opened: offset)
        try ending?.parser.expectEnd()
        guard names.count == 1 else {
            throw source.error("A set block gives one name its value", at: offset, length: 2)
        }
        return .setBlock(name: names[0], nodes)
    }

    private mutating func macro(
        _ parser: inout ExpressionParser, _ offset: Int, until end: String
    ) throws -> TemplateMacro {
        let nameToken = parser.token
        let name = try parser.name()
        var parameters: [(name: String, value: TemplateExpression?)] = []
        try parser.expect("(")
        while !parser.takeSymbol(")") {
            let parameter = try parser.name()
            parameters.append((parameter, parser.takeSymbol("=") ? try parser.expression() : nil))
            if !parser.takeSymbol(","), parser.token.kind != .symbol(")") {
                throw parser.unexpected("',' or ')'")
            }
        }
        try parser.expectEnd()
        let (nodes, ending) = try body(until: [end], opened: offset)
        try ending?.parser.expectEnd()
        return TemplateMacro(name: name, parameters: parameters, body: nodes, offset: nameToken.offset)
    }
}
