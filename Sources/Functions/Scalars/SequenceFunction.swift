import Columns
import Kernels
import Plans
import Vocabulary

/// Declares `sequence`, over whole numbers by a number, and over dates and times by an interval.
enum SequenceFunction {
    static let name = "sequence"

    static let all: [ScalarFunction] = [
        ScalarFunction(
            name, typing: typing, "Makes an array from a start to an end by steps.",
            example: "sequence(1, 5)"
        ) { try evaluate($0) }
    ]

    private static let times: Set<DataType> = [.date, .timestamp, .timestampNTZ]

    private static func typing(_ request: TypingRequest) throws -> Typing {
        try Signature.checkCount(request, 2...3)
        let step = request.types.count == 3 && request.types[2] != .null ? request.types[2] : nil
        let hasInterval = step.map { $0.isInterval || $0 == .calendarInterval } ?? false
        let alike = hasInterval ? Array(request.types[..<2]) : request.types
        let common = try Signature.commonType(request, alike)
        guard common.isIntegral && !hasInterval || times.contains(common) && (hasInterval || step == nil)
        else {
            let list = request.types.map { "\"\($0.sqlName)\"" }.joined(separator: ", ")
            throw EngineError.user(
                "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES",
                "Cannot resolve `sequence` due to data type mismatch: it takes whole numbers, or dates or "
                    + "times with an interval as step, and not (\(list)).")
        }
        let types = request.types.map { _ in common }
        return Typing(
            hasInterval ? [common, common, step ?? .null] : types, .array(common, containsNull: false))
    }

    private static func evaluate(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        let type = CollectionFunctions.element(call.type)
        if !times.contains(type) {
            return try NumberSequences(
                call.arguments, count: call.count, longest: CollectionFunctions.lengthLimit
            ).arrays(call.type, validity: rows.validity)
        }
        let step = call.arguments.count == 3 ? steps(call[2]) : nil
        let zone = type == .timestamp ? call.zone : .utc
        return try rows.scalars(call.type) { row in
            let (start, end) = (rows.integer(0, row), rows.integer(1, row))
            let interval = step?(row) ?? CalendarInterval(days: start <= end ? 1 : -1)
            if type == .date, interval.months == 0, interval.days == 0, interval.microseconds != 0 {
                throw Failure.invalidArgument(
                    "sequence", "between dates the step is a whole number of days or months")
            }
            return .array(
                try elements(
                    from: start, to: end, sign: sign(interval), longest: longest(interval, of: type),
                    step: text(interval)
                ) {
                    type == .date ? moved(day: start, interval, $0) : moved(start, interval, $0, zone)
                })
        }
    }

    /// Reads the steps of a vector of intervals of any kind.
    private static func steps(_ vector: Vector) -> ((Int) -> CalendarInterval)? {
        if vector.type == .calendarInterval {
            let intervals = CalendarArithmetic.Intervals(vector)
            return { intervals[$0] }
        }
        let column = Column(vector)
        if vector.type.isYearMonthInterval {
            return { CalendarInterval(months: Int32(truncatingIfNeeded: column.integer($0))) }
        }
        guard vector.type.isDayTimeInterval else { return nil }
        // Whole days go by the calendar, over changes of the clock.
        return { row in
            let (days, rest) = column.integer(row).quotientAndRemainder(
                dividingBy: ClockTime.microsecondsPerDay)
            return CalendarInterval(days: Int32(truncatingIfNeeded: days), microseconds: Int64(rest))
        }
    }

    /// The values from start to end; `value` gives the one after so many steps, and nil past what its type
    /// holds. No step is longer than `longest`: what would be too many is known before it is made, each time
    /// that the plan is looked at.
    private static func elements(
        from start: Int, to end: Int, sign: Int, longest: Int128, step: String, _ value: (Int) -> Int?
    ) throws -> [Scalar] {
        if sign == 0 && start != end || sign > 0 && start > end || sign < 0 && start < end {
            throw misled(from: start, to: end, step: step)
        }
        let tooLong = tooLong(limit: CollectionFunctions.lengthLimit)
        let distance = (Int128(end) - Int128(start)).magnitude
        if sign != 0, distance / max(1, longest).magnitude > CollectionFunctions.lengthLimit { throw tooLong }
        var list: [Scalar] = []
        while let next = value(list.count), sign >= 0 ? next <= end : next >= end {
            list.append(.integer(Int64(next)))
            if sign == 0 { break }
            if list.count > CollectionFunctions.lengthLimit { throw tooLong }
        }
        return list
    }

    /// Number of elements that a sequence of constants has at least, where it is known without making them; 0
    /// for one that fails.
    static func leastCount(_ call: FunctionCall) -> Int {
        let type = call.arguments[0].type
        let values = call.arguments.map { $0.literalValue?.value ?? .null }
        guard values.count > 1, case .integer(let start) = values[0], case .integer(let end) = values[1]
        else { return 0 }
        var step = times.contains(type) ? longest(CalendarInterval(days: 1), of: type) : 1
        if values.count > 2 {
            guard case .integer(let number) = values[2] else { return 0 }
            let kind = call.arguments[2].type
            if kind.isYearMonthInterval {
                step = longest(CalendarInterval(months: Int32(clamping: number)), of: type)
            } else if kind.isDayTimeInterval {
                step = longest(CalendarInterval(microseconds: number), of: type)
            } else {
                step = Int128(number.magnitude)
            }
        }
        return Int(clamping: (Int128(end) - Int128(start)).magnitude / max(1, step).magnitude)
    }

    /// Makes the error for a step that does not lead from the start to the end.
    static func misled(from start: Int, to end: Int, step: String) -> any Error {
        Failure.invalidArgument(name, "the step \(step) does not lead from \(start) to \(end)")
    }

    /// Makes the error for a sequence of too many elements.
    static func tooLong(limit: Int) -> EngineError {
        .data(
            "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
            "The array of `sequence` has more than \(limit) elements.")
    }

    /// The way that an interval goes; a month counts as 31 days, as in Spark.
    private static func sign(_ interval: CalendarInterval) -> Int {
        let days = Int128(interval.months) * 31 + Int128(interval.days)
        return Int((days * Int128(ClockTime.microsecondsPerDay) + Int128(interval.microseconds)).signum())
    }

    /// The most days, or microseconds, that a step takes: months have 31 days at most, and a day of the
    /// calendar less than two of the clock.
    private static func longest(_ interval: CalendarInterval, of type: DataType) -> Int128 {
        let days = Int128(interval.months.magnitude) * 31 + Int128(interval.days.magnitude)
        let rest = Int128(interval.microseconds.magnitude)
        let day = Int128(ClockTime.microsecondsPerDay)
        return type == .date ? days + rest / day + 1 : 2 * days * day + rest
    }

    private static func text(_ interval: CalendarInterval) -> String {
        "of \(interval.months) months, \(interval.days) days and \(interval.microseconds) microseconds"
    }

    private static func moved(day start: Int, _ interval: CalendarInterval, _ times: Int) -> Int? {
        let months = times.multipliedReportingOverflow(by: Int(interval.months))
        let days = times.multipliedReportingOverflow(by: Int(interval.days))
        let rest = times.multipliedReportingOverflow(by: Int(interval.microseconds))
        if months.overflow || days.overflow || rest.overflow { return nil }
        let first =
            interval.months == 0 ? start : CivilDate(days: start).adding(months: months.partialValue).days
        return first + days.partialValue
            + ClockTime.floorDivide(rest.partialValue, ClockTime.microsecondsPerDay)
    }

    private static func moved(
        _ start: Int, _ interval: CalendarInterval, _ times: Int, _ zone: Zone
    ) -> Int? {
        if times == 0 { return start }
        let result = zone.moving(
            start, months: times * Int(interval.months), days: times * Int(interval.days))
        guard let result else { return nil }
        return Int(exactly: Int128(result) + Int128(times) * Int128(interval.microseconds))
    }
}
