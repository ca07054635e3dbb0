import Columns
import Functions
import Plans
import Vocabulary

/// Tells what aggregates of no rows are.
enum EmptyAggregates {
    private static let counts: Set<String> = [
        "count", "count_if", "regr_count", "approx_count_distinct",
    ]
    private static let lists: Set<String> = ["collect_list", "collect_set", "array_agg"]

    static func value(of call: AggregateCall) -> Expression {
        if counts.contains(call.function) { return .literal(Literal(.integer(0), call.type)) }
        if lists.contains(call.function) { return .literal(Literal(.array([]), call.type)) }
        return .literal(Literal(computed(call) ?? .null, call.type))
    }

    /// What the aggregate itself says, such as a sketch without values; nil where it says nothing.
    private static func computed(_ call: AggregateCall) -> Scalar? {
        let types = call.arguments.map(\.type)
        guard let accumulator = try? AggregateFunction.make(call: call, argumentTypes: types) else {
            return nil
        }
        accumulator.resize(groups: 1)
        return try? accumulator.results(from: 0, count: 1).first?.scalar(at: 0)
    }
}
