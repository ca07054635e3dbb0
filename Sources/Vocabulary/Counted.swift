/// Writes counts with their noun: `1 row`, `2 rows`.
package enum Counted {
    /// Returns the count and the noun, with an `s` unless it is one.
    package static func text(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
