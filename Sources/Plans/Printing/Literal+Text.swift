import Columns
import Vocabulary

extension Literal: CustomStringConvertible {
    /// The value as plans print it: texts in quotes, dates and instants in ISO form, decimals with their
    /// point.
    package var description: String {
        switch (value, type) {
        case (.null, _): "null"
        case (.boolean(let flag), _): flag ? "true" : "false"
        case (.integer(let days), .date): "DATE '\(CivilDate.text(days: days))'"
        case (.integer(let micros), .timestamp), (.integer(let micros), .timestampNTZ):
            "TIMESTAMP '\(CivilDate.text(microseconds: micros))'"
        case (.integer(let nanoseconds), .time): "TIME '\(CivilDate.clock(nanoseconds: nanoseconds))'"
        case (.integer(let months), .yearMonthInterval): "INTERVAL '\(months)' MONTH"
        case (.integer(let micros), .dayTimeInterval): "INTERVAL '\(micros)' MICROSECOND"
        case (.integer(let number), _): "\(number)"
        case (.decimal(let unscaled), .decimal(_, let scale)): Literal.decimalText(unscaled, scale: scale)
        case (.decimal(let unscaled), _): "\(unscaled)"
        case (.float(let number), _): "\(number)"
        case (.double(let number), _): "\(number)"
        case (.string(let text), _): "'\(text)'"
        case (.binary(let bytes), _): "X'\(Hexadecimal.text(bytes, isUpper: true))'"
        case (.array(let items), .array(let element, _)):
            "[\(items.map { Literal($0, element).description }.joined(separator: ", "))]"
        case (.structure(let members), .structure(let fields)):
            "{\(zip(members, fields).map { Literal($0, $1.type).description }.joined(separator: ", "))}"
        case (.map(let keys, let values), .map(let key, let value, _)):
            "{"
                + zip(keys, values).map { Literal.pair(Literal($0, key), Literal($1, value)) }
                .joined(separator: ", ") + "}"
        case (.array, _), (.structure, _), (.map, _): "\(value)"
        }
    }

    private static func pair(_ key: Literal, _ value: Literal) -> String { "\(key) -> \(value)" }

    /// Returns a decimal's digits with their point.
    package static func decimalText(_ unscaled: Int128, scale: Int) -> String {
        var digits = String(unscaled.magnitude)
        if scale > 0 {
            while digits.count <= scale { digits = "0" + digits }
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return unscaled < 0 ? "-" + digits : digits
    }
}

/// Turns days and microseconds since 1970 into text. Source: Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms" (`civil_from_days`).
private enum CivilDate {
    /// Returns year, month and day of the proleptic Gregorian calendar.
    static func components(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted &- 146_096) / 146_097
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    /// Returns `yyyy-mm-dd`.
    static func text(days: Int64) -> String {
        let (year, month, day) = components(days: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Returns `yyyy-mm-dd hh:mm:ss[.ffffff]`, in UTC.
    static func text(microseconds: Int64) -> String {
        let perDay: Int64 = 86_400_000_000
        let days = microseconds >= 0 ? microseconds / perDay : (microseconds &- perDay &+ 1) / perDay
        let rest = microseconds &- days &* perDay
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        let clock = "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(text(days: days)) \(clock)" + (fraction == 0 ? "" : ".\(padded(fraction, 6))")
    }

    /// Returns `hh:mm:ss[.ffffff]`, without zeros at the end.
    static func clock(nanoseconds: Int64) -> String {
        var text = String(CivilDate.text(microseconds: nanoseconds / 1_000).dropFirst("1970-01-01 ".count))
        if text.contains(".") { while text.hasSuffix("0") { text.removeLast() } }
        return text
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
