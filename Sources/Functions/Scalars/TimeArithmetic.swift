import Columns
import Kernels
import Memory
import Vocabulary

/// Adds and subtracts dates, timestamps, intervals and numbers of days.
enum TimeArithmetic {
    private static let times: Set<DataType> = [.date, .timestamp, .timestampNTZ]

    /// Returns the types of an operation on dates, timestamps or intervals; nil for other operands.
    static func typing(_ request: TypingRequest, _ op: ArithmeticOperator) throws -> Typing? {
        let (a, b) = (request.types[0], request.types[1])
        if op == .multiply {
            if a.isInterval, b.isNumeric || b == .string {
                return Typing([a, b.isIntegral ? .int64 : .double], whole(a))
            }
            if b.isInterval, a.isNumeric || a == .string {
                return Typing([a.isIntegral ? .int64 : .double, b], whole(b))
            }
            return nil
        }
        if let x = a.intervalFields, let y = b.intervalFields, areAlike(a, b) {
            return Typing([a, b], .interval(x.union(y)))
        }
        if let typing = clockTyping(a, b, op) { return typing }
        if times.contains(a), b.isInterval { return shifted(a, b, swapped: false) }
        if op == .add, times.contains(b), a.isInterval { return shifted(b, a, swapped: true) }
        if a == .date, b.isIntegral, b != .int64 { return Typing([.date, .int32], .date) }
        if op == .add, b == .date, a.isIntegral, a != .int64 { return Typing([.int32, .date], .date) }
        if op == .subtract, times.contains(a) || times.contains(b) {
            if a == .date, b == .date || b == .string {
                return Typing([.date, .date], .interval(IntervalFields(.day, .day)))
            }
            if times.contains(a), times.contains(b) || b == .string {
                let common = Coercion.commonType(a, b == .string ? a : b) ?? .timestamp
                return Typing([common, common], .dayToSecond)
            }
            if a == .string, times.contains(b) { return Typing([b, b], .dayToSecond) }
        }
        if b.isInterval, a == .string { return Typing([.timestamp, b], .timestamp) }
        return nil
    }

    /// Returns the types of an operation on times of day; a time that seconds were added to has all digits.
    private static func clockTyping(_ a: DataType, _ b: DataType, _ op: ArithmeticOperator) -> Typing? {
        let whole = DataType.time(precision: DataType.timePrecision)
        if op == .subtract, a.isClock || b.isClock, a.isClock || a == .string, b.isClock || b == .string {
            let types = [a.isClock ? a : whole, b.isClock ? b : whole]
            return Typing(types, .interval(IntervalFields(.hour, .second)))
        }
        guard op == .add || op == .subtract else { return nil }
        if a.isClock, b.isDayTimeInterval {
            return Typing([a, b], b.intervalFields?.last == .second ? whole : a)
        }
        if op == .add, b.isClock, a.isDayTimeInterval {
            return Typing([a, b], a.intervalFields?.last == .second ? whole : b)
        }
        return nil
    }

    private static func areAlike(_ a: DataType, _ b: DataType) -> Bool {
        a.isInterval && b.isInterval && a.isYearMonthInterval == b.isYearMonthInterval
    }

    /// The type of multiples: all fields.
    private static func whole(_ type: DataType) -> DataType {
        type.isYearMonthInterval ? .yearToMonth : .dayToSecond
    }

    /// A date stays one under whole months and days; hours and seconds make it a timestamp.
    private static func shifted(_ time: DataType, _ interval: DataType, swapped: Bool) -> Typing {
        let isFine = interval.isDayTimeInterval && interval.intervalFields?.last != .day
        let result: DataType = time == .date && isFine ? .timestamp : time
        let argument = result
        return Typing(swapped ? [interval, argument] : [argument, interval], result)
    }

    /// Returns interval divided by number; nil for other operands.
    static func divisionTyping(_ request: TypingRequest) -> Typing? {
        guard request.types[0].isInterval, request.types[1].isNumeric else { return nil }
        return Typing([request.types[0], .double], whole(request.types[0]))
    }

    static func divide(_ call: Invocation) throws -> Vector? {
        guard call[0].type.isInterval else { return nil }
        return try scaled(call, interval: 0) { amount, number in
            if number == 0 {
                if call.mode == .null { return nil }
                throw Failure.intervalDividedByZero()
            }
            return amount / number
        }
    }

    static func evaluate(_ op: ArithmeticOperator, _ call: Invocation) throws -> Vector? {
        let (a, b) = (call[0].type, call[1].type)
        if op == .multiply {
            if a.isInterval { return try scaled(call, interval: 0) { $0 * $1 } }
            if b.isInterval { return try scaled(call, interval: 1) { $0 * $1 } }
            return nil
        }
        if areAlike(a, b) {
            return try Arithmetic.evaluate(
                op, call[0], call[1], type: call.type, count: call.count, mode: call.mode)
        }
        if a.isClock, b.isClock { return clockDifference(call) }
        if a.isClock { return try shiftClock(call, time: 0, interval: 1, op == .add ? 1 : -1) }
        if b.isClock { return try shiftClock(call, time: 1, interval: 0, 1) }
        if times.contains(a), b.isInterval {
            return try shift(call, time: 0, interval: 1, op == .add ? 1 : -1)
        }
        if a.isInterval, times.contains(b) { return try shift(call, time: 1, interval: 0, 1) }
        if a == .date, b == .int32 || a == .int32, b == .date || a == .date && b == .int32 {
            return days(op, call)
        }
        if op == .subtract, times.contains(a), times.contains(b) { return try difference(call) }
        return nil
    }

    private static func days(_ op: ArithmeticOperator, _ call: Invocation) -> Vector {
        let rows = Rows(call)
        let sign = op == .add ? 1 : -1
        return rows.map(Int32.self, .date) { row in
            Int32(truncatingIfNeeded: rows.integer(0, row) + sign * rows.integer(1, row))
        }
    }

    private static func difference(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        let unit = call[0].type == .date ? ClockTime.microsecondsPerDay : 1
        let zone = call.zone
        let isInstant = call[0].type == .timestamp
        return try rows.build(call.type) { row in
            var (x, y) = (rows.integer(0, row), rows.integer(1, row))
            if isInstant { (x, y) = (zone.local(x), zone.local(y)) }
            let (rest, overflow) = x.subtractingReportingOverflow(y)
            let (micros, wrapped) = rest.multipliedReportingOverflow(by: unit)
            if overflow || wrapped { throw Failure.timeOverflow("the times are too far apart") }
            return Int64(micros)
        }
    }

    private static func clockDifference(_ call: Invocation) -> Vector {
        let rows = Rows(call)
        return rows.build(call.type) { Int64((rows.integer(0, $0) - rows.integer(1, $0)) / 1_000) }
    }

    /// Moves times of day, which must stay within their day.
    private static func shiftClock(
        _ call: Invocation, time: Int, interval: Int, _ sign: Int
    ) throws -> Vector {
        let rows = Rows(call)
        return try rows.build(call.type) { row in
            let amount = rows.integer(interval, row)
            let (step, overflow) = amount.multipliedReportingOverflow(by: sign * 1_000)
            if !overflow {
                let (moved, carried) = rows.integer(time, row).addingReportingOverflow(step)
                if !carried, (0..<ClockText.nanosecondsPerDay).contains(moved) { return Int64(moved) }
            }
            let shown = IntervalText.text(
                Int64(sign) &* Int64(amount), call[interval].type.intervalFields ?? .init(.day, .second))
            throw Failure.timeOverflow(
                "add \(shown) to the time value TIME '\(ClockText.text(rows.integer(time, row)))'")
        }
    }

    private static func shift(
        _ call: Invocation, time: Int, interval: Int, _ sign: Int
    ) throws -> Vector {
        let rows = Rows(call)
        let months = call[interval].type.isYearMonthInterval
        switch call.type {
        case .date:
            return try rows.map(Int32.self, .date) { row in
                if !months {
                    let days = rows.integer(interval, row) / ClockTime.microsecondsPerDay
                    return Int32(truncatingIfNeeded: rows.integer(time, row) + sign * days)
                }
                let date = CivilDate(days: rows.integer(time, row))
                return try DateFunctions.fitting(date.adding(months: sign * rows.integer(interval, row)).days)
            }
        default:
            let zone = call.type == .timestamp ? call.zone : .utc
            return try rows.build(call.type) { row in
                let (value, amount) = (rows.integer(time, row), rows.integer(interval, row))
                if !months {
                    if sign > 0 { return try moved(value, by: amount, zone) }
                    if amount == .min { throw Failure.tooLongForTime() }
                    return try moved(value, by: -amount, zone)
                }
                guard let moved = zone.moving(value, months: sign * amount, days: 0) else {
                    throw Failure.tooLongForTime()
                }
                return Int64(moved)
            }
        }
    }

    /// Moves an instant by whole days on the calendar of a zone, and by what is left over as time that
    /// passes. Source: Spark's `timestampAddDayTime`.
    private static func moved(_ value: Int, by amount: Int, _ zone: Zone) throws -> Int64 {
        let days = amount / ClockTime.microsecondsPerDay
        var start = value
        if days != 0, !zone.isFixed {
            guard let moved = zone.moving(value, months: 0, days: days) else {
                throw Failure.tooLongForTime()
            }
            start = moved
        } else {
            let (moved, overflow) = value.addingReportingOverflow(days * ClockTime.microsecondsPerDay)
            if overflow { throw Failure.tooLongForTime() }
            start = moved
        }
        let (end, overflow) = start.addingReportingOverflow(amount % ClockTime.microsecondsPerDay)
        if overflow { throw Failure.tooLongForTime() }
        return Int64(end)
    }

    private static func scaled(
        _ call: Invocation, interval: Int, _ body: (Double, Double) throws -> Double?
    ) throws -> Vector {
        let rows = Rows(call)
        let number = try Casting.cast(call[1 - interval], to: .double, mode: .error, zone: call.zone)
        let factor = Column(number)
        return try rows.build(call.type) { row in
            guard let value = try body(Double(rows.integer(interval, row)), factor.double(row)) else {
                return nil
            }
            let rounded = value.rounded(.toNearestOrAwayFromZero)
            // Months are 32 bits wide.
            let isWide = call.type.isDayTimeInterval
            guard let whole = Int64(exactly: rounded), isWide || Int32(exactly: whole) != nil else {
                throw Failure.intervalOverflow()
            }
            return whole
        }
    }
}
