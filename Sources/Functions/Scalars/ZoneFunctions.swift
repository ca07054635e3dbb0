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
            "window_start",
            typing: Signature.of([.of(.timestamp), .long, .long, .long, .long], .timestamp),
            "Returns the start of the n-th window of time around an instant; null where it ends before.",
            example: "window_start(TIMESTAMP '2024-01-01 00:03:00', 600000000, 600000000, 0, 0)"
        ) { call in
            let rows = Rows(call)
            return rows.build(.timestamp) { row in
                let (time, length, slide) = (
                    rows.integer(0, row), rows.integer(1, row), rows.integer(2, row)
                )
                let distance = ClockTime.floorRemainder(time - rows.integer(3, row), slide)
                let start = time - distance - rows.integer(4, row) * slide
                return time < start + length ? Int64(start) : nil
            }
        },
    ]
}
