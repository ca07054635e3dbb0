import Vocabulary

extension Parser {
    /// Parses `(PARTITION BY … ORDER BY … frame)`.
    mutating func window() throws(EngineError) -> WindowSyntax {
        try expect(.leftParenthesis)
        var window = WindowSyntax(partitionBy: [], orderBy: [], frame: nil)
        if take(.PARTITION, .BY) || take(.DISTRIBUTE, .BY) {
            window.partitionBy = try commaSeparated { (parser) throws(EngineError) in try parser.expression()
            }
        }
        if take(.ORDER, .BY) || take(.SORT, .BY) { window.orderBy = try sortItems() }
        if at(.ROWS) || at(.RANGE) {
            let unit: WindowFrameSyntax.Unit = at(.ROWS) ? .rows : .range
            advance()
            if take(.BETWEEN) {
                let start = try frameBound()
                try expect(.AND)
                window.frame = WindowFrameSyntax(unit: unit, start: start, end: try frameBound())
            } else {
                window.frame = WindowFrameSyntax(unit: unit, start: try frameBound(), end: .currentRow)
            }
        }
        try expect(.rightParenthesis)
        return window
    }

    private mutating func frameBound() throws(EngineError) -> WindowFrameSyntax.Bound {
        if take(.UNBOUNDED) {
            if take(.PRECEDING) { return .unboundedPreceding }
            try expect(.FOLLOWING)
            return .unboundedFollowing
        }
        if take(.CURRENT) {
            try expect(.ROW)
            return .currentRow
        }
        let distance = try expression()
        if take(.PRECEDING) { return .preceding(distance) }
        try expect(.FOLLOWING)
        return .following(distance)
    }

    /// Parses the items of an ORDER BY or SORT BY.
    mutating func sortItems() throws(EngineError) -> [SortItemSyntax] {
        try commaSeparated { (parser) throws(EngineError) in
            let expression = try parser.expression()
            let (isDescending, nullsFirst) = try parser.sortDirection()
            return SortItemSyntax(expression: expression, isDescending: isDescending, nullsFirst: nullsFirst)
        }
    }

    mutating func sortDirection() throws(EngineError) -> (isDescending: Bool, nullsFirst: Bool) {
        let isDescending = take(.DESC)
        if !isDescending { _ = take(.ASC) }
        guard take(.NULLS) else { return (isDescending, !isDescending) }
        if take(.FIRST) { return (isDescending, true) }
        try expect(.LAST)
        return (isDescending, false)
    }
}
