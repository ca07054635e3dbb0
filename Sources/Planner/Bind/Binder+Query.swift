import Columns
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds a query with its WITH, ORDER BY and LIMIT.
    func query(_ query: QuerySyntax) throws(EngineError) -> BoundRelation {
        let saved = (commonTables, openHints)
        defer { (commonTables, openHints) = saved }
        openHints = []
        for table in query.with {
            commonTables[table.name.text.lowercased()] = CommonTable(
                syntax: table, visible: commonTables, source: source)
        }
        var bound: BoundRelation
        if case .select(let select) = query.body {
            bound = try self.select(select, order: ordering(query), windows: query.windows)
        } else {
            bound = try body(query.body)
            bound.plan = try sorted(bound.plan, ordering(query), in: bound.scope)
        }
        // An order of all rows spreads them again.
        if ordering(query) == nil {
            bound.plan = try spread(bound, query.hints, by: query.distributeBy)
        } else {
            bound.plan = asked(bound.plan, query.hints)
        }
        bound.plan = try limited(bound.plan, query)
        return bound
    }

    /// The order asked for. SORT BY and CLUSTER BY promise an order within partitions only; a total one
    /// fulfils it.
    func ordering(_ query: QuerySyntax) -> OrderSyntax? {
        if let order = query.orderBy { return order }
        if !query.sortBy.isEmpty { return .items(query.sortBy) }
        if query.clusterBy.isEmpty { return nil }
        return .items(
            query.clusterBy.map { SortItemSyntax(expression: $0, isDescending: false, nullsFirst: true) })
    }

    func body(_ body: QueryBodySyntax) throws(EngineError) -> BoundRelation {
        switch body {
        case .select(let select):
            var bound = try self.select(select, order: nil, windows: [])
            bound.plan = try spread(bound, select.hints)
            return bound
        case .nested(let query): return try self.query(query)
        case .table(let relation):
            let bound = try self.relation(relation)
            return BoundRelation(bound.plan)
        case .values(let rows, let span): return BoundRelation(try values(rows, at: span))
        case .setOperation(let operation): return BoundRelation(try setOperation(operation))
        case .unionAll(let inputs): return BoundRelation(try unionAll(inputs))
        }
    }

    // MARK: Order and limit

    /// Sorts a plan by its own output: names, positions, or expressions over them.
    func sorted(_ plan: LogicalPlan, _ order: OrderSyntax?, in scope: Scope) throws(EngineError)
        -> LogicalPlan
    {
        guard let order else { return plan }
        let output = scope.starColumns([]).map(\.reference)
        var keys: [SortKey] = []
        switch order {
        case .all(let isDescending, let nullsFirst):
            keys = output.map { SortKey(.column($0), ascending: !isDescending, nullsFirst: nullsFirst) }
        case .items(let items):
            let context = BindContext(scope: scope, clause: "ORDER BY")
            for item in items {
                let key: Expression
                if let position = try ordinal(item.expression, count: output.count, clause: "ORDER BY") {
                    key = .column(output[position])
                } else {
                    key = try bind(item.expression, context)
                }
                keys.append(try sortKey(key, item))
            }
        }
        return .sort(keys, input: plan)
    }

    func sortKey(_ key: Expression, _ item: SortItemSyntax) throws(EngineError) -> SortKey {
        if !key.type.isOrderable {
            throw .user(
                "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                "Rows cannot be ordered by a value of this type: "
                    + "\(key.type.sqlName).", at: location(item.expression.span))
        }
        return SortKey(key, ascending: !item.isDescending, nullsFirst: item.nullsFirst)
    }

    /// Returns the 0-based position that an integer literal in GROUP BY or ORDER BY names, or nil for other
    /// items.
    func ordinal(_ item: ExpressionSyntax, count: Int, clause: String) throws(EngineError) -> Int? {
        guard case .literal(.int32(let position)) = item.kind else { return nil }
        guard position >= 1, Int(position) <= count else {
            throw .user(
                clause == "GROUP BY" ? "GROUP_BY_POS_OUT_OF_RANGE" : "ORDER_BY_POS_OUT_OF_RANGE",
                "\(clause) position \(position) is not in the select list: valid are 1 to \(count).",
                at: location(item.span))
        }
        return Int(position) - 1
    }

    func limited(_ plan: LogicalPlan, _ query: QuerySyntax) throws(EngineError) -> LogicalPlan {
        var count: Int?
        if case .rows(let expression)? = query.limit { count = try rowCount(expression, "LIMIT") }
        let offset =
            try query.offset.map { expression throws(EngineError) in try rowCount(expression, "OFFSET") } ?? 0
        return count == nil && offset == 0 ? plan : .limit(count: count, offset: offset, input: plan)
    }

    func rowCount(_ expression: ExpressionSyntax, _ clause: String) throws(EngineError) -> Int {
        let context = BindContext(scope: .empty, clause: clause)
        if expression.hasColumn, (try? bind(expression, context)).flatMap({ constant($0) }) == nil {
            throw .user(
                "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", "\(clause) takes a constant, not a column.",
                at: location(expression.span))
        }
        let bound = try bind(expression, context)
        guard let literal = constant(bound), case .integer(let value) = literal.value, literal.type.isIntegral
        else {
            throw .user(
                "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "\(clause) takes a constant integer.",
                at: location(expression.span))
        }
        if value < 0 {
            throw .user(
                "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "\(clause) must not be negative: \(value).",
                at: location(expression.span))
        }
        return Int(value)
    }

    // MARK: VALUES

    /// Binds rows of expressions; the types of a column's values are widened to one.
    func values(_ rows: [[ExpressionSyntax]], at span: SourceSpan) throws(EngineError) -> LogicalPlan {
        let width = rows.first?.count ?? 0
        var bound: [[Expression]] = []
        let context = BindContext(scope: .empty, clause: "VALUES")
        for row in rows {
            if row.count != width {
                throw .user(
                    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                    "The rows of VALUES differ in length: \(width) and \(row.count) columns.",
                    at: location((row.first?.span ?? span).union(row.last?.span ?? span)))
            }
            bound.append(try row.map { item throws(EngineError) in try bind(item, context) })
        }
        var output: [ColumnReference] = []
        for column in 0..<width {
            var type = DataType.null
            for (index, row) in bound.enumerated() {
                guard let wider = commonType(type, row[column].type) else {
                    throw .user(
                        "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                        "The values of column \(column + 1) have no common type: \(type.sqlName) and "
                            + "\(row[column].type.sqlName).", at: location(rows[index][column].span))
                }
                type = wider
            }
            let hasNull = bound.contains { $0[column].nullable }
            output.append(newColumn("col\(column + 1)", type, nullable: hasNull))
        }
        let cast = bound.map { row in zip(row, output).map { self.cast($0, to: $1.type) } }
        let literals = cast.map { row in row.map { constant($0) } }
        for (index, row) in cast.enumerated() {
            for (column, value) in row.enumerated() {
                guard literals[index][column] == nil, case .cast(.literal(let literal), _, _, _) = value
                else {
                    continue
                }
                throw .user(
                    "INVALID_INLINE_TABLE.FAILED_SQL_EXPRESSION_EVALUATION",
                    "The value \(literal) cannot be cast to \(value.type.sqlName), the type of its column.",
                    at: location(rows[index][column].span))
            }
        }
        if literals.allSatisfy({ $0.allSatisfy { $0 != nil } }) {
            return .values(rows: literals.map { $0.compactMap { $0 } }, output: output)
        }
        let inputs = cast.map { row in
            LogicalPlan.project(
                named(zip(row, output).map { ($0, $1.name) }), input: .values(rows: [[]], output: []))
        }
        return inputs.count == 1 ? inputs[0] : .union(inputs, output: output)
    }

    // MARK: Set operations

    /// Unites inputs pairwise from the left, as their types widen, in one flat union as far as they do not.
    func unionAll(_ inputs: [QueryBodySyntax]) throws(EngineError) -> LogicalPlan {
        var parts = [try body(inputs[0]).plan]
        var output = parts[0].output
        for input in inputs.dropFirst() {
            let right = try body(input).plan
            let types = try commonTypes(output, right.output, "UNION", at: input.span)
            if !zip(output, types).allSatisfy({ $0.type == $1 }) {
                parts = [converted(united(parts), to: types)]
                output = parts[0].output
            }
            parts.append(converted(right, to: types))
        }
        return united(parts)
    }

    /// Returns the types that the columns of both sides of a set operation become.
    private func commonTypes(
        _ left: [ColumnReference], _ right: [ColumnReference], _ name: String, at span: SourceSpan
    ) throws(EngineError) -> [DataType] {
        if left.count != right.count {
            throw .user(
                "NUM_COLUMNS_MISMATCH",
                "\(name) needs inputs with the same number of columns: the first has \(left.count), the "
                    + "second \(right.count).", at: location(span))
        }
        var types: [DataType] = []
        for (position, (a, b)) in zip(left, right).enumerated() {
            // By place, as Spark: UNION takes the left names of fields, the others want equal ones.
            let byPlace = name == "UNION" ? a.type.united(with: b.type) : nil
            guard let type = commonType(a.type, b.type) ?? byPlace else {
                throw .user(
                    "INCOMPATIBLE_COLUMN_TYPE",
                    "\(name) needs columns of compatible types: column \(position + 1) is "
                        + "\(a.type.sqlName) and \(b.type.sqlName).", at: location(span))
            }
            types.append(type)
        }
        return types
    }

    private func setOperation(_ operation: SetOperationSyntax) throws(EngineError) -> LogicalPlan {
        let left = try body(operation.left).plan
        let right = try body(operation.right).plan
        let name = operation.operator.rawValue
        let types = try commonTypes(left.output, right.output, name, at: operation.right.span)
        let inputs = [converted(left, to: types), converted(right, to: types)]
        try refuseMaps(inputs[0].output, name, at: operation.span)
        if operation.operator == .union { return .distinct(input: united(inputs)) }
        if operation.isAll { return try setOperationAll(operation, inputs.map(numbered)) }
        // Source: Spark's ReplaceIntersectWithSemiJoin and ReplaceExceptWithAntiJoin.
        let pairs = zip(inputs[0].output, inputs[1].output)
        let conditions = pairs.map {
            Expression.call(FunctionCall("null_safe_equal", [.column($0), .column($1)], type: .boolean))
        }
        let kind: JoinKind = operation.operator == .intersect ? .leftSemi : .leftAnti
        return .distinct(
            input: .join(kind, left: inputs[0], right: inputs[1], condition: .conjunction(conditions)))
    }

    /// Numbers equal rows of a plan from 1, in a further column.
    private func numbered(_ plan: LogicalPlan) -> LogicalPlan {
        let columns = plan.output.map { Expression.column($0) }
        let number = newColumn("row_number", .int32, nullable: false)
        let call = WindowCall("row_number", [], type: .int32, ansi: settings.ansi)
        return .window(
            LogicalWindow(
                partition: columns, order: columns.first.map { [SortKey($0)] } ?? [],
                calls: [NamedWindow(call, as: number)], input: plan))
    }

    /// INTERSECT ALL and EXCEPT ALL: the n-th of equal rows stays with, or goes for, the n-th on the other
    /// side.
    private func setOperationAll(
        _ operation: SetOperationSyntax, _ inputs: [LogicalPlan]
    ) throws(EngineError) -> LogicalPlan {
        let conditions = zip(inputs[0].output, inputs[1].output).map {
            Expression.call(FunctionCall("null_safe_equal", [.column($0), .column($1)], type: .boolean))
        }
        let kind: JoinKind = operation.operator == .intersect ? .leftSemi : .leftAnti
        let joined = LogicalPlan.join(
            kind, left: inputs[0], right: inputs[1], condition: .conjunction(conditions))
        return .project(
            inputs[0].output.dropLast().map { NamedExpression(.column($0), as: $0) }, input: joined)
    }

    /// Unites inputs under new columns, named as the first one's.
    private func united(_ parts: [LogicalPlan]) -> LogicalPlan {
        if parts.count == 1 { return parts[0] }
        let outputs = parts.map(\.output)
        let output = outputs[0].enumerated().map { position, column in
            let united = newColumn(
                column.name, column.type, nullable: outputs.contains { $0[position].nullable })
            inherit(united, from: .column(column))
            return united
        }
        return .union(parts, output: output)
    }

    /// Casts the columns of a plan where their types differ, keeping names.
    func converted(_ plan: LogicalPlan, to types: [DataType]) -> LogicalPlan {
        let output = plan.output
        if zip(output, types).allSatisfy({ $0.type == $1 }) { return plan }
        return .project(named(zip(output, types).map { (cast(.column($0), to: $1), $0.name) }), input: plan)
    }
}
