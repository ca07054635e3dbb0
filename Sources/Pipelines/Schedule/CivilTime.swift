import Kernels

/// Reads and prints dates with times. Instants and local times are minutes since 1970.
package enum CivilTime {
    static let minutesPerDay = 1440

    /// Reads `2024-01-01`, `2024-01-01T02:30`, `2024-01-01 02:30:00` (seconds are dropped) and an optional
    /// final `Z`, as local minutes; nil for anything else.
    package static func parse(_ text: String) -> Int? {
        let pattern = /(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?Z?)?/
        guard let match = text.wholeMatch(of: pattern), let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3)
        else { return nil }
        let hour = match.4.flatMap { Int($0) } ?? 0
        let minute = match.5.flatMap { Int($0) } ?? 0
        let date = CivilDate(year: year, month: month, day: day)
        guard year >= 1, (1...12).contains(month), date.isValid, hour < 24, minute < 60 else { return nil }
        return date.days * minutesPerDay + hour * 60 + minute
    }

    /// Prints minutes as `2024-01-01T02:30`.
    package static func text(_ minutes: Int) -> String {
        let date = CivilDate(days: ClockTime.floorDivide(minutes, minutesPerDay))
        let rest = ClockTime.floorRemainder(minutes, minutesPerDay)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(padded(rest / 60, 2)):\(padded(rest % 60, 2))"
    }

    /// Prints minutes of UTC as `2024-01-01T02:30:00Z` (RFC 3339).
    package static func rfc3339(_ minutes: Int) -> String { text(minutes) + ":00Z" }
}
