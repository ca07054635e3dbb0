import Columns
import Functions
import Plans
import SQLSyntax
import Vocabulary

// Variables of the session. Their values are found by a stage where they are no constants; its manifest
// brings them back to the session with the commit.
extension StatementPlanner {
    func declareVariable(_ declared: DeclareVariableSyntax) throws(EngineError) -> PlannedStatement {
        var names: [String] = []
        for parts in declared.names {
            guard let key = SessionVariable.key(parts.map(\.text)) else { throw noVariable(parts) }
            if catalog.variable(named: [key]) != nil, !declared.replaces {
                throw .user(
                    "VARIABLE_ALREADY_EXISTS", "There is a variable of this name already: \(key)",
                    remedy: "Use DECLARE OR REPLACE VARIABLE, or SET VARIABLE.", at: span(of: parts))
            }
            names.append(parts.last?.text ?? key)
        }
        if let value = declared.value, value.hasQuery {
            throw .user(
                "INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION",
                "The default value of a variable cannot hold a subquery.",
                remedy: "Declare the variable, then use SET VARIABLE.", at: location(value.span))
        }
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let value = try declared.value.map { value throws(EngineError) in try binder.bindConstant(value) }
        let type = declared.type.map { DataType($0) } ?? value?.type ?? .null
        let variables = names.map {
            SessionVariable(name: $0, type: type, value: .null(type), defaultValue: declared.value)
        }
        let constant = value ?? .literal(.null(type))
        return try assigning(
            variables, [Expression](repeating: constant, count: names.count),
            spans: names.map { _ in declared.value?.span ?? .none }, over: .values(rows: [[]], output: []))
    }

    func setVariables(_ statement: SetVariablesSyntax) throws(EngineError) -> PlannedStatement {
        let targets = try variables(statement.targets)
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        switch statement.source {
        case .query(let query): return try assigning(targets, try binder.bind(query), at: query.span)
        case .values(let values):
            var expressions: [Expression] = []
            var spans: [SourceSpan] = []
            for (target, value) in zip(targets, values) {
                let syntax = value ?? target.defaultValue
                let bound = try syntax.map { syntax throws(EngineError) in try binder.bindConstant(syntax) }
                expressions.append(bound ?? .literal(.null(target.type)))
                spans.append(value?.span ?? .none)
            }
            return try assigning(targets, expressions, spans: spans, over: .values(rows: [[]], output: []))
        }
    }

    func dropVariable(_ name: [NameSyntax], ifExists: Bool) throws(EngineError) -> PlannedStatement {
        guard let variable = catalog.variable(named: name.map(\.text)) else {
            if ifExists { return PlannedStatement(work: .none) }
            throw .user(
                "VARIABLE_NOT_FOUND",
                "There is no variable of this name: \(name.map(\.text).joined(separator: "."))",
                at: span(of: name))
        }
        return PlannedStatement(work: .none, change: .dropVariable(name: variable.name))
    }

    /// Finds variables that get a value, each once.
    func variables(_ names: [[NameSyntax]]) throws(EngineError) -> [SessionVariable] {
        var found: [SessionVariable] = []
        for parts in names {
            guard let variable = catalog.variable(named: parts.map(\.text)) else { throw noVariable(parts) }
            if found.contains(where: { $0.name.lowercased() == variable.name.lowercased() }) {
                throw .user(
                    "DUPLICATE_ASSIGNMENTS", "The variable is given a value twice: \(variable.name)",
                    at: span(of: parts))
            }
            found.append(variable)
        }
        return found
    }

    private func noVariable(_ parts: [NameSyntax]) -> EngineError {
        .user(
            "UNRESOLVED_VARIABLE",
            "There is no variable of this name: \(parts.map(\.text).joined(separator: "."))",
            remedy: "Declare it with DECLARE VARIABLE name type.", at: span(of: parts))
    }

    /// Plans variables to take the one row of a query; nulls when it has none.
    func assigning(
        _ variables: [SessionVariable], _ query: LogicalPlan, at span: SourceSpan
    ) throws(EngineError) -> PlannedStatement {
        let output = query.output
        if output.count != variables.count {
            throw .user(
                "ASSIGNMENT_ARITY_MISMATCH",
                "\(variables.count) variables take the values of a query that gives \(output.count) columns.",
                at: location(span))
        }
        return try assigning(
            variables, output.map { .column($0) }, spans: output.map { _ in span }, over: query)
    }

    private func assigning(
        _ variables: [SessionVariable], _ values: [Expression], spans: [SourceSpan], over input: LogicalPlan
    ) throws(EngineError) -> PlannedStatement {
        var items: [NamedExpression] = []
        for (place, (variable, value)) in zip(variables, values).enumerated() {
            guard Coercion.canCast(value.type, variable.type, ansi: settings.ansi) else {
                throw .user(
                    "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                    "The variable \(variable.name) cannot hold the value: cannot cast "
                        + "\"\(value.type.sqlName)\" to \"\(variable.type.sqlName)\".",
                    at: location(spans[place]))
            }
            let cast =
                value.type == variable.type
                ? value
                : Expression.cast(
                    value, to: variable.type, mode: settings.ansi ? .ansi : .legacy,
                    origin: Origin(location(spans[place])))
            let id = ColumnID(rawValue: UInt32.max / 2 + UInt32(place))
            items.append(
                NamedExpression(cast, as: ColumnReference(id: id, name: variable.name, type: variable.type)))
        }
        let planner = queryPlanner
        let plan = LogicalPlan.project(items, input: input)
        if let row = try planner.constantRow(of: plan) {
            return PlannedStatement(work: .none, change: .setVariables(Self.filled(variables, [row])))
        }
        let graph = try planner.plan(plan, collecting: 2)
        return PlannedStatement(work: .stages(graph), change: .setVariables(variables))
    }

    /// Returns the variables with the values of the first row.
    static func filled(_ variables: [SessionVariable], _ rows: [[Literal]]) -> [SessionVariable] {
        variables.enumerated().map { place, variable in
            var result = variable
            result.value = rows.first?[place] ?? .null(variable.type)
            return result
        }
    }

    // MARK: EXECUTE IMMEDIATE

    /// Texts that may execute texts that execute texts.
    private static let depthLimit = 16

    /// Plans the statement that a text holds.
    func executeImmediate(_ execute: ExecuteImmediateSyntax) throws(EngineError) -> PlannedStatement {
        let inner = try immediate(execute)
        if execute.targets.isEmpty { return try inner.planner.plan(inner.statement) }
        guard case .query(let query) = inner.statement.kind else {
            throw .user(
                "INVALID_STATEMENT_FOR_EXECUTE_INTO",
                "EXECUTE IMMEDIATE … INTO takes a query, which this statement is not.",
                at: location(execute.text.span))
        }
        let targets = try variables(execute.targets)
        return try inner.planner.assigning(targets, try inner.planner.bind(query), at: query.span)
    }

    /// Returns the statement of an EXECUTE IMMEDIATE, with what plans it.
    private func immediate(
        _ execute: ExecuteImmediateSyntax
    ) throws(EngineError) -> (planner: StatementPlanner, statement: StatementSyntax) {
        let binder = Binder(catalog: catalog, settings: settings, source: source)
        let bound = try binder.bindConstant(execute.text)
        guard bound.type == .string else {
            throw .user(
                "INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE",
                "EXECUTE IMMEDIATE takes a STRING, not a value of type \(bound.type.sqlName).",
                at: location(execute.text.span))
        }
        guard let literal = binder.constant(bound, keeping: Limits.sqlBytes),
            case .string(let text) = literal.value
        else {
            throw .user(
                "NULL_QUERY_STRING_EXECUTE_IMMEDIATE", "The text to execute is null, or no constant.",
                at: location(execute.text.span))
        }
        if immediateDepth >= Self.depthLimit {
            throw .user(
                "UNSUPPORTED_FEATURE.EXECUTE_IMMEDIATE_DEPTH",
                "EXECUTE IMMEDIATE is nested more than \(Self.depthLimit) deep.",
                at: location(execute.text.span))
        }
        var parameters = StatementParameters()
        for argument in execute.arguments {
            if argument.value.hasQuery {
                throw .user(
                    "UNSUPPORTED_EXPR_FOR_PARAMETER", "A parameter's value cannot hold a subquery.",
                    at: location(argument.value.span))
            }
            let value = try binder.bindConstant(argument.value)
            guard let literal = binder.constant(value, keeping: Limits.sqlBytes) else {
                throw .user(
                    "UNSUPPORTED_EXPR_FOR_PARAMETER", "A parameter's value must be a constant.",
                    at: location(argument.value.span))
            }
            let syntax = try LiteralSQL.syntax(literal)
            parameters.positional.append(syntax)
            if let name = argument.name { parameters.named[name.text.lowercased()] = syntax }
        }
        let inner = SQLSource(text, file: "\(source.file) (EXECUTE IMMEDIATE)")
        var planner = StatementPlanner(
            catalog: catalog, settings: settings, cluster: cluster, source: inner, isReplay: isReplay)
        planner.immediateDepth = immediateDepth + 1
        return (planner, try SQLParser.statement(inner, parameters: parameters))
    }
}

extension ExpressionSyntax {
    /// True when a query stands anywhere in the expression.
    fileprivate var hasQuery: Bool {
        switch kind {
        case .scalarQuery, .exists, .inQuery: true
        default: children.contains(where: \.hasQuery)
        }
    }
}
