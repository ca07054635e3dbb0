import Vocabulary

/// Holds what a template expression gives.
package indirect enum TemplateValue: Sendable, Hashable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([TemplateValue])
    case map(TemplateMap)
    /// A name that nothing gave a value; only `default` and `is defined` accept it.
    case undefined(String)

    /// Returns the type's name as messages say it.
    package var typeName: String {
        switch self {
        case .none: "none"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .text: "text"
        case .list: "list"
        case .map: "map"
        case .undefined: "undefined"
        }
    }

    /// Says whether an `if` takes the value for true, as Python does.
    package var isTrue: Bool {
        switch self {
        case .none, .undefined: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let value): !value.isEmpty
        case .list(let items): !items.isEmpty
        case .map(let map): !map.keys.isEmpty
        }
    }

    /// Returns the text that `{{ }}` writes, as Python prints the value.
    package var printed: String {
        switch self {
        case .none: "None"
        case .undefined: ""
        case .boolean(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .text(let value): value
        case .list(let items): "[" + items.map(\.represented).joined(separator: ", ") + "]"
        case .map(let map):
            "{" + map.pairs.map { "'\($0)': \($1.represented)" }.joined(separator: ", ") + "}"
        }
    }

    /// The value inside a printed list: text in quotes.
    var represented: String {
        if case .text(let value) = self {
            return "'" + value.backslashing("\\", "'") + "'"
        }
        return printed
    }

    /// Whether the value, with all within, can be printed: values hold others by reference, so that a short
    /// template can make one of which the text has no end.
    var isBounded: Bool { boundedCount != nil }

    /// How many values it holds, with itself; nil where it is not bounded.
    var boundedCount: Int? {
        var (values, bytes) = (0, 0)
        return fits(&values, &bytes) ? values : nil
    }

    private func fits(_ values: inout Int, _ bytes: inout Int) -> Bool {
        values += 1
        switch self {
        case .text(let text): bytes += text.utf8.count
        case .list(let items):
            for item in items where !item.fits(&values, &bytes) { return false }
        case .map(let map):
            for (key, item) in map.pairs {
                bytes += key.utf8.count
                if !item.fits(&values, &bytes) { return false }
            }
        default: break
        }
        return values <= TemplateLimits.nestedValues && bytes <= TemplateLimits.outputBytes
    }

    /// The value as a number, nil when it is none.
    var asNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    /// The value as JSON text, as the filter `tojson` gives it.
    package var json: String {
        switch self {
        case .none, .undefined: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer, .number: printed
        case .text(let value): JSONString.quoted(value)
        case .list(let items): "[" + items.map(\.json).joined(separator: ", ") + "]"
        case .map(let map):
            "{" + map.pairs.map { JSONString.quoted($0) + ": " + $1.json }.joined(separator: ", ") + "}"
        }
    }
}

/// Maps text to values and keeps the order in which keys came.
package struct TemplateMap: Sendable, Hashable {
    package private(set) var keys: [String] = []
    private var values: [String: TemplateValue] = [:]

    package init() {}

    /// Makes a map of pairs; a later pair of the same key wins.
    package init(_ pairs: [(String, TemplateValue)]) {
        for (key, value) in pairs { self[key] = value }
    }

    /// The value of a key, nil when there is none; setting nil is not for removal.
    package subscript(_ key: String) -> TemplateValue? {
        get { values[key] }
        set {
            if values[key] == nil { keys.append(key) }
            values[key] = newValue
        }
    }

    /// Keys and values in order.
    package var pairs: [(String, TemplateValue)] { keys.map { ($0, values[$0] ?? .none) } }
}
