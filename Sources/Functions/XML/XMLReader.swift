import Vocabulary

/// Reads an XML 1.0 document without looking at namespaces. A document type's own entities are not expanded:
/// references to them are errors.
struct XMLReader {
    /// Says what is wrong with a document.
    struct Failure: Error {
        var reason: String
    }

    private let bytes: [UInt8]
    private var position = 0
    private var tree = XMLTree()
    private var open: [Int] = [0]
    private var hasElement = false

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a text's bytes; throws where they are no document of one element.
    static func tree(_ bytes: [UInt8]) throws(Failure) -> XMLTree {
        var reader = XMLReader(bytes)
        try reader.read()
        return reader.tree
    }

    private mutating func read() throws(Failure) {
        if starts(with: "\u{FEFF}") { position += 3 }
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<") {
                try markup()
            } else {
                let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                try text(try decoded(position..<end))
                position = end
            }
        }
        if open.count > 1, let last = open.last {
            throw Failure(reason: "<\(tree.nodes[last].name)> is not closed")
        }
        if !hasElement { throw Failure(reason: "there is no element") }
        tree.close(0)
    }

    private mutating func text(_ value: String, isBorder: Bool = false) throws(Failure) {
        let parent = open[open.count - 1]
        if parent == 0 {
            if value.allSatisfy(\.isWhitespace), !isBorder { return }
            throw Failure(reason: "there is text outside of the element")
        }
        if value.isEmpty { return }
        let last = tree.nodes.count - 1
        let isContinuation = tree.nodes[last].kind == .text && tree.nodes[last].parent == parent
        _ = tree.append(.init(kind: .text, value: value, parent: parent, isContinuation: isContinuation))
    }

    private mutating func markup() throws(Failure) {
        let parent = open[open.count - 1]
        if starts(with: "<!--") {
            let value = try upTo("-->", behind: 4)
            _ = tree.append(.init(kind: .comment, value: value, parent: parent))
        } else if starts(with: "<![CDATA[") {
            try text(try upTo("]]>", behind: 9), isBorder: true)
        } else if starts(with: "<?") {
            let value = try upTo("?>", behind: 2)
            let target = value.prefix { !$0.isWhitespace }
            if target.lowercased() == "xml" { return }
            let rest = value.dropFirst(target.count).drop(while: \.isWhitespace)
            _ = tree.append(
                .init(kind: .instruction, name: String(target), value: String(rest), parent: parent))
        } else if starts(with: "<!DOCTYPE") {
            try skipType()
        } else if starts(with: "</") {
            position += 2
            let name = try name()
            skipSpace()
            try expect(">")
            guard open.count > 1, tree.nodes[parent].name == name else {
                throw Failure(reason: "</\(name)> closes no element")
            }
            tree.close(parent)
            open.removeLast()
        } else {
            try element(parent)
        }
    }

    private mutating func element(_ parent: Int) throws(Failure) {
        if parent == 0, hasElement { throw Failure(reason: "there is a second element") }
        hasElement = true
        if open.count > Limits.nestingDepth * 8 { throw Failure(reason: "it is nested too deeply") }
        position += 1
        let place = tree.append(.init(kind: .element, name: try name(), parent: parent))
        var names: Set<String> = []
        while true {
            let before = position
            skipSpace()
            if position >= bytes.count { throw Failure(reason: "a tag is not closed") }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                tree.close(place)
                open.append(place)
                return
            }
            if starts(with: "/>") {
                position += 2
                tree.close(place)
                return
            }
            if before == position { throw Failure(reason: "an attribute stands without a blank before it") }
            let name = try name()
            skipSpace()
            try expect("=")
            skipSpace()
            guard position < bytes.count, bytes[position] == 0x22 || bytes[position] == 0x27,
                let end = bytes[(position + 1)...].firstIndex(of: bytes[position])
            else { throw Failure(reason: "the attribute \(name) has no quoted value") }
            if !names.insert(name).inserted { throw Failure(reason: "the attribute \(name) stands twice") }
            let value = try decoded(position + 1..<end, isAttribute: true)
            _ = tree.append(.init(kind: .attribute, name: name, value: value, parent: place))
            position = end + 1
        }
    }

    private mutating func skipType() throws(Failure) {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ">") where depth == 0:
                position += 1
                return
            default: break
            }
            position += 1
        }
        throw Failure(reason: "its document type is not closed")
    }

    // MARK: Pieces

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func upTo(_ end: String, behind start: Int) throws(Failure) -> String {
        let from = position + start
        let mark = Array(end.utf8)
        var at = from
        while at + mark.count <= bytes.count {
            if bytes[at] == mark[0], bytes[at..<at + mark.count].elementsEqual(mark) {
                position = at + mark.count
                return String(decoding: bytes[from..<at], as: UTF8.self)
            }
            at += 1
        }
        throw Failure(reason: "\(end) is missing")
    }

    private mutating func name() throws(Failure) -> String {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        let first = start < bytes.count ? bytes[start] : 0
        if start == position || first >= 0x30 && first <= 0x39 || first == 0x2D || first == 0x2E {
            throw Failure(reason: "there is no name where one is expected")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Says whether a byte may be part of a name: letters, digits, `-._:` and all beyond ASCII.
    static func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x3A
            || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func expect(_ sign: String) throws(Failure) {
        guard starts(with: sign) else { throw Failure(reason: "'\(sign)' is missing") }
        position += sign.utf8.count
    }

    /// Returns a stretch with its references resolved and its line ends made `\n`; in attributes they and tabs
    /// become blanks.
    private func decoded(_ range: Range<Int>, isAttribute: Bool = false) throws(Failure) -> String {
        let part = bytes[range]
        if !part.contains(where: { $0 == 0x26 || $0 == 0x0D || isAttribute && ($0 == 0x09 || $0 == 0x0A) }) {
            if part.contains(UInt8(ascii: "<")) { throw Failure(reason: "'<' stands in a value") }
            return String(decoding: part, as: UTF8.self)
        }
        var out: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = bytes[at]
            if byte == 0x0D || isAttribute && (byte == 0x09 || byte == 0x0A) {
                out.append(isAttribute ? 0x20 : 0x0A)
                at += byte == 0x0D && at + 1 < range.upperBound && bytes[at + 1] == 0x0A ? 2 : 1
            } else if byte == UInt8(ascii: "&") {
                guard let end = bytes[at..<range.upperBound].firstIndex(of: UInt8(ascii: ";")) else {
                    throw Failure(reason: "a reference is not closed")
                }
                out += try Self.resolved(String(decoding: bytes[at + 1..<end], as: UTF8.self)).utf8
                at = end + 1
            } else {
                out.append(byte)
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func resolved(_ name: String) throws(Failure) -> String {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        if name.hasPrefix("#") {
            let isHex = name.hasPrefix("#x")
            let digits = name.dropFirst(isHex ? 2 : 1)
            let code = UInt32(digits, radix: isHex ? 16 : 10) ?? 0
            if code > 0, let scalar = Unicode.Scalar(code) { return String(scalar) }
        }
        throw Failure(reason: "the entity \"\(name.prefix(40))\" is not declared")
    }
}
