import Columns
import Functions
import Plans
import Vocabulary

/// An aggregation in two: one over parts of the rows, and one over what that gives.
struct PartialAggregation {
    /// What a join makes of the rows whose parts are aggregated.
    enum Fate {
        /// Each comes out at least once.
        case kept
        /// Those without a match do not come out.
        case matched
        /// Those without a match do not come out, and rows of the other side come out with nulls instead.
        case padded
    }

    private let first: [NamedAggregate]
    private let second: [NamedAggregate]
    /// The results, from what `second` gives; nil where that is them.
    private let results: [NamedExpression]?

    /// Makes two of each call; nil where one cannot be, or might fail for rows that the join would drop.
    init?(
        _ aggregates: [NamedAggregate], of side: LogicalPlan, as fate: Fate, _ context: RuleContext
    ) {
        var maker = Maker(
            columns: side.output.idSet, fate: fate, side: context.estimator.estimate(side), context: context)
        for item in aggregates { guard maker.add(item) else { return nil } }
        first = maker.first
        second = maker.second
        let isPlain = zip(maker.results, maker.second).allSatisfy { $0.output == $1.output }
        results = isPlain && maker.results.count == maker.second.count ? nil : maker.results
    }

    /// Returns the aggregation over parts of the rows, by `keys`.
    func begun(by keys: [NamedExpression], over input: LogicalPlan) -> LogicalPlan {
        .aggregate(groups: keys, aggregates: first, input: input)
    }

    /// Returns the aggregation over what the first one gave.
    func completed(groups: [NamedExpression], over input: LogicalPlan) -> LogicalPlan {
        let whole = LogicalPlan.aggregate(groups: groups, aggregates: second, input: input)
        guard let results else { return whole }
        return .project(
            groups.map { NamedExpression(.column($0.output), as: $0.output) } + results, input: whole)
    }
}

/// Makes two calls of each, and what follows.
private struct Maker {
    let columns: Set<ColumnID>
    let fate: PartialAggregation.Fate
    let side: PlanEstimate
    let context: RuleContext
    var first: [NamedAggregate] = []
    var second: [NamedAggregate] = []
    var results: [NamedExpression] = []

    /// Adds a call; false where it cannot be taken in two.
    mutating func add(_ item: NamedAggregate) -> Bool {
        var call = item.call
        guard let name = FunctionRegistry.shared.aggregate(named: call.function)?.name, !call.distinct,
            isOfSide(call)
        else { return false }
        call.function = name
        switch name {
        case "count", "count_if":
            let isOfRows = call.arguments.allSatisfy { $0.literalValue?.value.isNull == false }
            return addCount(call, as: item.output, padding: isOfRows ? 1 : 0)
        case "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor":
            addSame(call, as: item.output)
            return true
        case "sum":
            guard let argument = call.arguments.first, addsUp(argument, call) else { return false }
            addSame(call, as: item.output)
            return true
        case "avg":
            return addAverage(call, as: item.output)
        default: return false
        }
    }

    /// Whether a call's value depends on the side's rows alone, and may be taken before the join.
    private func isOfSide(_ call: AggregateCall) -> Bool {
        var needed: Set<ColumnID> = []
        let parts = call.arguments + (call.filter.map { [$0] } ?? [])
        for part in parts {
            part.collectColumns(into: &needed)
            guard part.isDeterministic, fate == .kept || part.cannotFail else { return false }
        }
        // For a row of nulls that stands for no match an expression of them may have a value.
        let isPlain = call.filter == nil && parts.allSatisfy { $0.columnReference != nil }
        let countsRows = call.filter == nil && needed.isEmpty && call.function == "count"
        return needed.isSubset(of: columns) && (fate != .padded || isPlain || countsRows)
            && (!needed.isEmpty || countsRows)
    }

    /// Whether no part of a sum can leave its type where the sum itself would not have.
    private func addsUp(_ argument: Expression, _ call: AggregateCall) -> Bool {
        switch argument.type {
        case .float, .double, .int8, .int16, .int32: return true
        case .int64:
            if fate == .kept || !call.ansi { return true }
            let values = context.estimator.column(argument, in: side)
            guard let least = values.minimum, let greatest = values.maximum else { return false }
            return max(-least, greatest) * side.rows < Double(Int64.max / 2)
        case .decimal(let precision, _):
            // Its sum has ten digits more.
            return precision <= DataType.maximumPrecision - 10
        default: return false
        }
    }

    private mutating func addSame(_ call: AggregateCall, as output: ColumnReference) {
        let part = context.newColumn(output.name, call.type)
        first.append(NamedAggregate(call, as: part))
        var whole = call
        whole.arguments = [.column(part)]
        whole.filter = nil
        second.append(NamedAggregate(whole, as: output))
        results.append(NamedExpression(.column(output), as: output))
    }

    /// Counts are added; a row that stands for no match counts as `padding`.
    private mutating func addCount(
        _ call: AggregateCall, as output: ColumnReference, padding: Int64
    ) -> Bool {
        let part = context.newColumn(output.name, .int64, nullable: fate == .padded)
        first.append(NamedAggregate(call, as: part))
        var value = Expression.column(part)
        if fate == .padded {
            value = .call(FunctionCall("coalesce", [value, .literal(.int64(padding))], type: .int64))
        }
        second.append(NamedAggregate(AggregateCall("sum", [value], type: .int64), as: output))
        results.append(NamedExpression(.column(output), as: output))
        return true
    }

    /// An average is the sum of sums over the sum of counts.
    private mutating func addAverage(_ call: AggregateCall, as output: ColumnReference) -> Bool {
        guard let argument = call.arguments.first, argument.type.isFloating || argument.type.isIntegral else {
            return false
        }
        let value = argument.type == .double ? argument : .cast(argument, to: .double, mode: .legacy)
        let sum = context.newColumn("\(output.name) sum", .double)
        let count = context.newColumn("\(output.name) count", .int64)
        let results = results
        addSame(AggregateCall("sum", [value], filter: call.filter, type: .double), as: sum)
        var number = call
        number.function = "count"
        number.type = .int64
        let isAdded = addCount(number, as: count, padding: 0)
        let divided = FunctionCall(
            "divide", [.column(sum), .cast(.column(count), to: .double, mode: .legacy)], type: .double,
            ansi: false)
        self.results = results + [NamedExpression(.call(divided), as: output)]
        return isAdded
    }
}
