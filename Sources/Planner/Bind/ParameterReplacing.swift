import Plans
import Vocabulary

extension Expression {
    /// Returns the expression with columns replaced, in the plans of its subqueries, too: they take from
    /// outside what the values read.
    func replacing(_ values: [ColumnID: Expression]) -> Expression {
        if values.isEmpty { return self }
        return rewritten { part in
            switch part {
            case .column(let reference): return values[reference.id] ?? part
            case .subquery(var subquery):
                subquery.plan = subquery.plan.replacing(values)
                subquery.outerReferences = subquery.outerReferences.replacing(values)
                return .subquery(subquery)
            default: return part
            }
        }
    }

    /// How often the expression reads a column.
    func uses(of column: ColumnID) -> Int {
        var count = 0
        forEach { if case .column(let reference) = $0, reference.id == column { count += 1 } }
        return count
    }

    /// The columns that the expression reads, as it refers to them.
    fileprivate var references: [ColumnReference] {
        var found: [ColumnReference] = []
        forEach { part in
            switch part {
            case .column(let reference): found.append(reference)
            case .subquery(let subquery): found += subquery.outerReferences
            default: break
            }
        }
        return found
    }
}

extension [ColumnReference] {
    fileprivate func replacing(_ values: [ColumnID: Expression]) -> [ColumnReference] {
        var result: [ColumnReference] = []
        for column in flatMap({ values[$0.id]?.references ?? [$0] }) where !result.contains(column) {
            result.append(column)
        }
        return result
    }
}

extension LogicalPlan {
    /// Returns the plan with columns of a query around it replaced.
    func replacing(_ values: [ColumnID: Expression]) -> LogicalPlan {
        rewrittenUp { node in
            let changed = node.mapExpressions { $0.replacing(values) }
            guard case .lateralJoin(let kind, let left, let right, let condition, let outer) = changed else {
                return changed
            }
            return .lateralJoin(
                kind, left: left, right: right, condition: condition, outer: outer.replacing(values))
        }
    }
}
