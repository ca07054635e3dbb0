import Vocabulary

/// Names values in JSON: `data.items`, `$.data[0].id`, `items[*].row`, `['odd name']`.
struct JSONPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case member(String)
        case index(Int)
        case all
    }
    let steps: [Step]

    /// Reads a path. Throws `INVALID_OPTION` for what is none, and for JSONPath's further forms.
    init(_ text: String, option: String) throws(EngineError) {
        var steps: [Step] = []
        var rest = Substring(text)
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        while let first = rest.first {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]"),
                    let step = JSONPath.bracket(rest[rest.index(after: rest.startIndex)..<end])
                else { throw JSONPath.error(text, option) }
                steps.append(step)
                rest = rest[rest.index(after: end)...]
                continue
            }
            if first == "." { rest = rest.dropFirst() }
            let name = rest.prefix { $0 != "." && $0 != "[" }
            guard !name.isEmpty else { throw JSONPath.error(text, option) }
            steps.append(name == "*" ? .all : .member(String(name)))
            rest = rest[name.endIndex...]
        }
        self.steps = steps
    }

    init(steps: [Step]) { self.steps = steps }

    private static func bracket(_ inner: Substring) -> Step? {
        if inner == "*" { return .all }
        if let index = Int(inner) { return index >= 0 ? .index(index) : nil }
        guard let quote = inner.first, quote == "'" || quote == "\"", inner.count > 2, inner.last == quote
        else { return nil }
        return .member(String(inner.dropFirst().dropLast()))
    }

    private static func error(_ text: String, _ option: String) -> EngineError {
        .user(
            "INVALID_OPTION", "\(option) is not a path such as data.items, data[0] or items[*].row: \(text)")
    }

    /// Returns the ranges of all values that the path names.
    func find(in document: JSONDocument, from start: Range<Int>? = nil) -> [Range<Int>] {
        var found = [start ?? document.root]
        for step in steps {
            switch step {
            case .member(let name): found = found.compactMap { document.member(name, of: $0) }
            case .index(let index):
                found = found.compactMap {
                    let elements = document.elements($0)
                    return index < elements.count ? elements[index] : nil
                }
            case .all:
                found = found.flatMap { value in
                    document.kind(value) == .object
                        ? document.members(value).map(\.value) : document.elements(value)
                }
            }
        }
        return found
    }

    /// Returns the first scalar that the path names, as text.
    func scalar(in document: JSONDocument, from start: Range<Int>? = nil) -> String? {
        find(in: document, from: start).lazy.compactMap { document.scalar($0) }.first
    }
}
