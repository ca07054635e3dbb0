/// Reads and writes the XML of S3, whose answers are flat: elements with text, or lists of such.
enum XMLText {
    /// Returns what is inside of each element of a name, in order. An element of that name inside of one is
    /// not expected.
    static func elements(_ name: String, in xml: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        let tag = Array("<\(name)".utf8)
        let end = Array("</\(name)>".utf8)
        var position = xml.startIndex
        while let open = find(tag, in: xml[position...]) {
            // The name must end here: `<Key>`, `<Key xmlns=…>`, `<Key/>`.
            let rest = xml[open...]
            guard let first = rest.first, isNameEnd(first) else {
                position = open
                continue
            }
            guard let close = rest.firstIndex(of: UInt8(ascii: ">")) else { break }
            position = close + 1
            if xml[close - 1] == UInt8(ascii: "/") {
                found.append(xml[position..<position])
                continue
            }
            guard let after = find(end, in: xml[position...]) else { break }
            found.append(xml[position..<(after - end.count)])
            position = after
        }
        return found
    }

    /// Returns the text of the first element of a name.
    static func text(_ name: String, in xml: ArraySlice<UInt8>) -> String? {
        elements(name, in: xml).first.map(unescaped)
    }

    private static func isNameEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") || byte <= UInt8(ascii: " ")
    }

    /// Returns the position behind the next `pattern`.
    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var i = bytes.startIndex
        let last = bytes.endIndex - pattern.count
        while i <= last {
            if bytes[i] == pattern[0] {
                var k = 1
                while k < pattern.count, bytes[i + k] == pattern[k] { k += 1 }
                if k == pattern.count { return i + k }
            }
            i += 1
        }
        return nil
    }

    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        var result = ""
        var rest = Substring(text)
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            guard let end = rest.firstIndex(of: ";"), let shown = character(rest[..<end]) else {
                result += "&"
                continue
            }
            result += shown
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ entity: Substring) -> String? {
        if let known = entities[String(entity)] { return known }
        guard entity.hasPrefix("#") else { return nil }
        let digits = entity.dropFirst()
        let number = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }

    static func escape(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\r", "\n", "\t": result += "&#\(character.value);"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
