import Columns
import Vocabulary

extension PhysicalPlan {
    /// Returns the node with other inputs, given in the order of `children` and as many.
    package func replacingChildren(_ inputs: [PhysicalPlan]) -> PhysicalPlan {
        guard inputs.count == children.count, let first = inputs.first else { return self }
        switch self {
        case .scan, .externalScan, .describe, .shuffleRead, .values, .range, .workingTable: return self
        case .recursion(var recursion):
            recursion.anchor = first
            recursion.step = inputs[1]
            return .recursion(recursion)
        case .collect(let limit, _): return .collect(limit: limit, input: first)
        case .externalWrite(let target, _): return .externalWrite(target, input: first)
        case .filter(let conditions, _): return .filter(conditions, input: first)
        case .project(let list, let schema, _): return .project(list, schema: schema, input: first)
        case .aggregate(var aggregate):
            aggregate.input = first
            return .aggregate(aggregate)
        case .hashJoin(var join):
            join.left = first
            join.right = inputs[1]
            return .hashJoin(join)
        case .nestedLoopJoin(var join):
            join.left = first
            join.right = inputs[1]
            return .nestedLoopJoin(join)
        case .sort(let keys, let limit, _): return .sort(keys, limit: limit, input: first)
        case .limit(let count, let offset, _): return .limit(count: count, offset: offset, input: first)
        case .union(_, let schema): return .union(inputs, schema: schema)
        case .expand(let lists, let schema, _): return .expand(lists, schema: schema, input: first)
        case .generate(let generator, let kept, let schema, _):
            return .generate(generator, kept: kept, schema: schema, input: first)
        case .singleRow(_, let origin): return .singleRow(input: first, origin: origin)
        case .window(var window):
            window.input = first
            return .window(window)
        case .rangeBounds(let keys, let partitions, _):
            return .rangeBounds(keys, partitions: partitions, input: first)
        case .exchange(let partitioning, _): return .exchange(partitioning, input: first)
        }
    }

    /// Calls `visit` with this node and all below it, parents first.
    package func forEach(_ visit: (PhysicalPlan) -> Void) {
        visit(self)
        for child in children { child.forEach(visit) }
    }

    /// The number of operators, with this one.
    package var nodeCount: Int { children.reduce(1) { $0 + $1.nodeCount } }
}
