import Columns
import Kernels
import Plans
import Vocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Declares functions of the session, of the task and of types, and those that fail when they are told to.
enum SessionFunctions {
    /// The name of the user whose process this is.
    private static func userName() -> String {
        if geteuid() == 0 { return "root" }
        return getenv("USER").map { String(cString: $0) } ?? "\(geteuid())"
    }

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
            "current_database", aliases: ["current_schema"], typing: Signature.of([], .string),
            "Returns the name of the database in use.", example: "current_database()"
        ) { .constant(.string("default"), count: $0.count) },
        ScalarFunction(
            "current_user", aliases: ["user", "session_user"], typing: Signature.of([], .string),
            "Returns the name of the user whose program plans the statement.", example: "current_user()"
        ) { .constant(.string(userName()), count: $0.count) },
        ScalarFunction(
            "current_catalog", typing: Signature.of([], .string), "Returns the name of the catalog in use.",
            example: "current_catalog()"
        ) { .constant(.string("spark_catalog"), count: $0.count) },
        ScalarFunction(
            "version", typing: Signature.of([], .string), "Returns Millrace's version.",
            example: "version()"
        ) { .constant(.string("Millrace \(ProgramVersion.text)"), count: $0.count) },
        ScalarFunction(
            RowNumberNode.function, typing: Signature.of([], .int64), nulls: .handled,
            isDeterministic: false, "Numbers rows, in other ranges in each task.",
            example: "monotonically_increasing_id()"
        ) { call in
            throw EngineError.internal("\(call.name) was called outside of a task's rows")
        },
        ScalarFunction(
            "spark_partition_id", typing: Signature.of([], .int32), nulls: .handled, isDeterministic: false,
            "Returns the place of the row's task among those of its stage.", example: "spark_partition_id()"
        ) { call in
            .constant(.int32(Int32(clamping: call.settings.taskIndex)), count: call.count)
        },
        ScalarFunction(
            "typeof", typing: Signature.of([.any], .string), nulls: .handled, "Returns the type's name.",
            example: "typeof(1)"
        ) { .constant(.string($0[0].type.sqlName.lowercased()), count: $0.count) },
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
