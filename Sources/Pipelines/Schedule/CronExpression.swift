import Kernels
import Vocabulary

/// Holds the five fields of cron as sets of numbers; pure arithmetic on local minutes. The grammar is that of
/// croniter, which Airflow reads schedules with: names, ranges that run over the end, `L` and `15W` as days,
/// `L5` and `fri#2` as weekdays.
struct CronExpression: Sendable, Hashable {
    private var minutes: Set<Int>
    private var hours: Set<Int>
    private var days: CronDays
    private var months: Set<Int>
    private var weekdays: CronWeekdays
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

    /// Says why text is no cron expression.
    struct Mistake: Error {
        var message: String
        /// What to write instead, where that is known.
        var remedy: String?
    }

    /// Reads five fields or a shorthand. Throws `Mistake`.
    init(_ text: String) throws {
        let source = CronExpression.presets[text.lowercased()] ?? text
        let fields = source.split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5 else { throw CronExpression.miscounted(text, fields.count) }
        minutes = try CronField("minute", 0...59).numbers(fields[0])
        hours = try CronField("hour", 0...23).numbers(fields[1])
        days = try CronDays(fields[2])
        months = try CronField("month", 1...12, names: CronExpression.monthNames, first: 1).numbers(fields[3])
        weekdays = try CronWeekdays(fields[4])
        let isAnyDay = fields[2] == "*" || fields[2] == "?"
        let isAnyWeekday = fields[4] == "*" || fields[4] == "?"
        eitherDay = !isAnyDay && !isAnyWeekday
        guard next(after: 0) != nil else { throw Mistake(message: "no date ever fits it") }
    }

    private static func miscounted(_ text: String, _ count: Int) -> Mistake {
        if text.hasPrefix("@") {
            let known = presets.keys.sorted() + ["@once"]
            return Mistake(
                message: "there is no shorthand of this name",
                remedy: Suggestion.nearest(to: text.lowercased(), among: known).map { "Did you mean \($0)?" }
                    ?? "There are \(known.joined(separator: ", ")); @every 5m is \"*/5 * * * *\".")
        }
        let message = "cron has five fields (minute hour day month weekday), here \(count)"
        return Mistake(
            message: message,
            remedy: (6...7).contains(count) ? "Seconds and years are not known: leave them out." : nil)
    }

    private func fits(day: Int) -> Bool {
        let date = CivilDate(days: day)
        guard months.contains(date.month) else { return false }
        let length = CivilDate.length(year: date.year, month: date.month)
        let weekday = CivilDate.isoWeekday(days: day) % 7
        let isDay = days.contains(date.day, weekday: weekday, of: length)
        let isWeekday = weekdays.contains(weekday, day: date.day, of: length)
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
