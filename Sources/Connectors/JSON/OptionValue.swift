import Execution
import Vocabulary

/// Holds an option that is a mapping, written as JSON, with its place in messages; or a value within.
struct OptionValue: Sendable {
    /// As messages name it: `client.auth.token`.
    let path: String
    private let document: JSONDocument
    private let range: Range<Int>

    /// Longest text of an option, bytes.
    private static let textBytes = 256 << 10
    /// Greatest number that all readers of JSON agree on (RFC 8259, 6).
    private static let greatest = (1 << 53) - 1

    /// Reads the text of an option. Throws `INVALID_OPTION` where it is no JSON, with an example.
    init(
        _ text: String, path: String, example: String = "{\"name\": \"value\"}"
    ) throws(EngineError) {
        self.path = path
        guard text.utf8.count <= OptionValue.textBytes else {
            throw .user("INVALID_OPTION", "The option is longer than 256 KiB: \(path)")
        }
        do { document = try JSONDocument(Array(text.utf8)) } catch {
            throw .user(
                "INVALID_OPTION", "The option must be JSON; it \(error.text): \(path)",
                remedy: "Write it as \(path) '\(example)'.")
        }
        range = document.root
    }

    private init(_ document: JSONDocument, _ range: Range<Int>, path: String) {
        self.document = document
        self.range = range
        self.path = path
    }

    var kind: JSONDocument.Kind { document.kind(range) }
    /// The value as it stands in the text.
    var json: String { String(decoding: document.bytes[range], as: UTF8.self) }
    /// A scalar as text, nil for others.
    var scalar: String? { document.scalar(range) }

    /// Members of a mapping, without those that are null.
    var members: [(name: String, value: OptionValue)] {
        document.members(range).filter { document.kind($0.value) != .null }.map {
            ($0.name, OptionValue(document, $0.value, path: "\(path).\($0.name)"))
        }
    }

    var elements: [OptionValue] {
        document.elements(range).enumerated().map {
            OptionValue(document, $1, path: "\(path)[\($0)]")
        }
    }

    /// Value of a key, nil when it is missing or null.
    subscript(_ name: String) -> OptionValue? { members.last { $0.name == name }?.value }

    /// Throws `INVALID_OPTION` unless it is a mapping of known keys.
    func check(keys: [String]) throws(EngineError) {
        guard kind == .object else { throw error("must be a mapping") }
        for (name, _) in members where !keys.contains(name) {
            let near = Suggestion.nearest(to: name, among: keys)
            throw .user(
                "INVALID_OPTION", "There is no key of this name in \(path): \(name)",
                remedy: near.map { "Did you mean \($0)?" } ?? "Known are: \(keys.joined(separator: ", ")).")
        }
    }

    func text(_ name: String) throws(EngineError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.scalar else { throw value.error("must be text") }
        return text
    }

    func needed(_ name: String) throws(EngineError) -> String {
        guard let text = try text(name) else { throw error("needs the key \(name)") }
        return text
    }

    func number(_ name: String, atLeast least: Int) throws(EngineError) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text), number >= least, number <= OptionValue.greatest else {
            throw error(at: name, "must be a whole number from \(least) on")
        }
        return number
    }

    func flag(_ name: String) throws(EngineError) -> Bool? {
        guard let text = try text(name) else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw error(at: name, "must be true or false: \(text)")
        }
    }

    func jsonPath(_ name: String) throws(EngineError) -> JSONPath? {
        guard let text = try text(name) else { return nil }
        return try JSONPath(text, option: "\(path).\(name)")
    }

    /// Makes an error about this value; it is not shown, as it may hold a secret.
    func error(_ what: String, remedy: String? = nil) -> EngineError {
        .user("INVALID_OPTION", "\(path) \(what)", remedy: remedy)
    }

    private func error(at name: String, _ what: String) -> EngineError {
        .user("INVALID_OPTION", "\(path).\(name) \(what)")
    }

    /// Returns the value as JSON with `change` applied to its strings.
    func rewritten(_ change: (String) throws(EngineError) -> String) throws(EngineError) -> String {
        switch kind {
        case .object:
            var parts: [String] = []
            for (name, value) in members {
                parts.append("\(JSONString.quoted(name)):\(try value.rewritten(change))")
            }
            return "{\(parts.joined(separator: ","))}"
        case .array:
            var parts: [String] = []
            for value in elements { parts.append(try value.rewritten(change)) }
            return "[\(parts.joined(separator: ","))]"
        case .string: return JSONString.quoted(try change(scalar ?? ""))
        case .number, .boolean, .null: return json
        }
    }
}
