import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Builds a union. Its inputs run side by side in one stage, each spread over the stage's tasks; an input
    /// whose
    /// operators need all rows in one task ends in a stage of its own.
    mutating func buildUnion(
        _ inputs: [LogicalPlan], output: [ColumnReference], required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        let kept = output.indices.filter { required.contains(output[$0].id) }
        let columns = kept.map { output[$0] }
        var parts: [BuiltPlan] = []
        for input in inputs {
            let wanted = kept.map { input.output[$0] }
            let built = try build(input, required: wanted.idSet)
            parts.append(try projected(built, to: wanted, as: columns))
        }
        let tasks = parts.reduce(1) { max($0, $1.tasks) }
        if tasks > 1 {
            parts = parts.map { part in
                if part.tasks > 1 || Self.spreadsOverTasks(part.plan) { return part }
                var wrapped = part
                wrapped.plan = .exchange(.single, input: part.plan)
                return wrapped
            }
        }
        return BuiltPlan(
            plan: .union(parts.map(\.plan), schema: columns.schema), output: columns, tasks: tasks)
    }

    func projected(
        _ built: BuiltPlan, to wanted: [ColumnReference], as columns: [ColumnReference]
    ) throws(EngineError) -> BuiltPlan {
        var result = built
        result.output = columns
        result.hashedBy = []
        if built.output.map(\.id) == wanted.map(\.id), built.output.map(\.type) == columns.map(\.type) {
            return result
        }
        var list: [Expression] = []
        for column in wanted { list.append(try built.resolve(.column(column))) }
        result.plan = .project(list, schema: columns.schema, input: built.plan)
        return result
    }

    /// True when the plan gives each row once whichever task meets it.
    private static func spreadsOverTasks(_ plan: PhysicalPlan) -> Bool {
        switch plan {
        case .scan, .values, .exchange, .shuffleRead, .range: true
        case .filter(_, let input), .project(_, _, let input), .expand(_, _, let input):
            spreadsOverTasks(input)
        case .union(let inputs, _): inputs.allSatisfy(spreadsOverTasks)
        default: false
        }
    }
}
