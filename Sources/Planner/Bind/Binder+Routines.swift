import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Calls of functions that SQL defines. A call becomes the function's body, in which each parameter is the
// argument that it is given, cast to its type.
extension Binder {
    /// Returns the function of users that a name means: Millrace's own come first, then the job's, then those
    /// that are kept. Nil where there is none.
    func routine(_ name: [NameSyntax], isTable: Bool = false) -> FunctionDefinition? {
        let parts = name.map { $0.text.lowercased() }
        guard let last = parts.last else { return nil }
        if parts.count == 1 || parts.dropLast() == ["session"] || parts.dropLast() == ["system", "session"] {
            let isBuiltIn = isTable ? BuiltInNames.tables.contains(last) : BuiltInNames.contains(last)
            if parts.count == 1, isBuiltIn { return nil }
            // What is kept sees nothing of the job alone.
            if viewDatabase == nil, let own = catalog.temporaryFunction(named: last) {
                if openViews.isEmpty { temporaryNames.append(own.name) }
                return own
            }
            if parts.count > 1 { return nil }
        }
        return catalog.storedFunction(named: parts, in: viewDatabase ?? catalog.currentDatabase)
    }

    /// Binds a call of a function of users that gives a value; nil for other calls.
    func routineCall(
        _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        try refuseCycle(call.name, at: span)
        guard let function = routine(call.name) else {
            try refuseQualified(call.name, at: span)
            return nil
        }
        if function.isTable {
            throw .user(
                "NOT_A_SCALAR_FUNCTION", "\(function.shownName) gives rows and so stands in FROM.",
                at: location(span))
        }
        try refuseForms(call, function, at: span)
        let values = try arguments(of: function, call, context, at: span)
        shownCalls[span] = ShownCall(name: function.shownName, arguments: values.map(\.syntax))
        return try inlined(function, values.map(\.value), at: span)
    }

    /// Binds a call of a function of users that gives rows; nil for other calls.
    func routineRelation(_ call: CallSyntax, at span: SourceSpan) throws(EngineError) -> BoundRelation? {
        try refuseCycle(call.name, at: span)
        guard let function = routine(call.name, isTable: true) else { return nil }
        guard function.isTable else {
            throw .user(
                "NOT_A_TABLE_FUNCTION", "\(function.shownName) gives a value, not rows.",
                remedy: "Call it in the select list.", at: location(span))
        }
        let context = BindContext(scope: .empty, clause: "FROM")
        let values = try arguments(of: function, call, context, at: span).map(\.value)
        let (parameters, replacements) = try self.parameters(of: function, values)
        let plan = try inside(function, at: span) { (binder) throws(EngineError) in
            try binder.rows(of: function, parameters)
        }
        return BoundRelation(plan.replacing(replacements), qualifier: [function.name])
    }

    /// Binds a function's body as its creation does: without arguments. Returns what it gives.
    func signature(of function: FunctionDefinition) throws(EngineError) -> [ColumnReference] {
        let values = try function.parameters.map { parameter throws(EngineError) in
            Expression.literal(.null(try type(parameter.type)))
        }
        let (parameters, _) = try self.parameters(of: function, values)
        return try inside(function, at: .none) { (binder) throws(EngineError) in
            // Sees what the job alone has, too: who makes the function is told if it refers to that.
            binder.viewDatabase = nil
            if function.isTable { return try binder.rows(of: function, parameters).output }
            let value = try binder.value(of: function, parameters)
            return [binder.newColumn(function.name, value.type)]
        }
    }

    // MARK: Arguments

    private struct Argument {
        var syntax: ExpressionSyntax?
        var value: Expression
    }

    /// Returns the value of each parameter, cast to its type.
    private func arguments(
        of function: FunctionDefinition, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> [Argument] {
        let parameters = function.parameters
        var given = [ExpressionSyntax?](repeating: nil, count: parameters.count)
        for (place, argument) in call.arguments.enumerated() {
            guard let name = argument.name else {
                if place >= parameters.count { throw miscounted(function, call, at: span) }
                given[place] = argument.value
                continue
            }
            let key = name.text.lowercased()
            guard let index = parameters.firstIndex(where: { $0.name.lowercased() == key }) else {
                let near = Suggestion.nearest(to: name.text, among: parameters.map(\.name))
                throw .user(
                    "UNRECOGNIZED_PARAMETER_NAME",
                    "\(function.name) has no parameter of this name: \(name.text).",
                    remedy: near.map { "Did you mean \($0)?" }, at: location(name.span))
            }
            if given[index] != nil {
                let isNamed = call.arguments.prefix(place).contains { $0.name?.text.lowercased() == key }
                throw .user(
                    "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT."
                        + (isNamed ? "DOUBLE_NAMED_ARGUMENT_REFERENCE" : "BOTH_POSITIONAL_AND_NAMED"),
                    "The parameter \(name.text) of \(function.name) is given twice.",
                    at: location(name.span))
            }
            given[index] = argument.value
        }
        var values: [Argument] = []
        for (parameter, syntax) in zip(parameters, given) {
            let type = try type(parameter.type)
            if let syntax {
                let value = try explicitCast(bind(syntax, context), type, .cast, at: syntax.span)
                values.append(Argument(syntax: syntax, value: value))
                continue
            }
            guard let text = parameter.defaultText else { throw miscounted(function, call, at: span) }
            let value = try inside(function, at: span) { (binder) throws(EngineError) in
                binder.source = SQLSource(text, file: binder.source.file)
                let syntax = try SQLParser.expression(binder.source)
                return try binder.explicitCast(binder.bindConstant(syntax), type, .cast, at: syntax.span)
            }
            values.append(Argument(syntax: nil, value: value))
        }
        return values
    }

    private func miscounted(
        _ function: FunctionDefinition, _ call: CallSyntax, at span: SourceSpan
    ) -> EngineError {
        let taken = function.parameters.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
        return .user(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            "The `\(function.name)` requires \(function.parameters.count) parameters but the actual number "
                + "is \(call.arguments.count).", remedy: "It takes: \(taken.isEmpty ? "nothing" : taken).",
            at: location(span))
    }

    private func type(_ text: String) throws(EngineError) -> DataType {
        DataType(try SQLParser.type(SQLSource(text)))
    }

    // MARK: Bodies

    /// Returns the body with the values in the places of the parameters. A value that may differ each time
    /// and that the body takes more than once is computed once.
    private func inlined(
        _ function: FunctionDefinition, _ values: [Expression], at span: SourceSpan
    ) throws(EngineError) -> Expression {
        var (parameters, replacements) = try self.parameters(of: function, values)
        let body = try inside(function, at: span) { (binder) throws(EngineError) in
            try binder.value(of: function, parameters)
        }
        var once: [(number: Int, value: Expression)] = []
        for (parameter, value) in zip(parameters, values) where !value.isDeterministic {
            guard body.uses(of: parameter.id) > 1, !body.hasSubquery else { continue }
            let number = Int(newID().rawValue)
            replacements[parameter.id] = LambdaForm.variable(number, parameter.type)
            once.append((number, value))
        }
        var result = body.replacing(replacements)
        for (number, value) in once {
            let one = try self.call("array", [value], at: span)
            let numbers = [number, Int(newID().rawValue)].map { Expression.literal(.int64(Int64($0))) }
            let each = FunctionCall(
                LambdaForm.transform.rawValue, [one, result] + numbers,
                type: .array(result.type, containsNull: true), ansi: settings.ansi, origin: origin(span))
            result = try element(of: .call(each), .literal(.int32(0)), at: span)
        }
        return result
    }

    /// Returns a column for each parameter, and what takes its place.
    private func parameters(
        of function: FunctionDefinition, _ values: [Expression]
    ) throws(EngineError) -> ([ColumnReference], [ColumnID: Expression]) {
        var columns: [ColumnReference] = []
        var replacements: [ColumnID: Expression] = [:]
        for (parameter, value) in zip(function.parameters, values) {
            let column = newColumn(parameter.name, try type(parameter.type))
            columns.append(column)
            replacements[column.id] = value
        }
        return (columns, replacements)
    }

    /// Binds the body of a function that gives a value.
    private func value(
        of function: FunctionDefinition, _ parameters: [ColumnReference]
    ) throws(EngineError) -> Expression {
        let context = parameterContext(function, parameters)
        let syntax: ExpressionSyntax
        if function.isQuery {
            let query = try queryBody()
            syntax = ExpressionSyntax(.scalarQuery(query), span: query.span)
        } else {
            syntax = try SQLParser.expression(source)
            if let complex = complexCall(syntax) {
                throw .user(
                    "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS",
                    "The body of a function that gives a value holds no aggregate, window or generator "
                        + "function.", remedy: "Write a query in parentheses: RETURN (SELECT … FROM …).",
                    at: location(complex))
            }
        }
        let bound = try bind(syntax, context)
        guard let text = function.type else { return bound }
        return try explicitCast(bound, type(text), .cast, at: syntax.span)
    }

    /// Binds the query of a table function.
    private func rows(
        of function: FunctionDefinition, _ parameters: [ColumnReference]
    ) throws(EngineError) -> LogicalPlan {
        let query = try queryBody()
        outer = [OuterQuery(context: parameterContext(function, parameters))]
        let plan = try self.query(query).plan
        guard let columns = function.columns, !columns.isEmpty else { return plan }
        if columns.count != plan.output.count {
            throw .user(
                "USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH",
                "The query of \(function.name) gives \(plan.output.count) columns, RETURNS TABLE names "
                    + "\(columns.count).", at: location(query.span))
        }
        var items: [(expression: Expression, name: String)] = []
        for (column, given) in zip(columns, plan.output) {
            let value = try explicitCast(.column(given), type(column.type), .cast, at: query.span)
            items.append((value, column.name))
        }
        return .project(named(items, fresh: true), input: plan)
    }

    private func queryBody() throws(EngineError) -> QuerySyntax {
        guard case .query(let query) = try SQLParser.statement(source).kind else {
            throw .user("PARSE_SYNTAX_ERROR", "The body of a table function is a query.")
        }
        return query
    }

    private func parameterContext(
        _ function: FunctionDefinition, _ parameters: [ColumnReference]
    ) -> BindContext {
        let qualifier = [function.name.lowercased()]
        let scope = Scope(columns: parameters.map { Scope.Column(reference: $0, qualifier: qualifier) })
        var context = BindContext(scope: scope, clause: "RETURN")
        context.hasFrom = true
        return context
    }

    /// Returns the place of the first call that takes or gives several rows, outside of queries.
    private func complexCall(_ syntax: ExpressionSyntax) -> SourceSpan? {
        if case .call(let call) = syntax.kind {
            let name = call.name.last?.text.lowercased() ?? ""
            if call.window != nil || GeneratorNames.name(of: call) != nil
                || FunctionRegistry.shared.aggregate(named: name) != nil && routine(call.name) == nil
            {
                return syntax.span
            }
        }
        for child in syntax.children { if let found = complexCall(child) { return found } }
        return nil
    }

    /// Runs `body` where names mean what they mean in the function's body.
    private func inside<Value>(
        _ function: FunctionDefinition, at span: SourceSpan,
        _ body: (Binder) throws(EngineError) -> Value
    ) throws(EngineError) -> Value {
        if openRoutines.count >= Limits.nestingDepth {
            throw .user(
                "UNSUPPORTED_FEATURE.FUNCTION_DEPTH", "Functions call each other too deeply.",
                at: location(span))
        }
        let around = BinderNames(self)
        defer { around.restore(self) }
        BinderNames().restore(self)
        openRoutines = around.openRoutines + [routineKey(function)]
        source = SQLSource(function.body, file: "function \(function.name)")
        viewDatabase = function.database == nil ? around.viewDatabase : function.namespace
        return try body(self)
    }

    // MARK: Names and refusals

    private func routineKey(_ function: FunctionDefinition) -> String { function.shownName.lowercased() }

    /// The name as that of an open function would be.
    private func routineKey(_ name: [NameSyntax]) -> String {
        let parts = name.map { $0.text.lowercased() }
        if parts.count == 1, openRoutines.contains(parts[0]) { return parts[0] }
        let database = viewDatabase ?? catalog.currentDatabase
        let full = ["spark_catalog", database].prefix(max(0, 3 - parts.count)) + parts
        return full.joined(separator: ".")
    }

    private func refuseCycle(_ name: [NameSyntax], at span: SourceSpan) throws(EngineError) {
        if openRoutines.isEmpty { return }
        let key = routineKey(name)
        guard openRoutines.contains(key) else { return }
        let isKnown = routine(name) != nil || routine(name, isTable: true) != nil
        throw .user(
            isKnown ? "CYCLIC_FUNCTION_REFERENCE" : "ROUTINE_NOT_FOUND",
            "The function calls itself: \((openRoutines + [key]).joined(separator: " -> ")).",
            remedy: "Use WITH RECURSIVE for what is repeated.", at: location(span))
    }

    /// Refuses names with a database in front that are neither functions of users nor Millrace's own.
    private func refuseQualified(_ name: [NameSyntax], at span: SourceSpan) throws(EngineError) {
        let place = name.dropLast().map { $0.text.lowercased() }
        if place.isEmpty || place == ["builtin"] || place == ["system", "builtin"] { return }
        let text = name.map(\.text).joined(separator: ".")
        throw .user(
            "UNRESOLVED_ROUTINE", "Cannot resolve routine `\(text)`: there is no such function.",
            remedy: BuiltInNames.contains(name.last?.text ?? "")
                ? "Call it without what stands in front: \(name.last?.text ?? "")(…)." : nil,
            at: location(span))
    }

    private func refuseForms(
        _ call: CallSyntax, _ function: FunctionDefinition, at span: SourceSpan
    ) throws(EngineError) {
        if call.window != nil {
            throw .user(
                "UNSUPPORTED_SQL_UDF_USAGE", "\(function.shownName) is no window function.",
                at: location(span))
        }
        let forms = [
            (call.isDistinct, "DISTINCT"), (call.filter != nil, "FILTER"),
            (call.ignoresNulls, "IGNORE NULLS"), (!call.withinGroup.isEmpty, "WITHIN GROUP"),
        ]
        if let form = forms.first(where: \.0)?.1 {
            throw .user(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                "The function \(function.shownName) does not support \(form).", at: location(span))
        }
    }
}

/// Holds a call of a function of users as column names show it.
struct ShownCall {
    var name: String
    /// Of each parameter; nil where the call leaves it out.
    var arguments: [ExpressionSyntax?]
}
