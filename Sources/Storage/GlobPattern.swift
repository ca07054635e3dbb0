/// Matches one part of a path against a pattern as Hadoop's globs do: `*`, `?`, `[a-z]`, `[^a]`, `{a,b}`, `\`
/// escapes.
package struct GlobPattern: Sendable {
    private let alternatives: [[Character]]

    /// Reads a pattern for one part of a path.
    package init(_ pattern: String) {
        alternatives = Self.expandBraces(Array(pattern))
    }

    /// Returns true when a text holds any character with a meaning in patterns.
    package static func isPattern(_ text: String) -> Bool { text.contains { "*?[{".contains($0) } }

    /// Says whether the pattern matches a whole name.
    package func matches(_ name: String) -> Bool {
        let text = Array(name)
        return alternatives.contains { Self.match($0, 0, text, 0) }
    }

    /// Most patterns that braces may stand for.
    private static let expansionLimit = 1_024

    private static func expandBraces(_ pattern: [Character]) -> [[Character]] {
        var done: [[Character]] = []
        var open = [pattern]
        while let next = open.popLast() {
            guard done.count + open.count < expansionLimit, let range = firstBraces(next) else {
                done.append(next)
                continue
            }
            for choice in range.choices {
                open.append(Array(next[..<range.start]) + choice + Array(next[range.end...]))
            }
        }
        return done
    }

    /// Finds the first `{…}` and its choices; `end` lies behind the closing brace.
    private static func firstBraces(_ pattern: [Character]) -> (start: Int, end: Int, choices: [[Character]])?
    {
        guard let start = pattern.firstIndex(of: "{") else { return nil }
        var depth = 0
        var choices: [[Character]] = []
        var current: [Character] = []
        for index in start..<pattern.count {
            let character = pattern[index]
            if character == "{" {
                depth += 1
                if depth == 1 { continue }
            } else if character == "}" {
                depth -= 1
                if depth == 0 { return (start, index + 1, choices + [current]) }
            } else if character == ",", depth == 1 {
                choices.append(current)
                current = []
                continue
            }
            current.append(character)
        }
        return nil
    }

    private static func match(_ pattern: [Character], _ p: Int, _ text: [Character], _ t: Int) -> Bool {
        var patternAt = p
        var textAt = t
        var starAt: Int?
        var starText = 0
        while textAt < text.count {
            if patternAt < pattern.count, pattern[patternAt] == "*" {
                starAt = patternAt
                starText = textAt
                patternAt += 1
            } else if let next = matchOne(pattern, patternAt, text[textAt]) {
                patternAt = next
                textAt += 1
            } else if let star = starAt {
                patternAt = star + 1
                starText += 1
                textAt = starText
            } else {
                return false
            }
        }
        while patternAt < pattern.count, pattern[patternAt] == "*" { patternAt += 1 }
        return patternAt == pattern.count
    }

    /// Returns the position behind the pattern element that matches `character`, or nil.
    private static func matchOne(_ pattern: [Character], _ at: Int, _ character: Character) -> Int? {
        guard at < pattern.count else { return nil }
        switch pattern[at] {
        case "?": return at + 1
        case "\\" where at + 1 < pattern.count: return pattern[at + 1] == character ? at + 2 : nil
        case "[":
            guard let close = pattern[(at + 1)...].firstIndex(of: "]"), close > at + 1 else {
                return character == "[" ? at + 1 : nil
            }
            var members = Array(pattern[(at + 1)..<close])
            let isNegated = members.first == "^" || members.first == "!"
            if isNegated { members.removeFirst() }
            return contains(members, character) != isNegated ? close + 1 : nil
        case let other: return other == character ? at + 1 : nil
        }
    }

    private static func contains(_ members: [Character], _ character: Character) -> Bool {
        var index = 0
        while index < members.count {
            if index + 2 < members.count, members[index + 1] == "-" {
                if members[index] <= character, character <= members[index + 2] { return true }
                index += 3
            } else {
                if members[index] == character { return true }
                index += 1
            }
        }
        return false
    }
}
