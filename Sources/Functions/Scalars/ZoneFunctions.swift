import Columns
import Kernels
import Vocabulary

/// Declares further functions that make dates, times and intervals.
enum ZoneFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "convert_timezone",
            typing: { request in
                try Signature.checkCount(request, 2...3)
                let zones = [DataType](repeating: .string, count: request.types.count - 1)
                return Typing(zones + [.timestampNTZ], .timestampNTZ)
            }, "Shows a clock's time of one zone on the clock of another.",
            example: "convert_timezone('UTC', 'CET', TIMESTAMP_NTZ '2021-12-06 00:00:00')"
        ) { call in
            let rows = Rows(call)
            let last = call.arguments.count - 1
            return try rows.build(.timestampNTZ) { row in
                let from = last == 2 ? try Zone.named(rows.text(0, row)) : call.zone
                let to = try Zone.named(rows.text(last - 1, row))
                return Int64(to.local(from.instant(local: rows.integer(last, row))))
            }
        },
        ScalarFunction(
            "make_ym_interval", typing: Signature.of([.int, .int], optional: 2, .yearToMonth),
            "Makes an interval of years and months.", example: "make_ym_interval(1, 2)"
        ) { call in
            let rows = Rows(call)
            return try rows.build(.yearToMonth) { row in
                let years = call.arguments.isEmpty ? 0 : rows.integer(0, row)
                let total = years * 12 + (call.arguments.count > 1 ? rows.integer(1, row) : 0)
                if let months = Int32(exactly: total) { return Int64(months) }
                throw Failure.intervalOverflow()
            }
        },
        ScalarFunction(
            "make_dt_interval",
            typing: Signature.of(
                [.int, .int, .int, .of(.decimal(precision: 18, scale: 6))], optional: 4, .dayToSecond),
            "Makes an interval of days, hours, minutes and seconds.",
            example: "make_dt_interval(1, 12, 30, 1.5)"
        ) { call in
            let rows = Rows(call)
            let units = [ClockTime.microsecondsPerDay, 3_600_000_000, 60_000_000, 1]
            return try rows.build(.dayToSecond) { row in
                var total: Int128 = 0
                for place in call.arguments.indices {
                    total += Int128(rows.integer(place, row)) * Int128(units[place])
                }
                if let micros = Int64(exactly: total) { return micros }
                throw Failure.intervalOverflow()
            }
        },
    ]
}
