import Columns
import Kernels
import Memory
import Vocabulary

/// Adds, subtracts and scales calendar intervals, and moves dates and times by them.
enum CalendarArithmetic {
    private static let times: Set<DataType> = [.date, .timestamp, .timestampNTZ]

    /// Returns the types of an operation with a calendar interval; nil for other operands.
    static func typing(_ request: TypingRequest, _ op: ArithmeticOperator) -> Typing? {
        let (a, b) = (request.types[0], request.types[1])
        guard a == .calendarInterval || b == .calendarInterval else { return nil }
        if op == .multiply {
            if a == .calendarInterval, b.isNumeric || b == .string { return Typing([a, .double], a) }
            if b == .calendarInterval, a.isNumeric || a == .string { return Typing([.double, b], b) }
            return nil
        }
        if a == b || a == .null || b == .null {
            return Typing([.calendarInterval, .calendarInterval], .calendarInterval)
        }
        if b == .calendarInterval, times.contains(a) { return Typing([a, b], a) }
        if b == .calendarInterval, a == .string { return Typing([.timestamp, b], .timestamp) }
        if op == .add, a == .calendarInterval, times.contains(b) { return Typing([a, b], b) }
        return nil
    }

    static func evaluate(_ op: ArithmeticOperator, _ call: Invocation) throws -> Vector? {
        let (a, b) = (call[0].type, call[1].type)
        guard a == .calendarInterval || b == .calendarInterval else { return nil }
        if op == .multiply { return try scaled(call, interval: a == .calendarInterval ? 0 : 1) { $0 * $1 } }
        let sign = op == .subtract ? -1 : 1
        if a == b {
            let (x, y) = (Intervals(call[0]), Intervals(call[1]))
            return try build(call) { row in sum(x[row], y[row], sign) }
        }
        return try moved(call, time: a == .calendarInterval ? 1 : 0, sign)
    }

    static func negate(_ call: Invocation) throws -> Vector {
        let values = Intervals(call[0])
        return try build(call) { row in sum(CalendarInterval(), values[row], -1) }
    }

    static func divide(_ call: Invocation) throws -> Vector {
        try scaled(call, interval: 0) { amount, number in
            if number == 0 {
                if call.mode == .error {
                    throw EngineError.data(
                        "INTERVAL_DIVIDED_BY_ZERO", "Division by zero.",
                        remedy: "Use `try_divide` to tolerate a divisor of 0 and return NULL instead.")
                }
                return nil
            }
            return amount / number
        }
    }

    /// Reads the intervals of a flat or constant vector.
    struct Intervals {
        private let base: UnsafeMutablePointer<Int128>
        private let column: Column

        init(_ vector: Vector) {
            column = Column(vector)
            base = vector.pointer(as: Int128.self)
        }

        subscript(_ row: Int) -> CalendarInterval { CalendarInterval(bits: base[column.at(row)]) }
    }

    /// Makes a vector of intervals; one that does not fit fails with `overflow`, or is null.
    static func build(
        _ call: Invocation, overflow: @autoclosure () -> EngineError = Failure.intervalOverflow(),
        _ body: (Int) throws -> CalendarInterval?
    ) throws -> Vector {
        let rows = Rows(call)
        let buffer = Buffer.zeroed(byteCount: max(call.count * 16, 16))
        let out = buffer.pointer(as: Int128.self)
        var nulls = NullCollector(rows.validity, count: call.count)
        try rows.each { row in
            if let value = try body(row) {
                out[row] = value.bits
            } else if call.mode == .error {
                throw overflow()
            } else {
                nulls.setNull(row)
            }
        }
        return .flat(.calendarInterval, count: call.count, values: buffer, validity: nulls.validity)
    }

    private static func sum(_ a: CalendarInterval, _ b: CalendarInterval, _ sign: Int) -> CalendarInterval? {
        guard let months = Int32(exactly: Int(a.months) + sign * Int(b.months)),
            let days = Int32(exactly: Int(a.days) + sign * Int(b.days)),
            let micros = Int64(exactly: Int128(a.microseconds) + Int128(sign) * Int128(b.microseconds))
        else { return nil }
        return CalendarInterval(months: months, days: days, microseconds: micros)
    }

    /// Scales each part; what is left of a day goes to the microseconds.
    private static func scaled(
        _ call: Invocation, interval: Int, _ body: (Double, Double) throws -> Double?
    ) throws -> Vector {
        let values = Intervals(call[interval])
        let factor = Column(call[1 - interval])
        return try build(call) { row in
            let (value, number) = (values[row], factor.double(row))
            guard let months = try body(Double(value.months), number),
                let days = try body(Double(value.days), number),
                let micros = try body(Double(value.microseconds), number),
                let wholeMonths = Int32(exactly: months.rounded(.towardZero)),
                let wholeDays = Int32(exactly: days.rounded(.towardZero)),
                let rest = Int64(
                    exactly: (micros + 86_400_000_000 * (days - Double(wholeDays))).rounded(
                        .toNearestOrAwayFromZero))
            else { return nil }
            return CalendarInterval(months: wholeMonths, days: wholeDays, microseconds: rest)
        }
    }

    /// Moves times by months, then days, both on the calendar of the session's zone, then microseconds.
    private static func moved(_ call: Invocation, time: Int, _ sign: Int) throws -> Vector {
        let rows = Rows(call)
        let intervals = Intervals(call[1 - time])
        if call.type == .date {
            return try rows.map(Int32.self, .date) { row in
                let interval = intervals[row]
                if interval.microseconds != 0, call.ansi {
                    throw EngineError.data(
                        "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION",
                        "Cannot add an interval to a date because its microseconds part is not 0.",
                        remedy: "Cast the date to a timestamp.")
                }
                let date = CivilDate(days: rows.integer(time, row)).adding(
                    months: sign * Int(interval.months))
                let micros = ClockTime.floorDivide(
                    sign &* Int(interval.microseconds), ClockTime.microsecondsPerDay)
                return try DateFunctions.fitting(date.days + sign * Int(interval.days) + micros)
            }
        }
        let zone = call.type == .timestamp ? call.zone : .utc
        return try rows.map(Int64.self, call.type) { row in
            let interval = intervals[row]
            let result = zone.moving(
                rows.integer(time, row), months: sign * Int(interval.months), days: sign * Int(interval.days))
            guard let result else { throw Failure.tooLongForTime() }
            let end = Int128(result) + Int128(sign) * Int128(interval.microseconds)
            if let end = Int64(exactly: end) { return end }
            throw Failure.tooLongForTime()
        }
    }
}
