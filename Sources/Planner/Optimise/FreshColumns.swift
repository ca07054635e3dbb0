import Columns
import Plans
import Vocabulary

/// Copies a plan under new column numbers, so that it can stand twice in one plan.
enum FreshColumns {
    static func renamed(_ plan: LogicalPlan, _ context: RuleContext) -> LogicalPlan {
        var names: [ColumnID: ColumnReference] = [:]
        return renamed(plan, &names, context)
    }

    private static func renamed(
        _ plan: LogicalPlan, _ names: inout [ColumnID: ColumnReference], _ context: RuleContext
    ) -> LogicalPlan {
        var current = names
        let below = plan.mapChildren { renamed($0, &current, context) }
        names = current
        // Above an outer join a column may be null that never is where it comes from.
        func placed(_ column: ColumnReference, _ new: ColumnReference) -> ColumnReference {
            ColumnReference(id: new.id, name: new.name, type: new.type, nullable: column.nullable)
        }
        func fresh(_ column: ColumnReference) -> ColumnReference {
            if let known = current[column.id] { return placed(column, known) }
            let new = context.newColumn(column.name, column.type, nullable: column.nullable)
            current[column.id] = new
            return new
        }
        func replaced(_ expression: Expression) -> Expression {
            expression.rewritten { part in
                guard case .column(let reference) = part, let new = current[reference.id] else { return part }
                return .column(placed(reference, new))
            }
        }
        defer { names = current }
        if case .scan(var scan) = below {
            scan.output = scan.output.map(fresh)
            scan.filters = scan.filters.map(replaced)
            return .scan(scan)
        }
        let changed = below.mapExpressions(replaced)
        switch changed {
        case .range(let range, let output): return .range(range, output: output.map(fresh))
        case .workingTable(let level, let output):
            return .workingTable(level: level, output: output.map(fresh))
        case .kept(let plan):
            // Still the same plan, which is computed once.
            return .project(
                plan.output.map { NamedExpression(.column($0), as: fresh($0)) }, input: .kept(plan))
        case .recursion(var recursion):
            recursion.output = recursion.output.map(fresh)
            return .recursion(recursion)
        case .values(let rows, let output): return .values(rows: rows, output: output.map(fresh))
        case .project(let list, let input):
            return .project(list.map { NamedExpression($0.expression, as: fresh($0.output)) }, input: input)
        case .aggregate(let groups, let aggregates, let input):
            return .aggregate(
                groups: groups.map { NamedExpression($0.expression, as: fresh($0.output)) },
                aggregates: aggregates.map { NamedAggregate($0.call, as: fresh($0.output)) }, input: input)
        case .union(let inputs, let output): return .union(inputs, output: output.map(fresh))
        case .generate(let generator, let output, let input):
            return .generate(generator, output: output.map(fresh), input: input)
        case .window(var window):
            window.calls = window.calls.map { NamedWindow($0.call, as: fresh($0.output)) }
            return .window(window)
        case .expand(let lists, let output, let input):
            return .expand(lists, output: output.map(fresh), input: input)
        default: return changed
        }
    }
}
