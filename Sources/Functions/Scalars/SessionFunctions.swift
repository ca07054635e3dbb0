import Columns
import Kernels
import Plans
import Vocabulary

/// Declares functions of the session and of types, and random ones.
enum SessionFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "current_date", aliases: ["curdate"], typing: Signature.of([], .date),
            "Returns the date at the statement's start.",
            example: "current_date()"
        ) { call in
            let local = call.zone.local(Int(call.settings.nowMicroseconds))
            let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
            return .constant(Literal(.integer(Int64(days)), .date), count: call.count)
        },
        ScalarFunction(
            "current_timestamp", aliases: ["now"], typing: Signature.of([], .timestamp),
            "Returns the time of the statement's start.",
            example: "current_timestamp()"
        ) { .constant(Literal(.integer($0.settings.nowMicroseconds), .timestamp), count: $0.count) },
        ScalarFunction(
            "localtimestamp", typing: Signature.of([], .timestampNTZ),
            "Returns the local time of the statement's start.",
            example: "localtimestamp()"
        ) { call in
            let local = call.zone.local(Int(call.settings.nowMicroseconds))
            return .constant(Literal(.integer(Int64(local)), .timestampNTZ), count: call.count)
        },
        ScalarFunction(
            "current_timezone", typing: Signature.of([], .string), "Returns the session's time zone.",
            example: "current_timezone()"
        ) { .constant(.string($0.settings.timeZone), count: $0.count) },
        ScalarFunction(
            "typeof", typing: Signature.of([.any], .string), nulls: .handled, "Returns the type's name.",
            example: "typeof(1)"
        ) { .constant(.string($0[0].type.sqlName.lowercased()), count: $0.count) },
        ScalarFunction(
            "rand", aliases: ["random"], typing: Signature.of([.long], optional: 1, .double), nulls: .handled,
            isDeterministic: false,
            "Returns a random number from 0 to 1; of a seed, Spark's numbers.", example: "rand()"
        ) { call in
            var random = RandomSource()
            return Doubles.vector(call.count) { _ in Double.random(in: 0..<1, using: &random) }
        },
        ScalarFunction(
            "uuid", typing: Signature.of([], .string), nulls: .handled, isDeterministic: false,
            "Returns a random UUID.",
            example: "uuid()"
        ) { call in
            var random = RandomSource()
            let builder = ViewBuilder(count: call.count)
            for row in 0..<call.count {
                let text = builder.reserve(36)
                // Version 4, variant 1 (RFC 9562 §5.4).
                let high = random.next() & ~0xF000 | 0x4000
                let low = random.next() >> 2 | 1 << 63
                UUIDText.write(high, low, to: text.assumingMemoryBound(to: UInt8.self))
                builder.share(StringView(text, count: 36), row)
            }
            return builder.finish(.string, validity: nil)
        },
        ScalarFunction(
            "only_row", typing: Signature.of([.long, .any], { $0[1] }), nulls: .handled,
            "Returns the second argument; fails where the first, a number of rows, is beyond 1.",
            example: "only_row(1, 'a')"
        ) { call in
            let rows = Column(call[0])
            for row in 0..<call.count where !rows.isNull(row) && rows.integer(row) > 1 {
                throw EngineError.user(
                    "SCALAR_SUBQUERY_TOO_MANY_ROWS",
                    "More than one row returned by a subquery used as an expression",
                    remedy: "Add LIMIT 1, or an aggregate such as max(), to the subquery.")
            }
            return call[1]
        },
        ScalarFunction(
            "raise_error", typing: Signature.of([.string], .null), isDeterministic: false,
            "Fails with a message.",
            example: "raise_error('bad')"
        ) { call in
            throw EngineError.data("USER_RAISED_EXCEPTION", call.count > 0 ? Column(call[0]).text(0) : "")
        },
        ScalarFunction(
            "assert_true", typing: Signature.of([.of(.boolean), .string], optional: 1, .null),
            nulls: .handled,
            isDeterministic: false, "Fails where the condition is not true.", example: "assert_true(1 < 2)"
        ) { call in
            if Selecting.selectTrue(call[0].asBoolean).count < call.count {
                let message =
                    call.arguments.count > 1 && call.count > 0
                    ? Column(call[1]).text(0) : "'assert_true' is not true!"
                throw EngineError.data("USER_RAISED_EXCEPTION", message)
            }
            return .nulls(.null, count: call.count)
        },
    ]
}

/// Writes UUIDs as text.
private enum UUIDText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Writes the 36 characters of the UUID whose halves are given.
    static func write(_ high: UInt64, _ low: UInt64, to out: UnsafeMutablePointer<UInt8>) {
        var at = 0
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                out[at] = 45
                at &+= 1
            }
            let half = digit < 16 ? high : low
            out[at] = digits[Int(half &>> UInt64(60 &- digit % 16 &* 4) & 15)]
            at &+= 1
        }
    }
}
