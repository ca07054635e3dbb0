import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds PIVOT: aggregates by the remaining columns and the pivot columns, then puts each pivot value's
    /// results side by side. A value without rows is null, also for a count.
    /// Source: Spark's ResolvePivot.
    func pivoted(_ input: RelationSyntax, _ pivot: PivotSyntax) throws(EngineError) -> BoundRelation {
        let bound = try relation(input)
        let collector = AggregateCollector()
        let context = BindContext(scope: bound.scope, aggregates: collector, clause: "PIVOT")
        var keys: [Expression] = []
        for column in pivot.columns {
            keys.append(try self.column(column, context, at: column.first?.span ?? pivot.span))
        }
        var results: [Expression] = []
        for item in pivot.aggregates {
            if !hasAggregate(item.value) {
                throw .user(
                    "PIVOT_AGGREGATE_EXPECTED", "PIVOT takes aggregate functions.",
                    at: location(item.value.span))
            }
            results.append(try bind(item.value, context))
        }
        var used: Set<ColumnID> = []
        for key in keys { key.collectColumns(into: &used) }
        for call in collector.calls {
            for argument in call.call.arguments { argument.collectColumns(into: &used) }
            call.call.filter?.collectColumns(into: &used)
        }
        let others = bound.scope.starColumns([]).map(\.reference).filter { !used.contains($0.id) }
        let groups = named(others.map { (.column($0), $0.name) })
        let pivots = named(keys.map { ($0, "pivot") })
        let rewriting = GroupRewriting(
            binder: self, groups: groups + pivots, sources: others.map { .column($0) } + keys,
            collector: collector)
        var values: [NamedExpression] = []
        for (item, result) in zip(pivot.aggregates, results) {
            let rewritten = try rewriting.rewritten(result, at: item.value.span)
            values.append(NamedExpression(rewritten, as: newColumn("value", rewritten.type)))
        }
        let aggregated = LogicalPlan.aggregate(
            groups: groups + pivots, aggregates: collector.calls, input: bound.plan)
        let passed = (groups + pivots).map { NamedExpression(.column($0.output), as: $0.output) }
        let computed = LogicalPlan.project(passed + values, input: aggregated)
        return try spread(pivot, groups.map(\.output), pivots.map(\.output), values.map(\.output), computed)
    }

    /// Takes, for each pivot value, the results of its row.
    private func spread(
        _ pivot: PivotSyntax, _ groups: [ColumnReference], _ keys: [ColumnReference],
        _ results: [ColumnReference], _ input: LogicalPlan
    ) throws(EngineError) -> BoundRelation {
        var calls: [NamedAggregate] = []
        for value in pivot.values {
            let (test, text) = try match(value, keys)
            for (item, result) in zip(pivot.aggregates, results) {
                let taken = Expression.conditional(
                    [ConditionalBranch(condition: test, result: .column(result))], otherwise: nil,
                    type: result.type)
                let (function, arguments, type) = try resolve(
                    "first", [taken, .literal(.boolean(true))], at: pivot.span)
                let suffix = item.alias?.text ?? naming.name(of: item.value)
                let name = pivot.aggregates.count == 1 ? text : "\(text)_\(suffix)"
                calls.append(
                    NamedAggregate(
                        AggregateCall(function, arguments, type: type, ansi: settings.ansi),
                        as: newColumn(name, type)))
            }
        }
        let items = groups.map { NamedExpression(.column($0), as: $0) }
        return BoundRelation(.aggregate(groups: items, aggregates: calls, input: input))
    }

    /// Returns the condition that a row is of a pivot value, and the value's name.
    private func match(
        _ value: PivotSyntax.Value, _ keys: [ColumnReference]
    ) throws(EngineError) -> (Expression, String) {
        var items = [value.value]
        if keys.count > 1, case .row(let members) = value.value.kind { items = members }
        if items.count != keys.count {
            throw .user(
                "PIVOT_VALUE_DATA_TYPE_MISMATCH",
                "A value of PIVOT has \(items.count) parts for \(keys.count) columns.",
                at: location(value.value.span))
        }
        var tests: [Expression] = []
        var texts: [String] = []
        for (item, key) in zip(items, keys) {
            if item.hasColumn {
                throw .user(
                    "NON_LITERAL_PIVOT_VALUES", "The values of PIVOT are constants.",
                    at: location(item.span))
            }
            let bound = try bindConstant(item)
            guard bound.type == .null || Coercion.canCast(bound.type, key.type, ansi: settings.ansi) else {
                throw .user(
                    "PIVOT_VALUE_DATA_TYPE_MISMATCH",
                    "A value of type \(bound.type.sqlName) does not fit the column's type "
                        + "\(key.type.sqlName).", at: location(item.span))
            }
            let value = cast(bound, to: key.type, at: item.span)
            tests.append(try comparison("null_safe_equal", .column(key), value, at: item.span))
            let text = constant(cast(bound, to: .string))
            if case .string(let shown)? = text?.value { texts.append(shown) } else { texts.append("null") }
        }
        let joined = texts.count == 1 ? texts[0] : "{\(texts.joined(separator: ", "))}"
        return (Expression.conjunction(tests) ?? .literal(.boolean(true)), value.alias?.text ?? joined)
    }

    /// Binds UNPIVOT: each row once per item, with the item's label and the values of its columns.
    func unpivoted(_ input: RelationSyntax, _ unpivot: UnpivotSyntax) throws(EngineError) -> BoundRelation {
        let bound = try relation(input)
        let context = BindContext(scope: bound.scope, clause: "UNPIVOT")
        var rows: [(label: String, values: [Expression])] = []
        var used: Set<ColumnID> = []
        for item in unpivot.items {
            if item.columns.count != unpivot.values.count {
                throw .user(
                    "UNPIVOT_VALUE_SIZE_MISMATCH",
                    "UNPIVOT names \(unpivot.values.count) columns of values, an item has "
                        + "\(item.columns.count).", at: location(unpivot.span))
            }
            var values: [Expression] = []
            for column in item.columns {
                let value = try self.column(column, context, at: column.first?.span ?? unpivot.span)
                value.collectColumns(into: &used)
                values.append(value)
            }
            let names = item.columns.map { $0.last?.text ?? "" }.joined(separator: "_")
            rows.append((item.alias?.text ?? names, values))
        }
        let types = try unpivot.values.indices.map { place throws(EngineError) in
            // Texts and values of other types do not mix, though they do in CASE or UNION.
            let types = rows.map { $0.values[place].type }.filter { $0 != .null }
            let mixes = types.contains(.string) && types.contains { $0 != .string }
            guard !mixes, let type = Coercion.commonType(types, ansi: settings.ansi) else {
                throw .user(
                    "UNPIVOT_VALUE_DATA_TYPE_MISMATCH",
                    "The columns of UNPIVOT have no common type for \(unpivot.values[place].text).",
                    at: location(unpivot.span))
            }
            return type
        }
        let others = bound.scope.starColumns([]).map(\.reference).filter { !used.contains($0.id) }
        let label = newColumn(unpivot.label.text, .string, nullable: false)
        let values = zip(unpivot.values, types).map { newColumn($0.text, $1) }
        let kept = others.map { newColumn($0.name, $0.type, nullable: $0.nullable) }
        let lists = rows.map { row in
            others.map { Expression.column($0) } + [.literal(.string(row.label))]
                + zip(row.values, types).map { cast($0, to: $1) }
        }
        var plan = LogicalPlan.expand(lists, output: kept + [label] + values, input: bound.plan)
        if !unpivot.keepsNulls {
            let tests = values.map {
                Expression.call(FunctionCall("is_not_null", [.column($0)], type: .boolean))
            }
            if let condition = Expression.disjunction(tests) { plan = .filter(condition, input: plan) }
        }
        return BoundRelation(plan)
    }
}
