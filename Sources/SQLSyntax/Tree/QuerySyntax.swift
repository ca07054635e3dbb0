/// Holds a query: a body of selects and set operations with what precedes and follows it.
package struct QuerySyntax: Sendable, Hashable {
    package var with: [CommonTableSyntax] = []
    package var body: QueryBodySyntax
    package var orderBy: OrderSyntax?
    /// SORT BY: an order within each partition only.
    package var sortBy: [SortItemSyntax] = []
    package var distributeBy: [ExpressionSyntax] = []
    package var clusterBy: [ExpressionSyntax] = []
    package var limit: LimitSyntax?
    package var offset: ExpressionSyntax?
    /// The WINDOW clause behind ORDER BY.
    package var windows: [NamedWindowSyntax] = []
    package var span: SourceSpan

    /// Those of the SELECT that is all of the query.
    package var hints: [HintSyntax] { if case .select(let select) = body { select.hints } else { [] } }
}

/// Holds what follows ORDER BY.
package enum OrderSyntax: Sendable, Hashable {
    case items([SortItemSyntax])
    /// ORDER BY ALL: every output column, left to right.
    case all(isDescending: Bool, nullsFirst: Bool)
}

/// Holds what follows LIMIT.
package enum LimitSyntax: Sendable, Hashable {
    case all
    case rows(ExpressionSyntax)
}

/// Holds one `name AS (…)` of the WINDOW clause.
package struct NamedWindowSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var window: WindowSyntax
}

/// Holds one `name [(columns)] AS (query)` of a WITH clause.
package struct CommonTableSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var columns: [NameSyntax]
    package var query: QuerySyntax
    /// True below WITH RECURSIVE, where the query may name its own table.
    package var isRecursive = false
    /// `MAX RECURSION LEVEL n`.
    package var levelLimit: Int?
}

/// Holds what a query takes its rows from.
package indirect enum QueryBodySyntax: Sendable, Hashable {
    case select(SelectSyntax)
    case setOperation(SetOperationSyntax)
    /// Two inputs or more of UNION ALL, from left to right.
    case unionAll([QueryBodySyntax])
    case values([[ExpressionSyntax]], span: SourceSpan)
    /// `TABLE name`.
    case table(RelationSyntax)
    case nested(QuerySyntax)

    package var span: SourceSpan {
        switch self {
        case .select(let select): select.span
        case .setOperation(let operation): operation.span
        case .unionAll(let inputs): inputs[0].span.union(inputs[inputs.count - 1].span)
        case .values(_, let span): span
        case .table(let relation): relation.span
        case .nested(let query): query.span
        }
    }
}

/// Holds two bodies and the set operation between them.
package struct SetOperationSyntax: Sendable, Hashable {
    /// Names the set operations.
    package enum Operator: String, Sendable, Hashable {
        case union = "UNION"
        case intersect = "INTERSECT"
        case except = "EXCEPT"
    }

    package var `operator`: Operator
    package var isAll: Bool
    package var left: QueryBodySyntax
    package var right: QueryBodySyntax
    package var span: SourceSpan
}

/// Holds SELECT … FROM … WHERE … GROUP BY … HAVING … QUALIFY.
package struct SelectSyntax: Sendable, Hashable {
    package var hints: [HintSyntax] = []
    package var isDistinct = false
    package var items: [SelectItemSyntax] = []
    package var from: RelationSyntax?
    package var lateralViews: [LateralViewSyntax] = []
    package var filter: ExpressionSyntax?
    package var groupBy: GroupingSyntax?
    package var having: ExpressionSyntax?
    package var qualify: ExpressionSyntax?
    /// The WINDOW clause behind HAVING; the one behind ORDER BY is the query's.
    package var windows: [NamedWindowSyntax] = []
    /// True for `FROM t` alone, which means every column.
    package var isBareFrom = false
    /// True for `|> SELECT`, where no aggregate function may stand.
    package var isSelectPipe = false
    /// True for `|> AGGREGATE`.
    package var isAggregatePipe = false
    package var span: SourceSpan
}

/// Holds one hint of a SELECT, `NAME(argument, …)`.
package struct HintSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var arguments: [ExpressionSyntax]
}

/// Holds one select item; several aliases name the columns of a generator.
package struct SelectItemSyntax: Sendable, Hashable {
    package var expression: ExpressionSyntax
    package var aliases: [NameSyntax]
    /// The single alias, or nil.
    package var alias: NameSyntax? { aliases.count == 1 ? aliases[0] : nil }
}

/// Holds `LATERAL VIEW [OUTER] generator(args) table AS columns`.
package struct LateralViewSyntax: Sendable, Hashable {
    package var isOuter: Bool
    package var generator: CallSyntax
    package var table: NameSyntax?
    package var columns: [NameSyntax]
    package var span: SourceSpan
}

/// Holds what follows GROUP BY.
package enum GroupingSyntax: Sendable, Hashable {
    case all
    case items([GroupingItemSyntax])
}

/// Holds one item of a GROUP BY list.
package indirect enum GroupingItemSyntax: Sendable, Hashable {
    case expression(ExpressionSyntax)
    /// Each inner list is one element, such as `(a, b)`.
    case rollup([[ExpressionSyntax]])
    case cube([[ExpressionSyntax]])
    case sets([GroupingSetSyntax])
}

/// Holds one member of GROUPING SETS.
package indirect enum GroupingSetSyntax: Sendable, Hashable {
    case columns([ExpressionSyntax])
    case nested(GroupingItemSyntax)
}

/// Holds an alias of a relation, with names for its columns.
package struct TableAliasSyntax: Sendable, Hashable {
    package var name: NameSyntax
    package var columns: [NameSyntax]
}

/// Holds one relation of a FROM clause with its alias.
package struct RelationSyntax: Sendable, Hashable {
    package var kind: Kind
    package var alias: TableAliasSyntax?
    package var span: SourceSpan
    /// `WITH (key = 'value', …)` behind a table: options of its reader.
    package var options: [OptionSyntax] = []

    /// Tells the forms of relations apart.
    package indirect enum Kind: Sendable, Hashable {
        /// A table, view or common table; also ``format.`path` ``, which the binder tells by the format's
        /// name.
        case table([NameSyntax])
        /// `IDENTIFIER(text)` of a text that is not known before it is bound.
        case identifier(ExpressionSyntax)
        case subquery(QuerySyntax)
        case values([[ExpressionSyntax]])
        /// A table-valued function such as `range(10)`.
        case function(CallSyntax)
        case join(JoinSyntax)
        /// A relation in parentheses, which hides nothing.
        case nested(RelationSyntax)
        case pivot(RelationSyntax, PivotSyntax)
        case unpivot(RelationSyntax, UnpivotSyntax)
        case sample(RelationSyntax, SampleSyntax)
        /// What the FROM in front of several inserts names.
        case common
        /// `relation |> operator`.
        case pipe(RelationSyntax, PipeSyntax)
    }
}

/// Holds two relations and how they are joined.
package struct JoinSyntax: Sendable, Hashable {
    /// Names the kinds of join.
    package enum Kind: String, Sendable, Hashable {
        case inner = "INNER"
        case left = "LEFT OUTER"
        case right = "RIGHT OUTER"
        case full = "FULL OUTER"
        case semi = "LEFT SEMI"
        case anti = "LEFT ANTI"
        case cross = "CROSS"
    }

    /// Holds what rows of both sides are matched by.
    package enum Condition: Sendable, Hashable {
        case none
        case natural
        case using([NameSyntax])
        case on(ExpressionSyntax)
    }

    package var kind: Kind
    package var left: RelationSyntax
    package var right: RelationSyntax
    package var condition: Condition
    package var isLateral: Bool
}
