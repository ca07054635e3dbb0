import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions that take a part of a date or time: `year`, `hour`, `extract`.
enum DatePartFunctions {
    static let all: [ScalarFunction] = [
        date("year", [], "Returns the year.") { CivilDate(days: $0).year },
        date("quarter", [], "Returns the quarter, 1 to 4.") { CivilDate(days: $0).quarter },
        date("month", [], "Returns the month, 1 to 12.") { CivilDate(days: $0).month },
        date("day", ["dayofmonth"], "Returns the day of the month.") { CivilDate(days: $0).day },
        date("dayofweek", [], "Returns the day of the week, Sunday 1 to Saturday 7.") {
            CivilDate.isoWeekday(days: $0) % 7 + 1
        },
        date("weekday", [], "Returns the day of the week, Monday 0 to Sunday 6.") {
            CivilDate.isoWeekday(days: $0) - 1
        },
        date("dayofyear", [], "Returns the day of the year.") { CivilDate(days: $0).dayOfYear },
        date("weekofyear", [], "Returns the ISO week.") { CivilDate.isoWeek(days: $0).week },
        date("yearofweek", [], "Returns the year of the ISO week.") { CivilDate.isoWeek(days: $0).year },
        time("hour", "Returns the hour.") { $0 / 3_600_000_000 },
        time("minute", "Returns the minute.") { $0 / 60_000_000 % 60 },
        time("second", "Returns the second.") { $0 / 1_000_000 % 60 },
        ScalarFunction(
            "extract_second",
            typing: { request in
                let result = DataType.decimal(precision: 8, scale: 6)
                if request.types.first?.isClock == true { return Typing(request.types, result) }
                return try Signature.of([.of(.timestamp)], result)(request)
            },
            "Returns the second with its fraction.",
            example: "extract(SECOND FROM TIMESTAMP '2020-01-01 00:00:01.5')"
        ) { call in
            let rows = Rows(call)
            let zone = call.zone
            if case .time(let precision) = call[0].type {
                return rows.build(call.type) {
                    Int64(ClockText.cut(rows.integer(0, $0), to: precision) / 1_000 % 60_000_000)
                }
            }
            return rows.map(Int64.self, call.type) {
                Int64(ClockTime.floorRemainder(zone.local(rows.integer(0, $0)), 60_000_000))
            }
        },
        ScalarFunction(
            "dayname", typing: Signature.of([.of(.date)], .string), "Returns the short name of the weekday.",
            example: "dayname(DATE '2008-02-20')"
        ) { call in
            let rows = Rows(call)
            return rows.texts {
                DatePattern.weekdays[CivilDate.isoWeekday(days: rows.integer(0, $0)) - 1].prefix(3)
                    .description
            }
        },
        ScalarFunction(
            "monthname", typing: Signature.of([.of(.date)], .string), "Returns the short name of the month.",
            example: "monthname(DATE '2008-02-20')"
        ) { call in
            let rows = Rows(call)
            return rows.texts {
                DatePattern.months[CivilDate(days: rows.integer(0, $0)).month - 1].prefix(3).description
            }
        },
        ScalarFunction(
            "date_part", aliases: ["datepart"],
            typing: { request in
                try Signature.checkCount(request, 2...2)
                guard case .string(let field)? = request.literals[0]?.value else {
                    throw EngineError.user(
                        "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The field of `date_part` must be a constant."
                    )
                }
                let source = request.types[1] == .string ? DataType.timestamp : request.types[1]
                let isSecond = ["second", "seconds", "s", "sec", "secs"].contains(field.lowercased())
                if isSecond { return Typing([.string, .timestamp], .decimal(precision: 8, scale: 6)) }
                return Typing([.string, source], .int32)
            }, "Returns a part of a date or time, by name.", example: "date_part('year', DATE '2020-01-01')"
        ) { call in
            guard call.count > 0 else { return .empty(call.type) }
            let field = Column(call[0]).text(0).lowercased()
            let names = [
                "y": "year", "years": "year", "yr": "year", "yrs": "year", "qtr": "quarter", "mon": "month",
                "mons": "month",
                "months": "month", "week": "weekofyear", "weeks": "weekofyear", "w": "weekofyear", "d": "day",
                "days": "day",
                "dow": "dayofweek", "doy": "dayofyear", "h": "hour", "hours": "hour", "hr": "hour",
                "hrs": "hour",
                "m": "minute", "min": "minute", "mins": "minute", "minutes": "minute", "s": "extract_second",
                "sec": "extract_second", "secs": "extract_second", "second": "extract_second",
                "seconds": "extract_second",
            ]
            let name = names[field] ?? field
            guard let function = all.first(where: { $0.name == name }), name != "date_part" else {
                throw EngineError.user(
                    "INVALID_EXTRACT_FIELD", "Cannot extract `\(field)` from a date or time.",
                    remedy:
                        "Take YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE or SECOND."
                )
            }
            let isTime = ["hour", "minute", "extract_second"].contains(name)
            let argument = try Casting.cast(
                call[1], to: isTime ? .timestamp : .date, mode: .error, zone: call.zone)
            return try function.kernel(
                Invocation(
                    name: name, arguments: [argument], count: call.count, type: call.type, ansi: call.ansi,
                    settings: call.settings, zone: call.zone))
        },
    ]

    private static func date(
        _ name: String, _ aliases: [String], _ summary: String, _ part: @escaping @Sendable (Int) -> Int
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases,
            typing: { request in
                if name == "year" || name == "month", request.types.first?.isYearMonthInterval == true {
                    return Typing(request.types, name == "year" ? .int32 : .int8)
                }
                if name == "day", request.types.first?.isDayTimeInterval == true {
                    return Typing(request.types, .int32)
                }
                return try Signature.of([.of(.date)], .int32)(request)
            }, summary, example: "\(name)('2008-02-20')"
        ) { call in
            let rows = Rows(call)
            switch call[0].type {
            case .yearMonthInterval:
                return rows.build(call.type) {
                    Int64(name == "year" ? rows.integer(0, $0) / 12 : rows.integer(0, $0) % 12)
                }
            case .dayTimeInterval:
                return rows.map(Int32.self, .int32) {
                    Int32(truncatingIfNeeded: rows.integer(0, $0) / ClockTime.microsecondsPerDay)
                }
            default:
                return rows.map(Int32.self, .int32) { Int32(truncatingIfNeeded: part(rows.integer(0, $0))) }
            }
        }
    }

    private static func time(_ name: String, _ summary: String, _ part: @escaping @Sendable (Int) -> Int)
        -> ScalarFunction
    {
        ScalarFunction(
            name,
            typing: { request in
                if request.types.first?.isClock == true { return Typing(request.types, .int32) }
                if request.types.first?.isDayTimeInterval == true || request.types == [.timestampNTZ] {
                    return Typing(request.types, request.types == [.timestampNTZ] ? .int32 : .int8)
                }
                return try Signature.of([.of(.timestamp)], .int32)(request)
            }, summary, example: "\(name)('2009-07-30 12:58:59')"
        ) { call in
            let rows = Rows(call)
            if call[0].type.isDayTimeInterval {
                return rows.build(call.type) { row in
                    let value = rows.integer(0, row)
                    let size = Int(value.magnitude % UInt(ClockTime.microsecondsPerDay))
                    return Int64(part(size)) * (value < 0 ? -1 : 1)
                }
            }
            if call[0].type.isClock {
                return rows.build(.int32) { Int64(part(rows.integer(0, $0) / 1_000)) }
            }
            let zone = call[0].type == .timestamp ? call.zone : .utc
            return rows.map(Int32.self, .int32) { row in
                let local = zone.local(rows.integer(0, row))
                return Int32(
                    truncatingIfNeeded: part(ClockTime.floorRemainder(local, ClockTime.microsecondsPerDay)))
            }
        }
    }
}
