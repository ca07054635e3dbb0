import Columns
import Plans
import Vocabulary

// Recursions, which run in one task, and ranges of numbers, which run in many.
//
//     recursion                         stage 1: recursion
//     ├ anchor                          ├ anchor
//     └ join                     ⇒      └ join
//       ├ working table                   ├ working table
//       └ what stays the same             └ read(0), again at each level
extension PhysicalPlanner {
    /// Builds a recursion. What its step reads beside the working table is the same at each level: it is
    /// computed once, by a stage of its own.
    mutating func buildRecursion(_ recursion: LogicalRecursion) throws(EngineError) -> BuiltPlan {
        let output = recursion.output
        let anchor = gathered(try build(recursion.anchor, required: recursion.anchor.output.idSet))
        let outside = isInStep
        isInStep = true
        defer { isInStep = outside }
        let step = gathered(try build(recursion.step, required: recursion.step.output.idSet))
        let plan = PhysicalRecursion(
            level: recursion.level,
            anchor: try projected(anchor, to: recursion.anchor.output, as: output).plan,
            step: try projected(step, to: recursion.step.output, as: output).plan,
            schema: output.schema, limits: recursion.limits)
        return BuiltPlan(plan: .recursion(plan), output: output, tasks: 1)
    }

    /// Builds a part of a recursion's step that does not depend on the level.
    mutating func buildInvariant(
        _ logical: LogicalPlan, required: Set<ColumnID>
    ) throws(EngineError) -> BuiltPlan {
        isInStep = false
        defer { isInStep = true }
        let built = try build(logical, required: required)
        switch built.plan {
        case .values: return built
        default:
            return BuiltPlan(plan: .exchange(.single, input: built.plan), output: built.output, tasks: 1)
        }
    }

    /// Rows of a range below which a further task does not pay.
    private static let rangeTaskRows: Int64 = 2_000_000

    func buildRange(_ range: NumberRange, output: [ColumnReference], required: Set<ColumnID>) -> BuiltPlan {
        let kept = output.filter { required.contains($0.id) }
        let most = Int64(cluster.slots * TaskSizing.tasksPerSlot)
        let tasks = range.slices ?? Int(max(1, min(most, range.count / Self.rangeTaskRows)))
        var own = range
        own.slices = nil
        return BuiltPlan(plan: .range(own, schema: kept.schema, tasks: tasks), output: kept, tasks: tasks)
    }
}

extension LogicalPlan {
    /// Whether the plan reads the working table of a recursion around it.
    var readsWorkingTable: Bool { readsWorkingTable(beside: []) }

    private func readsWorkingTable(beside inner: Set<Int>) -> Bool {
        switch self {
        case .workingTable(let level, _): return !inner.contains(level)
        case .recursion(let recursion):
            return recursion.anchor.readsWorkingTable(beside: inner)
                || recursion.step.readsWorkingTable(beside: inner.union([recursion.level]))
        default: return children.contains { $0.readsWorkingTable(beside: inner) }
        }
    }
}

extension PhysicalPlan {
    /// Whether the plan is read anew at each level of a recursion, always the same.
    var isInvariant: Bool {
        switch self {
        case .exchange(.single, _), .values: true
        default: false
        }
    }
}
