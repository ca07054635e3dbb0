import Columns
import Vocabulary

/// Calls an aggregate function over the rows of a group, by its canonical lower-case name in the registry:
/// `count` (no arguments: count(*)), `sum`, `avg`, `min`, `max`, `first`, `last`, `any_value`, `stddev_samp`,
/// `collect_list`, `bool_and`, ….
package struct AggregateCall: Hashable, Sendable {
    package var function: String
    package var arguments: [Expression]
    package var distinct: Bool
    /// Only rows for which this is true count.
    package var filter: Expression?
    package var type: DataType
    package var ansi: Bool
    /// Where the call stands in the user's text.
    package var origin: Origin

    package init(
        _ function: String, _ arguments: [Expression], distinct: Bool = false, filter: Expression? = nil,
        type: DataType, ansi: Bool = true, origin: Origin = .none
    ) {
        self.function = function
        self.arguments = arguments
        self.distinct = distinct
        self.filter = filter
        self.type = type
        self.ansi = ansi
        self.origin = origin
    }
}

/// Tells which part of an aggregation an operator does.
package enum AggregateMode: UInt8, Hashable, Sendable {
    /// Rows in, results out, in one step.
    case complete
    /// Rows in, states out: group keys, then the state columns of each call as the registry declares them.
    case partial
    /// States in (as `partial` gives them), results out.
    case final
}

/// Orders rows by one expression.
package struct SortKey: Hashable, Sendable {
    package var expression: Expression
    package var ascending: Bool
    package var nullsFirst: Bool

    package init(_ expression: Expression, ascending: Bool = true, nullsFirst: Bool? = nil) {
        self.expression = expression
        self.ascending = ascending
        self.nullsFirst = nullsFirst ?? ascending
    }
}

/// Names the kinds of join. The left side is the one whose rows semi and anti joins keep.
package enum JoinKind: UInt8, Hashable, Sendable {
    case inner, left, right, full, leftSemi, leftAnti, cross
    /// A `NOT IN`: like `leftAnti`, but null keys on either side make the comparison unknown.
    case leftAntiNullAware
}
