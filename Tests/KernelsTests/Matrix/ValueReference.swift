import Columns
import Kernels

/// Says what comparisons and arithmetic give for one row, in the plainest words.
enum ValueReference {
    // MARK: order

    /// Negative, zero or positive as `a` stands before, at or behind `b`; null before all else.
    static func order(_ a: Scalar, _ b: Scalar) -> Int {
        switch (a, b) {
        case (.null, .null): return 0
        case (.null, _): return -1
        case (_, .null): return 1
        case (.boolean(let x), .boolean(let y)): return sign(x ? 1 : 0, y ? 1 : 0)
        case (.integer(let x), .integer(let y)): return sign(x, y)
        case (.decimal(let x), .decimal(let y)): return sign(x, y)
        case (.float(let x), .float(let y)): return order(Double(x), Double(y))
        case (.double(let x), .double(let y)): return order(x, y)
        case (.string(let x), .string(let y)): return lists(Array(x.utf8), Array(y.utf8)) { sign($0, $1) }
        case (.binary(let x), .binary(let y)): return lists(x, y) { sign($0, $1) }
        case (.array(let x), .array(let y)), (.structure(let x), .structure(let y)):
            return lists(x, y, order)
        default: return 0
        }
    }

    private static func sign<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }

    /// NaN is equal to NaN and above all else; the zeros are equal.
    private static func order(_ a: Double, _ b: Double) -> Int {
        if a.isNaN || b.isNaN { return sign(a.isNaN ? 1 : 0, b.isNaN ? 1 : 0) }
        return sign(a, b)
    }

    private static func lists<T>(_ a: [T], _ b: [T], _ order: (T, T) -> Int) -> Int {
        for (x, y) in zip(a, b) {
            let first = order(x, y)
            if first != 0 { return first }
        }
        return sign(a.count, b.count)
    }

    static func holds(_ op: ComparisonOperator, _ a: Scalar, _ b: Scalar) -> Bool {
        let order = order(a, b)
        return switch op {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessEqual: order <= 0
        case .greater: order > 0
        case .greaterEqual: order >= 0
        }
    }

    // MARK: integers

    /// Bits of an integer's type.
    static func width(_ type: DataType) -> Int {
        switch type.physical {
        case .int8: 8
        case .int16: 16
        case .int32: 32
        default: 64
        }
    }

    static func wrapped(_ value: Int128, _ width: Int) -> Int64 {
        switch width {
        case 8: Int64(Int8(truncatingIfNeeded: value))
        case 16: Int64(Int16(truncatingIfNeeded: value))
        case 32: Int64(Int32(truncatingIfNeeded: value))
        default: Int64(truncatingIfNeeded: value)
        }
    }

    /// The value if it fits, else what an overflow gives in the mode.
    static func fitted(_ value: Int128, _ width: Int, _ mode: FailureMode, _ code: String) -> Outcome {
        let wrapped = wrapped(value, width)
        if Int128(wrapped) == value || mode == .legacy { return .value(.integer(wrapped)) }
        return .none(code, mode)
    }

    static func integers(
        _ op: ArithmeticOperator, _ a: Int64, _ b: Int64, _ type: DataType, _ mode: FailureMode
    ) -> Outcome {
        let (x, y) = (Int128(a), Int128(b))
        let exact =
            switch op {
            case .add: x + y
            case .subtract: x - y
            case .multiply: x * y
            }
        let bits = width(type)
        return fitted(exact, bits, mode, bits < 32 ? "BINARY_ARITHMETIC_OVERFLOW" : "ARITHMETIC_OVERFLOW")
    }

    static func division(
        _ kind: Arithmetic.Division, _ a: Int64, _ b: Int64, _ type: DataType, _ mode: FailureMode
    ) -> Outcome {
        if b == 0 { return .none(kind == .quotient ? "DIVIDE_BY_ZERO" : "REMAINDER_BY_ZERO", mode) }
        let (x, y) = (Int128(a), Int128(b))
        switch kind {
        case .quotient: return fitted(x / y, width(type), mode, "ARITHMETIC_OVERFLOW")
        case .remainder: return .value(.integer(Int64(x % y)))
        case .modulus:
            let rest = x % y
            if rest >= 0 { return .value(.integer(Int64(rest))) }
            // Java adds in the type's width, in 32 bits at least.
            let sum = wrapped(rest + y, max(32, width(type)))
            return .value(.integer(Int64(Int128(sum) % y)))
        }
    }

    // MARK: floating-point numbers

    static func floats<T: BinaryFloatingPoint>(_ op: ArithmeticOperator, _ a: T, _ b: T) -> T {
        switch op {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        }
    }

    static func remainder<T: BinaryFloatingPoint>(_ kind: Arithmetic.Division, _ a: T, _ b: T) -> T? {
        if b == 0 { return nil }
        let rest = a.truncatingRemainder(dividingBy: b)
        return kind == .modulus && rest < 0 ? (rest + b).truncatingRemainder(dividingBy: b) : rest
    }

    // MARK: decimals

    static func decimal(_ value: LongNumber, _ type: DataType, _ mode: FailureMode) -> Outcome {
        guard case .decimal(let precision, _) = type else { return .null }
        return value.value(precision: precision).map { .value(.decimal($0)) }
            ?? .none("NUMERIC_VALUE_OUT_OF_RANGE", mode)
    }

    static func decimals(
        _ op: ArithmeticOperator, _ a: Int128, _ b: Int128, _ types: [DataType], _ result: DataType,
        _ mode: FailureMode
    ) -> Outcome {
        let scales = (types + [result]).map { DecimalArithmetic.shape($0).scale }
        let (x, y) = (LongNumber(a), LongNumber(b))
        if op == .multiply {
            return decimal((x * y).rescaled(scales[2] - scales[0] - scales[1]), result, mode)
        }
        let common = max(scales[0], scales[1])
        let (p, q) = (x.rescaled(common - scales[0]), y.rescaled(common - scales[1]))
        return decimal((op == .add ? p + q : p + -q).rescaled(scales[2] - common), result, mode)
    }

    static func quotient(
        _ a: Int128, _ b: Int128, _ types: [DataType], _ result: DataType, _ mode: FailureMode
    ) -> Outcome {
        if b == 0 { return .none("DIVIDE_BY_ZERO", mode) }
        let scales = (types + [result]).map { DecimalArithmetic.shape($0).scale }
        let up = scales[2] - scales[0] + scales[1]
        let dividend = up >= 0 ? LongNumber(a) * .power(up) : LongNumber(a)
        let divisor = up >= 0 ? LongNumber(b) : LongNumber(b) * .power(-up)
        return decimal(dividend.rounded(by: divisor), result, mode)
    }

    static func division(
        _ kind: Arithmetic.Division, _ a: Int128, _ b: Int128, _ types: [DataType], _ result: DataType,
        _ mode: FailureMode
    ) -> Outcome {
        if b == 0 { return .none(kind == .quotient ? "DIVIDE_BY_ZERO" : "REMAINDER_BY_ZERO", mode) }
        let scales = types.map { DecimalArithmetic.shape($0).scale }
        let common = max(scales[0], scales[1])
        let divisor = LongNumber(b).rescaled(common - scales[1])
        var (quotient, rest) = LongNumber(a).rescaled(common - scales[0]).divided(by: divisor)
        if kind == .quotient {
            guard let whole = quotient.value(precision: 38) else {
                return .none("NUMERIC_VALUE_OUT_OF_RANGE", mode)
            }
            return fitted(whole, 64, mode, "CAST_OVERFLOW")
        }
        // Spark's quotient has 39 digits; where the exact one has more, no remainder is found.
        if quotient.digits.count > 39,
            quotient.digits.prefix(quotient.digits.count - 39).contains(where: { $0 != 0 })
        {
            return .none("NUMERIC_VALUE_OUT_OF_RANGE", mode)
        }
        if kind == .modulus, rest.isNegative { rest = (rest + divisor).divided(by: divisor).remainder }
        return decimal(rest.rescaled(DecimalArithmetic.shape(result).scale - common), result, mode)
    }
}
