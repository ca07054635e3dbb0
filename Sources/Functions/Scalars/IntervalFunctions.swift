import Columns
import Kernels
import Vocabulary

/// Declares functions that make intervals of numbers, and take numbers out of intervals.
package enum IntervalFunctions {
    /// The part of an interval that EXTRACT names; the binder finds it by the source's type.
    package static let part = "extract_interval"

    static let all: [ScalarFunction] = [
        making(
            "make_interval", "Makes an interval of years, months, weeks, days, hours, minutes and seconds."),
        making("try_make_interval", "Makes an interval of its parts; null where it does not fit."),
        ScalarFunction(
            part,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                guard case .string(let unit)? = request.literals[0]?.value,
                    let type = partType(unit, of: request.types[1])
                else {
                    throw EngineError.user(
                        "INVALID_EXTRACT_FIELD",
                        "An interval of the type \(request.types[1].sqlName) has no such field.",
                        remedy: request.types[1].isYearMonthInterval
                            ? "Its fields are YEAR and MONTH."
                            : "Its fields are DAY, HOUR, MINUTE and SECOND.")
                }
                return Typing(request.types, type)
            }, "Returns a part of an interval, by name.",
            example: "extract(DAY FROM INTERVAL '1 2:03:04' DAY TO SECOND)"
        ) { call in
            let unit = call.count > 0 ? Column(call[0]).text(0) : ""
            return parts(call, unit)
        },
    ]

    private static func partType(_ unit: String, of type: DataType) -> DataType? {
        let isYearMonth = type.isYearMonthInterval || type == .calendarInterval
        let isDayTime = type.isDayTimeInterval || type == .calendarInterval
        switch unit {
        case "year": return isYearMonth ? .int32 : nil
        case "month": return isYearMonth ? .int8 : nil
        case "day": return isDayTime ? .int32 : nil
        case "hour", "minute": return isDayTime ? .int8 : nil
        case "second": return isDayTime ? .decimal(precision: 8, scale: 6) : nil
        default: return nil
        }
    }

    private static func parts(_ call: Invocation, _ unit: String) -> Vector {
        let rows = Rows(call)
        let isCalendar = call[1].type == .calendarInterval
        let calendar = isCalendar ? CalendarArithmetic.Intervals(call[1]) : nil
        let isMonths = call[1].type.isYearMonthInterval
        return rows.build(call.type) { row in
            let whole =
                calendar?[row]
                ?? (isMonths
                    ? CalendarInterval(months: Int32(truncatingIfNeeded: rows.integer(1, row)))
                    : CalendarInterval(microseconds: Int64(rows.integer(1, row))))
            let micros = whole.microseconds
            switch unit {
            case "year": return Int64(whole.months / 12)
            case "month": return Int64(whole.months % 12)
            case "day": return isCalendar ? Int64(whole.days) : micros / 86_400_000_000
            case "hour":
                let hours = micros / 3_600_000_000
                return isCalendar ? hours : hours % 24
            case "minute": return micros / 60_000_000 % 60
            default: return micros % 60_000_000
            }
        }
    }

    private static func making(_ name: String, _ summary: String) -> ScalarFunction {
        let isTry = name.hasPrefix("try_")
        let parameters = [Parameter](repeating: .int, count: 6) + [.of(.decimal(precision: 18, scale: 6))]
        return ScalarFunction(
            name, typing: Signature.of(parameters, optional: isTry ? 6 : 7, .calendarInterval), summary,
            example: "\(name)(100, 11, 1, 1, 12, 30, 01.001001)"
        ) { call in
            let rows = Rows(call)
            let given = call.arguments.count
            let overflow = Failure.intervalOverflow(code: "ARITHMETIC_OVERFLOW")
            return try CalendarArithmetic.build(call, overflow: overflow) { row in
                func part(_ place: Int) -> Int128 { place < given ? Int128(rows.integer(place, row)) : 0 }
                let micros = part(4) * 3_600_000_000 + part(5) * 60_000_000 + part(6)
                guard let months = Int32(exactly: part(0) * 12 + part(1)),
                    let days = Int32(exactly: part(2) * 7 + part(3)), let fitting = Int64(exactly: micros)
                else { return nil }
                return CalendarInterval(months: months, days: days, microseconds: fitting)
            }
        }
    }
}
