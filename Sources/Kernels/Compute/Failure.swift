import Columns
import Vocabulary

/// Makes the errors of kernels, with Spark's error classes and words.
package enum Failure {
    private static let bypass =
        "If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error."

    /// An integer or interval result that does not fit. `values` shows the operation that failed.
    package static func overflow(_ type: DataType, values: String, tryName: String?) -> EngineError {
        let noun =
            switch type {
            case .int64: "long"
            case .int32: "integer"
            case .int16: "short"
            case .int8: "byte"
            default: type.sqlName.lowercased()
            }
        let hint = tryName.map { " Use '\($0)' to tolerate overflow and return NULL instead." } ?? ""
        return .data("ARITHMETIC_OVERFLOW", "\(noun) overflow: \(values).\(hint) \(bypass)")
    }

    /// A time beyond the microseconds that 64 bits hold. `what` shows the operation that failed.
    package static func timeOverflow(_ what: String) -> EngineError {
        .data(
            "DATETIME_OVERFLOW",
            "Datetime operation overflow: \(what). Timestamps go from the year -290308 to 294247.")
    }

    /// A time that an interval moves beyond the microseconds that 64 bits hold.
    package static func tooLongForTime() -> EngineError {
        timeOverflow("the interval is too long for the time")
    }

    /// An interval with more months, days or microseconds than its parts hold; `code` is the error's class.
    package static func intervalOverflow(
        code: String = "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION"
    ) -> EngineError {
        .data(code, "An interval is out of range.")
    }

    /// An operation on 8 or 16 bit integers whose result does not fit.
    package static func smallOverflow(_ operation: String, tryName: String) -> EngineError {
        .data(
            "BINARY_ARITHMETIC_OVERFLOW",
            "\(operation) caused overflow. Use '\(tryName)' to tolerate overflow and return NULL instead. "
                + "\(bypass)")
    }

    /// A division whose divisor is 0.
    package static func divideByZero() -> EngineError {
        .data(
            "DIVIDE_BY_ZERO",
            "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. "
                + "\(bypass)"
        )
    }

    /// An interval divided by 0, which is an error in ANSI mode and not.
    package static func intervalDividedByZero() -> EngineError {
        .data(
            "INTERVAL_DIVIDED_BY_ZERO",
            "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.")
    }

    /// A remainder whose divisor is 0.
    package static func remainderByZero() -> EngineError {
        .data(
            "REMAINDER_BY_ZERO",
            "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. \(bypass)")
    }

    /// A decimal that needs more digits than its type has.
    package static func outOfRange(_ value: String, _ type: DataType) -> EngineError {
        guard case .decimal(let precision, let scale) = type else {
            return overflow(type, values: value, tryName: nil)
        }
        return .data(
            "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
            "\(value) cannot be represented as Decimal(\(precision), \(scale)). \(bypass)")
    }

    /// A sum of decimals with more digits than its type has.
    package static func decimalSumOverflow() -> EngineError {
        .data(
            "ARITHMETIC_OVERFLOW",
            "Overflow in sum of decimals. Use 'try_sum' to tolerate overflow and return NULL instead. "
                + "\(bypass)")
    }

    /// A text or number that is no value of the type it is cast to.
    package static func invalidCast(_ value: String, from: DataType, to: DataType) -> EngineError {
        .data(
            "CAST_INVALID_INPUT",
            "The value \(value) of the type \"\(from.sqlName)\" cannot be cast to \"\(to.sqlName)\" "
                + "because it is malformed. "
                + "Correct the value as per the syntax, or change its target type. "
                + "Use `try_cast` to tolerate malformed input and return NULL instead.")
    }

    /// A number that is outside of the type it is cast to.
    package static func castOverflow(_ value: String, from: DataType, to: DataType) -> EngineError {
        .data(
            "CAST_OVERFLOW",
            "The value \(value) of the type \"\(from.sqlName)\" cannot be cast to \"\(to.sqlName)\" due "
                + "to an overflow. "
                + "Use `try_cast` to tolerate overflow and return NULL instead.")
    }

    /// An argument that a function cannot take.
    package static func invalidArgument(_ function: String, _ message: String) -> EngineError {
        .data("INVALID_PARAMETER_VALUE", "The argument of `\(function)` is invalid: \(message)")
    }
}
