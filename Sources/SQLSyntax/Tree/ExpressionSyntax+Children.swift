extension ExpressionSyntax {
    /// The direct inputs of the expression, in the order of the text; queries inside are no inputs.
    package var children: [ExpressionSyntax] {
        switch kind {
        case .literal, .column, .star, .exists, .scalarQuery: []
        case .unary(_, let operand), .isNull(let operand, _), .isTruth(let operand, _, _),
            .cast(let operand, _, _),
            .extract(_, let operand), .field(let operand, _), .lambda(_, let operand), .alias(let operand, _),
            .inQuery(let operand, _, _), .identifier(let operand):
            [operand]
        case .binary(_, let left, let right), .isDistinct(let left, let right, _),
            .element(let left, let right):
            [left, right]
        case .between(let value, let low, let high, _): [value, low, high]
        case .inList(let value, let items, _): [value] + items
        case .like(let like): [like.value] + like.patterns + (like.escape.map { [$0] } ?? [])
        case .caseWhen(let operand, let branches, let otherwise):
            (operand.map { [$0] } ?? []) + branches.flatMap { [$0.condition, $0.result] }
                + (otherwise.map { [$0] } ?? [])
        case .call(let call): call.arguments.map(\.value) + (call.filter.map { [$0] } ?? [])
        case .row(let items): items
        }
    }

    /// True when a column is named anywhere in the expression, outside of queries inside it.
    package var hasColumn: Bool {
        if case .column = kind { return true }
        return children.contains(where: \.hasColumn)
    }
}
