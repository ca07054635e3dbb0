import Columns

/// Bounds a value of a join's one side by a value of the other: `left < right` and its like.
package struct JoinRange: Hashable, Sendable {
    /// Names how the left value stands to the right one.
    package enum Order: UInt8, Hashable, Sendable {
        case less, lessEqual, greater, greaterEqual

        /// The same seen from the other side.
        package var mirrored: Order {
            switch self {
            case .less: .greater
            case .lessEqual: .greaterEqual
            case .greater: .less
            case .greaterEqual: .lessEqual
            }
        }

        /// Whether the left value is the smaller one.
        package var isBelow: Bool { self == .less || self == .lessEqual }

        var symbol: String {
            switch self {
            case .less: "<"
            case .lessEqual: "<="
            case .greater: ">"
            case .greaterEqual: ">="
            }
        }

        init?(_ function: String) {
            switch function {
            case "less": self = .less
            case "less_equal": self = .lessEqual
            case "greater": self = .greater
            case "greater_equal": self = .greaterEqual
            default: return nil
            }
        }
    }

    /// Over the left input's columns.
    package var left: Expression
    /// Over the right input's columns; of the left value's type.
    package var right: Expression
    package var order: Order
}

/// Parts a join's condition into what sorted rows answer, one or two ranges, and the rest.
///
/// Found from the condition whenever a plan is run or shown: plans hold the condition alone.
package struct JoinRanges: Hashable, Sendable {
    /// None, one or two. Two that bound one value from below and from above are preferred.
    package private(set) var ranges: [JoinRange] = []
    /// The conjuncts that are no range.
    package private(set) var rest: Expression?

    /// Most ranges that are looked for.
    package static let most = 2

    /// Reads a condition over the `leftCount` columns of the left side, then those of the right.
    package init(_ condition: Expression?, leftCount: Int) {
        guard let condition else { return }
        let conjuncts = condition.conjuncts
        let found = conjuncts.indices.compactMap { at in
            JoinRanges.range(conjuncts[at], leftCount).map { (at: at, range: $0) }
        }
        let picked = JoinRanges.pair(found.map(\.range)).map { found[$0] }
        ranges = picked.map(\.range)
        let taken = Set(picked.map(\.at))
        rest = Expression.conjunction(conjuncts.indices.filter { !taken.contains($0) }.map { conjuncts[$0] })
    }

    /// Picks a value's lower and upper bound, or the first ones.
    private static func pair(_ all: [JoinRange]) -> [Int] {
        for (i, a) in all.enumerated() {
            for (j, b) in all.enumerated().dropFirst(i + 1)
            where a.order.isBelow != b.order.isBelow && (a.left == b.left || a.right == b.right) {
                return [i, j]
            }
        }
        return Array(all.indices.prefix(most))
    }

    private static func range(_ conjunct: Expression, _ leftCount: Int) -> JoinRange? {
        guard case .call(let call) = conjunct, let order = JoinRange.Order(call.name),
            call.arguments.count == 2, let first = Side(of: call.arguments[0], leftCount),
            let second = Side(of: call.arguments[1], leftCount), first != second,
            call.arguments[0].type == call.arguments[1].type, isOrdered(call.arguments[0].type)
        else { return nil }
        let (left, right) = first == .left ? (0, 1) : (1, 0)
        return JoinRange(
            left: call.arguments[left], right: shifted(call.arguments[right], by: leftCount),
            order: first == .left ? order : order.mirrored)
    }

    private static func isOrdered(_ type: DataType) -> Bool {
        switch type {
        case .null, .calendarInterval, .variant, .array, .map, .structure: false
        default: true
        }
    }

    private static func shifted(_ value: Expression, by leftCount: Int) -> Expression {
        value.rewritten { part in
            if case .input(let at, let type) = part { .input(at - leftCount, type) } else { part }
        }
    }

    /// Names the side that all columns of a value are of.
    private enum Side {
        case left, right

        /// Fails for values of both sides or none, and for those that may differ from call to call.
        init?(of value: Expression, _ leftCount: Int) {
            var (isLeft, isRight, isSteady) = (false, false, true)
            value.forEach { part in
                switch part {
                case .input(let at, _):
                    if at < leftCount { isLeft = true } else { isRight = true }
                case .call(let call): if !steady.contains(call.name) { isSteady = false }
                case .literal, .cast, .member, .conditional, .inList: break
                case .column, .subquery: isSteady = false
                }
            }
            guard isSteady, isLeft != isRight else { return nil }
            self = isLeft ? .left : .right
        }
    }

    /// Functions of which it is known that their arguments alone decide.
    private static let steady: Set<String> = [
        "add", "subtract", "multiply", "divide", "div", "mod", "negate", "abs", "floor", "ceil", "round",
        "coalesce", "greatest", "least", "lower", "upper", "trim", "substring", "length", "concat",
        "date_add", "date_sub", "add_months", "timestampadd", "date_trunc", "trunc", "last_day", "to_date",
        "unix_timestamp", "unix_seconds", "year", "month", "day", "quarter", "hour", "is_null", "is_not_null",
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "and", "or", "not",
    ]
}
