import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    func unary(
        _ kind: UnaryOperator, _ operand: Expression, _ syntax: ExpressionSyntax, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        switch kind {
        case .not:
            return negate(try logical(operand, "NOT", at: syntax.span), true)
        case .minus: return try call("negate", [operand], at: span)
        case .plus:
            if operand.type.isNumeric || operand.type.isInterval { return operand }
            return try call("positive", [operand], at: span)
        case .bitNot: return try call("bitwise_not", [operand], at: span)
        }
    }

    private func logical(_ operand: Expression, _ name: String, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        if operand.type == .boolean { return operand }
        if operand.type == .null || operand.type == .string { return cast(operand, to: .boolean, at: span) }
        throw .user(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            "\(name) takes a BOOLEAN, not a value of type \(operand.type.sqlName).", at: location(span))
    }

    func binary(
        _ kind: BinaryOperator, _ left: Expression, _ right: Expression,
        _ syntax: (ExpressionSyntax, ExpressionSyntax), at span: SourceSpan
    ) throws(EngineError) -> Expression {
        switch kind {
        case .and, .or:
            if left.type != right.type, ![left.type, right.type].contains(.null) {
                throw mismatchedOperands(kind.rawValue, left, right, at: span)
            }
            let operands = [
                try logical(left, kind.rawValue, at: syntax.0.span),
                try logical(right, kind.rawValue, at: syntax.1.span),
            ]
            return try call(kind == .and ? "and" : "or", operands, at: span)
        case .equal: return try comparison("equal", padded(left, right), at: span)
        case .nullSafeEqual: return try comparison("null_safe_equal", padded(left, right), at: span)
        case .notEqual: return try comparison("not_equal", padded(left, right), at: span)
        case .less: return try comparison("less", padded(left, right), at: span)
        case .lessOrEqual: return try comparison("less_equal", padded(left, right), at: span)
        case .greater: return try comparison("greater", padded(left, right), at: span)
        case .greaterOrEqual: return try comparison("greater_equal", padded(left, right), at: span)
        case .concatenate: return try call("concat", [left, right], at: span)
        case .add, .subtract:
            if let moved = try dateArithmetic(kind, left, right, syntax.1, syntax.0, at: span) {
                return moved
            }
            let name = kind == .add ? "add" : "subtract"
            if left.type == .string, isInterval(right.type) || right.type == .calendarInterval {
                return try movedText(name, left, right, at: span)
            }
            if kind == .add, right.type == .string,
                isInterval(left.type) || left.type == .calendarInterval
            {
                return try movedText(name, right, left, at: span)
            }
            return try arithmetic(name, left, right, at: span)
        case .multiply: return try arithmetic("multiply", left, right, at: span)
        case .divide: return try arithmetic("divide", left, right, at: span)
        case .integerDivide: return try arithmetic("div", left, right, at: span)
        case .remainder: return try arithmetic("mod", left, right, at: span)
        case .bitAnd: return try call("bitwise_and", [left, right], at: span)
        case .bitOr: return try call("bitwise_or", [left, right], at: span)
        case .bitXor: return try call("bitwise_xor", [left, right], at: span)
        case .shiftLeft: return try call("shiftleft", [left, right], at: span)
        case .shiftRight: return try call("shiftright", [left, right], at: span)
        case .shiftRightUnsigned: return try call("shiftrightunsigned", [left, right], at: span)
        }
    }

    private func arithmetic(
        _ name: String, _ left: Expression, _ right: Expression, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        if settings.ansi, left.type == .string, right.type == .string {
            throw .user(
                "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "Strings cannot be calculated with.",
                remedy: "Cast them to numbers, or join them with ||.", at: location(span))
        }
        do { return try call(name, [left, right], at: span) } catch {
            guard error.code.hasPrefix("DATATYPE_MISMATCH"), left.type != right.type else { throw error }
            throw mismatchedOperands(name, left, right, at: span)
        }
    }

    // MARK: Dates

    /// Moves the instant that a text shows by days and time, as text again. Months have to know the type.
    private func movedText(
        _ name: String, _ text: Expression, _ interval: Expression, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        if interval.type.isYearMonthInterval { throw mismatchedOperands(name, text, interval, at: span) }
        let moved = try call(name, [cast(text, to: .timestamp, at: span), interval], at: span)
        return cast(moved, to: .string, at: span)
    }

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Binds sums of dates with days and with intervals; nil for other operands.
    private func dateArithmetic(
        _ kind: BinaryOperator, _ left: Expression, _ right: Expression, _ syntax: ExpressionSyntax,
        _ syntaxOfLeft: ExpressionSyntax?, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        if kind == .add, right.type == .date, left.type.isIntegral || isInterval(left.type) {
            return try dateArithmetic(kind, right, left, syntaxOfLeft ?? syntax, nil, at: span)
        }
        guard left.type == .date else { return nil }
        switch right.type {
        case .int8, .int16, .int32:
            return try call(kind == .add ? "date_add" : "date_sub", [left, right], at: span)
        case .dayTimeInterval(let fields):
            // Whole days keep a date a date; smaller units make it an instant.
            if fields.last == .day, right.literalValue == nil {
                return try call(kind == .add ? "add" : "subtract", [left, right], at: span)
            }
            guard let literal = right.literalValue, case .integer(let micros) = literal.value,
                fields.last == .day,
                let days = Int32(exactly: micros / Self.microsecondsPerDay), days != .min
            else {
                return try call(
                    kind == .add ? "add" : "subtract", [cast(left, to: .timestamp, at: span), right], at: span
                )
            }
            return try call("date_add", [left, .literal(.int32(kind == .add ? days : -days))], at: span)
        case .yearMonthInterval:
            guard let literal = right.literalValue, case .integer(let months) = literal.value,
                let count = Int32(exactly: kind == .add ? months : -months)
            else { return try call(kind == .add ? "add" : "subtract", [left, right], at: span) }
            return try call("add_months", [left, .literal(.int32(count))], at: span)
        default: return nil
        }
    }

    func isInterval(_ type: DataType) -> Bool { type.isInterval }
}
