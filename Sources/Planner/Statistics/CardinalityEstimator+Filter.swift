import Columns
import Plans
import Vocabulary

extension CardinalityEstimator {
    /// Share of rows that an unknown condition keeps.
    static let unknownSelectivity = 0.25

    /// Returns the estimate after a conjunction. A range narrows its column's bounds, so that two range
    /// conditions on
    /// one column are not counted as independent.
    func filtered(_ below: PlanEstimate, by conditions: [Expression]) -> PlanEstimate {
        var current = below
        for condition in conditions {
            let share = selectivity(condition, in: current)
            let narrowed = narrow(current, by: condition)
            current = PlanEstimate(rows: current.rows, columns: narrowed).scaled(to: current.rows * share)
        }
        return current
    }

    /// Returns the share of rows, 0…1, for which a condition is true.
    func selectivity(_ condition: Expression, in below: PlanEstimate) -> Double {
        switch condition {
        case .literal(let literal): return literal.value == .boolean(true) ? 1 : 0
        case .inList(let value, let list):
            return min(1, Double(list.count) / max(1, column(value, in: below).distinct))
        case .call(let call): return selectivity(call, in: below)
        default: return Self.unknownSelectivity
        }
    }

    private func selectivity(_ call: FunctionCall, in below: PlanEstimate) -> Double {
        switch call.name {
        case "and": return call.arguments.reduce(1) { $0 * selectivity($1, in: below) }
        case "or":
            return 1 - call.arguments.reduce(1) { $0 * (1 - selectivity($1, in: below)) }
        case "not": return max(0, 1 - (call.arguments.first.map { selectivity($0, in: below) } ?? 0))
        case "is_null": return call.arguments.first.map { column($0, in: below).nullFraction } ?? 0.1
        case "is_not_null": return 1 - (call.arguments.first.map { column($0, in: below).nullFraction } ?? 0)
        case "equal", "null_safe_equal":
            guard call.arguments.count == 2 else { return Self.unknownSelectivity }
            let distinct = call.arguments.map { column($0, in: below).distinct }.max() ?? 1
            return 1 / max(1, distinct)
        case "not_equal":
            guard call.arguments.count == 2 else { return Self.unknownSelectivity }
            let distinct = call.arguments.map { column($0, in: below).distinct }.max() ?? 2
            return max(0.1, 1 - 1 / max(1, distinct))
        case "less", "less_equal", "greater", "greater_equal":
            return rangeShare(call, in: below)
                ?? (call.arguments.contains { $0.literalValue != nil } ? 0.1 : 0.33)
        case "like": return likeShare(call)
        default: return Self.unknownSelectivity
        }
    }

    /// A pattern that begins with fixed text keeps little, one that only contains a text a little more, the
    /// less the longer the text.
    private func likeShare(_ call: FunctionCall) -> Double {
        guard call.arguments.count >= 2, case .string(let pattern)? = call.arguments[1].literalValue?.value
        else {
            return Self.unknownSelectivity
        }
        if !pattern.hasPrefix("%") { return 0.05 }
        let letters = pattern.utf8.filter { $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "_") }.count
        return letters < 5 || !pattern.hasSuffix("%") ? 0.1 : 0.05
    }

    /// Splits `column < literal` into its parts, the column first: (estimate, bound, keeps the values below).
    private func range(
        _ call: FunctionCall, in below: PlanEstimate
    ) -> (expression: Expression, bound: Double, keepsBelow: Bool)? {
        guard call.arguments.count == 2 else { return nil }
        let isLess = call.name == "less" || call.name == "less_equal"
        let isGreater = call.name == "greater" || call.name == "greater_equal"
        guard isLess || isGreater else { return nil }
        if let literal = call.arguments[1].literalValue,
            let bound = ColumnEstimate.position(literal.value, literal.type)
        {
            return (call.arguments[0], bound, isLess)
        }
        if let literal = call.arguments[0].literalValue,
            let bound = ColumnEstimate.position(literal.value, literal.type)
        {
            return (call.arguments[1], bound, isGreater)
        }
        return nil
    }

    private func rangeShare(_ call: FunctionCall, in below: PlanEstimate) -> Double? {
        guard let (expression, bound, keepsBelow) = range(call, in: below) else { return nil }
        let estimate = column(expression, in: below)
        guard let low = estimate.minimum, let high = estimate.maximum, high > low else { return nil }
        let share = (bound - low) / (high - low)
        return min(1, max(0, keepsBelow ? share : 1 - share))
    }

    private func narrow(_ below: PlanEstimate, by condition: Expression) -> [ColumnID: ColumnEstimate] {
        var columns = below.columns
        guard case .call(let call) = condition else {
            if case .inList(.column(let reference), let list) = condition,
                var estimate = columns[reference.id]
            {
                estimate.distinct = min(estimate.distinct, Double(list.count))
                columns[reference.id] = estimate
            }
            return columns
        }
        if call.name == "equal", call.arguments.count == 2 {
            for (value, other) in [(0, 1), (1, 0)] where call.arguments[other].literalValue != nil {
                if let id = call.arguments[value].columnReference?.id { columns[id]?.distinct = 1 }
            }
            return columns
        }
        guard let (expression, bound, keepsBelow) = range(call, in: below),
            let id = expression.columnReference?.id, var estimate = columns[id],
            let low = estimate.minimum, let high = estimate.maximum, high > low
        else { return columns }
        let before = high - low
        if keepsBelow {
            estimate.maximum = min(high, max(low, bound))
        } else {
            estimate.minimum = max(low, min(high, bound))
        }
        let after = (estimate.maximum ?? high) - (estimate.minimum ?? low)
        estimate.distinct = max(1, estimate.distinct * after / before)
        columns[id] = estimate
        return columns
    }
}
