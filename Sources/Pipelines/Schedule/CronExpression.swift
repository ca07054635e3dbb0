import Kernels

/// Holds the five fields of cron as sets of numbers; pure arithmetic on local minutes.
struct CronExpression: Sendable, Hashable {
    private var minutes: Set<Int>
    private var hours: Set<Int>
    private var days: Set<Int>
    private var months: Set<Int>
    private var weekdays: Set<Int>
    /// Where both day and weekday are restricted, either is enough, as in Vixie cron.
    private var eitherDay: Bool

    /// Shorthands that stand for five fields.
    static let presets = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
        "@quarterly": "0 0 1 */3 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// Says why text is no cron expression.
    struct Mistake: Error {
        var message: String
    }

    /// Reads five fields or a shorthand. Throws `Mistake`.
    init(_ text: String) throws {
        let source = CronExpression.presets[text.lowercased()] ?? text
        let fields = source.split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5 else {
            throw Mistake(
                message: "cron has five fields (minute hour day month weekday), here \(fields.count)")
        }
        minutes = try CronExpression.field(fields[0], 0...59, "minute")
        hours = try CronExpression.field(fields[1], 0...23, "hour")
        days = try CronExpression.field(fields[2], 1...31, "day")
        months = try CronExpression.field(
            fields[3], 1...12, "month", names: CronExpression.monthNames, first: 1)
        let week = try CronExpression.field(fields[4], 0...7, "weekday", names: CronExpression.dayNames)
        weekdays = Set(week.map { $0 % 7 })
        let isAnyDay = fields[2] == "*" || fields[2] == "?"
        let isAnyWeekday = fields[4] == "*" || fields[4] == "?"
        eitherDay = !isAnyDay && !isAnyWeekday
        guard next(after: 0) != nil else { throw Mistake(message: "no date ever fits it") }
    }

    private static func field(
        _ text: String, _ range: ClosedRange<Int>, _ name: String, names: [String] = [], first: Int = 0
    ) throws -> Set<Int> {
        func number(_ part: Substring) throws -> Int {
            let index = names.firstIndex(of: part.lowercased()).map { $0 + first }
            guard let value = index ?? Int(part), range.contains(value) else {
                throw Mistake(
                    message: "the \(name) must be from \(range.lowerBound) to \(range.upperBound): \(part)")
            }
            return value
        }
        var found = Set<Int>()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard pieces.count <= 2, let base = pieces.first else {
                throw Mistake(message: "the \(name) has two steps: \(part)")
            }
            var step = 1
            if pieces.count == 2 {
                guard let value = Int(pieces[1]), (1...1000).contains(value) else {
                    throw Mistake(message: "the step of the \(name) must be from 1 to 1000: \(part)")
                }
                step = value
            }
            var low = range.lowerBound
            // 7 is a second name of Sunday; a whole week ends before it.
            var high = range.upperBound == 7 ? 6 : range.upperBound
            if base != "*", base != "?" {
                let ends = base.split(separator: "-", omittingEmptySubsequences: false)
                low = try number(ends[0])
                if ends.count == 2 { high = try number(ends[1]) } else if pieces.count == 1 { high = low }
                guard ends.count <= 2, low <= high else {
                    throw Mistake(message: "the range of the \(name) runs backwards: \(part)")
                }
            }
            found.formUnion(stride(from: low, through: high, by: step))
        }
        return found
    }

    private func fits(day: Int) -> Bool {
        let date = CivilDate(days: day)
        guard months.contains(date.month) else { return false }
        let isDay = days.contains(date.day)
        let isWeekday = weekdays.contains(CivilDate.isoWeekday(days: day) % 7)
        return eitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// Days searched before a date is said never to come: 29 February may be eight years away.
    private static let searchedDays = 366 * 9

    /// Returns the first local minute after one that fits.
    func next(after minute: Int) -> Int? {
        let first = ClockTime.floorDivide(minute + 1, CivilTime.minutesPerDay)
        let rest = ClockTime.floorRemainder(minute + 1, CivilTime.minutesPerDay)
        for day in first...(first + CronExpression.searchedDays) where fits(day: day) {
            let start = day == first ? rest : 0
            for hour in (start / 60)..<24 where hours.contains(hour) {
                let from = day == first && hour == start / 60 ? start % 60 : 0
                if let found = (from..<60).first(where: minutes.contains) {
                    return day * CivilTime.minutesPerDay + hour * 60 + found
                }
            }
        }
        return nil
    }

    /// Returns the last local minute before one that fits.
    func previous(before minute: Int) -> Int? {
        let last = ClockTime.floorDivide(minute - 1, CivilTime.minutesPerDay)
        let rest = ClockTime.floorRemainder(minute - 1, CivilTime.minutesPerDay)
        for day in ((last - CronExpression.searchedDays)...last).reversed() where fits(day: day) {
            let end = day == last ? rest : CivilTime.minutesPerDay - 1
            for hour in (0...(end / 60)).reversed() where hours.contains(hour) {
                let to = day == last && hour == end / 60 ? end % 60 : 59
                if let found = (0...to).last(where: minutes.contains) {
                    return day * CivilTime.minutesPerDay + hour * 60 + found
                }
            }
        }
        return nil
    }

    /// Says whether two ticks in a row come at the same time of day: such schedules follow the clock on the
    /// wall through a change of summer time, others keep their distance (as Airflow does).
    var isFixed: Bool {
        guard let a = next(after: 0), let b = next(after: a) else { return true }
        return a % CivilTime.minutesPerDay == b % CivilTime.minutesPerDay
    }
}
