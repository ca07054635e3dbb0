import Vocabulary

/// Ranks the operators between values, loosest first, after `valueExpression` of Spark's grammar.
private enum Precedence: Int {
    case comparison = 1
    case bitOr, bitXor, bitAnd, shift, additive, multiplicative
}

extension Parser {
    /// Parses any expression: OR over AND over NOT over predicates over operators over primaries.
    mutating func expression() throws(EngineError) -> ExpressionSyntax {
        let outer = height
        height = 0
        defer { height = max(height, outer) }
        return try nested { (parser) throws(EngineError) in
            try parser.logicalChain(.OR, .or) { (parser) throws(EngineError) in
                try parser.logicalChain(.AND, .and) { (parser) throws(EngineError) in try parser.negation() }
            }
        }
    }

    /// Parses a chain of AND or OR, and balances it, as Spark does: thousands of terms stay a low tree. Terms
    /// lie beside each other, so the tallest one counts.
    private mutating func logicalChain(
        _ keyword: Keyword, _ joiner: BinaryOperator,
        _ term: (inout Parser) throws(EngineError) -> ExpressionSyntax
    ) throws(EngineError) -> ExpressionSyntax {
        let first = try term(&self)
        guard at(keyword) else { return first }
        var terms = [first]
        while take(keyword) {
            let tallest = height
            height = 0
            terms.append(try term(&self))
            height = max(height, tallest)
            if terms.count > Limits.chainLength { throw tooLong(keyword.rawValue, at: terms[0].span) }
        }
        try grow(by: Int.bitWidth - terms.count.leadingZeroBitCount)
        return Self.balanced(terms[...], joiner)
    }

    private static func balanced(_ terms: ArraySlice<ExpressionSyntax>, _ joiner: BinaryOperator)
        -> ExpressionSyntax
    {
        if terms.count == 1, let only = terms.first { return only }
        let middle = terms.startIndex + (terms.count + 1) / 2
        let left = balanced(terms[..<middle], joiner)
        let right = balanced(terms[middle...], joiner)
        return ExpressionSyntax(.binary(joiner, left, right), span: left.span.union(right.span))
    }

    private mutating func negation() throws(EngineError) -> ExpressionSyntax {
        let start = index
        if take(.NOT) || take(.bang) {
            let operand = try nested { (parser) throws(EngineError) in try parser.negation() }
            return ExpressionSyntax(.unary(.not, operand), span: span(from: start))
        }
        if at(.EXISTS), peek().symbol == .leftParenthesis,
            startsQuery(after: 2) || startsFromQuery(after: 2)
        {
            advance()
            advance()
            let query = try self.query()
            try expect(.rightParenthesis)
            return ExpressionSyntax(.exists(query), span: span(from: start))
        }
        let operand = try value(atLeast: Precedence.comparison.rawValue)
        return isLastWord ? operand : try predicate(over: operand)
    }

    /// Parses operators between values, one level deeper: arithmetic, bits, `||`, comparisons.
    mutating func value() throws(EngineError) -> ExpressionSyntax {
        try nested { (parser) throws(EngineError) in try parser.value(atLeast: Precedence.comparison.rawValue)
        }
    }

    private mutating func value(atLeast minimum: Int) throws(EngineError) -> ExpressionSyntax {
        let outer = height
        height = 0
        defer { height = max(height, outer) }
        var left = try unary()
        while let (precedence, joiner) = binaryOperator(), precedence.rawValue >= minimum {
            advance()
            let right = try value(atLeast: precedence.rawValue + 1)
            try grow()
            left = ExpressionSyntax(.binary(joiner, left, right), span: left.span.union(right.span))
        }
        return left
    }

    private func binaryOperator() -> (Precedence, BinaryOperator)? {
        if at(.DIV) { return (.multiplicative, .integerDivide) }
        guard current.kind == .symbol else { return nil }
        switch current.symbol {
        case .star: return (.multiplicative, .multiply)
        case .slash: return (.multiplicative, .divide)
        case .percent: return (.multiplicative, .remainder)
        case .plus: return (.additive, .add)
        case .minus: return (.additive, .subtract)
        case .doublePipe: return (.additive, .concatenate)
        case .shiftLeft: return (.shift, .shiftLeft)
        case .shiftRight: return (.shift, .shiftRight)
        case .shiftRightUnsigned: return (.shift, .shiftRightUnsigned)
        case .ampersand: return (.bitAnd, .bitAnd)
        case .caret: return (.bitXor, .bitXor)
        case .pipe: return (.bitOr, .bitOr)
        case .equal, .doubleEqual: return (.comparison, .equal)
        case .nullSafeEqual: return (.comparison, .nullSafeEqual)
        case .notEqual, .bangEqual: return (.comparison, .notEqual)
        case .less: return (.comparison, .less)
        case .lessOrEqual: return (.comparison, .lessOrEqual)
        case .greater: return (.comparison, .greater)
        case .greaterOrEqual: return (.comparison, .greaterOrEqual)
        default: return nil
        }
    }

    /// Parses signs and `~`. A minus before digits is part of the literal.
    private mutating func unary() throws(EngineError) -> ExpressionSyntax {
        let start = index
        let kind: UnaryOperator
        switch current.kind == .symbol ? current.symbol : .none {
        case .minus:
            switch peek().kind {
            case .integer, .decimal, .exponent, .suffixed:
                return try postfix(over: numberLiteral(negative: true))
            default: kind = .minus
            }
        case .plus: kind = .plus
        case .tilde: kind = .bitNot
        default: return try postfix(over: primary())
        }
        advance()
        let operand = try nested { (parser) throws(EngineError) in try parser.unary() }
        return ExpressionSyntax(.unary(kind, operand), span: span(from: start))
    }
}
