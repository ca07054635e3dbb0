import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

/// Collects the window functions of one SELECT by their partitions and order.
final class WindowCollector {
    /// One operator's functions.
    struct Group {
        var partition: [Expression]
        var order: [SortKey]
        var calls: [NamedWindow]
        var span: SourceSpan
    }

    var groups: [Group] = []
    /// The windows that the WINDOW clause names, in lower case.
    var named: [String: WindowSyntax] = [:]
    var outputs: Set<ColumnID> { Set(groups.flatMap { $0.calls.map(\.output.id) }) }

    /// Returns the column of an equal call over the same window, or adds the call under a new id.
    func column(
        of call: WindowCall, partition: [Expression], order: [SortKey], name: String, span: SourceSpan,
        newID: () -> ColumnID
    ) -> Expression {
        // A function of other window functions' values comes above them.
        var read: Set<ColumnID> = []
        for expression in partition + order.map(\.expression) + call.arguments {
            expression.collectColumns(into: &read)
        }
        let below = groups.lastIndex { !read.isDisjoint(with: $0.calls.map(\.output.id)) } ?? -1
        let place = groups.indices.first {
            $0 > below && groups[$0].partition == partition && groups[$0].order == order
        }
        if let place, let known = groups[place].calls.first(where: { $0.call == call }) {
            return .column(known.output)
        }
        let output = ColumnReference(id: newID(), name: name, type: call.type, nullable: true)
        let item = NamedWindow(call, as: output)
        if let place {
            groups[place].calls.append(item)
        } else {
            groups.append(Group(partition: partition, order: order, calls: [item], span: span))
        }
        return .column(output)
    }

    /// Puts the window operators above a plan; `rewrite` takes expressions over the input to such over the
    /// plan.
    func applied(
        to plan: LogicalPlan,
        _ rewrite: (Expression, SourceSpan) throws(EngineError) -> Expression = {
            (expression, _) throws(EngineError) in expression
        }
    ) throws(EngineError) -> LogicalPlan {
        var result = plan
        for group in groups {
            var window = LogicalWindow(
                partition: group.partition, order: group.order, calls: group.calls, input: result)
            for index in window.partition.indices {
                window.partition[index] = try rewrite(window.partition[index], group.span)
            }
            for index in window.order.indices {
                window.order[index].expression = try rewrite(window.order[index].expression, group.span)
            }
            for index in window.calls.indices {
                var failure: EngineError?
                window.calls[index].call = window.calls[index].call.mapExpressions { expression in
                    do throws(EngineError) {
                        return try rewrite(expression, group.span)
                    } catch {
                        failure = error
                        return expression
                    }
                }
                if let failure { throw failure }
            }
            result = .window(window)
        }
        return result
    }
}

extension Binder {
    /// Binds a function with OVER: as a column that a window operator gives.
    func windowCall(
        _ name: String, _ call: CallSyntax, _ reference: WindowReferenceSyntax, _ context: BindContext,
        at span: SourceSpan
    ) throws(EngineError) -> Expression {
        guard let windows = context.windows else {
            throw .user(
                context.clause == "WHERE" ? "INVALID_WHERE_CONDITION" : "UNSUPPORTED_EXPR_FOR_OPERATOR",
                "A window function cannot stand in \(context.clause): \(name).",
                remedy: "Compute it in a subquery, or filter with QUALIFY.", at: location(span))
        }
        try refuseInWindow(name, call, at: span)
        let syntax = try window(reference, windows)
        var inner = context
        inner.prefersAliases = false
        inner.clause = "OVER"
        var partition: [Expression] = []
        for item in syntax.partitionBy {
            let bound = try bind(item, inner)
            try refuseVariant(bound, at: item.span)
            if case .map = bound.type {
                throw .user(
                    "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                    "Rows cannot be partitioned by a value of this type: \(bound.type.sqlName).",
                    at: location(item.span))
            }
            partition.append(bound)
        }
        var order: [SortKey] = []
        for item in syntax.orderBy { order.append(try sortKey(try bind(item.expression, inner), item)) }
        var bound = try function(name, call, inner, at: span)
        if let known = FunctionRegistry.shared.window(named: bound.function), known.goesByOrder {
            try refuseFrame(known.name, syntax, order, at: span)
        } else {
            bound.frame = try frame(syntax.frame, order, inner, at: span)
        }
        return windows.column(
            of: bound, partition: partition, order: order,
            name: naming.text(ExpressionSyntax(.call(call), span: span)), span: span, newID: newID)
    }

    private func window(
        _ reference: WindowReferenceSyntax, _ windows: WindowCollector
    ) throws(EngineError) -> WindowSyntax {
        switch reference {
        case .defined(let syntax): return syntax
        case .named(let name):
            if let known = windows.named[name.text.lowercased()] {
                windowDefinitions[name.span] = known
                return known
            }
            throw .user(
                "MISSING_WINDOW_SPECIFICATION",
                "The WINDOW clause defines no window of this name: "
                    + "\(name.text).",
                remedy: Suggestion.nearest(to: name.text, among: windows.named.keys.sorted()).map {
                    "Did you mean '\($0)'?"
                }, at: location(name.span))
        }
    }

    private func refuseInWindow(_ name: String, _ call: CallSyntax, at span: SourceSpan) throws(EngineError) {
        if call.isDistinct {
            throw .user(
                "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "DISTINCT is not supported with OVER: \(name).",
                remedy: "Aggregate in a subquery and join it to the rows.", at: location(span))
        }
        if let filter = call.filter {
            throw .user(
                "UNSUPPORTED_FEATURE.WINDOW_FILTER", "FILTER is not supported with OVER: \(name).",
                remedy: "Put the condition into the argument: CASE WHEN … THEN … END.",
                at: location(filter.span))
        }
        let takesNulls = [
            "first", "first_value", "last", "last_value", "any_value", "nth_value", "lag", "lead",
        ]
        if call.ignoresNulls, !takesNulls.contains(name) {
            throw .user(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "\(name) does not take IGNORE NULLS.",
                at: location(span))
        }
    }

    /// Binds the function and its arguments; the frame is still to come.
    private func function(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> WindowCall {
        var arguments: [Expression] = []
        for argument in call.arguments where !call.isStar {
            arguments.append(try bind(argument.value, context))
        }
        if FunctionRegistry.shared.aggregate(named: name) != nil {
            let ordered =
                call.withinGroup.isEmpty
                ? (name, arguments) : try withinGroup(name, arguments, call, context, at: span)
            let bound = try aggregateCall(ordered.0, ordered.1, call, nil, at: span)
            var passed = bound.arguments
            var ignoresNulls = call.ignoresNulls
            if ["first", "last", "any_value"].contains(bound.function), passed.count == 2 {
                ignoresNulls = passed[1].isTrueLiteral
                passed.removeLast()
            }
            return WindowCall(
                bound.function, passed, ignoresNulls: ignoresNulls, type: bound.type, ansi: settings.ansi,
                origin: bound.origin)
        }
        guard let known = FunctionRegistry.shared.window(named: name) else {
            if FunctionRegistry.shared.scalar(named: name) != nil {
                throw .user(
                    "UNSUPPORTED_EXPR_FOR_WINDOW", "This is no window function: \(name).", at: location(span))
            }
            var error = FunctionRegistry.shared.unknown(name)
            error.location = location(call.name.last?.span ?? span)
            throw error
        }
        if known.name == "ntile", arguments.isEmpty { arguments = [.literal(.int32(1))] }
        var (canonical, coerced, result) = try resolve(known.name, arguments, at: span)
        let counts = ["ntile": 0, "lag": 1, "lead": 1, "nth_value": 1]
        if let place = counts[canonical], place < coerced.count {
            coerced[place] = .literal(try count(coerced[place], canonical, at: span))
        }
        return WindowCall(
            canonical, coerced, ignoresNulls: call.ignoresNulls, type: result, ansi: settings.ansi,
            origin: origin(span))
    }

    /// Returns the constant number that a window function takes.
    private func count(_ argument: Expression, _ name: String, at span: SourceSpan) throws(EngineError)
        -> Literal
    {
        guard let literal = constant(argument), case .integer(let value) = literal.value else {
            throw .user(
                "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "\(name) takes a constant integer.",
                at: location(span))
        }
        if value <= 0, name == "ntile" || name == "nth_value" {
            throw .user(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "The number of \(name) must be positive: \(value).",
                at: location(span))
        }
        return literal
    }
}
