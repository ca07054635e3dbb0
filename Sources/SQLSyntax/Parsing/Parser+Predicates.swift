import Vocabulary

extension Parser {
    /// Parses what may follow a value once: `[NOT] BETWEEN`, `IN`, `LIKE`, `IS …`.
    mutating func predicate(over operand: ExpressionSyntax) throws(EngineError) -> ExpressionSyntax {
        let start = operand.span
        if at(.IS) {
            advance()
            try grow()
            return try isPredicate(over: operand)
        }
        var negated = false
        if at(.NOT) || at(.bang), let next = peek().keyword,
            [.BETWEEN, .IN, .LIKE, .ILIKE, .RLIKE, .REGEXP].contains(next)
        {
            negated = true
            advance()
        }
        let kind: ExpressionSyntax.Kind
        if take(.BETWEEN) {
            let low = try value()
            try expect(.AND)
            let high = try value()
            kind = .between(operand, low: low, high: high, negated: negated)
        } else if at(.IN) {
            advance()
            kind = try inPredicate(over: operand, negated: negated)
        } else if take(.LIKE) {
            kind = try likePredicate(over: operand, .like, negated: negated)
        } else if take(.ILIKE) {
            kind = try likePredicate(over: operand, .ilike, negated: negated)
        } else if take(.RLIKE) || take(.REGEXP) {
            let pattern = try value()
            kind = .like(
                LikeSyntax(
                    value: operand, operator: .rlike, patterns: [pattern], escape: nil, negated: negated))
        } else {
            return operand
        }
        try grow()
        return ExpressionSyntax(kind, span: start.union(tokens[index - 1].span))
    }

    private mutating func isPredicate(over operand: ExpressionSyntax) throws(EngineError) -> ExpressionSyntax
    {
        let negated = take(.NOT)
        let kind: ExpressionSyntax.Kind
        if take(.NULL) {
            kind = .isNull(operand, negated: negated)
        } else if take(.TRUE) {
            kind = .isTruth(operand, value: true, negated: negated)
        } else if take(.FALSE) {
            kind = .isTruth(operand, value: false, negated: negated)
        } else if current.kind == .word, text(current).uppercased() == "UNKNOWN" {
            advance()
            kind = .isNull(operand, negated: negated)
        } else if take(.DISTINCT) {
            try expect(.FROM)
            kind = .isDistinct(operand, try value(), negated: negated)
        } else {
            throw unexpected("'NULL', 'TRUE', 'FALSE' or 'DISTINCT FROM'")
        }
        return ExpressionSyntax(kind, span: operand.span.union(tokens[index - 1].span))
    }

    private mutating func inPredicate(
        over operand: ExpressionSyntax, negated: Bool
    ) throws(EngineError) -> ExpressionSyntax.Kind {
        try expect(.leftParenthesis)
        if startsWholeQuery() {
            let query = try self.query()
            try expect(.rightParenthesis)
            return .inQuery(operand, query, negated: negated)
        }
        let items = try commaSeparated { (parser) throws(EngineError) in try parser.expression() }
        try expect(.rightParenthesis)
        return .inList(operand, items, negated: negated)
    }

    private mutating func likePredicate(
        over operand: ExpressionSyntax, _ kind: LikeSyntax.Operator, negated: Bool
    ) throws(EngineError) -> ExpressionSyntax.Kind {
        let quantifier: LikeSyntax.Quantifier? =
            peek().symbol != .leftParenthesis ? nil : at(.ALL) ? .all : at(.ANY) || at(.SOME) ? .any : nil
        var like = LikeSyntax(value: operand, operator: kind, patterns: [], escape: nil, negated: negated)
        if let quantifier {
            advance()
            like.quantifier = quantifier
            like.patterns = try parenthesised { (parser) throws(EngineError) in try parser.value() }
        } else {
            like.patterns = [try value()]
            if take(.ESCAPE) {
                let start = index
                let text = try stringValue("an escape character in quotes")
                if text.count != 1 {
                    throw fail(
                        "ESCAPE takes exactly one character.", code: "INVALID_ESC", at: span(from: start))
                }
                like.escape = ExpressionSyntax(.literal(.string(text)), span: span(from: start))
            }
        }
        return .like(like)
    }
}
