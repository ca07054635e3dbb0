import SQLSyntax

/// Lists the places of a statement's text at which operators are asked for: tables, equalities, groups,
/// orders, limits, and where what is written begins.
struct SyntaxPlaces {
    /// A place that a name finds, in lower case.
    struct Named {
        var name: String
        var span: SourceSpan
    }
    /// `a = b`, or the column of a USING list, by the names of both sides.
    struct Equality {
        var names: Set<String>
        var span: SourceSpan
    }

    private(set) var tables: [Named] = []
    private(set) var functions: [SourceSpan] = []
    private(set) var equalities: [Equality] = []
    /// From the end of a left side to that of the right one, of joins that name no condition.
    private(set) var crosses: [SourceSpan] = []
    private(set) var groups: [Named] = []
    private(set) var orders: [Named] = []
    private(set) var limits: [SourceSpan] = []
    private(set) var distincts: [SourceSpan] = []
    /// From the first word of each insert to its query, in the order of the text; none where nothing is
    /// written.
    private(set) var targets: [SourceSpan] = []

    init(_ statement: StatementSyntax) {
        switch statement.kind {
        case .explain(let inner, _): self.init(inner)
        case .query(let query): self.init(query)
        case .insertDirectory(let insert): self.init(writing: insert.query, in: statement)
        case .insertTable(let insert): self.init(writing: insert.query, in: statement)
        case .multiInsert(let multi):
            self.init()
            for common in multi.with { add(common.query) }
            add(multi.from)
            for view in multi.lateralViews { functions.append(view.span) }
            for insert in multi.inserts {
                let own = SyntaxPlaces(insert)
                targets += own.targets
                add(own)
            }
        case .createTable(let create):
            if let query = create.query { self.init(writing: query, in: statement) } else { self.init() }
        default: self.init()
        }
    }

    /// Lists nothing.
    init() {}

    /// Lists the places of a view's query.
    init(_ query: QuerySyntax) { add(query) }

    private init(writing query: QuerySyntax, in statement: StatementSyntax) {
        add(query)
        targets = [SourceSpan(start: Int(statement.span.start), end: Int(query.span.start))]
    }

    private mutating func add(_ other: SyntaxPlaces) {
        tables += other.tables
        functions += other.functions
        equalities += other.equalities
        crosses += other.crosses
        groups += other.groups
        orders += other.orders
        limits += other.limits
        distincts += other.distincts
    }

    // MARK: Queries

    private mutating func add(_ query: QuerySyntax) {
        for common in query.with { add(common.query) }
        add(query.body)
        if case .items(let items) = query.orderBy {
            for item in items {
                orders.append(Named(name: SyntaxPlaces.name(item.expression), span: item.expression.span))
                add(item.expression)
            }
        }
        if case .rows(let count) = query.limit { limits.append(count.span) }
        if let offset = query.offset { limits.append(offset.span) }
    }

    private mutating func add(_ body: QueryBodySyntax) {
        switch body {
        case .select(let select): add(select)
        case .setOperation(let operation):
            add(operation.left)
            add(operation.right)
        case .unionAll(let inputs): for input in inputs { add(input) }
        case .values(_, let span): functions.append(span)
        case .table(let relation): add(relation)
        case .nested(let query): add(query)
        }
    }

    private mutating func add(_ select: SelectSyntax) {
        if let from = select.from { add(from) }
        for item in select.items { add(item.expression) }
        for condition in [select.filter, select.having, select.qualify] {
            if let condition { add(condition) }
        }
        for view in select.lateralViews { functions.append(view.span) }
        if case .items(let items) = select.groupBy {
            for item in items { add(item) }
        }
        if select.isDistinct, let first = select.items.first {
            distincts.append(
                SourceSpan(start: Int(select.span.start), end: Int(first.expression.span.start)))
        }
    }

    private mutating func add(_ item: GroupingItemSyntax) {
        let expressions: [ExpressionSyntax] =
            switch item {
            case .expression(let expression): [expression]
            case .rollup(let lists), .cube(let lists): lists.flatMap { $0 }
            case .sets(let sets):
                sets.flatMap { set -> [ExpressionSyntax] in
                    if case .columns(let columns) = set { columns } else { [] }
                }
            }
        for expression in expressions {
            groups.append(Named(name: SyntaxPlaces.name(expression), span: expression.span))
        }
    }

    private mutating func add(_ relation: RelationSyntax) {
        switch relation.kind {
        case .table(let parts):
            guard let last = parts.last else { return }
            tables.append(Named(name: last.text.lowercased(), span: relation.span))
        case .identifier: tables.append(Named(name: "", span: relation.span))
        case .subquery(let query): add(query)
        case .values, .function: functions.append(relation.span)
        case .common: break
        case .nested(let inner), .unpivot(let inner, _), .sample(let inner, _): add(inner)
        case .pivot(let inner, let pivot):
            add(inner)
            for aggregate in pivot.aggregates { add(aggregate.value) }
        case .pipe(let inner, let step):
            add(inner)
            add(step)
        case .join(let join):
            add(join.left)
            add(join.right)
            switch join.condition {
            case .on(let condition): add(condition)
            case .using(let names):
                for name in names {
                    equalities.append(Equality(names: [name.text.lowercased()], span: name.span))
                }
            case .none, .natural:
                crosses.append(
                    SourceSpan(start: Int(join.left.span.end), end: Int(join.right.span.end)))
            }
        }
    }

    private mutating func add(_ step: PipeSyntax) {
        switch step {
        case .filter(let condition): add(condition)
        case .extend(let items): for item in items { add(item.expression) }
        case .set(let assignments): for assignment in assignments { add(assignment.value) }
        case .drop: break
        case .tail(let query): add(query)
        case .lateralView(let view): functions.append(view.span)
        }
    }

    private mutating func add(_ expression: ExpressionSyntax) {
        switch expression.kind {
        case .binary(.equal, let left, let right):
            let names = Set([SyntaxPlaces.name(left), SyntaxPlaces.name(right)])
            equalities.append(Equality(names: names, span: expression.span))
        case .inQuery(_, let query, _), .exists(let query), .scalarQuery(let query): add(query)
        default: break
        }
        for child in expression.children { add(child) }
    }

    /// Returns the name by which a plan may know an expression; empty for what is no column.
    private static func name(_ expression: ExpressionSyntax) -> String {
        if case .column(let parts) = expression.kind { parts.last?.text.lowercased() ?? "" } else { "" }
    }
}
