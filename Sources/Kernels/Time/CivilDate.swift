/// Converts between days since 1970-01-01 and year, month, day of the proleptic Gregorian calendar
/// (algorithms of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
package struct CivilDate: Equatable, Sendable {
    package var year: Int
    /// 1…12.
    package var month: Int
    /// 1…31.
    package var day: Int

    @inline(__always)
    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Makes the date that lies `days` after 1970-01-01.
    @inline(__always)
    package init(days: Int) {
        let z = days &+ 719_468
        let era = (z >= 0 ? z : z &- 146_096) / 146_097
        let dayOfEra = z &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let shifted = (5 &* dayOfYear &+ 2) / 153
        day = dayOfYear &- (153 &* shifted &+ 2) / 5 &+ 1
        month = shifted < 10 ? shifted &+ 3 : shifted &- 9
        year = yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    @inline(__always)
    package var days: Int {
        let y = month <= 2 ? year &- 1 : year
        let era = (y >= 0 ? y : y &- 399) / 400
        let yearOfEra = y &- era &* 400
        let shifted = month > 2 ? month &- 3 : month &+ 9
        let dayOfYear = (153 &* shifted &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ dayOfEra &- 719_468
    }

    package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Number of days of a month.
    package static func length(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package var isValid: Bool {
        (1...12).contains(month) && day >= 1 && day <= CivilDate.length(year: year, month: month)
    }

    /// 1 on January 1st.
    package var dayOfYear: Int { days - CivilDate(year: year, month: 1, day: 1).days + 1 }
    package var quarter: Int { (month - 1) / 3 + 1 }

    /// Returns the date `months` later, the day cut to the month's length.
    package func adding(months: Int) -> CivilDate {
        let total = year * 12 + month - 1 + months
        let newYear = total >= 0 ? total / 12 : (total - 11) / 12
        let newMonth = total - newYear * 12 + 1
        return CivilDate(
            year: newYear, month: newMonth, day: min(day, CivilDate.length(year: newYear, month: newMonth)))
    }

    /// Day of the week, Monday 1 … Sunday 7, of a number of days since 1970-01-01.
    package static func isoWeekday(days: Int) -> Int {
        let r = (days + 3) % 7
        return (r < 0 ? r + 7 : r) + 1
    }

    /// ISO 8601 week and the year it belongs to.
    package static func isoWeek(days: Int) -> (year: Int, week: Int) {
        let thursday = CivilDate(days: days - isoWeekday(days: days) + 4)
        return (thursday.year, (thursday.dayOfYear - 1) / 7 + 1)
    }
}

/// Splits and joins numbers of microseconds.
package enum ClockTime {
    package static let microsecondsPerDay = 86_400_000_000
    /// Far more months or days than lie between any two times of 64 bits.
    private static let mostSteps = 1 << 40

    /// Returns the quotient rounded down.
    @inline(__always)
    package static func floorDivide(_ a: Int, _ b: Int) -> Int {
        let q = a / b
        return a % b < 0 ? q &- 1 : q
    }

    /// Returns the remainder that goes with `floorDivide`: never negative.
    @inline(__always)
    package static func floorRemainder(_ a: Int, _ b: Int) -> Int {
        let r = a % b
        return r < 0 ? r &+ b : r
    }

    /// Returns the local time that lies months and then days away on the calendar, at the same time of day;
    /// the day is cut to the month's length. Both times are microseconds since 1970-01-01; nil past what 64
    /// bits hold.
    package static func moving(_ local: Int, months: Int, days: Int = 0) -> Int? {
        guard months.magnitude < mostSteps, days.magnitude < mostSteps else { return nil }
        let day = floorDivide(local, microsecondsPerDay)
        let moved = CivilDate(days: day).adding(months: months).days + days
        let rest = local &- day &* microsecondsPerDay
        return Int(exactly: Int128(moved) * Int128(microsecondsPerDay) + Int128(rest))
    }
}
