import Kernels

/// Turns days and times that were counted by the Julian calendar before 1582-10-15, as Java's older classes
/// count them, into those of the Gregorian one that show the same date.
enum JulianCalendar {
    /// The first day of the Gregorian calendar, 1582-10-15.
    static let firstGregorianDay: Int64 = -141_427
    private static let dayMicroseconds: Int64 = 86_400_000_000

    /// Returns what a local clock shows in the Gregorian calendar, in microseconds since 1970.
    static func rebased(microseconds: Int64) -> Int64 {
        if microseconds >= firstGregorianDay * dayMicroseconds { return microseconds }
        let day = Int64(ClockTime.floorDivide(Int(microseconds), Int(dayMicroseconds)))
        return microseconds &+ (rebased(day: day) &- day) &* dayMicroseconds
    }

    /// Returns the day of the Gregorian calendar that has the date which `day` has in the Julian one: days
    /// before 1582-10-15 were counted by that. Never descends where `day` ascends.
    /// Algorithm: E. G. Richards, "Mapping Time" (1998), chapter 25.
    static func rebased(day: Int64) -> Int64 {
        if day >= firstGregorianDay || day < Int64(Int32.min) { return day }
        let shifted = Int(day) + 2_440_588 + 32_082
        let year = ClockTime.floorDivide(4 * shifted + 3, 1461)
        let dayOfYear = shifted - ClockTime.floorDivide(1461 * year, 4)
        let month = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
        let first = CivilDate(
            year: year - 4800 + month / 10, month: month + 3 - 12 * (month / 10), day: 1)
        return Int64(first.days + dayOfMonth - 1)
    }
}

/// A clock of Java's older classes: before 1900 it shows the zone's present standard time, and before
/// 1582-10-15 dates of the Julian calendar. Source: `java.util.TimeZone`, and `RebaseDateTime` of Apache
/// Spark.
struct JulianClock: Sendable {
    /// The beginning of 1900 in UTC, from which on the older classes and the newer agree; microseconds.
    static let firstAgreed: Int64 = -2_208_988_800_000_000

    private let zone: Zone
    private let standardMicroseconds: Int64

    init(_ zone: Zone) {
        self.zone = zone
        // January and July of 2026: one of them is without summer time.
        let seconds = min(zone.offset(at: 1_767_225_600), zone.offset(at: 1_782_864_000))
        standardMicroseconds = Int64(seconds) * 1_000_000
    }

    /// Returns the instant at which the zone's clock shows, by today's rules, what this one shows at
    /// `microseconds`.
    func rebased(instant microseconds: Int64) -> Int64 {
        if microseconds >= Self.firstAgreed { return microseconds }
        let shown = JulianCalendar.rebased(microseconds: microseconds &+ standardMicroseconds)
        return Int64(zone.instant(local: Int(shown)))
    }
}
