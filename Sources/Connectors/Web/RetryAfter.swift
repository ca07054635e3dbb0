import Vocabulary

/// Reads the header Retry-After (RFC 9110, 10.2.3).
enum RetryAfter {
    /// Returns the seconds to wait, nil for text that is neither seconds nor a date. `now`: seconds since
    /// 1970.
    static func seconds(_ text: String, now: Int) -> Int? {
        let text = text.split(separator: " ").joined(separator: " ")
        if let seconds = Int(text) { return seconds >= 0 ? seconds : nil }
        return HTTPDate.seconds(of: text).map { max(0, $0 - now) }
    }
}
