import Columns
import Plans
import Vocabulary

/// Widens a subplan by the columns that others of the same shape give (`SharedSubplans`): each scan reads,
/// each projection and aggregation computes, what any of them does.
struct MergedSubplan {
    /// Gives its own columns under their numbers, and those that came in.
    private(set) var plan: LogicalPlan
    private let context: RuleContext

    init(_ plan: LogicalPlan, _ context: RuleContext) {
        self.plan = plan
        self.context = context
    }

    /// Adds the columns of `other`. Returns what stands for them here; nil, and changes nothing, when the two
    /// are not of one shape.
    mutating func add(_ other: LogicalPlan) -> [ColumnID: Expression]? {
        guard let (merged, map) = merged(plan, other) else { return nil }
        plan = merged
        return map
    }

    private typealias Merged = (plan: LogicalPlan, map: [ColumnID: Expression])

    private func passed(_ columns: [ColumnReference]) -> [NamedExpression] {
        columns.map { NamedExpression(.column($0), as: $0) }
    }

    private func merged(_ mine: LogicalPlan, _ theirs: LogicalPlan) -> Merged? {
        switch (mine, theirs) {
        case (.project(let list, let input), .project(let others, let otherInput)):
            guard let below = merged(input, otherInput) else { return nil }
            return projected(list, others, below)
        case (.project(let list, let input), _):
            guard let below = merged(input, theirs) else { return nil }
            return projected(list, passed(theirs.output), below)
        case (_, .project(let others, let otherInput)):
            guard let below = merged(mine, otherInput) else { return nil }
            return projected(passed(mine.output), others, below)
        case (.scan(let scan), .scan(let other)): return merged(scan, other)
        case (.range(let range, let output), .range(_, let other)):
            let all = output.isEmpty ? other : output
            guard let column = all.first else { return (mine, [:]) }
            let map = other.map { ($0.id, Expression.column(column)) }
            return (.range(range, output: all), Dictionary(map) { first, _ in first })
        case (.filter(let condition, let input), .filter(_, let otherInput)):
            guard let below = merged(input, otherInput) else { return nil }
            return (.filter(condition, input: below.plan), below.map)
        case (.sort(let keys, let input), .sort(_, let otherInput)):
            guard let below = merged(input, otherInput) else { return nil }
            return (.sort(keys, input: below.plan), below.map)
        case (.limit(let count, let offset, let input), .limit(_, _, let otherInput)):
            guard let below = merged(input, otherInput) else { return nil }
            return (.limit(count: count, offset: offset, input: below.plan), below.map)
        case (.hinted(let strategy, let input), .hinted(_, let otherInput)):
            guard let below = merged(input, otherInput) else { return nil }
            return (.hinted(strategy, input: below.plan), below.map)
        case (.join(let kind, let left, let right, let on), .join(_, let otherLeft, let otherRight, _)):
            guard let first = merged(left, otherLeft), let second = merged(right, otherRight) else {
                return nil
            }
            return (
                .join(kind, left: first.plan, right: second.plan, condition: on),
                first.map.merging(second.map) { first, _ in first }
            )
        case (.aggregate(let groups, let calls, let input), .aggregate(let keys, let others, let otherInput)):
            guard let below = merged(input, otherInput), groups.count == keys.count else { return nil }
            return grouped(groups, calls, keys, others, below)
        case (.window(let window), .window(let other)):
            guard let below = merged(window.input, other.input) else { return nil }
            return windowed(window, other, below)
        default: return nil
        }
    }

    private func merged(_ scan: LogicalScan, _ other: LogicalScan) -> Merged {
        var result = scan
        var map: [ColumnID: Expression] = [:]
        for (column, position) in zip(other.output, other.columns) {
            if let at = result.columns.firstIndex(of: position) {
                map[column.id] = .column(result.output[at])
            } else {
                let new = context.newColumn(column.name, column.type, nullable: column.nullable)
                result.output.append(new)
                result.columns.append(position)
                map[column.id] = .column(new)
            }
        }
        return (.scan(result), map)
    }

    private func projected(
        _ list: [NamedExpression], _ others: [NamedExpression], _ below: Merged
    ) -> Merged {
        var items = list
        var map: [ColumnID: Expression] = [:]
        for other in others {
            let value = other.expression.substituting(below.map)
            if let known = items.first(where: { $0.expression == value }) {
                map[other.output.id] = .column(known.output)
                continue
            }
            // A column keeps its number, so that conditions above that name it still find it.
            let new =
                value.columnReference
                ?? context.newColumn(other.output.name, other.output.type, nullable: other.output.nullable)
            items.append(NamedExpression(value, as: new))
            map[other.output.id] = .column(new)
        }
        return (.project(items, input: below.plan), map)
    }

    private func grouped(
        _ groups: [NamedExpression], _ calls: [NamedAggregate], _ keys: [NamedExpression],
        _ others: [NamedAggregate], _ below: Merged
    ) -> Merged {
        var map: [ColumnID: Expression] = [:]
        for (key, group) in zip(keys, groups) { map[key.output.id] = .column(group.output) }
        var all = calls
        for other in others {
            let call = other.call.mapExpressions { $0.substituting(below.map) }
            if let known = all.first(where: { $0.call == call }) {
                map[other.output.id] = .column(known.output)
                continue
            }
            let column = other.output
            let new = context.newColumn(column.name, column.type, nullable: column.nullable)
            all.append(NamedAggregate(call, as: new))
            map[column.id] = .column(new)
        }
        return (.aggregate(groups: groups, aggregates: all, input: below.plan), map)
    }

    private func windowed(_ window: LogicalWindow, _ other: LogicalWindow, _ below: Merged) -> Merged? {
        var result = window
        result.input = below.plan
        var map = below.map
        let order = other.order.map { key in key.mapExpressions { $0.substituting(below.map) } }
        guard other.partition.map({ $0.substituting(below.map) }) == window.partition, order == window.order
        else { return nil }
        for item in other.calls {
            let call = item.call.mapExpressions { $0.substituting(below.map) }
            if let known = result.calls.first(where: { $0.call == call }) {
                map[item.output.id] = .column(known.output)
                continue
            }
            let column = item.output
            let new = context.newColumn(column.name, column.type, nullable: column.nullable)
            result.calls.append(NamedWindow(call, as: new))
            map[column.id] = .column(new)
        }
        return (.window(result), map)
    }
}
