import Columns
import Kernels
import Vocabulary

/// Turns XML texts into values of a type, as Spark's StaxXmlParser does: child elements and attributes are
/// the members of a structure, elements of one name an array.
struct XMLConversion {
    /// Thrown by a value that does not fit its type.
    private struct Misfit: Error {}

    private let fields: [Field]
    private let reader: TextValueReader
    private let corruptMember: Int?
    private let failsFast: Bool
    private let attributePrefix: String
    private let valueName: String
    private let keepsBlanks: Bool

    init(_ type: DataType, _ options: TextOptionValues, zone: Zone) throws {
        guard case .structure(let fields) = type else {
            throw EngineError.internal("from_xml gives no \(type.sqlName)")
        }
        self.fields = fields
        reader = try TextValueReader(options, zone: zone)
        failsFast = try options.failsFast("from_xml")
        attributePrefix = options["attributeprefix"] ?? "_"
        valueName = options["valuetag"] ?? "_VALUE"
        keepsBlanks = options.isTrue("ignoresurroundingspaces") == false
        let name = options["columnnameofcorruptrecord"] ?? "_corrupt_record"
        corruptMember = fields.firstIndex { $0.name == name && $0.type == .string }
    }

    /// Returns the structure of a text. Throws MALFORMED_RECORD_IN_PARSING in mode FAILFAST.
    func value(_ text: [UInt8]) throws -> Scalar {
        if let root = XMLReader.document(text)?.elements.first,
            let members = try? members(root, fields)
        {
            return .structure(members)
        }
        if failsFast { throw TextOptionValues.misfit(String(decoding: text, as: UTF8.self)) }
        var members = fields.map { _ in Scalar.null }
        if let corruptMember { members[corruptMember] = .string(String(decoding: text, as: UTF8.self)) }
        return .structure(members)
    }

    private func members(_ element: XMLNode, _ fields: [Field]) throws -> [Scalar] {
        let elements = element.elements
        return try fields.map { field in
            let name = field.name.lowercased()
            if field.name == valueName { return try value(element, field.type) }
            if name.hasPrefix(attributePrefix) {
                let key = String(name.dropFirst(attributePrefix.count))
                if let found = element.attributes.first(where: { $0.name.lowercased() == key }) {
                    return try plain(found.value, field.type)
                }
            }
            let found = elements.filter { $0.name.lowercased() == name }
            if case .array(let type, _) = field.type {
                return found.isEmpty ? .null : .array(try found.map { try value($0, type) })
            }
            return try found.last.map { try value($0, field.type) } ?? .null
        }
    }

    private func value(_ element: XMLNode, _ type: DataType) throws -> Scalar {
        switch type {
        case .structure(let fields): return .structure(try members(element, fields))
        case .map(_, let type, _):
            var keys: [Scalar] = []
            var values: [Scalar] = []
            for child in element.elements {
                keys.append(.string(child.name))
                values.append(try value(child, type))
            }
            return .map(keys: keys, values: values)
        case .string where !element.elements.isEmpty:
            return .string(element.children.map(XMLText.markup).joined())
        default:
            let text = element.children.filter { $0.kind == .text }.map(\.text).joined()
            return try plain(text, type)
        }
    }

    private func plain(_ text: String, _ type: DataType) throws -> Scalar {
        let text = keepsBlanks ? text : text.trimmingSpaces
        if type == .string { return .string(text) }
        if text.isEmpty { return .null }
        guard let value = reader.value(text, type) else { throw Misfit() }
        return value
    }
}

/// Writes XML.
enum XMLText {
    /// Returns a node as it would be written, without blanks of its own.
    static func markup(_ node: XMLNode) -> String {
        guard node.kind == .element else { return escaped(node.value) }
        let attributes = node.attributes.map { " \($0.name)=\"\(escaped($0.value))\"" }.joined()
        return "<\(node.name)\(attributes)>\(node.children.map(markup).joined())</\(node.name)>"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Writes a value that was read from JSON as an element, each level four blanks further in.
    static func element(_ name: String, _ value: JSONValue, depth: Int, attributePrefix: String) -> String {
        let indent = String(repeating: "    ", count: depth)
        if case .array(let elements) = value {
            return elements.map {
                element(name, $0, depth: depth, attributePrefix: attributePrefix)
            }.joined(separator: "\n")
        }
        guard case .object(let members) = value else {
            return "\(indent)<\(name)>\(escaped(value.digits))</\(name)>"
        }
        var attributes = ""
        var inner: [String] = []
        for member in members {
            if member.name == "_VALUE" {
                inner.append(escaped(member.value.digits))
            } else if !attributePrefix.isEmpty, member.name.hasPrefix(attributePrefix) {
                let key = member.name.dropFirst(attributePrefix.count)
                attributes += " \(key)=\"\(escaped(member.value.digits))\""
            } else {
                inner.append(
                    element(
                        member.name, member.value, depth: depth + 1, attributePrefix: attributePrefix))
            }
        }
        if inner.isEmpty { return "\(indent)<\(name)\(attributes)/>" }
        let body = inner.joined(separator: "\n")
        if !body.contains("<") { return "\(indent)<\(name)\(attributes)>\(body)</\(name)>" }
        return "\(indent)<\(name)\(attributes)>\n\(body)\n\(indent)</\(name)>"
    }
}

extension JSONValue {
    /// The value as a text holds it; numbers with the digits that they were read with.
    fileprivate var digits: String {
        switch self {
        case .integer(let digits), .fraction(let digits): digits
        default: plainText ?? ""
        }
    }
}
