import Vocabulary

/// Renders one template: statements here, expressions in its extensions.
final class TemplateRenderer {
    /// What the rendering of one template spends, with the macros that it calls.
    final class Spent {
        var loopPasses = 0
        var outputBytes = 0
        /// Values in lists and maps that were changed, counted anew at each change, as each is copied.
        var changedValues = 0
        var depth = 0
    }

    let source: TemplateSource
    let scope: TemplateScope
    let spent: Spent
    var out = ""
    /// Where the output came from.
    private(set) var marks: [RenderedText.Mark] = []
    /// Names set by statements, innermost last.
    var frames: [[String: TemplateValue]] = [[:]]
    /// Names whose values this template, or this call of a macro, has made itself, and nothing else holds.
    var made = Set<String>()
    /// Whether it renders the body of a macro.
    var isMacro = false
    /// Macros of this template, as far as it has run, before those of the scope.
    var local = MacroLibrary()

    init(source: TemplateSource, scope: TemplateScope, spent: Spent = Spent()) {
        self.source = source
        self.scope = scope
        self.spent = spent
    }

    /// Deepest nesting of everything while rendering.
    private static let frameDepth = 4 * TemplateLimits.depth

    /// Goes one level down. Throws when that is too deep; balance with `leave`.
    func enter(_ offset: Int) throws {
        spent.depth += 1
        if spent.depth > TemplateRenderer.frameDepth {
            throw source.error(
                "The template calls macros or nests deeper than \(TemplateRenderer.frameDepth)", at: offset,
                remedy: "Look for a macro that calls itself.", code: "TEMPLATE_LIMIT")
        }
    }

    func leave() { spent.depth -= 1 }

    /// Most marks that are kept: a loop may write very many pieces, whose places nobody needs one by one.
    private static let markCount = 20_000

    func write(_ text: String, at offset: Int, isCopied: Bool = false) throws {
        spent.outputBytes += text.utf8.count
        if spent.outputBytes > TemplateLimits.outputBytes {
            throw source.error(
                "The rendered text is longer than \(ByteSize.format(TemplateLimits.outputBytes))", at: offset,
                code: "TEMPLATE_LIMIT")
        }
        if marks.count < TemplateRenderer.markCount {
            // What follows the last one has its place.
            let isLast = marks.count == TemplateRenderer.markCount - 1
            marks.append(
                RenderedText.Mark(out: out.utf8.count, offset: offset, isCopied: isCopied && !isLast))
        }
        out += text
    }

    func run(_ nodes: [TemplateNode]) throws {
        for node in nodes {
            switch node {
            case .text(let text, let offset): try write(text, at: offset, isCopied: true)
            case .output(let expression):
                let value = try defined(expression)
                try write(value.printed, at: expression.offset)
            case .evaluation(let expression): _ = try defined(expression)
            case .branches(let branches): try runBranches(branches)
            case .loop(let loop): try runLoop(loop)
            case .set(let names, let expression):
                try assign(names, try defined(expression), at: expression.offset)
                note(names, expression)
            case .setBlock(let name, let body):
                frames[frames.count - 1][name] = .text(try captured(body))
                made.remove(name)
            case .setAttribute(let name, let attribute, let expression):
                try set(attribute, of: name, try defined(expression), at: expression)
            case .macro(let macro): local.macros[macro.name] = (macro, source)
            }
        }
    }

    /// Runs a body and returns what it wrote.
    func captured(_ body: [TemplateNode]) throws -> String {
        let before = (out, marks)
        out = ""
        defer { (out, marks) = before }
        try run(body)
        return out
    }

    private func runBranches(_ branches: [(condition: TemplateExpression?, body: [TemplateNode])]) throws {
        for branch in branches {
            if let condition = branch.condition, !(try defined(condition).isTrue) { continue }
            return try run(branch.body)
        }
    }

    /// Gives names the value, or each its part of a list.
    private func assign(_ names: [String], _ value: TemplateValue, at offset: Int) throws {
        if names.count == 1 {
            frames[frames.count - 1][names[0]] = value
            return
        }
        guard case .list(let parts) = value, parts.count == names.count else {
            throw source.error(
                "\(names.count) names need a list of as many values, not \(value.typeName)", at: offset)
        }
        for (name, part) in zip(names, parts) { frames[frames.count - 1][name] = part }
    }

    private func runLoop(_ loop: TemplateLoop) throws {
        var items = try elements(try defined(loop.list), at: loop.list)
        frames.append([:])
        defer { frames.removeLast() }
        if let condition = loop.condition {
            items = try items.filter {
                try pass(loop.list.offset)
                try assign(loop.names, $0, at: loop.list.offset)
                return try defined(condition).isTrue
            }
        }
        if items.isEmpty { return try run(loop.otherwise) }
        for (index, item) in items.enumerated() {
            try pass(loop.list.offset)
            frames[frames.count - 1] = [
                "loop": .map(
                    TemplateMap([
                        ("index", .integer(index + 1)), ("index0", .integer(index)),
                        ("revindex", .integer(items.count - index)),
                        ("revindex0", .integer(items.count - index - 1)),
                        ("first", .boolean(index == 0)), ("last", .boolean(index == items.count - 1)),
                        ("length", .integer(items.count)),
                    ]))
            ]
            try assign(loop.names, item, at: loop.list.offset)
            try run(loop.body)
        }
    }

    private func pass(_ offset: Int) throws {
        spent.loopPasses += 1
        if spent.loopPasses > TemplateLimits.loopPasses {
            throw source.error(
                "The template's loops pass more than \(TemplateLimits.loopPasses) times", at: offset,
                code: "TEMPLATE_LIMIT")
        }
    }

    /// The elements that a loop goes through; a map gives its keys, as in Python.
    func elements(_ value: TemplateValue, at expression: TemplateExpression) throws -> [TemplateValue] {
        switch value {
        case .list(let items): return items
        case .map(let map): return map.keys.map { .text($0) }
        case .text(let text): return text.map { .text(String($0)) }
        default:
            throw error("A loop goes through a list or a map, not \(value.typeName)", expression)
        }
    }

    func error(_ message: String, _ at: TemplateExpression, remedy: String? = nil) -> EngineError {
        source.error(message, at: at.offset, length: at.length, remedy: remedy)
    }
}
