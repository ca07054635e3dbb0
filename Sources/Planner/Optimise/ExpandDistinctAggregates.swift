import Columns
import Plans
import Vocabulary

/// Rewrites DISTINCT: a distinct relation is grouped by its columns; an aggregate over distinct values is
/// taken over
/// groups of them, so that execution needs no sets inside aggregate states.
///
/// With one list of distinct arguments and no other aggregate two aggregations do. Otherwise each row is
/// expanded: once
/// for the ordinary aggregates (`gid` 0) and once for each distinct list (`gid` 1…), as Spark's
/// `RewriteDistinctAggregates` does.
struct ExpandDistinctAggregates: PlanRule {
    let name = "ExpandDistinctAggregates"
    let reason =
        "Groups of values spill and spread over tasks; sets inside of aggregate states do not."

    func rewrite(_ plan: LogicalPlan, _ context: RuleContext) throws(EngineError) -> LogicalPlan {
        plan.rewrittenUp { node in
            switch node {
            case .distinct(let input):
                .aggregate(
                    groups: input.output.map { NamedExpression(.column($0), as: $0) }, aggregates: [],
                    input: input)
            case .aggregate(let groups, let aggregates, let input):
                expanded(groups, aggregates.map(Self.withoutUseless), input, context)
            default: node
            }
        }
    }

    /// Repeated values do not change these.
    private static func withoutUseless(_ aggregate: NamedAggregate) -> NamedAggregate {
        var result = aggregate
        let indifferent: Set<String> = [
            "min", "max", "bool_and", "bool_or", "every", "some", "any", "any_value", "first", "last",
            "bit_and", "bit_or",
        ]
        if indifferent.contains(aggregate.call.function) { result.call.distinct = false }
        return result
    }

    private func expanded(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ input: LogicalPlan,
        _ context: RuleContext
    ) -> LogicalPlan {
        let distinct = aggregates.filter(\.call.distinct)
        if distinct.isEmpty { return .aggregate(groups: groups, aggregates: aggregates, input: input) }
        var lists: [[Expression]] = []
        for item in distinct {
            let arguments = Self.arguments(of: item.call)
            if !lists.contains(arguments) { lists.append(arguments) }
        }
        if lists.count == 1, distinct.count == aggregates.count {
            return twoLevels(groups, aggregates, lists[0], input, context)
        }
        return byExpansion(groups, aggregates, lists, input, context)
    }

    /// The arguments with the call's filter inside: rows that do not count give nulls, which distinct
    /// aggregates skip.
    private static func arguments(of call: AggregateCall) -> [Expression] {
        guard let filter = call.filter else { return call.arguments }
        return call.arguments.map {
            .conditional([ConditionalBranch(condition: filter, result: $0)], otherwise: nil, type: $0.type)
        }
    }

    /// Constants behind the first argument stay what they are: functions read their shares and delimiters
    /// from them. The first is the value, which a filter may have made null.
    private static func replaced(_ arguments: [Expression], by columns: [ColumnReference]) -> [Expression] {
        zip(arguments, columns).enumerated().map { place, pair in
            place == 0 || pair.0.literalValue == nil ? .column(pair.1) : pair.0
        }
    }

    private func twoLevels(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ arguments: [Expression],
        _ input: LogicalPlan,
        _ context: RuleContext
    ) -> LogicalPlan {
        let keys = groups.map {
            NamedExpression(
                $0.expression,
                as: context.newColumn($0.output.name, $0.output.type, nullable: $0.output.nullable))
        }
        let values = arguments.map { NamedExpression($0, as: context.newColumn("distinct", $0.type)) }
        let inner = LogicalPlan.aggregate(groups: keys + values, aggregates: [], input: input)
        let outer = zip(groups, keys).map { NamedExpression(.column($1.output), as: $0.output) }
        let calls = aggregates.map { item in
            var call = item.call
            call.distinct = false
            call.filter = nil
            call.arguments = Self.replaced(item.call.arguments, by: values.map(\.output))
            return NamedAggregate(call, as: item.output)
        }
        return .aggregate(groups: outer, aggregates: calls, input: inner)
    }

    private func byExpansion(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ lists: [[Expression]],
        _ input: LogicalPlan,
        _ context: RuleContext
    ) -> LogicalPlan {
        let keys = groups.map { context.newColumn($0.output.name, $0.output.type) }
        let gid = context.newColumn("gid", .int32, nullable: false)
        let regular = aggregates.filter { !$0.call.distinct }
        let regularInputs = regular.flatMap { $0.call.arguments + ($0.call.filter.map { [$0] } ?? []) }
        let regularColumns = regularInputs.map { context.newColumn("regular", $0.type) }
        let valueColumns = lists.map { list in list.map { context.newColumn("distinct", $0.type) } }
        func row(_ number: Int) -> [Expression] {
            let values = lists.enumerated().flatMap { position, list in
                list.map { position + 1 == number ? $0 : Expression.literal(.null($0.type)) }
            }
            let others = regularInputs.map { number == 0 ? $0 : Expression.literal(.null($0.type)) }
            return groups.map(\.expression) + [.literal(.int32(Int32(number)))] + values + others
        }
        let rows = (regular.isEmpty ? 1 : 0)...lists.count
        let expand = LogicalPlan.expand(
            rows.map(row), output: keys + [gid] + valueColumns.flatMap { $0 } + regularColumns, input: input)
        let innerKeys = keys.map { context.newColumn($0.name, $0.type) }
        let innerGid = context.newColumn("gid", .int32, nullable: false)
        let innerValues = valueColumns.map { $0.map { context.newColumn($0.name, $0.type) } }
        let firstLevel = zip(
            keys + [gid] + valueColumns.flatMap { $0 }, innerKeys + [innerGid] + innerValues.flatMap { $0 }
        )
        .map { NamedExpression(.column($0), as: $1) }
        var position = 0
        let firstCalls = regular.map { item in
            var call = item.call
            call.arguments = call.arguments.map { argument in
                defer { position += 1 }
                return argument.literalValue == nil ? .column(regularColumns[position]) : argument
            }
            let isFirst = Expression.equal(.column(gid), .literal(.int32(0)))
            if call.filter != nil {
                call.filter = Expression.conjunction([isFirst, .column(regularColumns[position])])
                position += 1
            } else {
                call.filter = isFirst
            }
            return NamedAggregate(call, as: context.newColumn(item.output.name, item.output.type))
        }
        let inner = LogicalPlan.aggregate(groups: firstLevel, aggregates: firstCalls, input: expand)
        return secondLevel(
            groups, aggregates, lists, inner,
            Level(innerKeys, innerGid, innerValues, firstCalls.map(\.output)), context)
    }

    /// Holds the columns that the first of two aggregations gives.
    private struct Level {
        var keys: [ColumnReference]
        var gid: ColumnReference
        var values: [[ColumnReference]]
        var regular: [ColumnReference]

        init(
            _ keys: [ColumnReference], _ gid: ColumnReference, _ values: [[ColumnReference]],
            _ regular: [ColumnReference]
        ) {
            self.keys = keys
            self.gid = gid
            self.values = values
            self.regular = regular
        }
    }

    private func secondLevel(
        _ groups: [NamedExpression], _ aggregates: [NamedAggregate], _ lists: [[Expression]],
        _ inner: LogicalPlan,
        _ level: Level, _ context: RuleContext
    ) -> LogicalPlan {
        var calls: [NamedAggregate] = []
        var results: [NamedExpression] = []
        var regular = 0
        for item in aggregates {
            let isDistinct = item.call.distinct
            let list = isDistinct ? (lists.firstIndex(of: Self.arguments(of: item.call)) ?? 0) + 1 : 0
            let isMine = Expression.equal(.column(level.gid), .literal(.int32(Int32(list))))
            var call = item.call
            call.distinct = false
            call.filter = isMine
            if isDistinct {
                call.arguments = Self.replaced(item.call.arguments, by: level.values[list - 1])
                calls.append(NamedAggregate(call, as: item.output))
                results.append(NamedExpression(.column(item.output), as: item.output))
                continue
            }
            call.function = "first"
            call.arguments = [.column(level.regular[regular])]
            regular += 1
            let empty = EmptyAggregates.value(of: item.call)
            guard !empty.isNullLiteral, groups.isEmpty else {
                calls.append(NamedAggregate(call, as: item.output))
                results.append(NamedExpression(.column(item.output), as: item.output))
                continue
            }
            // Without any row there is no first count, and no first list.
            let counted = context.newColumn(item.output.name, item.output.type)
            calls.append(NamedAggregate(call, as: counted))
            let whole = Expression.call(
                FunctionCall("coalesce", [.column(counted), empty], type: item.output.type))
            results.append(NamedExpression(whole, as: item.output))
        }
        let outer = zip(groups, level.keys).map { NamedExpression(.column($1), as: $0.output) }
        let aggregate = LogicalPlan.aggregate(groups: outer, aggregates: calls, input: inner)
        let passed = groups.map { NamedExpression(.column($0.output), as: $0.output) }
        return .project(passed + results, input: aggregate)
    }
}
