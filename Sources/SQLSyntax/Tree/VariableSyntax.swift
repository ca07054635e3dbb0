/// Holds `DECLARE [OR REPLACE] [VARIABLE] names [type] [DEFAULT value]`.
package struct DeclareVariableSyntax: Sendable, Hashable {
    package var names: [[NameSyntax]]
    package var replaces: Bool
    package var type: TypeSyntax?
    package var value: ExpressionSyntax?
}

/// Holds `SET VARIABLE a = 1, b = DEFAULT`, or `SET VARIABLE (a, b) = (query)`.
package struct SetVariablesSyntax: Sendable, Hashable {
    /// Says where the values come from.
    package enum Source: Sendable, Hashable {
        /// One for each target; nil: its default.
        case values([ExpressionSyntax?])
        case query(QuerySyntax)
    }

    package var targets: [[NameSyntax]]
    package var source: Source
}

/// Holds `EXECUTE IMMEDIATE text [INTO variables] [USING arguments]`.
package struct ExecuteImmediateSyntax: Sendable, Hashable {
    package var text: ExpressionSyntax
    package var targets: [[NameSyntax]]
    package var arguments: [ArgumentSyntax]
}

/// Holds what `:name` and `?` stand for in a text.
package struct StatementParameters: Sendable, Hashable {
    /// By lower-case name.
    package var named: [String: ExpressionSyntax] = [:]
    package var positional: [ExpressionSyntax] = []

    package init() {}
}
