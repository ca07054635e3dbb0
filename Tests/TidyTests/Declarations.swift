/// Describes one type, extension or function found in a Swift file.
struct Declaration {
    enum Kind { case type, extended, function, initializer }

    var kind: Kind
    var name: String
    /// First line, attributes included; the line of the keyword; the line of the closing brace.
    var firstLine: Int
    var line: Int
    var lastLine: Int
    var modifiers: Set<String>
    /// True when the body's braces open and close on one line, or there is no body.
    var isOneLine: Bool
    /// True inside `extension X: Protocol`, where members are the protocol's.
    var isWitness: Bool
    /// True inside a type with an inheritance clause, where members may be a protocol's.
    var mayBeWitness: Bool
    /// True inside a protocol.
    var isRequirement: Bool
    var isVisibleAcrossRooms: Bool
}

/// Finds declarations by their keywords and matches braces to find where they end.
struct DeclarationScanner {
    private static let types: Set<String> = ["struct", "class", "enum", "protocol", "actor"]
    private static let modifiers: Set<String> = [
        "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final",
        "override",
        "mutating", "nonmutating", "convenience", "required", "indirect", "isolated", "nonisolated", "prefix",
        "postfix",
        "infix", "lazy", "weak", "unowned", "dynamic", "borrowing", "consuming", "distributed",
    ]

    private struct Scope {
        var declaration: Int?
        var conforms = false
        var isType = false
        var isProtocol = false
        var isVisible = false
    }

    private let tokens: [Token]
    private var found: [Declaration] = []
    private var scopes: [Scope] = []

    private init(_ tokens: [Token]) { self.tokens = tokens }

    /// Returns the declarations of a file in the order of their first lines.
    static func scan(_ file: SourceFile) -> [Declaration] {
        var scanner = DeclarationScanner(file.tokens)
        scanner.run()
        return scanner.found
    }

    private mutating func run() {
        var pending: Scope?
        var nesting = 0
        for index in tokens.indices {
            let token = tokens[index]
            switch token.text {
            case "(", "[": nesting += 1
            case ")", "]": nesting -= 1
            case "{":
                scopes.append(nesting == 0 ? pending ?? Scope() : Scope())
                if nesting == 0 { pending = nil }
            case "}": close(line: token.line)
            default:
                if token.isWord, let scope = declare(at: index) { pending = scope }
            }
        }
    }

    private mutating func close(line: Int) {
        guard let scope = scopes.popLast(), let index = scope.declaration else { return }
        found[index].lastLine = line
        found[index].isOneLine = found[index].isOneLine && found[index].line == line
    }

    private mutating func declare(at index: Int) -> Scope? {
        let word = tokens[index].text
        let next = index + 1 < tokens.count ? tokens[index + 1] : nil
        let previous = index > 0 ? tokens[index - 1].text : ""
        if previous == "." || previous == "import" || previous == "`" { return nil }
        let kind: Declaration.Kind
        switch word {
        case "func": kind = .function
        case "init", "subscript":
            guard let next, ["(", "<", "?", "!"].contains(next.text) else { return nil }
            kind = .initializer
        case "deinit": kind = .initializer
        case "extension": kind = .extended
        case _ where DeclarationScanner.types.contains(word):
            guard let next, next.isWord, !["func", "var", "let", "subscript", "init"].contains(next.text)
            else {
                return nil
            }
            kind = .type
        default: return nil
        }
        let (modifiers, firstLine) = modifiersBefore(index)
        if word == "actor", tokens[index].line == tokens[max(0, index - 1)].line, index > 0, modifiers.isEmpty
        {
            return nil
        }
        let scope = scopes.last
        let isVisible =
            !modifiers.isDisjoint(with: ["package", "public", "open"])
            || (modifiers.isDisjoint(with: ["private", "fileprivate", "internal"])
                && scope?.isVisible == true)
        found.append(
            Declaration(
                kind: kind, name: next?.text ?? word, firstLine: firstLine, line: tokens[index].line,
                lastLine: tokens[index].line, modifiers: modifiers, isOneLine: true,
                isWitness: scope?.conforms == true && scope?.isType == false,
                mayBeWitness: scope?.conforms == true, isRequirement: scope?.isProtocol == true,
                isVisibleAcrossRooms: isVisible))
        return Scope(
            declaration: found.count - 1,
            conforms: (kind == .extended || kind == .type) && conforms(after: index), isType: kind == .type,
            isProtocol: word == "protocol",
            isVisible: kind == .extended && isVisible)
    }

    /// Says whether an extension names a protocol: a colon before `where` and the brace.
    private func conforms(after index: Int) -> Bool {
        var at = index + 1
        while at < tokens.count, tokens[at].text != "{", tokens[at].text != "where" {
            if tokens[at].text == ":" { return true }
            at += 1
        }
        return false
    }

    private func modifiersBefore(_ index: Int) -> (Set<String>, firstLine: Int) {
        var modifiers = Set<String>()
        var firstLine = tokens[index].line
        var at = index - 1
        while at >= 0 {
            var word = at
            if tokens[at].text == ")" {
                var depth = 0
                repeat {
                    if tokens[word].text == ")" { depth += 1 }
                    if tokens[word].text == "(" { depth -= 1 }
                    word -= 1
                } while word >= 0 && depth > 0
            }
            guard word >= 0 else { break }
            if word > 0, tokens[word - 1].text == "@", tokens[word].isWord {
                firstLine = tokens[word - 1].line
                at = word - 2
            } else if DeclarationScanner.modifiers.contains(tokens[word].text) {
                modifiers.insert(tokens[word].text)
                firstLine = tokens[word].line
                at = word - 1
            } else {
                break
            }
        }
        return (modifiers, firstLine)
    }
}
