#if canImport(Glibc)
    import Glibc
#endif

/// Reads the header Retry-After (RFC 9110, 10.2.3).
enum RetryAfter {
    /// Returns the seconds to wait, nil for text that is neither seconds nor a date. `now`: seconds since
    /// 1970.
    static func seconds(_ text: String, now: Int) -> Int? {
        let text = text.split(separator: " ").joined(separator: " ")
        if let seconds = Int(text) { return seconds >= 0 ? seconds : nil }
        return date(text).map { max(0, $0 - now) }
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still sent.
    static func date(_ text: String) -> Int? {
        let pattern = /[A-Za-z]+, (\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}) (\d\d):(\d\d):(\d\d) GMT/
        guard let match = text.wholeMatch(of: pattern),
            let day = Int(match.1), let year = Int(match.3), let hour = Int(match.4),
            let minute = Int(match.5), let second = Int(match.6),
            let month = months.firstIndex(of: match.2.lowercased())
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_sec = Int32(second)
        return Int(timegm(&parts))
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
}
