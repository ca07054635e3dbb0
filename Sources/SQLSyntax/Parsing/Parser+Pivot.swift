import Vocabulary

extension Parser {
    /// Parses `PIVOT (aggregates FOR columns IN (values))` behind a relation.
    mutating func pivot(of input: RelationSyntax) throws(EngineError) -> RelationSyntax {
        let start = index
        try expect(.PIVOT)
        try expect(.leftParenthesis)
        let aggregates = try commaSeparated { (parser) throws(EngineError) in
            let value = try parser.expression()
            let alias = parser.take(.AS) || parser.atBareAlias && !parser.at(.FOR) ? try parser.name() : nil
            return PivotSyntax.Aggregate(value: value, alias: alias)
        }
        try expect(.FOR)
        let columns =
            at(.leftParenthesis)
            ? try parenthesised { (parser) throws(EngineError) in try parser.qualifiedName("a column") }
            : [try qualifiedName("a column")]
        try expect(.IN)
        let values = try parenthesised { (parser) throws(EngineError) in
            let value = try parser.expression()
            let alias = parser.take(.AS) || parser.atBareAlias ? try parser.name("an alias") : nil
            return PivotSyntax.Value(value: value, alias: alias)
        }
        try expect(.rightParenthesis)
        let pivot = PivotSyntax(
            aggregates: aggregates, columns: columns, values: values, span: span(from: start))
        return RelationSyntax(kind: .pivot(input, pivot), alias: nil, span: input.span.union(pivot.span))
    }

    /// Parses `UNPIVOT [INCLUDE|EXCLUDE NULLS] (values FOR name IN (columns))` behind a relation.
    mutating func unpivot(of input: RelationSyntax) throws(EngineError) -> RelationSyntax {
        let start = index
        try expect(.UNPIVOT)
        var keepsNulls = false
        if current.kind == .word, peek().keyword == .NULLS {
            let word = text(current).uppercased()
            guard word == "INCLUDE" || word == "EXCLUDE" else { throw unexpected("'INCLUDE' or 'EXCLUDE'") }
            keepsNulls = word == "INCLUDE"
            advance()
            advance()
        }
        try expect(.leftParenthesis)
        let values =
            at(.leftParenthesis) ? try nameList() : [try name("a name for the column of values")]
        try expect(.FOR)
        let label = try name("a name for the column of names")
        try expect(.IN)
        let items = try parenthesised { (parser) throws(EngineError) in
            let columns =
                parser.at(.leftParenthesis)
                ? try parser.parenthesised { (parser) throws(EngineError) in
                    try parser.qualifiedName("a column")
                } : [try parser.qualifiedName("a column")]
            let alias = parser.take(.AS) || parser.atBareAlias ? try parser.name("an alias") : nil
            return UnpivotSyntax.Item(columns: columns, alias: alias)
        }
        try expect(.rightParenthesis)
        let unpivot = UnpivotSyntax(
            keepsNulls: keepsNulls, values: values, label: label, items: items, span: span(from: start))
        return RelationSyntax(
            kind: .unpivot(input, unpivot), alias: nil, span: input.span.union(unpivot.span))
    }

    /// Parses `TABLESAMPLE (… PERCENT | … ROWS | BUCKET x OUT OF y) [REPEATABLE (seed)]`.
    mutating func sample() throws(EngineError) -> SampleSyntax {
        let start = index
        try expect(.TABLESAMPLE)
        if current.kind == .word, ["SYSTEM", "BERNOULLI"].contains(text(current).uppercased()) { advance() }
        try expect(.leftParenthesis)
        var sample: SampleSyntax
        if current.kind == .word, text(current).uppercased() == "BUCKET" {
            advance()
            let bucket = try integerValue()
            for word in ["OUT", "OF"] {
                guard current.kind == .word, text(current).uppercased() == word else {
                    throw unexpected("'\(word)'")
                }
                advance()
            }
            let count = try integerValue()
            guard count > 0, (0...count).contains(bucket) else {
                throw unexpected("a bucket of those there are")
            }
            sample = SampleSyntax(amount: .share(Double(bucket) / Double(count)))
        } else if !at(.minus), !at(.rightParenthesis), current.kind != .word {
            let number = text(current)
            if current.kind == .integer || current.kind == .decimal, let percent = Double(number),
                peek().kind == .word, text(peek()).uppercased() == "PERCENT"
            {
                guard percent <= 100 else {
                    throw fail("A sample has at most 100 percent.", at: current.span)
                }
                advance()
                advance()
                sample = SampleSyntax(amount: .share(percent / 100))
            } else {
                let rows = try expression()
                try expect(.ROWS)
                sample = SampleSyntax(amount: .rows(rows))
            }
        } else {
            throw unexpected("a share such as 10 PERCENT, or a number of ROWS")
        }
        try expect(.rightParenthesis)
        if current.kind == .word, text(current).uppercased() == "REPEATABLE" {
            advance()
            try expect(.leftParenthesis)
            sample.seed = try integerValue("a seed")
            try expect(.rightParenthesis)
        }
        sample.span = span(from: start)
        return sample
    }
}
