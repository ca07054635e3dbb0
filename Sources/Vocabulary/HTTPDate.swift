#if canImport(Glibc)
    import Glibc
#endif

/// Writes and reads times as the fields of HTTP hold them (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Returns the text of a time. `seconds`: since 1970.
    package static func text(ofSeconds seconds: Int) -> String {
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }

    /// Returns the seconds since 1970, nil for text that is no such time. Hyphens in the date, one digit for
    /// the day, and a month in any case are understood; the day of the week is not looked at. The two
    /// obsolete forms of the standard, which nobody sends any more, are not known.
    package static func seconds(of text: String) -> Int? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "-" })
        guard words.count == 6, words[0].last == ",", words[0].dropLast().allSatisfy(\.isLetter),
            words[5] == "GMT", let day = number(words[1], digits: 1...2), (1...31).contains(day),
            let month = months.firstIndex(where: { $0.lowercased() == words[2].lowercased() }),
            let year = number(words[3], digits: 4...4)
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        // A leap second is the next minute's first.
        guard clock.count == 3, let hour = number(clock[0], digits: 2...2), hour < 24,
            let minute = number(clock[1], digits: 2...2), minute < 60,
            let second = number(clock[2], digits: 2...2), second <= 60
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        return timegm(&parts)
    }

    /// Reads so many digits and nothing else.
    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int32? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int32(text)
    }
}
