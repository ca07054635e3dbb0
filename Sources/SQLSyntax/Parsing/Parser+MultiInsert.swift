import Vocabulary

// Inserts behind a FROM: `FROM source INSERT INTO a SELECT … INSERT OVERWRITE TABLE b SELECT …`.
extension Parser {
    /// Parses FROM and the inserts behind it; takes nothing and returns nil where no insert follows. One
    /// insert is the same as an INSERT whose query names its source itself.
    mutating func insertsAfterFrom(_ with: [CommonTableSyntax]) throws(EngineError) -> StatementSyntax.Kind? {
        let before = self
        try expect(.FROM)
        let from = try fromClause()
        var views: [LateralViewSyntax] = []
        while at(.LATERAL), peek().keyword == .VIEW { views.append(try lateralView()) }
        guard at(.INSERT) else {
            self = before
            return nil
        }
        let common = RelationSyntax(kind: .common, alias: nil, span: from.span)
        var inserts: [StatementSyntax] = []
        repeat {
            let start = index
            let kind = try insert { (parser) throws(EngineError) in
                try parser.queryBehindFrom(common)
            }
            inserts.append(StatementSyntax(kind: kind, span: span(from: start)))
        } while at(.INSERT)
        if inserts.count == 1 { return alone(inserts[0].kind, with: with, from: from, views) }
        return .multiInsert(
            MultiInsertSyntax(with: with, from: from, lateralViews: views, inserts: inserts))
    }

    /// Parses `SELECT … WHERE … ORDER BY … LIMIT …` of an insert behind FROM.
    private mutating func queryBehindFrom(_ from: RelationSyntax) throws(EngineError) -> QuerySyntax {
        let start = index
        try expect(.SELECT)
        var select = SelectSyntax(span: current.span)
        try selectList(&select)
        if at(.FROM) { throw unexpected("'INSERT', as the source stands in front of all inserts") }
        select.from = from
        try selectTail(&select)
        select.span = span(from: start)
        var query = QuerySyntax(body: .select(select), span: select.span)
        try queryTail(&query)
        query.span = span(from: start)
        return query
    }

    /// Returns a single insert with its source in its query.
    private func alone(
        _ insert: StatementSyntax.Kind, with: [CommonTableSyntax], from: RelationSyntax,
        _ views: [LateralViewSyntax]
    ) -> StatementSyntax.Kind {
        func placed(_ query: QuerySyntax) -> QuerySyntax {
            guard case .select(var select) = query.body else { return query }
            var query = query
            select.from = from
            select.lateralViews = views + select.lateralViews
            query.body = .select(select)
            query.with = with
            return query
        }
        switch insert {
        case .insertDirectory(var insert):
            insert.query = placed(insert.query)
            return .insertDirectory(insert)
        case .insertTable(var insert):
            insert.query = placed(insert.query)
            return .insertTable(insert)
        default: return insert
        }
    }
}
