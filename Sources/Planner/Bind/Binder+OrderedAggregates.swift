import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Aggregates with WITHIN GROUP (ORDER BY …).
extension Binder {
    /// The aggregates that take an order.
    static let orderedAggregates: Set<String> = [
        "percentile_cont", "percentile_disc", "listagg", "string_agg", "mode",
    ]

    /// Returns the function and the arguments that stand for an aggregate with an order.
    func withinGroup(
        _ name: String, _ arguments: [Expression], _ call: CallSyntax, _ context: BindContext,
        at span: SourceSpan
    ) throws(EngineError) -> (String, [Expression]) {
        var keys: [Expression] = []
        for item in call.withinGroup { keys.append(try bind(item.expression, context)) }
        if name == "mode" {
            guard keys.count == 1, arguments.isEmpty else {
                throw .user(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "mode takes its values from one key to order by.",
                    at: location(span))
            }
            let isLargest = call.withinGroup[0].isDescending
            return (name, [keys[0], .literal(.boolean(true)), .literal(.boolean(isLargest))])
        }
        if name.hasPrefix("percentile") {
            guard keys.count == 1, arguments.count == 1 else {
                throw .user(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "\(name) takes one share, and one key to order by.",
                    at: location(span))
            }
            let share = constant(arguments[0]).map { Expression.literal($0) } ?? arguments[0]
            return (name, [keys[0], share, .literal(.boolean(call.withinGroup[0].isDescending))])
        }
        guard (1...2).contains(arguments.count) else { return (name, arguments) }
        let value = arguments[0].type == .binary ? arguments[0] : cast(arguments[0], to: .string, at: span)
        if call.isDistinct, keys.count != 1 || keys[0] != arguments[0] {
            throw .user(
                "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
                "DISTINCT \(name) can be ordered by its own argument only.", at: location(span))
        }
        var members: [Expression] = []
        for (place, key) in keys.enumerated() { members += [.literal(.string("k\(place)")), key] }
        members += [.literal(.string("value")), value]
        let row = try self.call("named_struct", members, at: span)
        let isThere = try self.call("is_not_null", [value], at: span)
        let kept = Expression.conditional(
            [ConditionalBranch(condition: isThere, result: row)], otherwise: nil, type: row.type)
        let empty: Literal = value.type == .binary ? Literal(.binary([]), .binary) : .string("")
        let delimiter = arguments.count > 1 ? constant(arguments[1]) ?? empty : empty
        let order = call.withinGroup.map { item in
            (item.isDescending ? "d" : "a") + (item.nullsFirst ? "f" : "l")
        }
        return (
            "listagg_ordered", [kept, .literal(delimiter), .literal(.string(order.joined()))]
        )
    }

    /// Returns what stands for `percentile(value, share, frequency)`, of which values and frequencies are
    /// collected together; nil for other calls.
    func weighted(
        _ name: String, _ arguments: [Expression], at span: SourceSpan
    ) throws(EngineError) -> (String, [Expression])? {
        guard name == "percentile", arguments.count == 3 else { return nil }
        guard arguments[2].type.isIntegral || arguments[2].type == .null else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "The frequency of percentile is an integer, not of type \(arguments[2].type.sqlName).",
                at: location(span))
        }
        let value =
            arguments[0].type.isInterval ? arguments[0] : cast(arguments[0], to: .double, at: span)
        let times = cast(arguments[2], to: .int64, at: span)
        let row = try call(
            "named_struct", [.literal(.string("value")), value, .literal(.string("times")), times], at: span)
        let isThere = try call(
            "and", [call("is_not_null", [value], at: span), call("is_not_null", [times], at: span)], at: span)
        let kept = Expression.conditional(
            [ConditionalBranch(condition: isThere, result: row)], otherwise: nil, type: row.type)
        let share = constant(arguments[1]).map { Expression.literal($0) } ?? arguments[1]
        return ("percentile_weighted", [kept, share])
    }
}
