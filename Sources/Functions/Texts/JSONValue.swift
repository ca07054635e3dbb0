import Kernels
import Vocabulary

/// Holds one JSON value as it was read; numbers keep their text.
indirect enum JSONValue {
    case null
    case boolean(Bool)
    case integer(String)
    case fraction(String)
    case string(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])

    /// Writes the value without blanks, as Jackson copies it: fractions as doubles, strings escaped anew.
    func write(into text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let digits): text += digits
        case .fraction(let digits): text += Double(digits).map { NumberText.text($0) } ?? digits
        case .string(let value): text += JSONText.quoted(value)
        case .array(let elements):
            text += "["
            for (place, element) in elements.enumerated() {
                if place > 0 { text += "," }
                element.write(into: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (place, member) in members.enumerated() {
                if place > 0 { text += "," }
                text += JSONText.quoted(member.name) + ":"
                member.value.write(into: &text)
            }
            text += "}"
        }
    }

    /// The value as `write` shows it.
    var text: String {
        var text = ""
        write(into: &text)
        return text
    }

    /// The value as a column of strings holds it: a string itself, null for null, JSON for all else.
    var plainText: String? {
        switch self {
        case .null: nil
        case .string(let value): value
        default: text
        }
    }

    /// Returns the value of a text, or nil for a text without one, or with a malformed one.
    static func parsed(_ text: [UInt8], allowsControls: Bool = false, isStrict: Bool = false) -> JSONValue? {
        text.withUnsafeBytes { raw in
            let tape = JSONTape(allowsControls: allowsControls, isStrict: isStrict)
            return tape.read(raw) ? tape.value(0) : nil
        }
    }
}
