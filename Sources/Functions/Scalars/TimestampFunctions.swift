import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions of timestamps, and conversions from and to text by pattern.
enum TimestampFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "date_trunc", typing: Signature.of([.string, .of(.timestamp)], .timestamp),
            "Cuts a timestamp to a unit.", example: "date_trunc('MONTH', '2015-03-05T09:32:05')"
        ) { call in
            let rows = Rows(call)
            let zone = call.zone
            let isSame = call[0].form == .constant && call.count > 0
            let known = isSame ? TimeUnit(truncation: rows.text(0, 0)) : nil
            return try rows.build(.timestamp) { row in
                guard let unit = isSame ? known : TimeUnit(truncation: rows.text(0, row)) else { return nil }
                return Int64(try unit.truncate(rows.integer(1, row), zone))
            }
        },
        ScalarFunction(
            "date_format", typing: Signature.of([.of(.timestamp), .string], .string),
            "Formats a time by a pattern.",
            example: "date_format('2016-04-08', 'y')"
        ) { try format($0, seconds: false) },
        ScalarFunction(
            "from_unixtime", typing: Signature.of([.long, .string], optional: 1, .string),
            "Formats seconds since 1970.", example: "from_unixtime(0)"
        ) { try format($0, seconds: true) },
        parser("to_date", .date), parser("try_to_date", .date), parser("to_timestamp", .timestamp),
        parser("try_to_timestamp", .timestamp), parser("to_timestamp_ntz", .timestampNTZ),
        parser("to_timestamp_ltz", .timestamp),
        parser("unix_timestamp", .int64), parser("to_unix_timestamp", .int64),
        seconds("timestamp_seconds", 1_000_000), seconds("timestamp_millis", 1000),
        seconds("timestamp_micros", 1),
        unix("unix_seconds", 1_000_000), unix("unix_millis", 1000), unix("unix_micros", 1),
        zoned("from_utc_timestamp", "Shows an instant of UTC on a zone's clock.") { $0.local($1) },
        zoned("to_utc_timestamp", "Returns the instant of UTC of a zone's local time.") {
            $0.instant(local: $1)
        },
        maker("make_timestamp", .timestamp), maker("try_make_timestamp", .timestamp),
        maker("make_timestamp_ltz", .timestamp), maker("try_make_timestamp_ltz", .timestamp),
        maker("make_timestamp_ntz", .timestampNTZ), maker("try_make_timestamp_ntz", .timestampNTZ),
        ScalarFunction(
            "timestampadd", typing: Signature.of([.string, .long, .of(.timestamp)], .timestamp),
            "Adds a number of units to a timestamp.",
            example: "timestampadd('HOUR', 8, TIMESTAMP '2022-02-25 03:00:00')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.timestamp) { row in
                let (unit, amount) = (try unit(rows.text(0, row)), rows.integer(1, row))
                let moved = moving(rows.integer(2, row), by: amount, unit, call.zone)
                if let moved { return Int64(moved) }
                throw Failure.timeOverflow("a time and \(amount) units of \(unit)")
            }
        },
        ScalarFunction(
            "timestampdiff", typing: Signature.of([.string, .of(.timestamp), .of(.timestamp)], .int64),
            "Counts the whole units between two timestamps.",
            example: "timestampdiff('HOUR', TIMESTAMP '2022-02-11 20:30:00', TIMESTAMP '2022-02-12 04:30:00')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.int64) { row in
                let unit = try unit(rows.text(0, row))
                let (from, to) = (
                    call.zone.local(rows.integer(1, row)), call.zone.local(rows.integer(2, row))
                )
                if unit.months == 0 {
                    let count = (Int128(to) - Int128(from)) / Int128(unit.microseconds)
                    if let fitting = Int64(exactly: count) { return fitting }
                    throw Failure.timeOverflow("the times are too far apart")
                }
                return Int64(wholeMonths(from, to) / unit.months)
            }
        },
    ]

    /// Functions that make a timestamp of its parts; `try_…` gives null where there is no such time.
    private static func maker(_ name: String, _ result: DataType) -> ScalarFunction {
        let parts: [Parameter] = [.int, .int, .int, .int, .int, .of(.decimal(precision: 16, scale: 6))]
        return ScalarFunction(
            name,
            typing: { request in
                if request.types.count == 1 { return try Signature.of([.of(.date)], result)(request) }
                if request.types.count == 2 || request.types.count == 3 && result == .timestamp {
                    return try dateAndClockTyping(request, result)
                }
                return result == .timestamp
                    ? try Signature.of(parts + [.string], optional: 1, result)(request)
                    : try Signature.of(parts, result)(request)
            },
            "Makes a timestamp of its parts.", example: "\(name)(2014, 12, 28, 6, 30, 45.887)"
        ) { call in
            let rows = Rows(call)
            if call.arguments.count == 1 {
                return try Casting.cast(call[0], to: result, mode: .error, zone: call.zone)
            }
            if call.arguments.count < 6 { return try dateAndClock(call, result) }
            return try rows.build(result) { row in
                let date = CivilDate(
                    year: rows.integer(0, row), month: rows.integer(1, row), day: rows.integer(2, row))
                let (hour, minute, micros) = (
                    rows.integer(3, row), rows.integer(4, row), rows.integer(5, row)
                )
                guard date.isValid, DateFunctions.years.contains(date.year), (0..<24).contains(hour),
                    (0..<60).contains(minute),
                    (0...60_000_000).contains(micros)
                else {
                    if call.mode != .error { return nil }
                    throw EngineError.data(
                        "DATETIME_FIELD_OUT_OF_BOUNDS",
                        "Invalid timestamp parts: \(date.year)-\(date.month)-\(date.day) \(hour):\(minute).")
                }
                // Years are as many as 32 bits hold, times are not.
                let moment =
                    Int128(date.days) * Int128(ClockTime.microsecondsPerDay)
                    + Int128((hour * 60 + minute) * 60_000_000 + micros)
                guard let local = Int(exactly: moment) else {
                    throw Failure.timeOverflow("the year \(date.year) is too far away")
                }
                if result == .timestampNTZ { return Int64(local) }
                let zone = call.arguments.count == 7 ? try Zone.named(rows.text(6, row)) : call.zone
                return Int64(zone.instant(local: local))
            }
        }
    }

    /// A date and a time of day, as they are, and perhaps a zone.
    private static func dateAndClockTyping(_ request: TypingRequest, _ result: DataType) throws -> Typing {
        let (date, clock) = (request.types[0], request.types[1])
        if date != .date, date != .null {
            throw Signature.mismatch(request, argument: 0, requires: "\"DATE\"")
        }
        if !clock.isClock, clock != .null {
            throw Signature.mismatch(request, argument: 1, requires: "\"TIME\"")
        }
        let whole = DataType.time(precision: DataType.timePrecision)
        let types = [.date, clock.isClock ? clock : whole] + request.types.dropFirst(2).map { _ in .string }
        return Typing(types, result)
    }

    private static func dateAndClock(_ call: Invocation, _ result: DataType) throws -> Vector {
        let rows = Rows(call)
        return try rows.build(result) { row in
            let (days, micros) = (rows.integer(0, row), rows.integer(1, row) / 1_000)
            let moment = Int128(days) * Int128(ClockTime.microsecondsPerDay) + Int128(micros)
            guard let local = Int(exactly: moment) else {
                throw Failure.timeOverflow("the date is too far away")
            }
            if result == .timestampNTZ { return Int64(local) }
            let zone = call.arguments.count == 3 ? try Zone.named(rows.text(2, row)) : call.zone
            return Int64(zone.instant(local: local))
        }
    }

    private static func unit(_ text: String) throws -> TimeUnit {
        if let unit = TimeUnit(rawValue: text.lowercased()) { return unit }
        throw EngineError.user(
            "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "There is no unit of time called \(text).")
    }

    /// Returns the instant that lies an amount of units away, by the calendar of the zone for days and longer
    /// units; nil past what 64 bits hold.
    private static func moving(_ instant: Int, by amount: Int, _ unit: TimeUnit, _ zone: Zone) -> Int? {
        let isClock = unit.months == 0 && unit.days == 0
        let size = isClock ? unit.microseconds : max(unit.months, unit.days)
        let (step, overflow) = amount.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        if isClock {
            let (moved, carried) = instant.addingReportingOverflow(step)
            return carried ? nil : moved
        }
        let (months, days) = unit.months > 0 ? (step, 0) : (0, step)
        return zone.moving(instant, months: months, days: days)
    }

    private static func wholeMonths(_ from: Int, _ to: Int) -> Int {
        let day = ClockTime.microsecondsPerDay
        let (x, y) = (
            CivilDate(days: ClockTime.floorDivide(from, day)), CivilDate(days: ClockTime.floorDivide(to, day))
        )
        let months = (y.year - x.year) * 12 + y.month - x.month
        let (a, b) = (
            x.day * day + ClockTime.floorRemainder(from, day), y.day * day + ClockTime.floorRemainder(to, day)
        )
        if months > 0, b < a { return months - 1 }
        return months < 0 && b > a ? months + 1 : months
    }

    private static func zoned(
        _ name: String, _ summary: String, _ body: @escaping @Sendable (Zone, Int) -> Int
    ) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.of(.timestamp), .string], .timestamp), summary,
            example: "\(name)('2016-08-31', 'Asia/Seoul')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.timestamp) { row in
                let zone = try Zone.named(rows.text(1, row))
                // A reading of the zone's clock is kept as if it were one of UTC's.
                let given = rows.integer(0, row)
                let moved = body(zone, given)
                // No two zones are three days apart: what is has left 64 bits.
                let (distance, overflow) = moved.subtractingReportingOverflow(given)
                if overflow || distance.magnitude > 3 * ClockTime.microsecondsPerDay.magnitude {
                    throw Failure.timeOverflow("the time of the zone \(zone.name)")
                }
                return Int64(moved)
            }
        }
    }

    private static func seconds(_ name: String, _ factor: Int) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                // Only seconds may have a fraction.
                let isWhole = factor != 1_000_000 || request.types.first?.isIntegral == true
                return try Signature.of([isWhole ? .long : .number], .timestamp)(request)
            }, "Makes a timestamp of a number since 1970.", example: "\(name)(1)"
        ) { call in
            if call[0].type.isDecimal || call[0].type.isFloating {
                return try Casting.cast(
                    call[0].flattened(), to: .timestamp, mode: call.mode, zone: call.zone)
            }
            let rows = Rows(call)
            return try rows.map(Int64.self, .timestamp) { row in
                let (value, overflow) = rows.integer(0, row).multipliedReportingOverflow(by: factor)
                if overflow {
                    throw Failure.overflow(
                        .int64, values: "\(rows.integer(0, row)) * \(factor)", tryName: nil)
                }
                return Int64(value)
            }
        }
    }

    private static func unix(_ name: String, _ divisor: Int) -> ScalarFunction {
        ScalarFunction(
            name, typing: Signature.of([.of(.timestamp)], .int64), "Counts units of time since 1970.",
            example: "\(name)(TIMESTAMP '1970-01-01 00:00:01Z')"
        ) { call in
            let rows = Rows(call)
            return rows.map(Int64.self, .int64) { Int64(ClockTime.floorDivide(rows.integer(0, $0), divisor)) }
        }
    }

    private static func format(_ call: Invocation, seconds: Bool) throws -> Vector {
        let rows = Rows(call)
        let zone = call.zone
        let isSame = call.arguments.count < 2 || call[1].form == .constant
        if isSame, let fast = try laidOut(call, rows, seconds: seconds) { return fast }
        var known: (text: String, pattern: DatePattern)?
        return try rows.written { row, out in
            if known == nil || !isSame {
                let text = call.arguments.count > 1 ? rows.text(1, row) : "yyyy-MM-dd HH:mm:ss"
                if known?.text != text { known = (text, try DatePattern(text)) }
            }
            let micros = rows.integer(0, row) &* (seconds ? 1_000_000 : 1)
            let instant = ClockTime.floorDivide(micros, 1_000_000)
            let offset = zone.offset(at: instant)
            known?.pattern.format(
                local: micros &+ offset &* 1_000_000, offset: offset, zoneName: zone.name,
                letters: known?.pattern.letters(of: zone, at: instant), &out)
            return true
        }
    }

    /// Formats times by one pattern whose texts have all one length; nil for other patterns.
    private static func laidOut(_ call: Invocation, _ rows: Rows, seconds: Bool) throws -> Vector? {
        guard let first = (0..<rows.count).first(where: rows.isValid) else { return nil }
        let text = call.arguments.count > 1 ? rows.text(1, first) : "yyyy-MM-dd HH:mm:ss"
        let pattern = try DatePattern(text)
        guard let layout = pattern.layout else { return nil }
        let (zone, builder) = (call.zone, ViewBuilder(count: call.count))
        var scratch: [UInt8] = []
        rows.each { row in
            let micros = rows.integer(0, row) &* (seconds ? 1_000_000 : 1)
            let local = zone.local(micros)
            if layout.write(local, { builder.put($0, row) }) { return }
            scratch.removeAll(keepingCapacity: true)
            pattern.format(local: local, offset: 0, zoneName: zone.name, &scratch)
            builder.put(scratch, row)
        }
        return builder.finish(.string, validity: rows.validity)
    }

    /// Functions that read a date or time, by a pattern when there is one.
    private static func parser(_ name: String, _ result: DataType) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                let isUnix = result == .int64
                try Signature.checkCount(request, (isUnix ? 0 : 1)...2)
                var types = request.types
                if types.count == 2 { types[1] = .string }
                if let first = types.first, ![.string, .date, .timestamp, .timestampNTZ].contains(first) {
                    if first.isNested || first == .variant {
                        throw Signature.mismatch(
                            request, argument: 0,
                            requires: "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")
                    }
                    types[0] = first.isNumeric && result == .timestamp ? first : .string
                }
                return Typing(types, result)
            }, "Reads a date or time from a text.", example: "\(name)('2016-12-31', 'yyyy-MM-dd')"
        ) { call in
            let target: DataType = result == .int64 ? .timestamp : result
            guard let source = call.arguments.first else {
                return .constant(
                    Literal(.integer(call.settings.nowMicroseconds / 1_000_000), .int64), count: call.count)
            }
            let times: Vector
            if source.type == .string, call.arguments.count == 2 || result == .int64 {
                times = try parse(call, target)
            } else {
                times = try Casting.cast(source.flattened(), to: target, mode: call.mode, zone: call.zone)
            }
            if result != .int64 { return times }
            let column = Column(times)
            let rows = Rows(call)
            return rows.build(.int64) { row in
                column.isNull(row) ? nil : Int64(column.integer(row) / 1_000_000)
            }
        }
    }

    private static func parse(_ call: Invocation, _ target: DataType) throws -> Vector {
        let rows = Rows(call)
        let isSame = call.arguments.count < 2 || call[1].form == .constant
        var known: (text: String, pattern: DatePattern)?
        var layout: DateLayout?
        return try rows.build(target) { row in
            if let layout, let local = rows.columns[0].view(row).withBytes({ layout.read($0) }) {
                switch target {
                case .date: return Int64(ClockTime.floorDivide(local, ClockTime.microsecondsPerDay))
                case .timestampNTZ: return Int64(local)
                default: return Int64(call.zone.instant(local: local))
                }
            }
            if known == nil || !isSame {
                let text = call.arguments.count > 1 ? rows.text(1, row) : "yyyy-MM-dd HH:mm:ss"
                if known?.text != text { known = (text, try DatePattern(text, isReading: true)) }
                if isSame { layout = known?.pattern.layout }
            }
            guard let found = rows.columns[0].view(row).withBytes({ known?.pattern.parse($0) }) else {
                if call.mode != .error { return nil }
                throw EngineError.data(
                    "CANNOT_PARSE_TIMESTAMP",
                    "Text '\(rows.text(0, row))' could not be parsed by the pattern '\(known?.text ?? "")'. "
                        + "Use `try_to_timestamp` to tolerate invalid input string and return NULL instead.")
            }
            switch target {
            case .date: return Int64(ClockTime.floorDivide(found.local, ClockTime.microsecondsPerDay))
            case .timestampNTZ: return Int64(found.local)
            default:
                if let offset = found.offset { return Int64(found.local &- offset &* 1_000_000) }
                let zone = try found.zone.map { try Zone.named($0) } ?? call.zone
                return Int64(zone.instant(local: found.local))
            }
        }
    }
}
