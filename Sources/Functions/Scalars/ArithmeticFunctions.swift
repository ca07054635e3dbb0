import Columns
import Kernels
import Plans
import Vocabulary

/// Declares `+ - * / div % pmod`, negation, and their `try_` forms.
enum ArithmeticFunctions {
    static let all: [ScalarFunction] = [
        binary("add", "Adds two numbers, or an interval or days to a date or timestamp.", "a + b", .add),
        binary("subtract", "Subtracts the second number from the first.", "a - b", .subtract),
        binary("multiply", "Multiplies two numbers.", "a * b", .multiply),
        binary("try_add", "Adds; null on overflow.", "try_add(a, b)", .add),
        binary("try_subtract", "Subtracts; null on overflow.", "try_subtract(a, b)", .subtract),
        binary("try_multiply", "Multiplies; null on overflow.", "try_multiply(a, b)", .multiply),
        division("divide", "a / b"), division("try_divide", "try_divide(a, b)"),
        integral("div", "Divides and cuts the fraction off.", "a div b", .quotient),
        integral("mod", "Returns the remainder, with the sign of the dividend.", "a % b", .remainder),
        integral(
            "try_mod", "Returns the remainder; null when the divisor is 0.", "try_mod(a, b)", .remainder),
        integral("pmod", "Returns the remainder that is not negative.", "pmod(a, b)", .modulus),
        unary("negate", ["negative"], "Returns the number with the other sign.", "-a") {
            if $0.type == .calendarInterval { return try CalendarArithmetic.negate($0) }
            return try Arithmetic.negate($0[0].flattened(), absolute: false, count: $0.count, mode: $0.mode)
        },
        unary("positive", [], "Returns the number.", "+a") { $0[0] },
        unary("abs", [], "Returns the number without sign.", "abs(-1)") {
            try Arithmetic.negate($0[0].flattened(), absolute: true, count: $0.count, mode: $0.mode)
        },
    ]

    private static func unary(
        _ name: String, _ aliases: [String], _ summary: String, _ example: String,
        _ kernel: @escaping @Sendable (Invocation) throws -> Vector
    ) -> ScalarFunction {
        ScalarFunction(
            name, aliases: aliases,
            typing: { request in
                try Signature.checkCount(request, 1...1)
                let type = request.types[0]
                if type.isInterval || type == .calendarInterval && name != "abs" {
                    return Typing([type], type)
                }
                return try Signature.of([.numberOrInterval]) { $0[0] }(request)
            }, summary, example: example, kernel: kernel)
    }

    private static func binary(
        _ name: String, _ summary: String, _ example: String, _ op: ArithmeticOperator
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                return try CalendarArithmetic.typing(request, op) ?? TimeArithmetic.typing(request, op)
                    ?? numbers(request)
            }, summary, example: example
        ) { call in
            if call[0].type.isDecimal, call[1].type.isDecimal {
                return try DecimalArithmetic.evaluate(
                    op, call[0], call[1], type: call.type, count: call.count, mode: call.mode)
            }
            if let calendar = try CalendarArithmetic.evaluate(op, call) { return calendar }
            if let times = try TimeArithmetic.evaluate(op, call) { return times }
            return try Arithmetic.evaluate(
                op, call[0], call[1], type: call.type, count: call.count, mode: call.mode)
        }
    }

    /// Types of an operation on two numbers: decimals as they are, others widened to one type.
    static func numbers(_ request: TypingRequest) throws -> Typing {
        var types = request.types
        for i in 0..<2 where types[i] == .null { types[i] = types[1 - i] == .null ? .double : types[1 - i] }
        for i in 0..<2 where types[i] == .string {
            let other = types[1 - i]
            types[i] = request.ansi && other.isIntegral ? .int64 : .double
        }
        for i in 0..<2 where !types[i].isNumeric {
            throw Signature.mismatch(request, argument: i, requires: "\"NUMERIC\"")
        }
        if types[0].isDecimal || types[1].isDecimal {
            if types[0].isFloating || types[1].isFloating { return Typing([.double, .double], .double) }
            for i in 0..<2 where !types[i].isDecimal {
                types[i] =
                    request.literals[i].flatMap { Coercion.decimal(holding: $0) } ?? Coercion.decimal(
                        holding: types[i])
                    ?? types[i]
            }
            let result = DecimalRules.result(
                of: request.name, types[0], types[1], allowLoss: request.allowPrecisionLoss)
            return Typing(types, result)
        }
        guard let common = Coercion.commonNumericType(types[0], types[1], ansi: request.ansi) else {
            throw Signature.mismatch(request, argument: 0, requires: "\"NUMERIC\"")
        }
        return Typing([common, common], common)
    }

    private static func division(_ name: String, _ example: String) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                if request.types[0] == .calendarInterval, request.types[1].isNumeric {
                    return Typing([.calendarInterval, .double], .calendarInterval)
                }
                if let interval = TimeArithmetic.divisionTyping(request) { return interval }
                let typing = try numbers(request)
                return typing.result.isDecimal ? typing : Typing([.double, .double], .double)
            }, "Divides; the result is a decimal for decimals, else a double.", example: example
        ) { call in
            if call[0].type.isDecimal {
                return try DecimalArithmetic.divide(
                    call[0], call[1], type: call.type, count: call.count, mode: call.mode)
            }
            if call.type == .calendarInterval { return try CalendarArithmetic.divide(call) }
            if let interval = try TimeArithmetic.divide(call) { return interval }
            return try Arithmetic.divide(call[0], call[1], count: call.count, mode: call.mode)
        }
    }

    private static func integral(
        _ name: String, _ summary: String, _ example: String, _ kind: Arithmetic.Division
    ) -> ScalarFunction {
        ScalarFunction(
            name,
            typing: { request in
                try Signature.checkCount(request, 2...2)
                if kind == .quotient, request.types[0].isInterval, request.types[1].isInterval,
                    let common = Coercion.commonType(request.types, ansi: request.ansi)
                {
                    return Typing([common, common], .int64)
                }
                var typing = try numbers(request)
                if kind == .quotient {
                    if typing.result.isFloating { typing.arguments = [.int64, .int64] }
                    if !typing.result.isDecimal { typing.arguments = [.int64, .int64] }
                    typing.result = .int64
                }
                return typing
            }, summary, example: example
        ) { call in
            if call[0].type.isDecimal {
                return try DecimalArithmetic.divide(
                    kind, call[0], call[1], type: call.type, count: call.count, mode: call.mode)
            }
            if call[0].type.isInterval {
                let plain: DataType = call[0].type.isYearMonthInterval ? .int32 : .int64
                let numbers = try call.arguments.map {
                    try Casting.cast($0.retyped(plain), to: .int64, mode: .error, zone: call.zone)
                }
                return try Arithmetic.divide(
                    kind, numbers[0], numbers[1], type: .int64, count: call.count, mode: call.mode)
            }
            return try Arithmetic.divide(
                kind, call[0], call[1], type: call.type, count: call.count, mode: call.mode)
        }
    }
}
