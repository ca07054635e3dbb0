#if canImport(Glibc)
    import Glibc
#endif

/// Writes times as the REST interface shows them.
package enum TimeText {
    /// Returns RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`.
    package static func rfc3339(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day =
            padded(Int(parts.tm_year) + 1900, 4) + "-" + padded(Int(parts.tm_mon) + 1, 2) + "-"
            + padded(Int(parts.tm_mday), 2)
        let clock =
            padded(Int(parts.tm_hour), 2) + ":" + padded(Int(parts.tm_min), 2) + ":"
            + padded(Int(parts.tm_sec), 2)
        return day + "T" + clock + "." + padded(Int(milliseconds % 1000), 3) + "Z"
    }
}
