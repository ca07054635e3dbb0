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
            var parser = JSONParser(raw, allowsControls: allowsControls, isStrict: isStrict)
            return try? parser.value()
        }
    }
}

/// Reads one JSON value from the start of a text (RFC 8259, and strings in single quotes as Spark allows
/// them). What follows the value is not looked at.
struct JSONParser {
    /// Deepest nesting that is read; deeper texts count as malformed.
    static let depthLimit = 500

    private let bytes: UnsafeRawBufferPointer
    private let allowsControls: Bool
    private let isStrict: Bool
    private var at = 0
    private var depth = 0

    /// Tells that the text is no JSON.
    struct Malformed: Error {}

    /// - Parameters:
    ///   - allowsControls: whether line ends and other controls may stand in strings as they are.
    ///   - isStrict: whether single quotes are refused.
    init(_ bytes: UnsafeRawBufferPointer, allowsControls: Bool = false, isStrict: Bool = false) {
        self.bytes = bytes
        self.allowsControls = allowsControls
        self.isStrict = isStrict
    }

    mutating func value() throws(Malformed) -> JSONValue {
        skipBlanks()
        guard at < bytes.count else { throw Malformed() }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "'") where !isStrict: return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func skipBlanks() {
        while at < bytes.count, [32, 9, 10, 13].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(Malformed) {
        if !take(byte) { throw Malformed() }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(Malformed) -> JSONValue {
        for byte in text.utf8 {
            guard at < bytes.count, bytes[at] == byte else { throw Malformed() }
            at += 1
        }
        if at < bytes.count, isWord(bytes[at]) { throw Malformed() }
        return value
    }

    private func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 32) || byte == UInt8(ascii: "_")
    }

    private mutating func enter() throws(Malformed) {
        at += 1
        depth += 1
        if depth > Self.depthLimit { throw Malformed() }
    }

    private mutating func object() throws(Malformed) -> JSONValue {
        try enter()
        var members: [(name: String, value: JSONValue)] = []
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipBlanks()
                guard at < bytes.count,
                    bytes[at] == UInt8(ascii: "\"") || !isStrict && bytes[at] == UInt8(ascii: "'")
                else { throw Malformed() }
                let name = try string()
                try expect(UInt8(ascii: ":"))
                members.append((name, try value()))
            } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "}"))
        }
        depth -= 1
        return .object(members)
    }

    private mutating func array() throws(Malformed) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if !take(UInt8(ascii: "]")) {
            repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
            try expect(UInt8(ascii: "]"))
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func number() throws(Malformed) -> JSONValue {
        let start = at
        var isFraction = false
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        let whole = try digits()
        if whole > 1, bytes[at - whole] == UInt8(ascii: "0") { throw Malformed() }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            isFraction = true
            at += 1
            _ = try digits()
        }
        if at < bytes.count, bytes[at] | 32 == UInt8(ascii: "e") {
            isFraction = true
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") { at += 1 }
            _ = try digits()
        }
        if at < bytes.count, isWord(bytes[at]) { throw Malformed() }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        return isFraction ? .fraction(text) : .integer(text)
    }

    private mutating func digits() throws(Malformed) -> Int {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
        if at == start { throw Malformed() }
        return at - start
    }

    private mutating func string() throws(Malformed) -> String {
        let quote = bytes[at]
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == quote { return String(decoding: out, as: UTF8.self) }
            if byte < 32, !allowsControls { throw Malformed() }
            if byte == UInt8(ascii: "\\") { try escape(into: &out) } else { out.append(byte) }
        }
        throw Malformed()
    }

    private mutating func escape(into out: inout [UInt8]) throws(Malformed) {
        guard at < bytes.count else { throw Malformed() }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "'") where !isStrict: out.append(byte)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "u"):
            var unit = try codeUnit()
            if (0xD800..<0xDC00).contains(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                bytes[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                let low = try codeUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw Malformed() }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
            out.append(contentsOf: String(Character(scalar)).utf8)
        default: throw Malformed()
        }
    }

    private mutating func codeUnit() throws(Malformed) -> UInt32 {
        guard at + 4 <= bytes.count else { throw Malformed() }
        let text = String(decoding: bytes[at..<(at + 4)], as: UTF8.self)
        guard text.utf8.allSatisfy({ isWord($0) }), let unit = UInt32(text, radix: 16) else {
            throw Malformed()
        }
        at += 4
        return unit
    }
}
