import Columns
import Plans

/// Parts an aggregation by grouping sets so that rows are grouped once, by all columns of all sets; the
/// states of these finest groups, not the rows, are then given once per set and merged.
///
///     rows ─▶ partial aggregation by the finest groups ─▶ states, once per set ─▶ merged by the sets' groups
///
/// Rows nearly all of which are groups of their own pass the first aggregation unchanged.
struct FinestGroups {
    /// Over the rows before they are given once per set.
    let finest: PhysicalAggregate
    /// What the rows of states become for each set: groups, then states.
    let lists: [[Expression]]

    /// Fails for what is no aggregation by sets, and for aggregates whose result depends on the rows' order
    /// or whose arguments differ from set to set.
    init?(_ aggregate: PhysicalAggregate, stateTypes: (AggregateCall) throws -> [DataType]) rethrows {
        guard aggregate.mode != .final, case .expand(let sets, _, let input) = aggregate.input,
            sets.count > 1, aggregate.aggregates.allSatisfy({ FinestGroups.mayMerge($0) })
        else { return nil }
        let columns = aggregate.groups.compactMap(\.inputPosition)
        guard columns.count == aggregate.groups.count else { return nil }
        var keys: [Expression] = []
        for set in sets {
            for column in columns where set[column].literalValue == nil && !keys.contains(set[column]) {
                keys.append(set[column])
            }
        }
        guard !keys.isEmpty, keys.allSatisfy(\.dependsOnRowOnly), KeyLayout.supports(keys.map(\.type)) else {
            return nil
        }
        var calls: [AggregateCall] = []
        for call in aggregate.aggregates {
            guard let below = FinestGroups.moved(call, below: sets) else { return nil }
            calls.append(below)
        }
        let states = try calls.flatMap { try stateTypes($0) }
        let kept = states.enumerated().map { Expression.input(keys.count + $0.offset, $0.element) }
        lists = sets.map { set in
            columns.map { column in
                keys.firstIndex(of: set[column]).map { .input($0, set[column].type) } ?? set[column]
            } + kept
        }
        let fields = (keys.map(\.type) + states).enumerated().map { Field("c\($0.offset)", $0.element) }
        finest = PhysicalAggregate(
            mode: .partial, groups: keys, aggregates: calls, schema: Schema(fields), input: input)
    }

    /// Aggregates of which it does not matter in what order or how often rows are put together.
    private static let merging: Set<String> = [
        "count", "count_if", "sum", "try_sum", "avg", "mean", "try_avg", "min", "max", "bit_and", "bit_or",
        "bit_xor", "bool_and", "every", "bool_or", "some", "any", "approx_count_distinct", "stddev",
        "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop",
    ]

    private static func mayMerge(_ call: AggregateCall) -> Bool {
        !call.distinct && merging.contains(call.function)
    }

    /// The call over the rows before they are given once per set; nil where its values differ between sets.
    private static func moved(_ call: AggregateCall, below sets: [[Expression]]) -> AggregateCall? {
        var isSame = true
        func below(_ value: Expression) -> Expression {
            value.rewritten { part in
                guard case .input(let at, _) = part else { return part }
                if !sets.allSatisfy({ $0[at] == sets[0][at] }) { isSame = false }
                return sets[0][at]
            }
        }
        var result = call
        result.arguments = call.arguments.map(below)
        result.filter = call.filter.map(below)
        let values = result.arguments + [result.filter].compactMap { $0 }
        return isSame && values.allSatisfy(\.dependsOnRowOnly) ? result : nil
    }
}
