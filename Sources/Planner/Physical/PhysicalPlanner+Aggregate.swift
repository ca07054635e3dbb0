import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Values per partition from which on hashing by their columns fills the partitions about evenly.
    private static let valuesPerPartition = 8

    /// Builds an aggregation: in one step where the groups' rows are together already, else partial states
    /// before the exchange and results after it.
    mutating func buildAggregate(
        groups: [NamedExpression], aggregates: [NamedAggregate], input: LogicalPlan, required: Set<ColumnID>,
        meeting: Set<ColumnID> = []
    ) throws(EngineError) -> BuiltPlan {
        if groups.contains(where: \.output.type.isNested) {
            return try buildNestedGroups(groups, aggregates, input, required)
        }
        let calls = aggregates.filter { required.contains($0.output.id) }
        var needed: Set<ColumnID> = []
        for group in groups { group.expression.collectColumns(into: &needed) }
        for item in calls {
            for argument in item.call.arguments { argument.collectColumns(into: &needed) }
            item.call.filter?.collectColumns(into: &needed)
        }
        let below = try build(input, required: needed)
        var keys: [Expression] = []
        for group in groups { keys.append(try below.resolve(group.expression)) }
        var resolved: [AggregateCall] = []
        for item in calls { resolved.append(try resolve(item.call, in: below)) }
        let output = groups.map(\.output) + calls.map(\.output)
        let groupColumns = Set(groups.compactMap { $0.expression.columnReference?.id })
        let isTogether = below.isSingle || (!groups.isEmpty && below.isClustered(by: groupColumns))
        if isTogether {
            let complete = PhysicalAggregate(
                mode: .complete, groups: keys, aggregates: resolved, schema: output.schema, input: below.plan)
            return BuiltPlan(
                plan: .aggregate(complete), output: output, tasks: below.tasks,
                hashedBy: renamed(below.hashedBy, through: groups))
        }
        let partial = try partialAggregate(groups: groups, keys: keys, calls: resolved, below: below)
        let exchanged = try exchangedForFinal(
            partial, groups: groups, logical: input, calls: aggregates.count, meeting: meeting)
        return finalAggregate(exchanged, groups: groups, calls: resolved, output: output)
    }

    /// Groups by arrays and structures: by bytes that stand for them, which the hash table can hold; the
    /// value itself is any of its group's.
    private mutating func buildNestedGroups(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan,
        _ required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var keys: [NamedExpression] = []
        var values: [NamedAggregate] = []
        for group in groups {
            guard group.output.type.isNested else {
                keys.append(group)
                continue
            }
            var key = group.output
            // Ids are given from 0 upwards; this one names the bytes within this aggregation only.
            key.id = ColumnID(rawValue: .max - group.output.id.rawValue)
            key.type = .binary
            let bytes = FunctionCall("group_key", [group.expression], type: .binary)
            keys.append(NamedExpression(.call(bytes), as: key))
            let value = AggregateCall("first", [group.expression], type: group.output.type)
            values.append(NamedAggregate(value, as: group.output))
        }
        return try buildAggregate(
            groups: keys, aggregates: values + aggregates, input: input, required: required)
    }

    private func resolve(_ call: AggregateCall, in built: BuiltPlan) throws(EngineError) -> AggregateCall {
        var result = call
        result.arguments = []
        for argument in call.arguments { result.arguments.append(try built.resolve(argument)) }
        if let filter = call.filter { result.filter = try built.resolve(filter) }
        return result
    }

    private func renamed(_ lists: [[ColumnID]], through groups: [NamedExpression]) -> [[ColumnID]] {
        lists.compactMap { keys -> [ColumnID]? in
            let mapped = keys.compactMap { key in
                groups.first { $0.expression.columnReference?.id == key }?.output.id
            }
            return mapped.count == keys.count ? mapped : nil
        }
    }

    private func partialAggregate(
        groups: [NamedExpression], keys: [Expression], calls: [AggregateCall], below: BuiltPlan
    ) throws(EngineError) -> BuiltPlan {
        var fields = groups.map(\.output).schema.fields
        for (position, call) in calls.enumerated() {
            let types = try AggregateStates.types(of: call)
            for (part, type) in types.enumerated() { fields.append(Field("state\(position)_\(part)", type)) }
        }
        let partial = PhysicalAggregate(
            mode: .partial, groups: keys, aggregates: calls, schema: Schema(fields), input: below.plan)
        return BuiltPlan(plan: .aggregate(partial), output: groups.map(\.output), tasks: below.tasks)
    }

    private func exchangedForFinal(
        _ partial: BuiltPlan, groups: [NamedExpression], logical: LogicalPlan, calls: Int,
        meeting: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        if groups.isEmpty { return gathered(partial) }
        let estimate = estimator.estimate(
            .aggregate(groups: groups, aggregates: [], input: logical))
        // Each task sends its own states; few groups come out of every task.
        let width = estimate.byteCount(of: groups.map(\.output)) / max(1, estimate.rows) + Double(calls) * 16
        let partitions = sizing.partitions(byteCount: estimate.rows * width)
        // Groups may lie by some of their columns only, as the operator above wants them, and so move once
        // for both. With few values of those, most tasks would get nothing.
        let some = groups.filter { meeting.contains($0.output.id) }
        let suits =
            !meeting.isEmpty && some.count == meeting.count
            && estimator.estimate(.aggregate(groups: some, aggregates: [], input: logical)).rows
                >= Double(partitions * Self.valuesPerPartition)
        return try hashed(
            partial, by: (suits ? some : groups).map { .column($0.output) }, partitions: partitions)
    }

    private func finalAggregate(
        _ states: BuiltPlan, groups: [NamedExpression], calls: [AggregateCall], output: [ColumnReference]
    ) -> BuiltPlan {
        let keys = groups.enumerated().map { Expression.input($0.offset, $0.element.output.type) }
        let final = PhysicalAggregate(
            mode: .final, groups: keys, aggregates: calls, schema: output.schema, input: states.plan)
        return BuiltPlan(
            plan: .aggregate(final), output: output, tasks: states.tasks, hashedBy: states.hashedBy)
    }
}
