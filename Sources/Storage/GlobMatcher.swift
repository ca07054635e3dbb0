/// Matches paths against a Hadoop glob: `*` and `?` within a part, `[abc]`, `[a-z]`, `[^x]`, `{a,b}`.
struct GlobMatcher {
    /// The directory in front of the first part with a wildcard.
    let base: String
    /// Alternatives of the pattern below `base`, each a list of parts.
    private let patterns: [[[Character]]]

    /// Returns nil when the path has no wildcard.
    init?(_ path: String) {
        guard path.contains(where: { "*?[{".contains($0) }) else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let first = parts.firstIndex { $0.contains { "*?[{".contains($0) } } ?? 0
        let front = parts[..<first].joined(separator: "/")
        base = first == 0 ? "." : front.isEmpty ? "/" : front
        let rest = parts[first...].joined(separator: "/")
        patterns = GlobMatcher.alternatives(Array(rest)).map { pattern in
            pattern.split(separator: "/").map { Array($0) }
        }
    }

    /// Says whether a file's path below `base`, or a directory above it, matches.
    func matches(_ parts: [String]) -> Bool {
        let relative = base == "." && parts.first == "." ? Array(parts.dropFirst()) : parts
        return patterns.contains { pattern in
            pattern.count <= relative.count
                && zip(pattern, relative).allSatisfy { GlobMatcher.matches($0[...], Array($1)[...]) }
        }
    }

    /// Writes out `{a,b}`.
    private static func alternatives(_ pattern: [Character]) -> [[Character]] {
        guard let open = pattern.firstIndex(of: "{"), let close = pattern[open...].firstIndex(of: "}") else {
            return [pattern]
        }
        let choices = pattern[(open + 1)..<close].split(separator: ",", omittingEmptySubsequences: false)
        return choices.flatMap { choice in
            alternatives(Array(pattern[..<open]) + Array(choice) + Array(pattern[(close + 1)...]))
        }
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        switch first {
        case "*":
            let rest = pattern.dropFirst().drop { $0 == "*" }
            return text.indices.contains { matches(rest, text[$0...]) }
                || matches(rest, text[text.endIndex...])
        case "?": return !text.isEmpty && matches(pattern.dropFirst(), text.dropFirst())
        case "[":
            guard let close = pattern.dropFirst(2).firstIndex(of: "]"), let character = text.first else {
                return text.first == "[" && matches(pattern.dropFirst(), text.dropFirst())
            }
            var set = pattern[(pattern.startIndex + 1)..<close]
            let negated = set.first == "^" || set.first == "!"
            if negated { set = set.dropFirst() }
            return contains(set, character) != negated && matches(pattern[(close + 1)...], text.dropFirst())
        default: return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
        }
    }

    private static func contains(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
        var i = set.startIndex
        while i < set.endIndex {
            if i + 2 < set.endIndex, set[i + 1] == "-" {
                if set[i] <= character, character <= set[i + 2] { return true }
                i += 3
            } else {
                if set[i] == character { return true }
                i += 1
            }
        }
        return false
    }
}
