import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Writes the time for the `date` field (RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`), once a second.
enum HTTPDate {
    private static let latest = Mutex<(seconds: Int, text: String)>((0, ""))

    static func now() -> String {
        let seconds = time(nil)
        return latest.withLock { latest in
            if latest.seconds != seconds { latest = (seconds, text(of: seconds)) }
            return latest.text
        }
    }

    static func text(of seconds: Int) -> String {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
