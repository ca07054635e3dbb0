/// Holds a column's type as `DESCRIBE` prints it, taken apart as far as its nested parts go.
indirect enum TypeShape: Hashable {
    case scalar(String)
    case array(TypeShape)
    case structure([Field])
    /// A map, or a text that has no clear meaning: compared as a whole.
    case opaque(String)

    /// Names a part of a structure.
    struct Field: Hashable {
        var name: String
        var type: TypeShape
    }

    private static let scalars: Set<String> = [
        "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "date",
        "timestamp", "timestamp_ntz", "void", "time", "interval",
    ]

    init(_ text: String) { self = TypeShape.parsed(text[...]) ?? .opaque(text) }

    /// Returns what a whole text means; nil when it is no type.
    private static func parsed(_ text: Substring) -> TypeShape? {
        if let inner = inside(text, "array<") { return parsed(inner).map { .array($0) } }
        if let inner = inside(text, "struct<") { return fields(inner).map { .structure($0) } }
        if text.hasPrefix("map<"), text.hasSuffix(">") { return .opaque(String(text)) }
        let word = text.prefix { $0.isLetter || $0 == "_" }
        if scalars.contains(String(word)), !text.contains(where: { ",:<>".contains($0) }) {
            return .scalar(String(text))
        }
        return inside(text, "decimal(", ")") == nil ? nil : .scalar(String(text))
    }

    private static func inside(_ text: Substring, _ start: String, _ end: String = ">") -> Substring? {
        text.hasPrefix(start) && text.hasSuffix(end)
            ? text.dropFirst(start.count).dropLast(end.count) : nil
    }

    /// Reads `name:type,name:type`. Names stand there as they are, with colons and commas of their own: the
    /// first colon after which a type follows ends one.
    private static func fields(_ text: Substring) -> [Field]? {
        if text.isEmpty { return [] }
        for colon in text.indices where text[colon] == ":" && colon > text.startIndex {
            let rest = text[text.index(after: colon)...]
            for end in ends(rest) {
                guard let type = parsed(rest[..<end]) else { continue }
                let more = end == rest.endIndex ? [] : fields(rest[rest.index(after: end)...])
                if let more { return [Field(name: String(text[..<colon]), type: type)] + more }
            }
        }
        return nil
    }

    /// Where a type may end: at commas outside of brackets, and at the end.
    private static func ends(_ text: Substring) -> [Substring.Index] {
        var depth = 0
        var found: [Substring.Index] = []
        for place in text.indices {
            switch text[place] {
            case "<", "(": depth += 1
            case ">", ")": depth -= 1
            case "," where depth == 0: found.append(place)
            default: break
            }
        }
        return found + [text.endIndex]
    }

    /// The type as SQL takes it.
    var sql: String {
        switch self {
        case .scalar(let name), .opaque(let name): name
        case .array(let element): "array<\(element.sql)>"
        case .structure(let fields):
            "struct<" + fields.map { "\(SQLText.name($0.name)):\($0.type.sql)" }.joined(separator: ",") + ">"
        }
    }

    /// Whether values have parts.
    var isNested: Bool {
        if case .scalar = self { return false }
        return true
    }
}
