import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds an expression: resolves its names, types it, inserts casts.
    func bind(_ expression: ExpressionSyntax, _ context: BindContext) throws(EngineError) -> Expression {
        let bound = try dispatch(expression, context)
        types[expression.span] = bound.type
        return bound
    }

    private func dispatch(_ expression: ExpressionSyntax, _ context: BindContext) throws(EngineError)
        -> Expression
    {
        let span = expression.span
        switch expression.kind {
        case .literal(let literal): return .literal(try self.literal(literal, at: span))
        case .column(let parts): return try column(parts, context, at: span)
        case .identifier(let text):
            let parts = try identifier(text, at: span)
            identifiers[span] = parts
            return try column(parts, context, at: span)
        case .unary(let kind, let operand): return try unary(kind, bind(operand, context), operand, at: span)
        case .binary(let kind, let left, let right):
            return try binary(kind, bind(left, context), bind(right, context), (left, right), at: span)
        case .isNull(let operand, let negated):
            return try call(negated ? "is_not_null" : "is_null", [bind(operand, context)], at: span)
        case .isTruth(let operand, let value, let negated):
            let flag = try condition(bind(operand, context), "IS TRUE", at: operand.span)
            return try negate(call("null_safe_equal", [flag, .literal(.boolean(value))], at: span), negated)
        case .isDistinct(let left, let right, let negated):
            let sides = padded(try bind(left, context), try bind(right, context))
            let same = try comparison("null_safe_equal", sides, at: span)
            return negate(same, !negated)
        case .between(let value, let low, let high, let negated):
            let bound = try bind(value, context)
            let above = try comparison("greater_equal", bound, bind(low, context), at: span)
            let below = try comparison("less_equal", bound, bind(high, context), at: span)
            return try negate(call("and", [above, below], at: span), negated)
        case .inList(let value, let items, let negated):
            return negate(try inList(value, items, context, at: span), negated)
        case .like(let like): return try self.like(like, context, at: span)
        case .caseWhen(let operand, let branches, let otherwise):
            return try conditional(operand, branches, otherwise, context, at: span)
        case .cast(let value, let type, let kind):
            return try explicitCast(bind(value, context), DataType(type), kind, at: span)
        case .call(let call): return try self.call(call, context, at: span)
        case .extract(let field, let source): return try extract(field, bind(source, context), at: span)
        case .field(let base, let name): return try member(name, of: bind(base, context), at: span)
        case .element(let base, let index):
            return try element(of: bind(base, context), bind(index, context), at: span)
        case .row(let items): return try structure(items, context, at: span)
        case .scalarQuery, .exists, .inQuery: return try subquery(expression, context)
        case .star, .lambda, .alias: throw misplaced(expression, context)
        }
    }

    func misplaced(_ expression: ExpressionSyntax, _ context: BindContext) -> EngineError {
        switch expression.kind {
        case .star:
            return .user(
                "INVALID_USAGE_OF_STAR_OR_REGEX", "A star stands only in a select list and in count(*).",
                at: location(expression.span))
        case .lambda:
            return .user(
                "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                "A lambda function stands only as an argument of functions that take one, such as transform.",
                at: location(expression.span))
        default:
            return .user("PARSE_SYNTAX_ERROR", "An alias is not allowed here.", at: location(expression.span))
        }
    }

    func negate(_ expression: Expression, _ negated: Bool) -> Expression {
        negated ? .call(FunctionCall("not", [expression], type: .boolean, ansi: settings.ansi)) : expression
    }

    // MARK: Predicates

    func comparison(
        _ name: String, _ sides: (Expression, Expression), at span: SourceSpan
    ) throws(EngineError) -> Expression {
        try comparison(name, sides.0, sides.1, at: span)
    }

    func comparison(
        _ name: String, _ left: Expression, _ right: Expression, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        let alike = left.type.isShaped(like: right.type) ? left.type : nil
        guard let type = legacyComparison(left.type, right.type) ?? commonType(left.type, right.type) ?? alike
        else {
            throw mismatchedOperands(name, left, right, at: span)
        }
        if !type.isOrderable {
            throw .user(
                "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                "Values of this type cannot be compared: \(type.sqlName).",
                at: location(span))
        }
        return try call(name, [cast(left, to: type, at: span), cast(right, to: type, at: span)], at: span)
    }

    /// Without ANSI mode, a string beside another type takes that type where they are compared.
    private func legacyComparison(_ a: DataType, _ b: DataType) -> DataType? {
        if settings.ansi { return nil }
        if a == .boolean, b.isNumeric { return b }
        if b == .boolean, a.isNumeric { return a }
        guard (a == .string) != (b == .string) else { return nil }
        let other = a == .string ? b : a
        if other.isNested || other == .null { return nil }
        return other.isDecimal ? .double : other
    }

    func mismatchedOperands(_ name: String, _ left: Expression, _ right: Expression, at span: SourceSpan)
        -> EngineError
    {
        .user(
            "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
            "The operands of \(name) have types that do not fit each other: \(left.type.sqlName) and "
                + "\(right.type.sqlName).", remedy: "Cast one of them.", at: location(span))
    }

    private func inList(
        _ value: ExpressionSyntax, _ items: [ExpressionSyntax], _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        let bound = try bind(value, context)
        let list = try items.map { item throws(EngineError) in
            guard case .structure(let fields) = bound.type, case .row(let members) = item.kind,
                members.count == fields.count
            else { return try bind(item, context) }
            // Rows are compared by place, whatever their members are called.
            var arguments: [Expression] = []
            for (field, member) in zip(fields, members) {
                let value = try bind(member, context)
                let known = field.type == .null ? value : cast(value, to: field.type)
                arguments += [.literal(.string(field.name)), known]
            }
            return try call("named_struct", arguments, at: item.span)
        }
        guard let type = Coercion.commonType([bound.type] + list.map(\.type), ansi: settings.ansi) else {
            let other = list.first { commonType(bound.type, $0.type) == nil } ?? list[0]
            throw mismatchedOperands("IN", bound, other, at: span)
        }
        if !type.isOrderable {
            throw .user(
                "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                "Values of this type cannot be compared: \(type.sqlName).",
                at: location(span))
        }
        let (value, items) = padded(bound, in: list)
        let tested = cast(value, to: type, at: span)
        let candidates = items.map { cast($0, to: type, at: span) }
        let constants = candidates.compactMap { constant($0) }
        if constants.count == candidates.count, !type.isNested { return .inList(tested, constants) }
        let tests = try candidates.map { candidate throws(EngineError) in
            try call("equal", [tested, candidate], at: span)
        }
        return Expression.disjunction(tests) ?? .literal(.boolean(false))
    }

    private func like(_ like: LikeSyntax, _ context: BindContext, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        let value = try bind(like.value, context)
        let name = like.operator.rawValue.lowercased()
        var tests: [Expression] = []
        for pattern in like.patterns {
            var arguments = [value, try bind(pattern, context)]
            if let escape = like.escape { arguments.append(try bind(escape, context)) }
            tests.append(negate(try call(name, arguments, at: span), like.negated))
        }
        let joined = like.quantifier == .any ? Expression.disjunction(tests) : Expression.conjunction(tests)
        return joined ?? .literal(.boolean(true))
    }

    // MARK: CASE and CAST

    private func conditional(
        _ operand: ExpressionSyntax?, _ branches: [CaseBranchSyntax], _ otherwise: ExpressionSyntax?,
        _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        let tested = try operand.map { operand throws(EngineError) in try bind(operand, context) }
        var bound: [ConditionalBranch] = []
        for branch in branches {
            var test = try bind(branch.condition, context)
            if let tested {
                test = try comparison("equal", padded(tested, test), at: branch.condition.span)
            } else {
                test = try condition(test, "CASE WHEN", at: branch.condition.span)
            }
            bound.append(ConditionalBranch(condition: test, result: try bind(branch.result, context)))
        }
        let rest = try otherwise.map { otherwise throws(EngineError) in try bind(otherwise, context) }
        return try conditional(bound, rest, at: span)
    }

    /// Makes a conditional whose results are cast to their common type.
    func conditional(
        _ branches: [ConditionalBranch], _ otherwise: Expression?, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        let types = branches.map(\.result.type) + (otherwise.map { [$0.type] } ?? [])
        guard let type = Coercion.commonType(types, ansi: settings.ansi) else {
            throw .user(
                "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                "The branches give values of different types: "
                    + "\(types.map(\.sqlName).joined(separator: ", ")).",
                remedy: "Cast them to one type.", at: location(span))
        }
        return .conditional(
            branches.map {
                ConditionalBranch(condition: $0.condition, result: cast($0.result, to: type, at: span))
            }, otherwise: otherwise.map { cast($0, to: type, at: span) }, type: type)
    }

    func explicitCast(
        _ value: Expression, _ type: DataType, _ kind: CastKind, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        if type.holdsClock { try requireClocks(at: span) }
        if value.type == type { return value }
        if value.isNullLiteral { return .literal(.null(type)) }
        if let time = specialTime(value, type) { return .literal(time) }
        // try_cast goes by the rules of ANSI mode.
        let isTry = kind == .tryCast
        if !Coercion.canCast(value.type, type, ansi: settings.ansi || isTry)
            || isTry && type == .binary && value.type.isIntegral
        {
            let (code, remedy) = suggestion(value.type, type, isTry: isTry)
            throw .user(
                "DATATYPE_MISMATCH.\(code)",
                "A value of type \(value.type.sqlName) cannot be cast to \(type.sqlName).",
                remedy: remedy, at: location(span))
        }
        return .cast(value, to: type, mode: kind == .tryCast ? .try : castMode, origin: origin(span))
    }

    /// Spark's class of the error for a cast that is refused, and what to do instead.
    private func suggestion(_ from: DataType, _ to: DataType, isTry: Bool) -> (String, String?) {
        guard settings.ansi || isTry else { return ("CAST_WITHOUT_SUGGESTION", detour(from, to)) }
        if from.isNumeric, to == .date { return ("CAST_WITH_FUNC_SUGGESTION", "Use date_from_unix_date(…).") }
        if from == .date, to.isNumeric { return ("CAST_WITH_FUNC_SUGGESTION", "Use unix_date(…).") }
        let isLegacy = !isTry && Coercion.canCast(from, to, ansi: false)
        return (isLegacy ? "CAST_WITH_CONF_SUGGESTION" : "CAST_WITHOUT_SUGGESTION", detour(from, to))
    }

    /// Says by which type a value can be cast that cannot be cast at once.
    private func detour(_ from: DataType, _ to: DataType) -> String? {
        let between = [DataType.timestamp, .int64, .string].first {
            $0 != from && $0 != to && Coercion.canCast(from, $0, ansi: settings.ansi)
                && Coercion.canCast($0, to, ansi: settings.ansi)
        }
        return between.map {
            "Cast it to \($0.sqlName) first: CAST(CAST(… AS \($0.sqlName)) AS \(to.sqlName))."
        }
    }

    // MARK: EXTRACT and structures

    /// Maps the fields of EXTRACT and date_part to functions.
    private static let extractFunctions: [String: String] = [
        "year": "year", "years": "year", "yr": "year", "yrs": "year", "y": "year", "yearofweek": "yearofweek",
        "quarter": "quarter", "qtr": "quarter", "month": "month", "mon": "month", "mons": "month",
        "months": "month",
        "week": "weekofyear", "weeks": "weekofyear", "w": "weekofyear", "day": "day", "days": "day",
        "d": "day",
        "dayofweek": "dayofweek", "dow": "dayofweek", "doy": "dayofyear", "hour": "hour", "hours": "hour",
        "h": "hour",
        "hr": "hour", "hrs": "hour", "minute": "minute", "minutes": "minute", "m": "minute", "min": "minute",
        "mins": "minute", "second": "second", "seconds": "second", "s": "second", "sec": "second",
        "secs": "second",
        "dayofweek_iso": "weekday", "dow_iso": "weekday",
    ]

    func extract(_ field: NameSyntax, _ source: Expression, at span: SourceSpan) throws(EngineError)
        -> Expression
    {
        let lowered = field.text.lowercased()
        guard let function = Self.extractFunctions[lowered] else {
            let near = Suggestion.nearest(to: lowered, among: Self.extractFunctions.keys.sorted())
            throw .user(
                "INVALID_EXTRACT_FIELD", "EXTRACT knows no such field: \(field.text).",
                remedy: near.map { "Did you mean '\($0.uppercased())'?" }
                    ?? "Take YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE or SECOND.",
                at: location(field.span))
        }
        if source.type.isInterval || source.type == .calendarInterval {
            let unit = Expression.literal(.string(function))
            return try call(IntervalFunctions.part, [unit, source], at: span)
        }
        if source.type.isClock, !["hour", "minute", "second"].contains(function) {
            throw .user(
                "INVALID_EXTRACT_FIELD", "Cannot extract `\(field.text)` from a time of day.",
                remedy: "Take HOUR, MINUTE or SECOND.", at: location(field.span))
        }
        switch function {
        case "second":
            // Spark gives the seconds with their microseconds, as DECIMAL(8,6).
            let hasFraction = FunctionRegistry.shared.scalar(named: "extract_second") != nil
            return try call(hasFraction ? "extract_second" : "second", [source], at: span)
        case "weekday":
            let day = try call("weekday", [source], at: span)
            return try call("add", [day, .literal(.int32(1))], at: span)
        default: return try call(function, [source], at: span)
        }
    }

    /// Binds `(a, b)` and `struct(a, b AS c)`: members are called by their columns, their aliases, or col1,
    /// col2, ….
    func structure(_ items: [ExpressionSyntax], _ context: BindContext, at span: SourceSpan)
        throws(EngineError) -> Expression
    {
        var arguments: [Expression] = []
        for (position, item) in items.enumerated() {
            var value = item
            var name = "col\(position + 1)"
            switch item.kind {
            case .alias(let inner, let alias): (value, name) = (inner, alias.text)
            case .column(let parts): name = parts.last?.text ?? name
            case .field(_, let field): name = field.text
            default: break
            }
            arguments += [.literal(.string(name)), try bind(value, context)]
        }
        return try call("named_struct", arguments, at: span)
    }
}
