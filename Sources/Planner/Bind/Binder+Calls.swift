import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    func call(_ call: CallSyntax, _ context: BindContext, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        let name = call.name.map(\.text).joined(separator: ".")
        let lowered = call.name.last?.text.lowercased() ?? ""
        try refuseUnspoken(lowered, name, at: call.name.last?.span ?? span)
        let call = call.isStar && lowered == "count" ? call : try withoutStars(call, context)
        if let routine = try routineCall(call, context, at: span) { return routine }
        if let reference = call.window {
            return try windowCall(lowered, call, reference, context, at: span)
        }
        try refuseUnsupported(call, name, at: span)
        if lowered == "grouping" || lowered == "grouping_id" {
            return try grouping(lowered, call, context, at: span)
        }
        if FunctionRegistry.shared.aggregate(named: lowered) != nil {
            return try aggregate(lowered, call, context, at: span)
        }
        if call.isDistinct || call.filter != nil {
            throw .user(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                "Only aggregate functions take \(call.isDistinct ? "DISTINCT" : "FILTER"), which "
                    + "\(name) is not.",
                at: location(span))
        }
        if GeneratorNames.name(of: call) != nil {
            throw .user(
                "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
                "\(name) makes rows: it stands only in a select list by itself, in LATERAL VIEW and in FROM.",
                at: location(span))
        }
        if call.arguments.isEmpty, lowered == "current_database" || lowered == "current_schema" {
            return .literal(.string(catalog.currentDatabase))
        }
        if let value = inputFileValue(lowered, call.arguments) { return value }
        if let form = try lambdaCall(lowered, call, context, at: span) { return form }
        if let cast = ColumnNaming.castByName(call) {
            return try explicitCast(bind(cast.value, context), DataType(cast.type), .cast, at: span)
        }
        if lowered == "window" || lowered == "session_window",
            let column = windowColumns[naming.text(ExpressionSyntax(.call(call), span: span))]
        {
            return .column(column)
        }
        if lowered == "struct" { return try structure(call.arguments.map(\.value), context, at: span) }
        if lowered == "date_part" || lowered == "datepart", call.arguments.count == 2,
            case .literal(.string(let field)) = call.arguments[0].value.kind
        {
            let unit = NameSyntax(field, span: call.arguments[0].value.span)
            return try extract(unit, bind(call.arguments[1].value, context), at: span)
        }
        if let moved = try unitCall(lowered, call, context, at: span) { return moved }
        if let typed = try schemaCall(lowered, call, context, at: span) { return typed }
        if let found = try variantCall(lowered, call, context, at: span) { return found }
        if lowered == "arrays_zip" { return try zipped(call, context, at: span) }
        let arguments = try call.arguments.map { argument throws(EngineError) in
            try bind(argument.value, context)
        }
        if let form = try conditionalForm(lowered, arguments, at: span) { return form }
        guard FunctionRegistry.shared.scalar(named: lowered) != nil else {
            var error = FunctionRegistry.shared.unknown(name)
            error.location = location(call.name.last?.span ?? span)
            throw error
        }
        return try self.call(
            lowered, arguments, at: span, places: call.arguments.map(\.value.span))
    }

    /// Refuses the functions that only plans call: their arguments are laid out by the binder.
    private func refuseUnspoken(_ lowered: String, _ name: String, at span: SourceSpan) throws(EngineError) {
        guard FunctionRegistry.unspoken.contains(lowered) else { return }
        var error = FunctionRegistry.shared.unknown(name)
        error.remedy = nil
        error.location = location(span)
        throw error
    }

    /// Binds `timestampadd(DAY, 1, x)` and its kin, whose first argument is the name of a unit; nil for other
    /// calls.
    private func unitCall(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        let functions = [
            "timestampadd": "timestampadd", "dateadd": "timestampadd", "date_add": "timestampadd",
            "timestampdiff": "timestampdiff", "datediff": "timestampdiff", "date_diff": "timestampdiff",
            "timediff": "timestampdiff",
        ]
        guard let function = functions[name], call.arguments.count == 3 else { return nil }
        if case .literal(.string(let text)) = call.arguments[0].value.kind {
            throw .user(
                "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                "The unit of `\(name)` stands without quotes: '\(text)'.",
                remedy: "Write \(name)(\(text.uppercased()), …).", at: location(call.arguments[0].value.span))
        }
        guard case .column(let parts) = call.arguments[0].value.kind, parts.count == 1 else { return nil }
        let unit = Expression.literal(.string(parts[0].text.uppercased()))
        let rest = try call.arguments.dropFirst().map { argument throws(EngineError) in
            try bind(argument.value, context)
        }
        return try self.call(function, [unit] + rest, at: span)
    }

    /// Puts the columns that they stand for in the place of stars among the arguments.
    private func withoutStars(_ call: CallSyntax, _ context: BindContext) throws(EngineError) -> CallSyntax {
        let hasStar = call.arguments.contains { argument in
            if case .star = argument.value.kind { return true }
            return false
        }
        if !hasStar { return call }
        var result = call
        result.arguments = []
        for argument in call.arguments {
            guard case .star(let qualifier, let except) = argument.value.kind else {
                result.arguments.append(argument)
                continue
            }
            let left = Set(except.compactMap { $0.last?.text.lowercased() })
            let columns = context.scope.starColumns(qualifier).filter { !left.contains($0.loweredName) }
            if columns.isEmpty { throw misplaced(argument.value, context) }
            starNames[argument.value.span] = columns.map(\.reference.name)
            for column in columns {
                let parts = (column.qualifier + [column.reference.name]).map {
                    NameSyntax($0, span: argument.value.span, isQuoted: true)
                }
                result.arguments.append(
                    ArgumentSyntax(ExpressionSyntax(.column(parts), span: argument.value.span)))
            }
        }
        return result
    }

    private func refuseUnsupported(_ call: CallSyntax, _ name: String, at span: SourceSpan)
        throws(EngineError)
    {
        if FunctionRegistry.shared.window(named: name) != nil {
            throw .user(
                "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "The function \(name) needs an OVER clause.",
                remedy: "Write \(name)(…) OVER (… ORDER BY …).", at: location(span))
        }
        if !call.withinGroup.isEmpty, !Self.orderedAggregates.contains(name.lowercased()) {
            throw .user(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "\(name) does not take WITHIN GROUP.",
                at: location(span))
        }
        if call.ignoresNulls,
            !["first", "first_value", "last", "last_value", "any_value"].contains(name.lowercased())
        {
            throw .user(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "\(name) does not take IGNORE NULLS.",
                at: location(span))
        }
        if let named = call.arguments.first(where: { $0.name != nil })?.name {
            throw .user(
                "NAMED_PARAMETERS_NOT_SUPPORTED",
                "Named arguments are not supported by \(name): \(named.text).",
                at: location(named.span))
        }
    }

    /// Binds functions that are short for conditionals and predicates; nil for other names.
    private func conditionalForm(
        _ name: String, _ arguments: [Expression], at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        func nullIf(_ value: Expression, _ other: Expression) throws(EngineError) -> Expression {
            let same = try comparison("equal", value, other, at: span)
            let branch = ConditionalBranch(condition: same, result: .literal(.null(value.type)))
            return .conditional([branch], otherwise: value, type: value.type)
        }
        switch (name, arguments.count) {
        case ("if", 3):
            let test = try condition(arguments[0], "IF", at: span)
            return try conditional(
                [ConditionalBranch(condition: test, result: arguments[1])], arguments[2], at: span)
        case ("decode", 3...):
            // Pairs of a value to look for, null too, and its result; a last one stands for the rest.
            var branches: [ConditionalBranch] = []
            for place in stride(from: 1, to: arguments.count - 1, by: 2) {
                let test = try comparison("null_safe_equal", arguments[0], arguments[place], at: span)
                branches.append(ConditionalBranch(condition: test, result: arguments[place + 1]))
            }
            return try conditional(branches, arguments.count % 2 == 0 ? arguments.last : nil, at: span)
        case ("trim", 2), ("ltrim", 2), ("rtrim", 2):
            // SQL puts the characters first; the registry's functions take the text first, as btrim does.
            return try call(name, [arguments[1], arguments[0]], at: span)
        case ("collate", 2): return try collated(arguments, at: span)
        case ("nvl", 2), ("ifnull", 2): return try call("coalesce", arguments, at: span)
        case ("nullif", 2): return try nullIf(arguments[0], arguments[1])
        case ("nullifzero", 1): return try nullIf(arguments[0], .literal(.int32(0)))
        case ("zeroifnull", 1): return try call("coalesce", [arguments[0], .literal(.int32(0))], at: span)
        case ("nvl2", 3):
            let test = try call("is_not_null", [arguments[0]], at: span)
            return try conditional(
                [ConditionalBranch(condition: test, result: arguments[1])], arguments[2], at: span)
        case ("to_char", 2), ("to_varchar", 2):
            switch arguments[0].type {
            case .date, .timestamp, .timestampNTZ, .time: return try call("date_format", arguments, at: span)
            case .binary:
                guard case .string(let format)? = constant(arguments[1])?.value else { return nil }
                switch format.lowercased() {
                case "base64": return try call("base64", [arguments[0]], at: span)
                case "hex": return try call("hex", [arguments[0]], at: span)
                case "utf-8": return try call("decode", [arguments[0], .literal(.string("UTF-8"))], at: span)
                default: return nil
                }
            default: return nil
            }
        case ("window_time", 1):
            guard case .structure(let fields) = arguments[0].type, fields.count == 2 else { return nil }
            let end = Expression.member(arguments[0], index: 1, type: fields[1].type)
            let micros = try call("unix_micros", [cast(end, to: .timestamp)], at: span)
            let before = try call("subtract", [micros, .literal(.int64(1))], at: span)
            return cast(try call("timestamp_micros", [before], at: span), to: fields[1].type)
        case ("size", 1) where !settings.ansi, ("cardinality", 1) where !settings.ansi:
            // Without ANSI mode there are -1 elements in null.
            return try call(
                "coalesce", [call(name, arguments, at: span), .literal(.int32(-1))], at: span)
        case ("isnull", 1): return try call("is_null", arguments, at: span)
        case ("isnotnull", 1): return try call("is_not_null", arguments, at: span)
        case ("equal_null", 2): return try comparison("null_safe_equal", arguments[0], arguments[1], at: span)
        case ("typeof", 1): return .literal(.string(arguments[0].type.catalogName))
        case ("positive", 1) where arguments[0].type.isNumeric: return arguments[0]
        default: return nil
        }
    }

    // MARK: Aggregates

    /// Tells whether an expression holds an aggregate call outside of subqueries.
    func hasAggregate(_ expression: ExpressionSyntax) -> Bool {
        switch expression.kind {
        case .call(let call):
            let name = call.name.last?.text.lowercased() ?? ""
            if call.window == nil {
                if name == "grouping" || name == "grouping_id" { return true }
                if FunctionRegistry.shared.aggregate(named: name) != nil { return true }
            }
            if case .defined(let window)? = call.window,
                window.partitionBy.contains(where: { hasAggregate($0) })
                    || window.orderBy.contains(where: { hasAggregate($0.expression) })
            {
                return true
            }
            return call.arguments.contains { hasAggregate($0.value) }
        default: return expression.children.contains { hasAggregate($0) }
        }
    }

    func aggregate(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        guard let collector = context.aggregates else {
            if let outside = try aggregateOfHaving(name, call, context, at: span) { return outside }
            throw .user(
                context.clause == "WHERE" ? "INVALID_WHERE_CONDITION" : "UNSUPPORTED_EXPR_FOR_OPERATOR",
                "An aggregate function cannot stand in \(context.clause): \(name).",
                remedy: context.clause == "WHERE" ? "Use HAVING for conditions on aggregates." : nil,
                at: location(span))
        }
        if collector.isInsideAggregate {
            throw .user(
                "NESTED_AGGREGATE_FUNCTION",
                "An aggregate function cannot stand inside another one: \(name).",
                remedy: "Aggregate in a subquery first.", at: location(span))
        }
        collector.isInsideAggregate = true
        defer { collector.isInsideAggregate = false }
        var inner = context
        inner.prefersAliases = false
        var arguments: [Expression] = []
        if !call.isStar {
            arguments = try call.arguments.map { argument throws(EngineError) in
                try bind(argument.value, inner)
            }
        }
        var filter: Expression?
        if let condition = call.filter {
            if hasAggregate(condition) {
                throw .user(
                    "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE",
                    "The condition of FILTER holds an aggregate function itself.",
                    remedy: "Aggregate in a subquery first.", at: location(condition.span))
            }
            filter = try self.condition(bind(condition, inner), "FILTER", at: condition.span)
        }
        let isOrdered = !call.withinGroup.isEmpty
        if !isOrdered, ["percentile_cont", "percentile_disc"].contains(name) {
            throw .user(
                "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                "\(name) needs the order of the values.",
                remedy: "Write \(name)(…) WITHIN GROUP (ORDER BY …).", at: location(span))
        }
        let ordered =
            isOrdered
            ? try withinGroup(name, arguments, call, inner, at: span)
            : try weighted(name, arguments, at: span) ?? (name, arguments)
        let bound = try aggregateCall(ordered.0, ordered.1, call, filter, at: span)
        let text = naming.text(ExpressionSyntax(.call(call), span: span))
        let nullable = !["count", "count_if", "approx_count_distinct", "collect_list", "collect_set"]
            .contains(bound.function)
        return collector.column(of: bound, name: text, nullable: nullable, newID: newID)
    }

    func aggregateCall(
        _ name: String, _ arguments: [Expression], _ call: CallSyntax, _ filter: Expression?,
        at span: SourceSpan
    ) throws(EngineError) -> AggregateCall {
        if name == "count" {
            // A constant that is not null counts rows.
            let countsRows =
                call.isStar
                || (arguments.count == 1 && arguments[0].literalValue.map { !$0.value.isNull } ?? false)
            if !countsRows, arguments.isEmpty {
                throw .user(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "count takes a star or at least one argument.",
                    at: location(span))
            }
            return AggregateCall(
                "count", countsRows && !call.isDistinct ? [] : arguments, distinct: call.isDistinct,
                filter: filter, type: .int64, ansi: settings.ansi, origin: origin(span))
        }
        if call.isStar {
            throw .user(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "Only count takes a star, not \(name).",
                at: location(span))
        }
        var passed = arguments
        if call.ignoresNulls { passed.append(.literal(.boolean(true))) }
        let isAsWritten = call.withinGroup.isEmpty && passed.count == call.arguments.count
        let places = isAsWritten ? call.arguments.map(\.value.span) : []
        let (canonical, coerced, result) = try resolve(name, passed, at: span, places: places)
        return AggregateCall(
            canonical, coerced, distinct: call.isDistinct, filter: filter, type: result, ansi: settings.ansi,
            origin: origin(span))
    }
}
