import Vocabulary

/// Finds the places `${name}` of a job's text that no value is given for.
enum TextVariables {
    private static let quote = UInt8(ascii: "'")
    private static let doubleQuote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let newline = UInt8(ascii: "\n")

    /// Throws when a `${name}` without a value stands in the text outside of strings and comments. `file`:
    /// the text's name in messages.
    static func check(_ text: String, values: [String: String], file: String) throws(EngineError) {
        guard text.contains("${") else { return }
        let bytes = Array(text.utf8)
        guard let (name, offset) = firstMissing(bytes, values) else { return }
        throw .user(
            "USAGE", "There is no value for ${\(name)}", remedy: "Give it with: --vars \(name)=…",
            at: JobScript.place(of: offset, in: bytes, file: file, length: name.count + 3))
    }

    /// Returns the first such name and where it stands. Back-quoted names are looked into: paths are written
    /// there.
    private static func firstMissing(
        _ bytes: [UInt8], _ values: [String: String]
    ) -> (name: String, offset: Int)? {
        var at = 0
        var isInName = false
        while at < bytes.count {
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            switch (bytes[at], next) {
            case (UInt8(ascii: "$"), UInt8(ascii: "{")):
                if let name = name(bytes, from: at + 2), values[name] == nil { return (name, at) }
                at += 2
            case (UInt8(ascii: "`"), _):
                isInName.toggle()
                at += 1
            case (quote, _) where !isInName, (doubleQuote, _) where !isInName:
                at = endOfString(bytes, at)
            case (UInt8(ascii: "-"), UInt8(ascii: "-")) where !isInName:
                at = bytes[at...].firstIndex(of: newline) ?? bytes.count
            case (UInt8(ascii: "/"), UInt8(ascii: "*")) where !isInName: at = endOfComment(bytes, at)
            default: at += 1
            }
        }
        return nil
    }

    /// Returns the place after the string that begins at `start`. Backslashes escape, but not in `r'…'`.
    private static func endOfString(_ bytes: [UInt8], _ start: Int) -> Int {
        let isRaw =
            start > 0 && (bytes[start - 1] | 0x20) == UInt8(ascii: "r")
            && (start == 1 || !isNamePart(bytes[start - 2]))
        var at = start + 1
        while at < bytes.count, bytes[at] != bytes[start] {
            at += bytes[at] == backslash && !isRaw ? 2 : 1
        }
        return min(at + 1, bytes.count)
    }

    /// Returns the place after the comment that begins at `start`; such comments may lie in each other.
    private static func endOfComment(_ bytes: [UInt8], _ start: Int) -> Int {
        var depth = 0
        var at = start
        while at + 1 < bytes.count {
            if bytes[at] == UInt8(ascii: "/"), bytes[at + 1] == UInt8(ascii: "*") {
                depth += 1
                at += 2
            } else if bytes[at] == UInt8(ascii: "*"), bytes[at + 1] == UInt8(ascii: "/") {
                depth -= 1
                at += 2
                if depth == 0 { return at }
            } else {
                at += 1
            }
        }
        return bytes.count
    }

    /// Returns the name between `from` and the next brace, on the same line.
    private static func name(_ bytes: [UInt8], from: Int) -> String? {
        var end = from
        while end < bytes.count, isNamePart(bytes[end]) { end += 1 }
        guard end > from, end < bytes.count, bytes[end] == UInt8(ascii: "}") else { return nil }
        return String(decoding: bytes[from..<end], as: UTF8.self)
    }

    /// Whether a byte is part of a name: letters of any script, digits, and `_`, `.`, `-`.
    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
            128...:
            true
        default: false
        }
    }
}
