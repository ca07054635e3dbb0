import Foundation

/// Compares row lines as the case files hold them.
enum RowLines {
    /// Relative difference up to which floating values are equal.
    static let tolerance = 1e-9

    /// Returns nil when the rows are equal, else a sentence with the first difference. Both sides are sorted
    /// when
    /// `isSorted`. Columns of type float and double are compared as numbers.
    static func difference(expected: [String], actual: [String], types: [String], isSorted: Bool) -> String? {
        let left = isSorted ? expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : expected
        let right = isSorted ? actual.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : actual
        for (row, pair) in zip(left, right).enumerated() where !isSame(pair.0, pair.1, types) {
            return "row \(row + 1): Spark gives \(pair.0), here \(pair.1)"
        }
        if left.count == right.count { return nil }
        return "\(right.count) rows, Spark gives \(left.count)"
    }

    private static func isSame(_ left: String, _ right: String, _ types: [String]) -> Bool {
        if left == right { return true }
        let a = left.split(separator: "\t", omittingEmptySubsequences: false)
        let b = right.split(separator: "\t", omittingEmptySubsequences: false)
        guard a.count == types.count, b.count == types.count else { return false }
        for column in types.indices where a[column] != b[column] {
            let isFloating = types[column].contains("double") || types[column].contains("float")
            if !isFloating || !isNear(a[column], b[column]) { return false }
        }
        return true
    }

    /// Compares numbers, also inside brackets: everything but the numbers must be equal.
    private static func isNear(_ left: Substring, _ right: Substring) -> Bool {
        let separators: Set<Character> = ["[", "]", "{", "}", ",", ":"]
        let a = left.split(omittingEmptySubsequences: false) { separators.contains($0) }
        let b = right.split(omittingEmptySubsequences: false) { separators.contains($0) }
        guard a.count == b.count, left.filter(separators.contains) == right.filter(separators.contains) else {
            return false
        }
        return zip(a, b).allSatisfy { x, y in
            if x == y { return true }
            guard let x = Double(x), let y = Double(y) else { return false }
            return abs(x - y) <= tolerance * max(abs(x), abs(y))
        }
    }
}
