import Columns
import Plans
import SQLSyntax
import Vocabulary

/// Turns expressions over an aggregate's input into expressions over its output: parts that equal a group
/// expression become its column; any other column of the input is an error.
struct GroupRewriting {
    let binder: Binder
    /// The aggregate's groups; the first ones stand for `sources`.
    let groups: [NamedExpression]
    /// The group expressions over the input.
    let sources: [Expression]
    let collector: AggregateCollector

    /// Throws MISSING_AGGREGATION for a column that is neither grouped nor aggregated. `allowing` names
    /// columns from above that may stand as they are.
    func rewritten(
        _ expression: Expression, allowing: Set<ColumnID> = [], clause: String? = nil, at span: SourceSpan
    ) throws(EngineError) -> Expression {
        var known = allowing
        for call in collector.calls { known.insert(call.output.id) }
        for group in groups { known.insert(group.output.id) }
        var failure: ColumnReference?
        let result = rewritten(expression, known, &failure)
        if let failure {
            // HAVING sees the groups only; what else stands below has no name there.
            let code =
                sources.isEmpty && groups.isEmpty
                ? "MISSING_GROUP_BY"
                : clause == "HAVING" ? "UNRESOLVED_COLUMN.WITH_SUGGESTION" : "MISSING_AGGREGATION"
            throw .user(
                code,
                "The column is neither in GROUP BY nor inside an aggregate function: \(failure.name).",
                remedy: "Add it to GROUP BY, or use any_value(\(failure.name)) if any of its values will do.",
                at: binder.location(binder.columnSpans[failure.id] ?? span))
        }
        return result
    }

    private func rewritten(
        _ expression: Expression, _ known: Set<ColumnID>, _ failure: inout ColumnReference?
    ) -> Expression {
        if let place = sources.firstIndex(of: expression) { return .column(groups[place].output) }
        switch expression {
        case .column(let reference):
            if !known.contains(reference.id), !isOuter(reference) { failure = failure ?? reference }
            return expression
        case .subquery(let subquery):
            for reference in subquery.outerReferences
            where !known.contains(reference.id) && !isOuter(reference) {
                failure = failure ?? reference
            }
        default: break
        }
        var inner = failure
        let result = expression.mapChildren { rewritten($0, known, &inner) }
        failure = inner
        return result
    }

    /// True for columns of the queries around this one, which are constant here.
    private func isOuter(_ reference: ColumnReference) -> Bool {
        binder.outer.contains { level in
            level.context.scope.columns.contains { $0.reference.id == reference.id }
        }
    }
}
