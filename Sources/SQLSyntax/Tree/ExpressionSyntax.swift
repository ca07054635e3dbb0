/// Holds one identifier as written, without its back quotes.
package struct NameSyntax: Sendable, Hashable {
    package var text: String
    package var span: SourceSpan
    package var isQuoted: Bool

    package init(_ text: String, span: SourceSpan = .none, isQuoted: Bool = false) {
        self.text = text
        self.span = span
        self.isQuoted = isQuoted
    }
}

/// Holds one expression with its place in the text.
package struct ExpressionSyntax: Sendable, Hashable {
    package var kind: Kind
    package var span: SourceSpan

    package init(_ kind: Kind, span: SourceSpan) {
        self.kind = kind
        self.span = span
    }

    /// Tells the forms of expressions apart.
    package indirect enum Kind: Sendable, Hashable {
        case literal(LiteralSyntax)
        /// `a`, `t.a`, `t.a.b`: the binder decides which parts name tables and which fields.
        case column([NameSyntax])
        /// `*`, `t.*`, with the names of an `EXCEPT` list.
        case star(qualifier: [NameSyntax], except: [[NameSyntax]])
        case unary(UnaryOperator, ExpressionSyntax)
        case binary(BinaryOperator, ExpressionSyntax, ExpressionSyntax)
        case isNull(ExpressionSyntax, negated: Bool)
        /// `IS [NOT] TRUE` and `IS [NOT] FALSE`.
        case isTruth(ExpressionSyntax, value: Bool, negated: Bool)
        case isDistinct(ExpressionSyntax, ExpressionSyntax, negated: Bool)
        case between(ExpressionSyntax, low: ExpressionSyntax, high: ExpressionSyntax, negated: Bool)
        case inList(ExpressionSyntax, [ExpressionSyntax], negated: Bool)
        case inQuery(ExpressionSyntax, QuerySyntax, negated: Bool)
        case like(LikeSyntax)
        case exists(QuerySyntax)
        case scalarQuery(QuerySyntax)
        case caseWhen(operand: ExpressionSyntax?, branches: [CaseBranchSyntax], otherwise: ExpressionSyntax?)
        case cast(ExpressionSyntax, to: TypeSyntax, kind: CastKind)
        case call(CallSyntax)
        /// `EXTRACT(field FROM source)`.
        case extract(field: NameSyntax, source: ExpressionSyntax)
        /// `base.field` where the base is no plain name, as in `f(x).field`.
        case field(ExpressionSyntax, NameSyntax)
        /// `base[index]`.
        case element(ExpressionSyntax, index: ExpressionSyntax)
        case lambda(parameters: [NameSyntax], body: ExpressionSyntax)
        /// `(a, b)`: a struct without names.
        case row([ExpressionSyntax])
        /// `IDENTIFIER(text)` of a text that is not known before it is bound.
        case identifier(ExpressionSyntax)
        /// `x AS name` among arguments, as in `struct(a AS x)`.
        case alias(ExpressionSyntax, NameSyntax)
    }
}

/// Names the operators before one operand.
package enum UnaryOperator: String, Sendable, Hashable {
    case minus = "-"
    case plus = "+"
    case bitNot = "~"
    case not = "NOT"
}

/// Names the operators between two operands.
package enum BinaryOperator: String, Sendable, Hashable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case integerDivide = "div"
    case concatenate = "||"
    case bitAnd = "&"
    case bitOr = "|"
    case bitXor = "^"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case shiftRightUnsigned = ">>>"
    case equal = "="
    case nullSafeEqual = "<=>"
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and = "AND"
    case or = "OR"
}

/// Says what a cast does with a value that does not fit: fail, or give null.
package enum CastKind: String, Sendable, Hashable {
    case cast = "CAST"
    case tryCast = "TRY_CAST"
}

/// Holds `value [NOT] LIKE|ILIKE|RLIKE pattern [ESCAPE c]`, or `LIKE ANY|ALL (patterns)`.
package struct LikeSyntax: Sendable, Hashable {
    /// Names the pattern languages.
    package enum Operator: String, Sendable, Hashable {
        case like = "LIKE"
        case ilike = "ILIKE"
        case rlike = "RLIKE"
    }

    /// Says whether one or all of several patterns must match.
    package enum Quantifier: String, Sendable, Hashable {
        case any = "ANY"
        case all = "ALL"
    }

    package var value: ExpressionSyntax
    package var `operator`: Operator
    /// One pattern, or several below a quantifier.
    package var patterns: [ExpressionSyntax]
    package var quantifier: Quantifier?
    package var escape: ExpressionSyntax?
    package var negated: Bool
}

/// Holds one WHEN … THEN … of a CASE.
package struct CaseBranchSyntax: Sendable, Hashable {
    package var condition: ExpressionSyntax
    package var result: ExpressionSyntax
}

/// Holds a function call with everything that may surround its arguments.
package struct CallSyntax: Sendable, Hashable {
    /// Name parts, as written.
    package var name: [NameSyntax]
    package var arguments: [ArgumentSyntax]
    package var isDistinct: Bool
    /// `FILTER (WHERE condition)`.
    package var filter: ExpressionSyntax?
    package var window: WindowReferenceSyntax?
    /// `IGNORE NULLS`; false also for `RESPECT NULLS`.
    package var ignoresNulls: Bool
    /// `WITHIN GROUP (ORDER BY …)`.
    package var withinGroup: [SortItemSyntax]
    /// True for `count(*)`'s lone star. That of `count(DISTINCT *)` stands for the columns.
    package var isStar: Bool {
        guard !isDistinct, arguments.count == 1,
            case .star(let qualifier, let except) = arguments[0].value.kind
        else { return false }
        return qualifier.isEmpty && except.isEmpty
    }

    package init(
        name: [NameSyntax], arguments: [ArgumentSyntax], isDistinct: Bool = false,
        filter: ExpressionSyntax? = nil,
        window: WindowReferenceSyntax? = nil, ignoresNulls: Bool = false, withinGroup: [SortItemSyntax] = []
    ) {
        self.name = name
        self.arguments = arguments
        self.isDistinct = isDistinct
        self.filter = filter
        self.window = window
        self.ignoresNulls = ignoresNulls
        self.withinGroup = withinGroup
    }
}

/// Holds one argument, named (`key => value`) or not.
package struct ArgumentSyntax: Sendable, Hashable {
    package var name: NameSyntax?
    package var value: ExpressionSyntax

    package init(name: NameSyntax? = nil, _ value: ExpressionSyntax) {
        self.name = name
        self.value = value
    }
}

/// Holds what follows `OVER`: a name of the `WINDOW` clause or a definition.
package indirect enum WindowReferenceSyntax: Sendable, Hashable {
    case named(NameSyntax)
    case defined(WindowSyntax)
}

/// Holds the definition of a window: `(PARTITION BY … ORDER BY … frame)`.
package struct WindowSyntax: Sendable, Hashable {
    package var partitionBy: [ExpressionSyntax]
    package var orderBy: [SortItemSyntax]
    package var frame: WindowFrameSyntax?
}

/// Holds the rows around the current one that a window function sees.
package struct WindowFrameSyntax: Sendable, Hashable {
    /// Says how the distances of the bounds count.
    package enum Unit: String, Sendable, Hashable {
        case rows = "ROWS"
        case range = "RANGE"
    }

    /// Holds one end of a frame.
    package indirect enum Bound: Sendable, Hashable {
        case unboundedPreceding, unboundedFollowing, currentRow
        case preceding(ExpressionSyntax)
        case following(ExpressionSyntax)
    }

    package var unit: Unit
    package var start: Bound
    package var end: Bound
}

/// Holds one item of an ORDER BY or SORT BY list.
package struct SortItemSyntax: Sendable, Hashable {
    package var expression: ExpressionSyntax
    package var isDescending: Bool
    /// True for NULLS FIRST, which ascending order implies; false for NULLS LAST, which descending order
    /// implies.
    package var nullsFirst: Bool

    package init(expression: ExpressionSyntax, isDescending: Bool, nullsFirst: Bool) {
        self.expression = expression
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}
