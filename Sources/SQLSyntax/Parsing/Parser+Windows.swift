import Vocabulary

extension Parser {
    /// Parses what may stand behind OVER: a window, a name, or a name in parentheses.
    mutating func windowReference() throws(EngineError) -> WindowReferenceSyntax {
        guard at(.leftParenthesis) else { return .named(try name("a window name")) }
        guard peek().kind != .symbol, peek(2).symbol == .rightParenthesis else {
            return .defined(try window())
        }
        advance()
        let name = try self.name("a window name")
        try expect(.rightParenthesis)
        return .named(name)
    }

    /// Parses `WINDOW name AS (…), other AS name`, where it stands here. A name may stand for a window that
    /// is defined before or behind it, but not for another name.
    mutating func windowClause() throws(EngineError) -> [NamedWindowSyntax] {
        guard at(.WINDOW), peek().kind != .symbol, peek(2).keyword == .AS else { return [] }
        advance()
        let written = try commaSeparated {
            (parser) throws(EngineError) -> (name: NameSyntax, window: WindowReferenceSyntax) in
            let name = try parser.name("a window name")
            try parser.expect(.AS)
            return (name, try parser.windowReference())
        }
        var windows: [NamedWindowSyntax] = []
        for item in written {
            if case .defined(let window) = item.window {
                windows.append(NamedWindowSyntax(name: item.name, window: window))
            }
        }
        let defined = windows
        for item in written {
            guard case .named(let other) = item.window else { continue }
            guard let known = defined.first(where: { $0.name.text.lowercased() == other.text.lowercased() })
            else {
                throw fail(
                    "The WINDOW clause defines no window of this name: \(other.text).",
                    code: "MISSING_WINDOW_SPECIFICATION", at: other.span)
            }
            windows.append(NamedWindowSyntax(name: item.name, window: known.window))
        }
        return windows
    }

    /// Parses `(PARTITION BY … ORDER BY … frame)`.
    mutating func window() throws(EngineError) -> WindowSyntax {
        try expect(.leftParenthesis)
        var window = WindowSyntax(partitionBy: [], orderBy: [], frame: nil)
        if take(.PARTITION, .BY) || take(.DISTRIBUTE, .BY) || take(.CLUSTER, .BY) {
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
