import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// `session_window(time, gap)`: the runs of rows of which each begins before the gap behind the last one ends.
extension Binder {
    /// Puts the session that a SELECT names above its input: a column of structures that rows of one session
    /// and of equal other group expressions share. Rows without a time, or with a gap that is not positive,
    /// go. Source: Spark's SessionWindowing and `MergingSessionsIterator`.
    func sessionWindows(_ select: SelectSyntax, _ bound: BoundRelation, over plan: LogicalPlan)
        throws(EngineError) -> LogicalPlan
    {
        var items = select.items.map(\.expression)
        if case .items(let groups)? = select.groupBy {
            for case .expression(let expression) in groups { items.append(expression) }
        }
        guard let expression = items.compactMap(Self.sessionCall).first,
            case .call(let call) = expression.kind
        else { return plan }
        if !windowColumns.isEmpty {
            throw .user(
                "UNSUPPORTED_FEATURE.MULTIPLE_TIME_WINDOWS", "A query has one window of time at most.",
                remedy: "Compute the second one in a query of its own.", at: location(expression.span))
        }
        let context = BindContext(scope: bound.scope, clause: "session_window")
        var sessions = try SessionPlan(self, call, context, over: plan, at: expression.span)
        if select.groupBy != nil {
            try sessions.merge(by: otherGroups(select, bound.scope))
        }
        windowColumns[naming.text(expression)] = sessions.window
        return sessions.finished()
    }

    private static func sessionCall(_ expression: ExpressionSyntax) -> ExpressionSyntax? {
        if isSessionWindow(expression) { return expression }
        for child in expression.children {
            if let found = sessionCall(child) { return found }
        }
        return nil
    }

    static func isSessionWindow(_ expression: ExpressionSyntax) -> Bool {
        guard case .call(let call) = expression.kind else { return false }
        return call.name.count == 1 && call.name[0].text.lowercased() == "session_window"
            && call.window == nil && call.arguments.count == 2
    }

    /// Binds what GROUP BY names beside the session.
    private func otherGroups(_ select: SelectSyntax, _ scope: Scope) throws(EngineError) -> [Expression] {
        guard case .items(let items)? = select.groupBy else {
            throw .user(
                "UNSUPPORTED_FEATURE.SESSION_WINDOW", "session_window takes GROUP BY with its expressions.",
                remedy: "Name the expressions instead of ALL.", at: location(select.span))
        }
        let context = BindContext(scope: scope, clause: "GROUP BY")
        var groups: [Expression] = []
        for item in items {
            guard case .expression(var syntax) = item else {
                throw .user(
                    "UNSUPPORTED_FEATURE.SESSION_WINDOW",
                    "session_window does not stand with GROUPING SETS, CUBE or ROLLUP.",
                    at: location(select.span))
            }
            if let place = try ordinal(syntax, count: select.items.count, clause: "GROUP BY") {
                syntax = select.items[place].expression
            }
            if case .column(let parts) = syntax.kind, parts.count == 1, scope.matches(parts).isEmpty,
                let named = select.items.first(where: {
                    $0.alias?.text.lowercased() == parts[0].text.lowercased()
                })
            {
                syntax = named.expression
            }
            if !Self.isSessionWindow(syntax) { groups.append(try bind(syntax, context)) }
        }
        return groups
    }
}

/// Builds the operators that find sessions.
private struct SessionPlan {
    private let binder: Binder
    private let span: SourceSpan
    private let type: DataType
    private let input: LogicalPlan
    private var plan: LogicalPlan
    private var start: ColumnReference
    private var end: ColumnReference
    let window: ColumnReference

    /// Computes each row's own window, from its time to the gap behind it.
    init(
        _ binder: Binder, _ call: CallSyntax, _ context: BindContext, over input: LogicalPlan,
        at span: SourceSpan
    ) throws(EngineError) {
        self.binder = binder
        self.span = span
        self.input = input
        let given = try binder.bind(call.arguments[0].value, context)
        type = given.type == .timestampNTZ ? .timestampNTZ : .timestamp
        try binder.checkTime(given, "session_window", at: call.arguments[0].value.span)
        let time = binder.cast(given, to: type, at: span)
        var gap = try binder.bind(call.arguments[1].value, context)
        if gap.type == .string { gap = binder.cast(gap, to: .calendarInterval, at: span) }
        guard gap.type == .calendarInterval || gap.type.isDayTimeInterval else {
            throw .user(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "The gap of session_window is an interval such as '5 minutes', not a value of type "
                    + "\(gap.type.sqlName).", at: binder.location(span))
        }
        start = binder.newColumn("session_start", type, nullable: false)
        end = binder.newColumn("session_end", type, nullable: false)
        window = binder.newColumn(
            "session_window",
            .structure([Field("start", type, nullable: false), Field("end", type, nullable: false)]),
            nullable: false)
        let last = try binder.call("add", [time, gap], at: span)
        plan = .project(
            Self.kept(input.output) + [NamedExpression(time, as: start), NamedExpression(last, as: end)],
            input: input)
        let isOpen = try binder.comparison("greater", .column(end), .column(start), at: span)
        plan = .filter(isOpen, input: plan)
    }

    private static func kept(_ columns: [ColumnReference]) -> [NamedExpression] {
        columns.map { NamedExpression(.column($0), as: $0) }
    }

    private mutating func add(
        _ function: String, _ argument: Expression, _ name: String, _ frame: WindowFrame,
        partition: [Expression], ordered: Bool
    ) throws(EngineError) -> ColumnReference {
        let (canonical, arguments, type) = try binder.resolve(function, [argument], at: span)
        let output = binder.newColumn(name, type, nullable: true)
        let call = WindowCall(canonical, arguments, frame: frame, type: type, ansi: binder.settings.ansi)
        let order = ordered ? [SortKey(.column(start), ascending: true, nullsFirst: true)] : []
        plan = .window(
            LogicalWindow(
                partition: partition, order: order, calls: [NamedWindow(call, as: output)], input: plan))
        return output
    }

    /// Joins windows that touch, within equal values of `groups`.
    mutating func merge(by groups: [Expression]) throws(EngineError) {
        let before = try add(
            "max", .column(end), "session_before",
            WindowFrame(start: .unboundedPreceding, end: .rows(-1)), partition: groups, ordered: true)
        let touches = try binder.comparison("greater_equal", .column(before), .column(start), at: span)
        let first = Expression.conditional(
            [ConditionalBranch(condition: touches, result: .literal(.int64(0)))],
            otherwise: .literal(.int64(1)), type: .int64)
        let flag = binder.newColumn("session_first", .int64, nullable: false)
        plan = .project(Self.kept(plan.output) + [NamedExpression(first, as: flag)], input: plan)
        let number = try add(
            "sum", .column(flag), "session_number", WindowFrame(start: .unboundedPreceding, end: .rows(0)),
            partition: groups, ordered: true)
        let session = groups + [.column(number)]
        let least = try add(
            "min", .column(start), "session_least", .whole, partition: session, ordered: false)
        end = try add("max", .column(end), "session_most", .whole, partition: session, ordered: false)
        start = least
    }

    /// The input with the window's column.
    func finished() -> LogicalPlan {
        let value = Expression.call(
            FunctionCall(
                "named_struct",
                [.literal(.string("start")), .column(start), .literal(.string("end")), .column(end)],
                type: window.type, ansi: binder.settings.ansi))
        return .project(Self.kept(input.output) + [NamedExpression(value, as: window)], input: plan)
    }
}
