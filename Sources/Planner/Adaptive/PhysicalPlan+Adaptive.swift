import Plans
import Vocabulary

extension Stage {
    /// Whether tasks of the stage may read other partitions than their own: all that it reads is spread over
    /// as many partitions as it has tasks, or whole, and nothing else in it or after it depends on which task
    /// a row is in.
    func canBeCutOtherwise(in graph: StageGraph) -> Bool {
        if case .manifest = output { return false }
        if graph.stages.contains(where: { $0.plan.readsTasks(of: id) }) { return false }
        var (isFree, reads) = (true, 0)
        plan.forEach { node in
            switch node {
            case .scan, .externalScan, .describe, .externalWrite, .range, .recursion, .workingTable,
                .rangeBounds, .collect:
                isFree = false
            case .shuffleRead(let read):
                switch read.mode {
                case .all: break
                case .partition:
                    reads += 1
                    if graph.partitions(of: read.stage) != taskCount { isFree = false }
                case .partitionRanges, .slices, .sameTask: isFree = false
                }
            default: break
            }
        }
        return isFree && reads > 0
    }
}

extension StageGraph {
    /// The partitions of a stage whose rows are spread by keys; nil of any other.
    func partitions(of stage: StageID) -> Int? {
        guard case .shuffle(let partitioning) = stages[stage.index].output else { return nil }
        switch partitioning {
        case .hash(_, let partitions), .range(_, let partitions, _): return partitions
        default: return nil
        }
    }

    /// How many places read the stage.
    func readCount(of stage: StageID) -> Int {
        var count = 0
        for reader in stages {
            reader.plan.forEach { if case .shuffleRead(let read) = $0, read.stage == stage { count += 1 } }
        }
        return count
    }
}

extension PhysicalPlan {
    /// Whether a task reads what the task of its own number in another stage wrote.
    func readsTasks(of stage: StageID) -> Bool {
        if case .shuffleRead(let read) = self, read.stage == stage, case .sameTask = read.mode { return true }
        return children.contains { $0.readsTasks(of: stage) }
    }

    /// Calls `visit` with every read of the task's own partition.
    func forEachPartitionRead(_ visit: (ShuffleRead) -> Void) {
        forEach { if case .shuffleRead(let read) = $0, case .partition = read.mode { visit(read) } }
    }

    /// Returns the plan with its reads of other stages changed.
    func mappingReads(_ change: (ShuffleRead) -> ShuffleRead) -> PhysicalPlan {
        if case .shuffleRead(let read) = self { return .shuffleRead(change(read)) }
        return replacingChildren(children.map { $0.mappingReads(change) })
    }

    /// Whether an operator wants rows that belong together in one task.
    var gathersRows: Bool {
        switch self {
        case .aggregate(let aggregate) where aggregate.mode != .partial: return true
        case .hashJoin(let join) where !join.buildIsShared: return true
        case .window, .sort: return true
        default: return children.contains(where: \.gathersRows)
        }
    }

    /// The stages that the plan reads, each once.
    var readStages: [StageID] {
        var stages: [StageID] = []
        forEach {
            if case .shuffleRead(let read) = $0, !stages.contains(read.stage) { stages.append(read.stage) }
        }
        return stages
    }

    /// Whether a connector gives rows in the plan.
    var readsSource: Bool {
        if case .externalScan = self { return true }
        return children.contains(where: \.readsSource)
    }

    /// Whether rows of one stage come through, such as they are, computed of each by itself, or grouped, the
    /// same in whatever order they come.
    var isPlainRead: Bool {
        switch self {
        case .shuffleRead: true
        case .filter(let conditions, let input):
            conditions.allSatisfy(\.isDeterministic) && input.isPlainRead
        case .project(let list, _, let input): list.allSatisfy(\.isDeterministic) && input.isPlainRead
        case .aggregate(let aggregate):
            aggregate.input.isPlainRead
                && aggregate.aggregates.allSatisfy {
                    // Sums of doubles depend on their order.
                    ["count", "sum", "min", "max"].contains($0.function) && $0.type != .double && !$0.distinct
                }
        default: false
        }
    }

    var scanCount: Int {
        var count = 0
        forEach {
            switch $0 {
            case .scan, .externalScan: count += 1
            default: break
            }
        }
        return count
    }

    /// Walks down from the root through operators for which it does not matter which task a row is in, on
    /// the probe side of joins, to the first plan that `change` takes, and returns the whole plan with what
    /// it made of that; nil when there is none. `beside` changes the reads of the build sides on the way.
    func changingRowwise(
        beside: (ShuffleRead) -> ShuffleRead = { $0 },
        _ change: (PhysicalPlan) throws(EngineError) -> PhysicalPlan?
    ) throws(EngineError) -> PhysicalPlan? {
        if let changed = try change(self) { return changed }
        switch self {
        case .filter(_, let input), .project(_, _, let input), .expand(_, _, let input),
            .generate(_, _, _, let input):
            return try input.changingRowwise(beside: beside, change).map { replacingChildren([$0]) }
        case .aggregate(let aggregate) where aggregate.mode == .partial:
            return try aggregate.input.changingRowwise(beside: beside, change).map { replacingChildren([$0]) }
        case .hashJoin(let join) where !join.givesBuildRowsAtEnd:
            let (probe, build) = join.build == .right ? (join.left, join.right) : (join.right, join.left)
            guard let changed = try probe.changingRowwise(beside: beside, change) else { return nil }
            let other = build.mappingReads(beside)
            return replacingChildren(join.build == .right ? [changed, other] : [other, changed])
        default: return nil
        }
    }
}
