import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// `window(time, duration[, slide[, start]])`: the windows of time that a row belongs to.
extension Binder {
    /// Puts the windows of time that a SELECT names above its input, a row for each window of each row. Calls
    /// of `window` then stand for the column that holds them. Rows without a time go.
    /// Source: Spark's TimeWindowing.
    func timeWindows(_ select: SelectSyntax, _ bound: BoundRelation) throws(EngineError) -> LogicalPlan {
        var calls: [ExpressionSyntax] = []
        for item in select.items { Self.collectWindows(item.expression, &calls) }
        if case .items(let items)? = select.groupBy {
            for case .expression(let expression) in items { Self.collectWindows(expression, &calls) }
        }
        var plan = bound.plan
        for expression in calls {
            guard case .call(let call) = expression.kind else { continue }
            let key = naming.text(expression)
            if windowColumns[key] != nil { continue }
            if !windowColumns.isEmpty {
                throw .user(
                    "UNSUPPORTED_FEATURE.MULTIPLE_TIME_WINDOWS", "A query has one window of time at most.",
                    remedy: "Compute the second one in a query of its own.", at: location(expression.span))
            }
            let context = BindContext(scope: bound.scope, clause: "window")
            let (made, column) = try timeWindow(call, context, over: plan, at: expression.span)
            plan = made
            windowColumns[key] = column
        }
        return plan
    }

    private static func collectWindows(_ expression: ExpressionSyntax, _ calls: inout [ExpressionSyntax]) {
        if case .call(let call) = expression.kind, isTimeWindow(call) {
            calls.append(expression)
            return
        }
        for child in expression.children { collectWindows(child, &calls) }
    }

    static func isTimeWindow(_ call: CallSyntax) -> Bool {
        call.name.count == 1 && call.name[0].text.lowercased() == "window" && call.window == nil
            && (2...4).contains(call.arguments.count)
    }

    private func timeWindow(
        _ call: CallSyntax, _ context: BindContext, over input: LogicalPlan, at span: SourceSpan
    ) throws(EngineError) -> (LogicalPlan, ColumnReference) {
        let given = try bind(call.arguments[0].value, context)
        let type: DataType = given.type == .timestampNTZ ? .timestampNTZ : .timestamp
        try checkTime(given, "window", at: call.arguments[0].value.span)
        let time = cast(cast(given, to: type, at: span), to: .timestamp, at: span)
        var lengths: [Int64] = []
        for argument in call.arguments.dropFirst() { lengths.append(try duration(argument.value, span)) }
        let (length, slide) = (lengths[0], lengths.count > 1 ? lengths[1] : lengths[0])
        let start = lengths.count > 2 ? lengths[2] : 0
        guard length > 0, slide > 0, slide <= length, start.magnitude < slide.magnitude,
            length / slide <= 10_000
        else {
            throw .user(
                "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION",
                "A window's length and slide are positive, its slide at most its length, its start below the "
                    + "slide.", at: location(span))
        }
        func number(_ value: Int64) -> Expression { .literal(.int64(value)) }
        let micros = try self.call("unix_micros", [time], at: span)
        let past = try self.call(
            "pmod", [self.call("subtract", [micros, number(start)], at: span), number(slide)], at: span)
        let last = try self.call("subtract", [micros, past], at: span)
        func instant(_ micros: Expression) throws(EngineError) -> Expression {
            cast(try self.call("timestamp_micros", [micros], at: span), to: type, at: span)
        }
        var windows: [Expression] = []
        for place in 0...((length - 1) / slide) {
            let begin = try self.call("subtract", [last, number(place * slide)], at: span)
            let end = try self.call("add", [begin, number(length)], at: span)
            windows.append(
                try self.call(
                    "named_struct",
                    [
                        .literal(.string("start")), instant(begin), .literal(.string("end")), instant(end),
                    ], at: span))
        }
        let list = try self.call("array", windows, at: span)
        let isThere = try self.call("is_not_null", [time], at: span)
        let known = Expression.conditional(
            [ConditionalBranch(condition: isThere, result: list)], otherwise: nil, type: list.type)
        let column = newColumn("window", windows[0].type, nullable: false)
        var plan = LogicalPlan.generate(
            Generator(known, isOuter: false), output: [column], input: input)
        if length != slide, case .structure(let fields) = column.type {
            let end = Expression.member(.column(column), index: 1, type: fields[1].type)
            plan = .filter(try comparison("less", cast(time, to: type), end, at: span), input: plan)
        }
        return (plan, column)
    }

    /// Refuses what a window of time cannot be found for.
    func checkTime(_ given: Expression, _ name: String, at span: SourceSpan) throws(EngineError) {
        if Coercion.canImplicitlyCast(given.type, .timestamp, ansi: settings.ansi) { return }
        throw .user(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            "Cannot resolve `\(name)` due to data type mismatch: The first parameter requires the "
                + "\"TIMESTAMP\" type, however it has the type \"\(given.type.sqlName)\".",
            at: location(span))
    }

    /// Returns the microseconds of a constant text such as `10 minutes`.
    private func duration(_ argument: ExpressionSyntax, _ span: SourceSpan) throws(EngineError) -> Int64 {
        let bound = try bindConstant(argument)
        if case .string(let text)? = constant(bound)?.value {
            let written = text.lowercased().hasPrefix("interval") ? text : "INTERVAL \(text)"
            let source = SQLSource(written, file: source.file)
            if let syntax = try? SQLParser.expression(source), let value = try? bindConstant(syntax),
                value.type.isDayTimeInterval, case .integer(let micros)? = constant(value)?.value
            {
                return micros
            }
        }
        if bound.type.isDayTimeInterval, case .integer(let micros)? = constant(bound)?.value { return micros }
        throw .user(
            "CANNOT_PARSE_INTERVAL", "A window's length is a constant such as '10 minutes'.",
            at: location(argument.span))
    }
}
