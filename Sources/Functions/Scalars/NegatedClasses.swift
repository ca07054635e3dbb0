/// Writes `\W`, `\D` and `\S` of a pattern as sets. PCRE2's machine code does not take letters beyond ASCII
/// for them where texts may be broken UTF-8, as Java does.
enum NegatedClasses {
    /// What the letters leave out, in words of a set.
    private static func set(_ letter: UInt8) -> String? {
        switch letter {
        case UInt8(ascii: "W"): "0-9A-Z_a-z"
        case UInt8(ascii: "D"): "0-9"
        case UInt8(ascii: "S"): "\\x09-\\x0d\\x20"
        default: nil
        }
    }

    /// Returns the pattern, the same one where none of the letters stands in it.
    static func written(_ pattern: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        while at < pattern.count {
            let byte = pattern[at]
            if byte == UInt8(ascii: "\\"), at + 1 < pattern.count {
                let next = pattern[at + 1]
                if next == UInt8(ascii: "Q") {
                    let end = quoteEnd(pattern, at + 2)
                    out += pattern[at..<end]
                    at = end
                } else if let set = set(next) {
                    out += Array("[^\(set)]".utf8)
                    at += 2
                } else {
                    out += [byte, next]
                    at += 2
                }
            } else if byte == UInt8(ascii: "["), let end = classEnd(pattern, at) {
                out += rewritten(Array(pattern[at..<end]))
                at = end
            } else {
                out.append(byte)
                at += 1
            }
        }
        return out
    }

    private static func quoteEnd(_ pattern: [UInt8], _ start: Int) -> Int {
        var at = start
        while at + 1 < pattern.count {
            if pattern[at] == UInt8(ascii: "\\"), pattern[at + 1] == UInt8(ascii: "E") { return at + 2 }
            at += 1
        }
        return pattern.count
    }

    /// Returns the place behind a set's bracket; nil for a set within a set, or without an end.
    private static func classEnd(_ pattern: [UInt8], _ start: Int) -> Int? {
        var at = start + 1
        if at < pattern.count, pattern[at] == UInt8(ascii: "^") { at += 1 }
        // A bracket that comes first is one of the set.
        if at < pattern.count, pattern[at] == UInt8(ascii: "]") { at += 1 }
        while at < pattern.count {
            switch pattern[at] {
            case UInt8(ascii: "\\"): at += 2
            case UInt8(ascii: "["): return nil
            case UInt8(ascii: "]"): return at + 1
            default: at += 1
            }
        }
        return nil
    }

    /// Writes `[^\Wab]` as `(?![ab])[0-9A-Z_a-z]`; sets that are not negated stay.
    private static func rewritten(_ whole: [UInt8]) -> [UInt8] {
        guard whole.count > 3, whole[1] == UInt8(ascii: "^") else { return whole }
        var rest: [UInt8] = []
        var sets: [String] = []
        var at = 2
        while at < whole.count - 1 {
            if whole[at] == UInt8(ascii: "\\") {
                let next = whole[at + 1]
                if let set = set(next) { sets.append(set) } else { rest += [whole[at], next] }
                at += 2
            } else {
                rest.append(whole[at])
                at += 1
            }
        }
        guard let last = sets.popLast() else { return whole }
        var out: [UInt8] = []
        if !rest.isEmpty { out += Array("(?![".utf8) + rest + Array("])".utf8) }
        for set in sets { out += Array("(?=[\(set)])".utf8) }
        // A quantifier behind the set goes for all of it.
        return Array("(?:".utf8) + out + Array("[\(last)])".utf8)
    }
}
