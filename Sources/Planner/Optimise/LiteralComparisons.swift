import Columns
import Plans
import Vocabulary

/// Brings comparisons with literals into the form that statistics and kernels like: column left, literal
/// right, and
/// no cast around the column where the literal can be converted instead.
enum LiteralComparisons {
    private static let mirrored = [
        "equal": "equal", "not_equal": "not_equal", "less": "greater", "less_equal": "greater_equal",
        "greater": "less", "greater_equal": "less_equal",
    ]

    static func simplify(_ call: FunctionCall) -> Expression {
        guard call.arguments.count == 2 else { return .call(call) }
        if call.arguments.contains(where: \.isNullLiteral) { return .literal(.null(.boolean)) }
        var result = call
        if call.arguments[0].literalValue != nil, call.arguments[1].literalValue == nil,
            let name = mirrored[call.name]
        {
            result.name = name
            result.arguments.reverse()
        }
        return withoutCast(result) ?? .call(result)
    }

    /// `cast(column as wider) = literal` compares the column itself when the literal is a value of its type.
    private static func withoutCast(_ call: FunctionCall) -> Expression? {
        guard case .cast(let inner, let wide, _, _) = call.arguments[0],
            let literal = call.arguments[1].literalValue,
            isLossless(from: inner.type, to: wide), let narrow = converted(literal, to: inner.type)
        else { return nil }
        var result = call
        result.arguments = [inner, .literal(narrow)]
        return .call(result)
    }

    /// True when each value of `from` has its own value in `to`, in the same order.
    private static func isLossless(from: DataType, to: DataType) -> Bool {
        let widths: [DataType] = [.int8, .int16, .int32, .int64]
        if let start = widths.firstIndex(of: from), let end = widths.firstIndex(of: to) {
            return start <= end
        }
        switch (from, to) {
        case (.int8, .double), (.int16, .double), (.int32, .double), (.float, .double): return true
        case (.decimal(let p, let s), .decimal(let q, let t)): return t >= s && q - t >= p - s
        case (_, .decimal(let q, let t)) where from.isIntegral: return q - t >= digits(of: from)
        case (.date, .timestampNTZ): return true
        default: return false
        }
    }

    private static func digits(of type: DataType) -> Int {
        switch type {
        case .int8: 3
        case .int16: 5
        case .int32: 10
        default: 19
        }
    }

    /// Returns the literal as a value of `type`, or nil when it is none.
    static func converted(_ literal: Literal, to type: DataType) -> Literal? {
        switch (literal.value, literal.type, type) {
        case (.integer(let number), let from, _) where from.isIntegral && type.isIntegral:
            let bounds: ClosedRange<Int64> =
                switch type {
                case .int8: -128...127
                case .int16: -32_768...32_767
                case .int32: -2_147_483_648...2_147_483_647
                default: Int64.min...Int64.max
                }
            return bounds.contains(number) ? Literal(literal.value, type) : nil
        case (.double(let number), .double, _) where type.isIntegral:
            guard let whole = Int64(exactly: number) else { return nil }
            return converted(Literal(.integer(whole), .int64), to: type)
        case (.decimal(let unscaled), .decimal(_, let scale), .decimal(let precision, let target)):
            return rescaled(unscaled, from: scale, to: target, precision: precision).map {
                Literal(.decimal($0), type)
            }
        case (.decimal(let unscaled), .decimal(_, let scale), _) where type.isIntegral:
            guard
                let whole = rescaled(unscaled, from: scale, to: 0, precision: 19).flatMap({
                    Int64(exactly: $0)
                })
            else { return nil }
            return converted(Literal(.integer(whole), .int64), to: type)
        case (.integer(let micros), .timestampNTZ, .date):
            let perDay: Int64 = 86_400_000_000
            return micros % perDay == 0 ? Literal(.integer(micros / perDay), .date) : nil
        default: return nil
        }
    }

    private static func rescaled(_ unscaled: Int128, from: Int, to: Int, precision: Int) -> Int128? {
        var value = unscaled
        if to < from {
            for _ in 0..<(from - to) {
                if value % 10 != 0 { return nil }
                value /= 10
            }
        } else {
            for _ in 0..<(to - from) {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                value = product
            }
        }
        var limit: Int128 = 1
        for _ in 0..<precision { limit *= 10 }
        return value.magnitude < limit.magnitude ? value : nil
    }
}
