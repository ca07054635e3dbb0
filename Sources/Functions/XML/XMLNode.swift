/// Holds a node of an XML document: the document itself, an element, an attribute or a text.
final class XMLNode {
    enum Kind { case document, element, attribute, text }

    let kind: Kind
    let name: String
    /// The text of an attribute or a text node.
    var value: String
    /// Place in the order of the document.
    let order: Int
    private(set) weak var parent: XMLNode?
    private(set) var attributes: [XMLNode] = []
    private(set) var children: [XMLNode] = []

    init(_ kind: Kind, name: String = "", value: String = "", order: Int = 0) {
        self.kind = kind
        self.name = name
        self.value = value
        self.order = order
    }

    func add(_ child: XMLNode) {
        child.parent = self
        if child.kind == .attribute { attributes.append(child) } else { children.append(child) }
    }

    /// The child elements.
    var elements: [XMLNode] { children.filter { $0.kind == .element } }

    /// The text of the node and of all below it.
    var text: String {
        switch kind {
        case .attribute, .text: value
        case .document, .element: children.map(\.text).joined()
        }
    }

    /// The node and all below it, in the order of the document; no attributes.
    func collect(into nodes: inout [XMLNode]) {
        nodes.append(self)
        for child in children { child.collect(into: &nodes) }
    }
}

/// Reads XML texts into trees: elements, attributes, texts with CDATA and entities. Comments, instructions
/// and a document type are skipped; names keep their prefixes.
struct XMLReader {
    /// Deepest nesting of elements that is read.
    private static let deepest = 500

    private let bytes: [UInt8]
    private var at = 0
    private var count = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Returns the document, nil for a text that is not well formed.
    static func document(_ bytes: [UInt8]) -> XMLNode? {
        var reader = XMLReader(bytes)
        return reader.document()
    }

    private mutating func document() -> XMLNode? {
        let root = XMLNode(.document)
        var stack = [root]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        while at < bytes.count {
            if bytes[at] != UInt8(ascii: "<") {
                guard let text = text(), add(text, to: stack) else { return nil }
            } else if starts("<!--") {
                guard skip(past: "-->") else { return nil }
            } else if starts("<![CDATA[") {
                guard let text = raw(until: "]]>"), stack.count > 1, add(text, to: stack) else { return nil }
            } else if starts("<?") {
                guard skip(past: "?>") else { return nil }
            } else if starts("<!") {
                guard stack.count == 1, root.elements.isEmpty, skipType() else { return nil }
            } else if starts("</") {
                at += 2
                let name = name()
                skipBlanks()
                guard take(UInt8(ascii: ">")), stack.count > 1, stack.last?.name == name else { return nil }
                stack.removeLast()
            } else {
                guard open(&stack), stack.count <= Self.deepest else { return nil }
            }
        }
        return stack.count == 1 && root.elements.count == 1 ? root : nil
    }

    private mutating func open(_ stack: inout [XMLNode]) -> Bool {
        at += 1
        let name = name()
        if name.isEmpty || stack.count == 1 && !stack[0].elements.isEmpty { return false }
        count += 1
        let element = XMLNode(.element, name: name, order: count)
        while true {
            let hadBlanks = skipBlanks()
            if take(UInt8(ascii: ">")) {
                stack.last?.add(element)
                stack.append(element)
                return true
            }
            if starts("/>") {
                at += 2
                stack.last?.add(element)
                return true
            }
            guard hadBlanks, attribute(of: element) else { return false }
        }
    }

    private mutating func attribute(of element: XMLNode) -> Bool {
        let name = name()
        skipBlanks()
        guard !name.isEmpty, take(UInt8(ascii: "=")) else { return false }
        skipBlanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else {
            return false
        }
        let quote = bytes[at]
        guard let end = bytes[(at + 1)...].firstIndex(of: quote) else { return false }
        let raw = bytes[(at + 1)..<end]
        at = end + 1
        guard !raw.contains(UInt8(ascii: "<")), let value = Self.decoded(raw),
            !element.attributes.contains(where: { $0.name == name })
        else { return false }
        count += 1
        element.add(XMLNode(.attribute, name: name, value: value, order: count))
        return true
    }

    /// Adds a text, to the one before where there is one; outside the root only blanks may stand.
    private mutating func add(_ text: String, to stack: [XMLNode]) -> Bool {
        if stack.count == 1 { return text.utf8.allSatisfy { $0 <= 32 } }
        if let last = stack.last?.children.last, last.kind == .text {
            last.value += text
        } else if !text.isEmpty {
            count += 1
            stack.last?.add(XMLNode(.text, value: text, order: count))
        }
        return true
    }

    private mutating func text() -> String? {
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
        defer { at = end }
        return Self.decoded(bytes[at..<end])
    }

    private mutating func raw(until end: StaticString) -> String? {
        at += 9
        let start = at
        guard skip(past: end) else { return nil }
        return String(decoding: bytes[start..<(at - 3)], as: UTF8.self)
    }

    /// Puts characters in the place of entities; nil for one that is not known.
    private static func decoded(_ raw: ArraySlice<UInt8>) -> String? {
        guard raw.contains(UInt8(ascii: "&")) else { return String(decoding: raw, as: UTF8.self) }
        var result = ""
        var rest = raw
        while let mark = rest.firstIndex(of: UInt8(ascii: "&")) {
            result += String(decoding: rest[..<mark], as: UTF8.self)
            guard let end = rest[mark...].firstIndex(of: UInt8(ascii: ";")),
                let scalar = character(String(decoding: rest[(mark + 1)..<end], as: UTF8.self))
            else { return nil }
            result.unicodeScalars.append(scalar)
            rest = rest[(end + 1)...]
        }
        return result + String(decoding: rest, as: UTF8.self)
    }

    private static func character(_ entity: String) -> Unicode.Scalar? {
        switch entity {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard entity.hasPrefix("#") else { return nil }
        let digits = entity.dropFirst()
        let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return code.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
    }

    // MARK: Bytes

    private func starts(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[at...].starts(with: $0) }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = at
        while at < bytes.count, bytes[at] <= 32 { at += 1 }
        return at > start
    }

    private mutating func skip(past text: StaticString) -> Bool {
        while at < bytes.count {
            if starts(text) {
                at += text.utf8CodeUnitCount
                return true
            }
            at += 1
        }
        return false
    }

    /// Skips a document type, with its declarations in brackets.
    private mutating func skipType() -> Bool {
        var depth = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth -= 1 }
            if byte == UInt8(ascii: ">"), depth <= 0 { return true }
        }
        return false
    }

    private mutating func name() -> String {
        let start = at
        while at < bytes.count, bytes[at] > 32, !"<>/=\"'&".utf8.contains(bytes[at]) { at += 1 }
        let first = start < at ? bytes[start] : 0
        if (48...57).contains(first) || first == 45 || first == 46 { return "" }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }
}
