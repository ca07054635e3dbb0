import Columns
import Vocabulary

extension LogicalPlan {
    /// The plans that this one reads, in order. What is kept is planned by itself, and read like a table.
    package var children: [LogicalPlan] {
        switch self {
        case .scan, .values, .range, .workingTable, .kept: []
        case .recursion(let recursion): [recursion.anchor, recursion.step]
        case .filter(_, let input), .project(_, let input), .aggregate(_, _, let input), .sort(_, let input),
            .limit(_, _, let input), .distinct(let input), .expand(_, _, let input), .singleRow(let input, _),
            .repartition(_, let input), .hinted(_, let input):
            [input]
        case .join(_, let left, let right, _), .lateralJoin(_, let left, let right, _, _): [left, right]
        case .union(let inputs, _): inputs
        case .window(let window): [window.input]
        case .generate(_, _, let input): [input]
        }
    }

    /// Returns the plan with each input replaced by `transform` of it.
    package func mapChildren(_ transform: (LogicalPlan) throws -> LogicalPlan) rethrows -> LogicalPlan {
        switch self {
        case .scan, .values, .range, .workingTable, .kept: return self
        case .recursion(var recursion):
            recursion.anchor = try transform(recursion.anchor)
            recursion.step = try transform(recursion.step)
            return .recursion(recursion)
        case .filter(let condition, let input): return .filter(condition, input: try transform(input))
        case .project(let list, let input): return .project(list, input: try transform(input))
        case .aggregate(let groups, let aggregates, let input):
            return .aggregate(groups: groups, aggregates: aggregates, input: try transform(input))
        case .join(let kind, let left, let right, let condition):
            return .join(kind, left: try transform(left), right: try transform(right), condition: condition)
        case .lateralJoin(let kind, let left, let right, let condition, let outer):
            return .lateralJoin(
                kind, left: try transform(left), right: try transform(right), condition: condition,
                outer: outer)
        case .sort(let keys, let input): return .sort(keys, input: try transform(input))
        case .limit(let count, let offset, let input):
            return .limit(count: count, offset: offset, input: try transform(input))
        case .distinct(let input): return .distinct(input: try transform(input))
        case .repartition(let given, let input): return .repartition(given, input: try transform(input))
        case .hinted(let strategy, let input): return .hinted(strategy, input: try transform(input))
        case .singleRow(let input, let origin):
            return .singleRow(input: try transform(input), origin: origin)
        case .union(let inputs, let output): return .union(try inputs.map(transform), output: output)
        case .expand(let lists, let output, let input):
            return .expand(lists, output: output, input: try transform(input))
        case .window(var window):
            window.input = try transform(window.input)
            return .window(window)
        case .generate(let generator, let output, let input):
            return .generate(generator, output: output, input: try transform(input))
        }
    }

    /// Returns the plan rewritten from the leaves up.
    package func rewrittenUp(_ transform: (LogicalPlan) throws -> LogicalPlan) rethrows -> LogicalPlan {
        try transform(mapChildren { try $0.rewrittenUp(transform) })
    }

    /// Returns the plan rewritten from the root down; `transform` sees each node before its inputs.
    package func rewrittenDown(_ transform: (LogicalPlan) throws -> LogicalPlan) rethrows -> LogicalPlan {
        try transform(self).mapChildren { try $0.rewrittenDown(transform) }
    }

    /// Returns the plan with `transform` applied to each expression of this node only.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> LogicalPlan {
        func named(_ list: [NamedExpression]) throws -> [NamedExpression] {
            try list.map { NamedExpression(try transform($0.expression), as: $0.output) }
        }
        switch self {
        case .scan(var scan):
            scan.filters = try scan.filters.map(transform)
            return .scan(scan)
        case .values, .limit, .distinct, .union, .singleRow, .range, .recursion, .workingTable, .kept,
            .hinted:
            return self
        case .filter(let condition, let input): return .filter(try transform(condition), input: input)
        case .project(let list, let input): return .project(try named(list), input: input)
        case .aggregate(let groups, let aggregates, let input):
            let calls = try aggregates.map { aggregate in
                NamedAggregate(try aggregate.call.mapExpressions(transform), as: aggregate.output)
            }
            return .aggregate(groups: try named(groups), aggregates: calls, input: input)
        case .join(let kind, let left, let right, let condition):
            return .join(kind, left: left, right: right, condition: try condition.map(transform))
        case .lateralJoin(let kind, let left, let right, let condition, let outer):
            return .lateralJoin(
                kind, left: left, right: right, condition: try condition.map(transform), outer: outer)
        case .sort(let keys, let input):
            return .sort(
                try keys.map {
                    SortKey(try transform($0.expression), ascending: $0.ascending, nullsFirst: $0.nullsFirst)
                }, input: input)
        case .repartition(let given, let input):
            return .repartition(try given.mapExpressions(transform), input: input)
        case .expand(let lists, let output, let input):
            return .expand(try lists.map { try $0.map(transform) }, output: output, input: input)
        case .window(let window): return .window(try window.mapExpressions(transform))
        case .generate(let generator, let output, let input):
            return .generate(try generator.mapExpressions(transform), output: output, input: input)
        }
    }

    /// The expressions of this node only.
    package var expressions: [Expression] {
        var found: [Expression] = []
        _ = mapExpressions {
            found.append($0)
            return $0
        }
        return found
    }

    /// Calls `visit` with this plan and all below it, parents first; plans inside subquery expressions are
    /// not visited.
    package func forEach(_ visit: (LogicalPlan) -> Void) {
        visit(self)
        for child in children { child.forEach(visit) }
    }
}

extension AggregateCall {
    /// Returns the call with `transform` applied to its arguments and its filter.
    package func mapExpressions(_ transform: (Expression) throws -> Expression) rethrows -> AggregateCall {
        var call = self
        call.arguments = try arguments.map(transform)
        call.filter = try filter.map(transform)
        return call
    }
}
