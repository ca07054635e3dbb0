/// Finds the names a user may have meant.
package enum Suggestion {
    /// Returns the candidate nearest to `word` by edit distance, ignoring case, or nil when none is near:
    /// at most a third of the word's length, and at least one edit, may differ.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let target = Array(word.lowercased().utf8)
        let bound = max(1, target.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            if abs(other.count - target.count) > bound { continue }
            let distance = editDistance(target, other)
            if distance <= bound, distance < (best?.distance ?? Int.max) { best = (distance, candidate) }
        }
        return best?.name
    }

    /// Counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var before = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        var current = previous
        for i in 1...a.count {
            current[0] = i
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                var least = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    least = min(least, before[j - 2] + 1)
                }
                current[j] = least
            }
            (before, previous, current) = (previous, current, before)
        }
        return previous[b.count]
    }
}
