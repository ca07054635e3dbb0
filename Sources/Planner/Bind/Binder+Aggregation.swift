import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Holds what GROUP BY asks for: expressions over the input, and the sets of them to group by.
struct Grouping {
    var expressions: [Expression] = []
    /// Positions of `expressions` in each grouping set; nil for plain GROUP BY.
    var sets: [[Int]]?

    /// Returns the position of an expression, added where it is new.
    mutating func position(of expression: Expression) -> Int {
        if let known = expressions.firstIndex(of: expression) { return known }
        expressions.append(expression)
        return expressions.count - 1
    }
}

extension Binder {
    /// Binds a SELECT that groups: input, aggregate, HAVING, projection, order.
    func aggregated(
        _ select: SelectSyntax, _ order: OrderSyntax?, _ input: BoundRelation, _ windows: WindowCollector
    ) throws(EngineError) -> BoundRelation {
        let savedSubqueries = boundSubqueries
        defer { boundSubqueries = savedSubqueries }
        boundSubqueries = [:]
        let grouping = try self.grouping(select, input.scope)
        let collector = AggregateCollector()
        let (plan, groups) = grouped(grouping, input.plan, collector)
        var context = BindContext(scope: input.scope, aggregates: collector, clause: "SELECT")
        context.windows = windows
        context.namesLateralAliases = true
        context.hasFrom = select.from != nil
        let rewriting = GroupRewriting(
            binder: self, groups: groups, sources: grouping.expressions, collector: collector)
        let generators = try groupGenerators(select.items, &context, rewriting)
        let items = try selectList(select.items, &context)
        var allowed = Set(generators.flatMap(\.columns).map(\.id))
        allowed.formUnion(windows.outputs)
        var columns = items
        for index in columns.indices {
            columns[index].expression = try rewriting.rewritten(
                items[index].expression, allowing: allowed, at: items[index].span)
        }
        var having: Expression?
        if let syntax = select.having {
            var inner = context
            inner.clause = "HAVING"
            inner.windows = nil
            let condition = try condition(bind(syntax, inner), "HAVING", at: syntax.span)
            having = try rewriting.rewritten(condition, clause: inner.clause, at: syntax.span)
        }
        let list = named(columns.map { ($0.expression, $0.name) })
        var sorting = context
        sorting.clause = "ORDER BY"
        let outputs = Set(list.map(\.output.id))
        let keys = try sortKeys(order, list, items, sorting) { (key) throws(EngineError) in
            try rewriting.rewritten(key, allowing: outputs.union(allowed), at: select.span)
        }
        var qualified = try qualification(select, items, context)
        if let bound = qualified {
            qualified = try rewriting.rewritten(bound, allowing: allowed, at: select.span)
        }
        var result = LogicalPlan.aggregate(groups: groups, aggregates: collector.calls, input: plan)
        if let having { result = .filter(having, input: result) }
        result = try windows.applied(to: result) { (expression, span) throws(EngineError) in
            try rewriting.rewritten(expression, allowing: allowed, at: span)
        }
        for made in generators {
            result = .generate(made.generator, output: made.columns, input: result)
        }
        if let qualified { result = .filter(qualified, input: result) }
        return try BoundRelation(finish(list, keys, isDistinct: select.isDistinct, result, at: select.span))
    }

    // MARK: GROUP BY

    private func grouping(_ select: SelectSyntax, _ scope: Scope) throws(EngineError) -> Grouping {
        var grouping = Grouping()
        guard let groupBy = select.groupBy else { return grouping }
        var context = BindContext(scope: scope, clause: "GROUP BY")
        for item in select.items where !hasAggregate(item.expression) {
            guard let alias = item.alias?.text.lowercased(), context.aliases[alias] == nil else { continue }
            // An item that does not bind is reported where it stands, in the select list.
            if let bound = try? bind(item.expression, context) { context.aliases[alias] = bound }
        }
        switch groupBy {
        case .all:
            for item in select.items
            where !hasAggregate(item.expression) && GeneratorNames.name(of: item.expression) == nil {
                if case .star(let qualifier, _) = item.expression.kind {
                    for column in scope.starColumns(qualifier) {
                        _ = grouping.position(of: .column(column.reference))
                    }
                } else {
                    _ = grouping.position(of: try bind(item.expression, context))
                }
            }
        case .items(let items):
            var sets: [[Int]] = [[]]
            var isPlain = true
            for item in items {
                if case .expression = item {} else { isPlain = false }
                let choices = try self.sets(of: item, select, context, &grouping)
                if sets.count * choices.count > Self.groupingSetLimit { throw tooManySets(select) }
                sets = sets.flatMap { set in choices.map { set + $0 } }
            }
            if !isPlain { grouping.sets = sets.map { Array(Set($0)).sorted() } }
        }
        return grouping
    }

    /// Most grouping sets of one GROUP BY.
    private static let groupingSetLimit = 4096

    private func tooManySets(_ select: SelectSyntax) -> EngineError {
        .user(
            "GROUPING_SIZE_LIMIT_EXCEEDED", "GROUP BY has more than \(Self.groupingSetLimit) grouping sets.",
            at: location(select.span))
    }

    private func sets(
        of item: GroupingItemSyntax, _ select: SelectSyntax, _ context: BindContext,
        _ grouping: inout Grouping
    ) throws(EngineError) -> [[Int]] {
        switch item {
        case .expression(let expression):
            if case .row(let members) = expression.kind {
                return [
                    try members.map { member throws(EngineError) in
                        try groupPosition(member, select, context, &grouping)
                    }
                ]
            }
            return [[try groupPosition(expression, select, context, &grouping)]]
        case .rollup(let elements):
            let positions = try self.positions(elements, select, context, &grouping)
            return (0...positions.count).reversed().map { Array(positions.prefix($0).joined()) }
        case .cube(let elements):
            let positions = try self.positions(elements, select, context, &grouping)
            if positions.count > 12 { throw tooManySets(select) }
            return (0..<(1 << positions.count)).reversed().map { mask in
                positions.indices.filter { mask >> (positions.count - 1 - $0) & 1 == 1 }.flatMap {
                    positions[$0]
                }
            }
        case .sets(let sets):
            var all: [[Int]] = []
            for set in sets {
                switch set {
                case .columns(let columns):
                    all.append(try positions([columns], select, context, &grouping)[0])
                case .nested(let inner): all += try self.sets(of: inner, select, context, &grouping)
                }
            }
            return all
        }
    }

    private func positions(
        _ elements: [[ExpressionSyntax]], _ select: SelectSyntax, _ context: BindContext,
        _ grouping: inout Grouping
    ) throws(EngineError) -> [[Int]] {
        var result: [[Int]] = []
        for element in elements {
            var positions: [Int] = []
            for expression in element {
                positions.append(try groupPosition(expression, select, context, &grouping))
            }
            result.append(positions)
        }
        return result
    }

    /// Binds one group expression: a position in the select list, a column, an alias, any expression.
    private func groupPosition(
        _ expression: ExpressionSyntax, _ select: SelectSyntax, _ context: BindContext,
        _ grouping: inout Grouping
    ) throws(EngineError) -> Int {
        var syntax = expression
        if case .literal(.int32) = expression.kind,
            !select.items.contains(where: { item in
                if case .star = item.expression.kind { return true }
                return false
            }), let position = try ordinal(expression, count: select.items.count, clause: "GROUP BY")
        {
            syntax = select.items[position].expression
            if hasAggregate(syntax) {
                throw .user(
                    "GROUP_BY_POS_AGGREGATE", "GROUP BY position \(position + 1) is an aggregate function.",
                    at: location(expression.span))
            }
        } else if case .literal(.int32(let position)) = expression.kind {
            // With stars in the list the position counts their columns.
            var expanded = context
            let columns = try selectList(select.items.filter { !hasAggregate($0.expression) }, &expanded)
            if let index = try ordinal(expression, count: columns.count, clause: "GROUP BY") {
                return grouping.position(of: columns[index].expression)
            }
            throw .internal("GROUP BY position \(position) was not found.")
        }
        if hasAggregate(syntax) {
            throw .user(
                "GROUP_BY_AGGREGATE", "An aggregate function cannot stand in GROUP BY.",
                at: location(syntax.span))
        }
        let bound = try bind(syntax, context)
        try refuseVariant(bound, at: syntax.span)
        return grouping.position(of: bound)
    }

    /// Returns the aggregate's input and groups. Grouping sets read each row once per set, with the columns
    /// that the set leaves out null and a number that tells the sets apart.
    private func grouped(
        _ grouping: Grouping, _ input: LogicalPlan, _ collector: AggregateCollector
    ) -> (LogicalPlan, [NamedExpression]) {
        collector.groupExpressions = grouping.expressions
        guard let sets = grouping.sets else {
            return (input, named(grouping.expressions.map { ($0, Self.groupName($0)) }))
        }
        let keys = grouping.expressions.map { expression in
            let key = newColumn(Self.groupName(expression), expression.type)
            inherit(key, from: expression)
            return key
        }
        let identifier = newColumn("spark_grouping_id", .int64, nullable: false)
        let position = newColumn("_gen_grouping_pos", .int64, nullable: false)
        let hasTwins = Set(sets).count < sets.count
        collector.groupingID = identifier
        let passed = input.output
        var lists: [[Expression]] = []
        for (index, set) in sets.enumerated() {
            var bits: Int64 = 0
            var list = passed.map { Expression.column($0) }
            for (place, expression) in grouping.expressions.enumerated() {
                let isIn = set.contains(place)
                bits = bits << 1 | (isIn ? 0 : 1)
                list.append(isIn ? expression : .literal(.null(expression.type)))
            }
            list.append(.literal(.int64(bits)))
            if hasTwins { list.append(.literal(.int64(Int64(index)))) }
            lists.append(list)
        }
        let added = keys + [identifier] + (hasTwins ? [position] : [])
        let plan = LogicalPlan.expand(lists, output: passed + added, input: input)
        return (plan, added.map { NamedExpression(.column($0), as: $0) })
    }

    private static func groupName(_ expression: Expression) -> String {
        expression.columnReference?.name ?? "group"
    }

    // MARK: grouping()

    /// Binds `grouping(x)` and `grouping_id(…)` as lookups of the number that tells the grouping sets apart.
    func grouping(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        guard let collector = context.aggregates, let identifier = collector.groupingID else {
            throw .user(
                "UNSUPPORTED_GROUPING_EXPRESSION",
                "\(name) can only be used with GROUPING SETS, CUBE or ROLLUP.",
                at: location(span))
        }
        let count = collector.groupExpressions.count
        var places: [Int] = []
        for argument in call.arguments {
            var bound = try bind(argument.value, context)
            // In ORDER BY a name is that of a column of the list, which may be one that rows are grouped by.
            if let listed = bound.columnReference.flatMap({ context.listed[$0.id] }) { bound = listed }
            guard let place = collector.groupExpressions.firstIndex(of: bound) else {
                throw .user(
                    name == "grouping" ? "GROUPING_COLUMN_MISMATCH" : "GROUPING_ID_COLUMN_MISMATCH",
                    "The argument of \(name) is no grouping column.",
                    at: location(argument.value.span))
            }
            places.append(place)
        }
        if name == "grouping_id", places.isEmpty || places == Array(0..<count) { return .column(identifier) }
        guard name == "grouping_id" || places.count == 1, count <= 12 else {
            throw .user("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "grouping takes one column.", at: location(span))
        }
        let type: DataType = name == "grouping" ? .int8 : .int64
        let branches = (0..<(1 << count)).map { bits in
            var value: Int64 = 0
            for place in places { value = value << 1 | Int64(bits >> (count - 1 - place) & 1) }
            let test = Expression.equal(.column(identifier), .literal(.int64(Int64(bits))))
            return ConditionalBranch(condition: test, result: .literal(Literal(.integer(value), type)))
        }
        return .conditional(branches, otherwise: nil, type: type)
    }
}
