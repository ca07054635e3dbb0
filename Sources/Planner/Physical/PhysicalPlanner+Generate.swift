import Columns
import Plans
import Vocabulary

extension PhysicalPlanner {
    /// Builds a generator. Input columns that only its list needs are not repeated for each element.
    mutating func buildGenerate(
        _ generator: Generator, output: [ColumnReference], input: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        var needed = required.subtracting(output.idSet)
        let passed = needed
        generator.list.collectColumns(into: &needed)
        let below = try build(input, required: needed)
        let kept = below.output.indices.filter { passed.contains(below.output[$0].id) }
        var resolved = generator
        resolved.list = try below.resolve(generator.list)
        let columns = kept.map { below.output[$0] } + output
        let known = columns.idSet
        return BuiltPlan(
            plan: .generate(resolved, kept: kept, schema: columns.schema, input: below.plan), output: columns,
            tasks: below.tasks, hashedBy: below.hashedBy.filter { known.isSuperset(of: $0) })
    }
}
