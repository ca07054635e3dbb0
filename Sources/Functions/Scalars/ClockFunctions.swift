import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Declares functions of times of day: `make_time`, `to_time`, `time_trunc`, `time_diff`, `current_time`.
enum ClockFunctions {
    private static let clock = DataType.time(precision: DataType.timePrecision)
    /// The units of `time_trunc` and `time_diff`, nanoseconds.
    private static let units: [(name: String, nanoseconds: Int)] = [
        ("HOUR", 3_600_000_000_000), ("MINUTE", 60_000_000_000), ("SECOND", 1_000_000_000),
        ("MILLISECOND", 1_000_000), ("MICROSECOND", 1_000),
    ]

    static let all: [ScalarFunction] = [
        ScalarFunction(
            "current_time", typing: currentTyping,
            "Returns the local time of day of the statement's start.", example: "current_time(3)"
        ) { call in
            let local = call.zone.local(Int(call.settings.nowMicroseconds))
            let nanoseconds = ClockTime.floorRemainder(local, ClockTime.microsecondsPerDay) * 1_000
            guard case .time(let precision) = call.type else { return .nulls(call.type, count: call.count) }
            let shown = Int64(ClockText.cut(nanoseconds, to: precision))
            return .constant(Literal(.integer(shown), call.type), count: call.count)
        },
        ScalarFunction(
            "make_time",
            typing: Signature.of([.int, .int, .of(.decimal(precision: 16, scale: 6))], clock),
            "Makes a time of day of its parts.", example: "make_time(6, 30, 45.887)"
        ) { call in
            let rows = Rows(call)
            return try rows.build(clock) { row in
                let (hour, minute, micros) = (
                    rows.integer(0, row), rows.integer(1, row), rows.integer(2, row)
                )
                try check("HourOfDay", hour, 23)
                try check("MinuteOfHour", minute, 59)
                try check("SecondOfMinute", micros / 1_000_000, 59)
                if micros < 0 { try check("SecondOfMinute", -1, 59) }
                return Int64(((hour * 60 + minute) * 60_000_000 + micros) * 1_000)
            }
        },
        parser("to_time"), parser("try_to_time"),
        ScalarFunction(
            "time_trunc",
            typing: { request in
                let types = try unitTyping(request, clocks: 1)
                return Typing(types, types[1])
            }, "Cuts a time of day to a unit.", example: "time_trunc('HOUR', TIME '09:32:05.359')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(call.type) { row in
                let unit = try unit(rows.text(0, row), call.name)
                return Int64(rows.integer(1, row) / unit * unit)
            }
        },
        ScalarFunction(
            "time_diff",
            typing: { request in Typing(try unitTyping(request, clocks: 2), .int64) },
            "Counts the whole units between two times of day.",
            example: "time_diff('HOUR', TIME '20:30:29', TIME '21:30:28')"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.int64) { row in
                let unit = try unit(rows.text(0, row), call.name)
                return Int64((rows.integer(2, row) - rows.integer(1, row)) / unit)
            }
        },
    ]

    private static func check(_ field: String, _ value: Int, _ most: Int) throws {
        if (0...most).contains(value) { return }
        throw EngineError.data(
            "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION",
            "Invalid value for \(field) (valid values 0 - \(most)): \(value).")
    }

    /// The digits of `current_time` are a constant.
    private static func currentTyping(_ request: TypingRequest) throws -> Typing {
        try Signature.checkCount(request, 0...1)
        if request.types.isEmpty { return Typing([], clock) }
        let coerced = try Signature.coerce(request, [.int])
        let digits: Int? =
            switch request.literals[0]?.value {
            case .integer(let number): Int(number)
            case .string(let text): Int(text)
            default: nil
            }
        guard let digits else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "The digits of `current_time` must be a constant.")
        }
        guard (0...DataType.timePrecision).contains(digits) else {
            throw EngineError.user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                "The `precision` must be between [0, \(DataType.timePrecision)] (current value = \(digits)).")
        }
        return Typing(coerced, .time(precision: digits))
    }

    /// Takes a unit and times of any digits, and no texts for these.
    private static func unitTyping(_ request: TypingRequest, clocks: Int) throws -> [DataType] {
        try Signature.checkCount(request, (clocks + 1)...(clocks + 1))
        var types = [DataType.string]
        if !Coercion.canImplicitlyCast(request.types[0], .string, ansi: request.ansi) {
            throw Signature.mismatch(request, argument: 0, requires: "\"STRING\"")
        }
        for (place, type) in request.types.enumerated().dropFirst() {
            if !type.isClock, type != .null {
                throw Signature.mismatch(request, argument: place, requires: "\"TIME\"")
            }
            types.append(type == .null ? clock : type)
        }
        return types
    }

    private static func unit(_ text: String, _ function: String) throws -> Int {
        let name = text.uppercased()
        if let found = units.first(where: { $0.name == name }) { return found.nanoseconds }
        throw EngineError.user(
            "INVALID_PARAMETER_VALUE.TIME_UNIT",
            "The value of parameter(s) `unit` in `\(function)` is invalid: expects one of the units "
                + units.map { "'\($0.name)'" }.joined(separator: ", ") + ", but got '\(text)'.")
    }

    /// Functions that read a time of day, by a pattern when there is one; `try_…` gives null for other texts.
    private static func parser(_ name: String) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 1...2)
                for (place, type) in request.types.enumerated() where type != .string && type != .null {
                    throw Signature.mismatch(request, argument: place, requires: "\"STRING\"")
                }
                return Typing(request.types.map { _ in .string }, clock)
            }, "Reads a time of day from a text.", example: "\(name)('12.10.05', 'HH.mm.ss')"
        ) { call in
            let rows = Rows(call)
            var known: (text: String, pattern: DatePattern)?
            return try rows.build(clock) { row in
                let view = rows.columns[0].view(row)
                var pattern = "HH:mm:ss.SSSSSS"
                let found: Int64?
                if call.arguments.count == 2 {
                    pattern = rows.text(1, row)
                    if known?.text != pattern { known = (pattern, try DatePattern(pattern, isReading: true)) }
                    found = view.withBytes { known?.pattern.parse($0) }.map {
                        Int64(ClockTime.floorRemainder($0.local, ClockTime.microsecondsPerDay) * 1_000)
                    }
                } else {
                    found = view.withBytes { ClockText.parse($0) }
                }
                if let found { return found }
                if name.hasPrefix("try_") { return nil }
                throw EngineError.data(
                    "CANNOT_PARSE_TIME",
                    "The input string '\(view.string)' cannot be parsed to a TIME value because it does not "
                        + "match to the datetime format '\(pattern)'.",
                    remedy: "Use try_to_time, which gives NULL for such texts.")
            }
        }
    }
}
