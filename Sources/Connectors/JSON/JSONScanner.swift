import Vocabulary

/// Goes over JSON text (RFC 8259). `check` trusts nothing; the others are for text that was checked.
struct JSONScanner {
    private let text: UnsafeBufferPointer<UInt8>
    /// Where it stands; after a failed check, the byte at fault.
    private(set) var at: Int
    /// Whether a check failed for nesting alone.
    private(set) var isTooDeep = false

    init(_ text: UnsafeBufferPointer<UInt8>, at: Int) {
        self.text = text
        self.at = at
    }

    private var next: UInt8 { at < text.count ? text[at] : 0 }

    mutating func skipBlanks() {
        while at < text.count, JSONScanner.isBlank(text[at]) { at += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    // MARK: text that is not trusted

    /// Goes over one value and says whether it is JSON, nested at most as deep as the engine allows.
    mutating func check(depth: Int) -> Bool {
        guard depth <= Limits.nestingDepth else {
            isTooDeep = true
            return false
        }
        switch next {
        case UInt8(ascii: "{"): return checkList(end: UInt8(ascii: "}"), depth: depth, isObject: true)
        case UInt8(ascii: "["): return checkList(end: UInt8(ascii: "]"), depth: depth, isObject: false)
        case UInt8(ascii: "\""): return checkString()
        case UInt8(ascii: "t"): return checkWord("true")
        case UInt8(ascii: "f"): return checkWord("false")
        case UInt8(ascii: "n"): return checkWord("null")
        default: return checkNumber()
        }
    }

    private mutating func checkList(end: UInt8, depth: Int, isObject: Bool) -> Bool {
        at += 1
        skipBlanks()
        if next == end {
            at += 1
            return true
        }
        while true {
            if isObject {
                guard next == UInt8(ascii: "\""), checkString() else { return false }
                skipBlanks()
                guard next == UInt8(ascii: ":") else { return false }
                at += 1
                skipBlanks()
            }
            guard check(depth: depth + 1) else { return false }
            skipBlanks()
            guard next == UInt8(ascii: ",") else { break }
            at += 1
            skipBlanks()
        }
        guard next == end else { return false }
        at += 1
        return true
    }

    private mutating func checkString() -> Bool {
        at += 1
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return true
            }
            if byte < 0x20 { return false }
            if byte == UInt8(ascii: "\\") {
                at += 1
                switch next {
                case UInt8(ascii: "u"):
                    for _ in 0..<4 {
                        at += 1
                        guard JSONScanner.hexDigit(next) != nil else { return false }
                    }
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
                    UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                    break
                default: return false
                }
            }
            at += 1
        }
        return false
    }

    private mutating func checkWord(_ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { return false }
            at += 1
        }
        return true
    }

    private mutating func checkNumber() -> Bool {
        if next == UInt8(ascii: "-") { at += 1 }
        if next == UInt8(ascii: "0") {
            at += 1
            if isDigit(next) { return false }
        } else if !skipDigits() {
            return false
        }
        if next == UInt8(ascii: ".") {
            at += 1
            guard skipDigits() else { return false }
        }
        if next | 0x20 == UInt8(ascii: "e") {
            at += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
            return skipDigits()
        }
        return true
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func skipDigits() -> Bool {
        let start = at
        while isDigit(next) { at += 1 }
        return at > start
    }

    // MARK: text that was checked

    /// Goes to the next element or value of a list, over what stands between; false at its end.
    @discardableResult
    mutating func nextItem() -> Bool {
        skipBlanks()
        if next == UInt8(ascii: ",") || next == UInt8(ascii: ":") {
            at += 1
            skipBlanks()
        }
        return next != UInt8(ascii: "}") && next != UInt8(ascii: "]")
    }

    /// Goes over one value and returns its range.
    mutating func skipValue() -> Range<Int> {
        let start = at
        switch next {
        case UInt8(ascii: "\""): skipString()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            repeat {
                switch text[at] {
                case UInt8(ascii: "\""):
                    skipString()
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                at += 1
            } while depth > 0
        default:
            while at < text.count, text[at] > 0x20, text[at] != UInt8(ascii: ","),
                text[at] != UInt8(ascii: "}"), text[at] != UInt8(ascii: "]")
            { at += 1 }
        }
        return start..<at
    }

    private mutating func skipString() {
        at += 1
        while text[at] != UInt8(ascii: "\"") { at += text[at] == UInt8(ascii: "\\") ? 2 : 1 }
        at += 1
    }

    /// Returns the text of a string with its quotes at `range`.
    static func string(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
        let inner = UnsafeBufferPointer(rebasing: text[(range.lowerBound + 1)..<(range.upperBound - 1)])
        guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
        var units: [UInt16] = []
        var result = ""
        var at = 0
        /// Halves of surrogate pairs come as two escapes: they are joined here.
        func flush() {
            result += String(decoding: units, as: UTF16.self)
            units = []
        }
        while at < inner.count {
            guard inner[at] == UInt8(ascii: "\\") else {
                flush()
                let end = inner[at...].firstIndex(of: UInt8(ascii: "\\")) ?? inner.count
                result += String(decoding: inner[at..<end], as: UTF8.self)
                at = end
                continue
            }
            let escape = inner[at + 1]
            at += 2
            if escape == UInt8(ascii: "u") {
                units.append(inner[at..<(at + 4)].reduce(0) { $0 << 4 | UInt16(hexDigit($1) ?? 0) })
                at += 4
            } else {
                flush()
                result.unicodeScalars.append(Unicode.Scalar(plain(escape)))
            }
        }
        flush()
        return result
    }

    private static func plain(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "f"): 12
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "t"): 9
        default: escape
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
