import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions of dates.
enum DateFunctions {
    static let all: [ScalarFunction] = [
        days("date_add", ["dateadd"], "Adds days to a date.", 1),
        days("date_sub", [], "Takes days from a date.", -1),
        ScalarFunction(
            "datediff", aliases: ["date_diff"], typing: Signature.of([.of(.date), .of(.date)], .int32),
            "Counts the days from the second date to the first.",
            example: "datediff('2009-07-31', '2009-07-30')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .int32) {
                Int32(truncatingIfNeeded: rows.integer(0, $0) - rows.integer(1, $0))
            }
        },
        ScalarFunction(
            "add_months", typing: Signature.of([.of(.date), .int], .date), "Adds months to a date.",
            example: "add_months('2016-08-31', 1)"
        ) { call in
            let rows = Rows(call)
            return try rows.map(Int32.self, .date) {
                try fitting(CivilDate(days: rows.integer(0, $0)).adding(months: rows.integer(1, $0)).days)
            }
        },
        ScalarFunction(
            "months_between",
            typing: Signature.of([.of(.timestamp), .of(.timestamp), .of(.boolean)], optional: 1, .double),
            "Counts months between two times, with the fraction in 31-day months.",
            example: "months_between('1997-02-28', '1996-10-30')"
        ) { call in
            let rows = Rows(call)
            let zone = call.zone
            return rows.doubles { row in
                let roundsOff = call.arguments.count < 3 || rows.integer(2, row) != 0
                return monthsBetween(
                    zone.local(rows.integer(0, row)), zone.local(rows.integer(1, row)), roundsOff)
            }
        },
        ScalarFunction(
            "last_day", typing: Signature.of([.of(.date)], .date), "Returns the last day of the month.",
            example: "last_day('2009-01-12')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .date) { row in
                var date = CivilDate(days: rows.integer(0, row))
                date.day = CivilDate.length(year: date.year, month: date.month)
                return Int32(truncatingIfNeeded: date.days)
            }
        },
        ScalarFunction(
            "next_day", typing: Signature.of([.of(.date), .string], .date),
            "Returns the next such day of the week.",
            example: "next_day('2015-01-14', 'TU')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.date) { row in
                guard let weekday = weekday(rows.text(1, row)) else {
                    if !call.ansi { return nil }
                    throw EngineError.data(
                        "ILLEGAL_DAY_OF_WEEK", "Illegal input for day of week: \(rows.text(1, row)).")
                }
                return Int64(next(weekday, after: Int32(truncatingIfNeeded: rows.integer(0, row))))
            }
        },
        ScalarFunction(
            "trunc", typing: Signature.of([.of(.date), .string], .date),
            "Cuts a date to its year, quarter, month or week.",
            example: "trunc('2019-08-04', 'week')"
        ) { call in
            let rows = Rows(call)
            let isSame = call[1].form == .constant && call.count > 0
            let known = isSame ? TimeUnit(truncation: rows.text(1, 0)) : nil
            return try rows.build(.date) { row in
                let unit = isSame ? known : TimeUnit(truncation: rows.text(1, row))
                guard let unit, unit.isDateUnit else { return nil }
                return Int64(try truncate(Int32(truncatingIfNeeded: rows.integer(0, row)), to: unit))
            }
        },
        ScalarFunction(
            "make_date", aliases: ["try_make_date"], typing: Signature.of([.int, .int, .int], .date),
            "Makes a date of year, month and day.", example: "make_date(2013, 7, 15)"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.date) { row in
                let date = CivilDate(
                    year: rows.integer(0, row), month: rows.integer(1, row), day: rows.integer(2, row))
                if date.isValid, years.contains(date.year) { return Int64(try fitting(date.days)) }
                if !call.ansi { return nil }
                throw EngineError.data(
                    "DATETIME_FIELD_OUT_OF_BOUNDS", "Invalid date: \(date.year)-\(date.month)-\(date.day).")
            }
        },
        ScalarFunction(
            "date_from_unix_date", typing: Signature.of([.int], .date),
            "Makes a date of days since 1970-01-01.",
            example: "date_from_unix_date(1)"
        ) { $0[0].flattened().retyped(.date) },
        ScalarFunction(
            "unix_date", typing: Signature.of([.of(.date)], .int32), "Counts days since 1970-01-01.",
            example: "unix_date(DATE '1970-01-02')"
        ) { $0[0].flattened().retyped(.int32) },
    ]

    /// The years of `java.time`, which Spark checks before it counts days.
    static let years = -999_999_999...999_999_999

    /// Returns days since 1970 as a date holds them; throws for those that do not fit.
    static func fitting(_ days: Int) throws(EngineError) -> Int32 {
        if let fitting = Int32(exactly: days) { return fitting }
        throw Failure.overflow(.int32, values: "\(days) days since 1970 are no date", tryName: nil)
    }

    /// Cuts a date. Before the first date all units but quarters wrap around, as in Spark, which subtracts
    /// from 32 bits; quarters throw.
    private static func truncate(_ day: Int32, to unit: TimeUnit) throws(EngineError) -> Int32 {
        switch unit {
        case .week: next(1, after: day &- 7)
        case .quarter: try fitting(unit.truncate(days: Int(day)))
        default: Int32(truncatingIfNeeded: unit.truncate(days: Int(day)))
        }
    }

    /// Returns the first day after a day that is a weekday (Monday 1 … Sunday 7). It wraps around in 32 bits
    /// at the same places as Spark's `DateTimeUtils.getNextDateForDayOfWeek`.
    private static func next(_ weekday: Int, after day: Int32) -> Int32 {
        // The first day of 1970 was a Thursday.
        let sinceThursday = Int32((weekday + 3) % 7)
        let ahead = (sinceThursday &- 1 &- day) % 7
        return day &+ 1 &+ (ahead + 7) % 7
    }

    private static func days(_ name: String, _ aliases: [String], _ summary: String, _ sign: Int)
        -> ScalarFunction
    {
        ScalarFunction(
            name, aliases: aliases, typing: Signature.of([.of(.date), .int], .date), summary,
            example: "\(name)('2016-07-30', 1)"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int32.self, .date) {
                Int32(truncatingIfNeeded: rows.integer(0, $0) + sign * rows.integer(1, $0))
            }
        }
    }

    private static func weekday(_ name: String) -> Int? {
        let names = ["MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7]
        let full = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
        let upper = name.uppercased()
        guard [2, 3].contains(upper.count) || full.contains(upper) else { return nil }
        return full.contains { $0.hasPrefix(upper) } ? names[String(upper.prefix(2))] : nil
    }

    static func monthsBetween(_ a: Int, _ b: Int, _ roundsOff: Bool) -> Double {
        let day = ClockTime.microsecondsPerDay
        let (x, y) = (
            CivilDate(days: ClockTime.floorDivide(a, day)), CivilDate(days: ClockTime.floorDivide(b, day))
        )
        let months = Double((x.year - y.year) * 12 + x.month - y.month)
        let bothLast =
            x.day == CivilDate.length(year: x.year, month: x.month)
            && y.day == CivilDate.length(year: y.year, month: y.month)
        if x.day == y.day || bothLast { return months }
        let seconds =
            Double((x.day - y.day) * 86_400)
            + Double(
                ClockTime.floorRemainder(a, day) / 1_000_000 - ClockTime.floorRemainder(b, day) / 1_000_000)
        let result = months + seconds / (31 * 86_400)
        return roundsOff ? (result * 1e8).rounded() / 1e8 : result
    }
}

/// Names the units of calendar and clock.
enum TimeUnit: String {
    case year, quarter, month, week, day, hour, minute, second, millisecond, microsecond

    /// Reads the unit of `trunc` and `date_trunc`.
    init?(truncation text: String) {
        switch text.uppercased() {
        case "YEAR", "YYYY", "YY": self = .year
        case "QUARTER": self = .quarter
        case "MONTH", "MM", "MON": self = .month
        case "WEEK": self = .week
        case "DAY", "DD": self = .day
        case "HOUR": self = .hour
        case "MINUTE": self = .minute
        case "SECOND": self = .second
        case "MILLISECOND": self = .millisecond
        case "MICROSECOND": self = .microsecond
        default: return nil
        }
    }

    var isDateUnit: Bool { self == .year || self == .quarter || self == .month || self == .week }

    /// Microseconds of a unit of fixed length.
    var microseconds: Int {
        switch self {
        case .week: 7 * ClockTime.microsecondsPerDay
        case .day: ClockTime.microsecondsPerDay
        case .hour: 3_600_000_000
        case .minute: 60_000_000
        case .second: 1_000_000
        case .millisecond: 1000
        default: 1
        }
    }

    /// Days of a unit of whole days, else 0.
    var days: Int { self == .week ? 7 : (self == .day ? 1 : 0) }

    /// Months of a unit of whole months, else 0.
    var months: Int { self == .year ? 12 : (self == .quarter ? 3 : (self == .month ? 1 : 0)) }

    func truncate(days: Int) -> Int {
        if self == .week { return days - CivilDate.isoWeekday(days: days) + 1 }
        var date = CivilDate(days: days)
        if self == .day { return days }
        date.day = 1
        if self == .year { date.month = 1 }
        if self == .quarter { date.month = (date.quarter - 1) * 3 + 1 }
        return date.days
    }

    /// Cuts an instant in microseconds on the clock of a zone. Before the first time seconds and their parts
    /// wrap around, as in Spark, which subtracts from 64 bits; longer units throw.
    func truncate(_ instant: Int, _ zone: Zone) throws(EngineError) -> Int {
        switch self {
        // Offsets are whole seconds, so that these begin at the same instants in all zones.
        case .second, .millisecond, .microsecond:
            return instant &- ClockTime.floorRemainder(instant, microseconds)
        case .minute, .hour, .day:
            return zone.instant(local: try truncate(local: zone.local(instant)), near: instant)
        default: return zone.instant(local: try truncate(local: zone.local(instant)))
        }
    }

    /// Cuts a local time in microseconds. Throws where the unit begins before all times.
    private func truncate(local: Int) throws(EngineError) -> Int {
        let (count, size): (Int, Int)
        switch self {
        case .year, .quarter, .month, .week, .day:
            size = ClockTime.microsecondsPerDay
            count = truncate(days: ClockTime.floorDivide(local, size))
        default:
            size = microseconds
            count = ClockTime.floorDivide(local, size)
        }
        let (start, overflow) = count.multipliedReportingOverflow(by: size)
        if overflow { throw Failure.timeOverflow("the \(self) begins too early") }
        return start
    }
}
