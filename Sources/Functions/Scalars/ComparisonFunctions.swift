import Columns
import Kernels
import Vocabulary

/// Declares comparisons, NOT, null tests, and AND and OR (which the evaluator computes itself).
enum ComparisonFunctions {
    static let all: [ScalarFunction] = [
        compare("equal", "=", "Says whether both values are equal.", .equal),
        compare("not_equal", "<>", "Says whether the values differ.", .notEqual),
        compare("less", "<", "Says whether the first value is less.", .less),
        compare("less_equal", "<=", "Says whether the first value is less or equal.", .lessEqual),
        compare("greater", ">", "Says whether the first value is greater.", .greater),
        compare("greater_equal", ">=", "Says whether the first value is greater or equal.", .greaterEqual),
        ScalarFunction(
            "null_safe_equal", typing: typing, nulls: .handled,
            "Compares with nulls equal to each other; never null.",
            example: "a <=> b"
        ) { Comparison.nullSafeEqual($0[0], $0[1], count: $0.count) },
        ScalarFunction(
            "not", typing: Signature.of([.of(.boolean)], .boolean), "Negates.", example: "NOT a"
        ) { Logic.not($0[0], count: $0.count) },
        ScalarFunction(
            "and", typing: Signature.variadic(rest: .of(.boolean), least: 2) { _ in .boolean },
            nulls: .handled,
            "Says whether both are true; false decides over null.", example: "a AND b"
        ) { Logic.and($0[0], $0[1], count: $0.count) },
        ScalarFunction(
            "or", typing: Signature.variadic(rest: .of(.boolean), least: 2) { _ in .boolean },
            nulls: .handled,
            "Says whether one is true; true decides over null.", example: "a OR b"
        ) { Logic.or($0[0], $0[1], count: $0.count) },
        ScalarFunction(
            "is_null", aliases: ["isnull"], typing: Signature.of([.any], .boolean), nulls: .handled,
            "Says whether the value is null.", example: "a IS NULL"
        ) { Logic.isNull($0[0], null: true, count: $0.count) },
        ScalarFunction(
            "is_not_null", aliases: ["isnotnull"], typing: Signature.of([.any], .boolean), nulls: .handled,
            "Says whether the value is not null.", example: "a IS NOT NULL"
        ) { Logic.isNull($0[0], null: false, count: $0.count) },
        ScalarFunction(
            "isnan", typing: Signature.of([.double], .boolean), nulls: .handled,
            "Says whether the number is NaN; false for null.", example: "isnan(a)"
        ) { call in
            let column = Column(call[0].flattened())
            return .of(
                .boolean, (0..<call.count).map { .boolean(!column.isNull($0) && column.double($0).isNaN) })
        },
    ]

    private static func compare(
        _ name: String, _ symbol: String, _ summary: String, _ op: ComparisonOperator
    ) -> ScalarFunction {
        ScalarFunction(name, typing: typing, summary, example: "a \(symbol) b") {
            Comparison.evaluate(op, $0[0], $0[1], count: $0.count)
        }
    }

    /// Both sides are cast to their common type; an integral literal beside a decimal takes its own
    /// precision.
    private static let typing: Signature.Rule = { request in
        try Signature.checkCount(request, 2...2)
        var types = request.types
        for i in 0..<2 where types[1 - i].isDecimal {
            if let literal = request.literals[i], let type = Coercion.decimal(holding: literal) {
                types[i] = type
            }
        }
        if !request.ansi {
            // Outside of ANSI mode a string beside a number, date or timestamp becomes one.
            for i in 0..<2 where types[i] == .string && types[1 - i] != .null {
                types[i] = types[1 - i].isDecimal ? .double : types[1 - i]
                if types[1 - i].isDecimal { types[1 - i] = .double }
            }
        }
        let common = try Signature.commonType(request, types)
        if case .map = common { throw Signature.mismatch(request, argument: 0, requires: "ordered type") }
        return Typing([common, common], .boolean)
    }
}
