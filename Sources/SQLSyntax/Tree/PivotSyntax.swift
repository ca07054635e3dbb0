/// Holds `PIVOT (aggregates FOR columns IN (values))`.
package struct PivotSyntax: Sendable, Hashable {
    /// Holds one aggregate with the name that it adds to its columns.
    package struct Aggregate: Sendable, Hashable {
        package var value: ExpressionSyntax
        package var alias: NameSyntax?
    }

    /// Holds one value that becomes a column, or several of a row for several pivot columns.
    package struct Value: Sendable, Hashable {
        package var value: ExpressionSyntax
        package var alias: NameSyntax?
    }

    package var aggregates: [Aggregate]
    package var columns: [[NameSyntax]]
    package var values: [Value]
    package var span: SourceSpan
}

/// Holds `UNPIVOT [INCLUDE NULLS] (values FOR label IN (items))`.
package struct UnpivotSyntax: Sendable, Hashable {
    /// Holds the columns that make one row, with the label's text for it.
    package struct Item: Sendable, Hashable {
        package var columns: [[NameSyntax]]
        package var alias: NameSyntax?
    }

    package var keepsNulls: Bool
    package var values: [NameSyntax]
    package var label: NameSyntax
    package var items: [Item]
    package var span: SourceSpan
}

/// Holds `TABLESAMPLE (…)`.
package struct SampleSyntax: Sendable, Hashable {
    /// Says how much stays.
    package enum Amount: Sendable, Hashable {
        /// From 0 to 1.
        case share(Double)
        case rows(ExpressionSyntax)
    }

    package var amount: Amount
    package var seed: Int?
    package var span: SourceSpan = .none
}

/// Holds an operator of the pipe syntax that keeps the names of the tables before it.
package indirect enum PipeSyntax: Sendable, Hashable {
    /// Holds one `name = value` of SET.
    package struct Assignment: Sendable, Hashable {
        package var name: NameSyntax
        package var value: ExpressionSyntax
    }

    case filter(ExpressionSyntax)
    case extend([SelectItemSyntax])
    case set([Assignment])
    case drop([NameSyntax])
    /// ORDER BY, LIMIT and the like: a query's tail.
    case tail(QuerySyntax)
    case lateralView(LateralViewSyntax)
}
