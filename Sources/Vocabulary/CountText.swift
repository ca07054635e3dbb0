/// Writes counts of things for messages.
package enum CountText {
    /// Returns `1 task`, `2 tasks`.
    package static func of(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
