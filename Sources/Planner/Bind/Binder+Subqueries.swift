import Columns
import Plans
import SQLSyntax
import Vocabulary

extension Binder {
    /// Binds a scalar subquery, EXISTS or IN (query); the optimiser makes joins of them.
    func subquery(_ expression: ExpressionSyntax, _ context: BindContext) throws(EngineError) -> Expression {
        let text = boundSubqueries == nil ? "" : source.text(expression.span)
        if let known = boundSubqueries?[text] {
            if case .subquery(let subquery) = known {
                outerNames[expression.span] = subquery.outerReferences.map(\.name)
            }
            return known
        }
        let saved = boundSubqueries
        boundSubqueries = nil
        do throws(EngineError) {
            let bound = try newSubquery(expression, context)
            boundSubqueries = saved
            if saved != nil { boundSubqueries?[text] = bound }
            return bound
        } catch {
            boundSubqueries = saved
            throw error
        }
    }

    private func newSubquery(_ expression: ExpressionSyntax, _ context: BindContext) throws(EngineError)
        -> Expression
    {
        let span = expression.span
        switch expression.kind {
        case .scalarQuery(let query):
            let (plan, references) = try inner(query, context, at: span)
            guard plan.output.count == 1, let column = plan.output.first else {
                throw .user(
                    "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                    "A subquery used as a value must give one column, not \(plan.output.count).",
                    at: location(span))
            }
            return .subquery(
                SubqueryExpression(
                    kind: .scalar, plan: plan, type: column.type, outerReferences: references,
                    origin: origin(span)))
        case .exists(let query):
            let (plan, references) = try inner(query, context, at: span)
            return .subquery(
                SubqueryExpression(kind: .exists, plan: plan, type: .boolean, outerReferences: references))
        case .inQuery(let value, let query, let negated):
            return negate(try inQuery(value, query, context, at: span), negated)
        default: throw .internal("A subquery was expected.")
        }
    }

    private func inQuery(
        _ value: ExpressionSyntax, _ query: QuerySyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        var items = [value]
        if case .row(let members) = value.kind { items = members }
        let values = try items.map { item throws(EngineError) in try bind(item, context) }
        let (plan, references) = try inner(query, context, at: span)
        if plan.output.count != values.count {
            throw .user(
                "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                "IN compares \(values.count) values with a subquery of \(plan.output.count) columns.",
                at: location(span))
        }
        var types: [DataType] = []
        for (left, right) in zip(values, plan.output) {
            guard let type = commonType(left.type, right.type), type.isOrderable else {
                throw .user(
                    "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
                    "IN compares values of types that do not fit each other: \(left.type.sqlName) and "
                        + "\(right.type.sqlName).", at: location(span))
            }
            types.append(type)
        }
        let kind = SubqueryExpression.Kind.in(zip(values, types).map { cast($0, to: $1) })
        return .subquery(
            SubqueryExpression(
                kind: kind, plan: converted(plan, to: types), type: .boolean, outerReferences: references))
    }

    /// Binds the query inside; returns the columns that it takes from the queries around it.
    private func inner(
        _ query: QuerySyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> (LogicalPlan, [ColumnReference]) {
        outer.append(OuterQuery(context: context))
        let depth = outer.count
        do {
            let plan = try self.query(query).plan
            let level = outer.removeLast()
            outerNames[span] = level.names
            return (plan, level.references)
        } catch {
            if outer.count >= depth { outer.removeLast(outer.count - depth + 1) }
            throw error
        }
    }

    /// Binds an aggregate in a subquery of HAVING all of whose columns are the grouped query's, which then
    /// gives its value: `HAVING EXISTS (SELECT 1 FROM t WHERE t.limit < sum(o.amount))`. Returns nil for any
    /// other aggregate.
    func aggregateOfHaving(
        _ name: String, _ call: CallSyntax, _ context: BindContext, at span: SourceSpan
    ) throws(EngineError) -> Expression? {
        guard let level = outer.last, level.context.clause == "HAVING", level.context.aggregates != nil,
            !call.isStar || call.filter != nil
        else { return nil }
        // What is within the aggregate is not what the subquery takes from outside.
        var restored = outer
        defer { outer = restored }
        let grouped = Set(level.context.scope.columns.map(\.reference.id))
        var columns: Set<ColumnID> = []
        let parts =
            (call.isStar ? [] : call.arguments.map(\.value)) + call.withinGroup.map(\.expression)
            + (call.filter.map { [$0] } ?? [])
        for argument in parts {
            columns.formUnion(try bind(argument, context).columns)
        }
        if columns.isEmpty || !columns.isSubset(of: grouped) { return nil }
        outer = Array(restored.dropLast())
        let value = try aggregate(name, call, level.context, at: span)
        if let column = value.columnReference, !level.references.contains(column) {
            restored[restored.count - 1].references.append(column)
        }
        return value
    }
}
