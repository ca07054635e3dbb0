extension StringProtocol {
    /// Returns the text without the spaces (U+0020) around it.
    package var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
