import Templates
import Vocabulary
import Yams

/// Holds a value of a YAML file with its place.
struct FormatValue: Sendable {
    indirect enum Kind: Sendable {
        case null
        case boolean(Bool)
        case integer(Int)
        case number(Double)
        case text(String)
        case list([FormatValue])
        case map([(key: FormatValue, value: FormatValue)])
    }
    var kind: Kind
    var location: SourceLocation

    /// Value of a key of a map, nil when it is missing or null.
    subscript(_ key: String) -> FormatValue? {
        guard case .map(let pairs) = kind,
            let value = pairs.first(where: { $0.key.printed == key })?.value
        else { return nil }
        if case .null = value.kind { return nil }
        return value
    }

    /// The map without a key; the value itself without one.
    func without(_ key: String?) -> FormatValue {
        guard let key, case .map(let pairs) = kind else { return self }
        var copy = self
        copy.kind = .map(pairs.filter { $0.key.printed != key })
        return copy
    }

    /// A scalar as text, nil for lists and maps.
    var scalar: String? {
        switch kind {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .text(let value): value
        case .null, .list, .map: nil
        }
    }

    var printed: String { scalar ?? "" }

    /// Elements of a list; a scalar is a list of one.
    var elements: [FormatValue] {
        if case .list(let items) = kind { return items }
        if case .null = kind { return [] }
        return [self]
    }

    var texts: [String] { elements.compactMap(\.scalar) }

    var isTrue: Bool { printed.lowercased() == "true" }

    /// The name of its type, for messages.
    var typeName: String {
        switch kind {
        case .null: "nothing"
        case .boolean: "a boolean"
        case .integer: "a whole number"
        case .number: "a number"
        case .text: "text"
        case .list: "a list"
        case .map: "a mapping"
        }
    }

    /// The value as templates see it.
    var templateValue: TemplateValue {
        switch kind {
        case .null: .none
        case .boolean(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .list(let items): .list(items.map(\.templateValue))
        case .map(let pairs):
            .map(TemplateMap(pairs.map { ($0.key.printed, $0.value.templateValue) }))
        }
    }

    func error(_ message: String, remedy: String? = nil, code: String = "PIPELINE_FORMAT") -> EngineError {
        .user(code, message, remedy: remedy, at: location)
    }

    /// Returns an error whose line is not shown: it holds a secret, or may.
    func hiddenError(
        _ message: String, remedy: String? = nil, code: String = "PIPELINE_FORMAT"
    ) -> EngineError {
        .user(code, message, remedy: remedy, at: hiddenPlace)
    }

    /// The place without its line.
    var hiddenPlace: SourceLocation { location.withoutLine }
}

extension SourceLocation {
    /// The place with none of its line shown: it holds a secret, or may.
    var withoutLine: SourceLocation {
        var place = self
        (place.column, place.lineText, place.length) = (1, "…", 1)
        return place
    }
}

/// Reads YAML text into values with places.
struct FormatDocument {
    /// Largest YAML file, bytes.
    static let fileBytes = 1 << 20
    /// Deepest nesting of brackets and dashes.
    static let depth = 100
    /// Most values, with those that aliases repeat.
    static let valueCount = 100_000

    private let file: String
    private let lines: [Substring]
    private var count = 0

    private init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Returns the document's value. Throws `PIPELINE_FORMAT` with the place of what is no YAML.
    static func read(_ text: String, file: String) throws -> FormatValue {
        var document = FormatDocument(file: file, text: text)
        guard text.utf8.count <= fileBytes else {
            throw EngineError.user(
                "PIPELINE_FORMAT", "The file is longer than \(ByteSize.format(fileBytes)): \(file)")
        }
        try document.checkDepth()
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw document.error(error)
        }
        guard let node else {
            return FormatValue(kind: .null, location: document.location(line: 1, column: 1, length: 1))
        }
        return try document.value(node, depth: 0)
    }

    private func location(line: Int, column: Int, length: Int) -> SourceLocation {
        let text = line >= 1 && line <= lines.count ? lines[line - 1] : ""
        return SourceLocation(
            file: file, line: max(1, line), column: max(1, column), wholeLine: text, length: max(1, length))
    }

    private func error(_ error: YamlError) -> EngineError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let place = location(line: mark.line, column: mark.column, length: 1)
            return .user(
                "PIPELINE_FORMAT", "This is not valid YAML: \(problem)",
                remedy: place.lineText.prefix { $0.isWhitespace }.contains("\t")
                    ? "Indent with spaces: YAML takes no tabs there." : nil,
                at: place)
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.sorted().first ?? ""
            let (first, column) = (context.mark.line, context.mark.column)
            let place =
                repeated(key, first, column) ?? location(line: first, column: column, length: key.count)
            return .user(
                "PIPELINE_FORMAT", "A key is here twice: \(key)",
                remedy: "It stands in line \(first) already: take one of the two away, or put them together.",
                at: place)
        default: return .user("PIPELINE_FORMAT", "This is not valid YAML: \(file): \(error)")
        }
    }

    /// Returns the place of a key of the same mapping as the one at `line` and `column`, further on; nil
    /// where it is not found by its looks.
    private func repeated(_ key: String, _ line: Int, _ column: Int) -> SourceLocation? {
        func place(_ line: Int, _ rest: Substring) -> SourceLocation? {
            let marks = ["", "\"", "'"]
            guard let mark = marks.first(where: { rest.hasPrefix($0 + key + $0) }) else { return nil }
            let after = rest.dropFirst(key.count + 2 * mark.count).drop { $0 == " " }
            guard after.hasPrefix(":"), line <= lines.count else { return nil }
            let text = lines[line - 1]
            let column = text.distance(from: text.startIndex, to: rest.startIndex) + 1
            return location(line: line, column: column, length: key.count + 2 * mark.count)
        }
        guard line >= 1, line <= lines.count else { return nil }
        // Between braces, in the same line.
        let text = lines[line - 1]
        var depth = 0
        for start in text.indices.dropFirst(column) {
            let before = text[text.index(before: start)]
            if "{[".contains(before) { depth += 1 }
            if "}]".contains(before) { depth -= 1 }
            if depth == 0, "{, ".contains(before), let found = place(line, text[start...]) { return found }
        }
        for (index, text) in lines.enumerated().dropFirst(line) {
            let rest = text.drop { $0 == " " }
            if rest.isEmpty || rest.hasPrefix("#") { continue }
            let indent = text.count - rest.count
            if indent < column - 1 { return nil }
            if indent == column - 1, let found = place(index + 1, rest) { return found }
        }
        return nil
    }

    /// The YAML parser recurses: text nested so deeply that its stack would end is refused before.
    private func checkDepth() throws {
        var depth = 0
        for (index, line) in lines.enumerated() {
            var dashes = 0
            var isAtStart = true
            for byte in line.utf8 {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
                case UInt8(ascii: "-"), UInt8(ascii: "?"): if isAtStart { dashes += 1 }
                case UInt8(ascii: " "): break
                default: isAtStart = false
                }
            }
            let indent = line.prefix { $0 == " " }.count
            if depth > FormatDocument.depth || dashes > FormatDocument.depth
                || indent > 8 * FormatDocument.depth
            {
                throw EngineError.user(
                    "PIPELINE_FORMAT", "The file is nested deeper than \(FormatDocument.depth)",
                    at: location(line: index + 1, column: 1, length: 1))
            }
        }
    }

    private mutating func value(_ node: Node, depth: Int) throws -> FormatValue {
        count += 1
        let mark = node.mark
        let length = node.scalar.map { $0.string.prefix { $0 != "\n" }.count } ?? 1
        let here = location(line: mark?.line ?? 1, column: mark?.column ?? 1, length: length)
        guard count <= FormatDocument.valueCount, depth <= FormatDocument.depth else {
            throw EngineError.user(
                "PIPELINE_FORMAT", "The file has too many values, or nests them too deeply", at: here)
        }
        switch node {
        case .scalar(let scalar): return FormatValue(kind: FormatDocument.kind(scalar, node), location: here)
        case .sequence(let items):
            return FormatValue(kind: .list(try items.map { try value($0, depth: depth + 1) }), location: here)
        case .mapping(let mapping):
            var pairs: [(key: FormatValue, value: FormatValue)] = []
            for (key, item) in mapping {
                pairs.append((try value(key, depth: depth + 1), try value(item, depth: depth + 1)))
            }
            return FormatValue(kind: .map(pairs), location: here)
        case .alias:
            throw EngineError.user("PIPELINE_FORMAT", "This alias names no anchor", at: here)
        }
    }

    private static func kind(_ scalar: Node.Scalar, _ node: Node) -> FormatValue.Kind {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default: break
        }
        if text.first?.isNumber == true || "+-.".contains(text.first ?? "x") {
            if let whole = Int(text) { return .integer(whole) }
            if text.allSatisfy({ $0.isNumber || "+-.eE".contains($0) }), let number = Double(text) {
                return .number(number)
            }
        }
        return .text(text)
    }
}
