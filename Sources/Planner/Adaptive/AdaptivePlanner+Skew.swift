import Columns
import Plans
import Vocabulary

extension AdaptivePlanner {
    /// Most tasks for each slot that one partition is split among: each reads the other side of the join.
    private static let piecesPerSlot = 4

    /// Splits partitions of the rows that a join probes with which are far larger than the others.
    func split(_ reader: Stage, in answer: inout Answer) throws(EngineError) -> Bool {
        guard settings.splitsSkew, reader.taskCount > 1, reader.canBeCutOtherwise(in: answer.graph) else {
            return false
        }
        if let complete = try reader.plan.underCompleteAggregate({ plan throws(EngineError) in
            try probeStage(plan)
        }) {
            return try split(reader, groups: complete.aggregate, by: complete.found, in: &answer)
        }
        guard let probe = try probeStage(reader.plan), let cut = slices(of: probe) else { return false }
        var changed = reader
        changed.plan = try sliced(reader.plan, cut)
        changed.taskCount = cut.count
        answer.put(changed)
        note(cut, of: reader, in: &answer)
        return true
    }

    /// Makes groups of the split rows in part, and of those the groups in the stage that was to make them.
    private func split(
        _ reader: Stage, groups aggregate: PhysicalAggregate, by probe: StageID, in answer: inout Answer
    ) throws(EngineError) -> Bool {
        let mayBeApart = !aggregate.groups.isEmpty && !aggregate.aggregates.contains(where: \.distinct)
        guard mayBeApart, let cut = slices(of: probe) else { return false }
        let groups = aggregate.groups.count
        var fields = Array(aggregate.schema.fields.prefix(groups))
        for (position, call) in aggregate.aggregates.enumerated() {
            for (part, type) in try AggregateStates.types(of: call).enumerated() {
                fields.append(Field("state\(position)_\(part)", type))
            }
        }
        let partial = PhysicalAggregate(
            mode: .partial, groups: aggregate.groups, aggregates: aggregate.aggregates,
            schema: Schema(fields), input: try sliced(aggregate.input, cut))
        let keys = fields.prefix(groups).enumerated().map { Expression.input($0.offset, $0.element.type) }
        let output = StageOutput.shuffle(.hash(keys, partitions: reader.taskCount))
        let first = Stage(
            id: StageID(answer.graph.stages.count),
            name: StageName.of(.aggregate(partial), output: output), plan: .aggregate(partial),
            output: output, taskCount: cut.count, dependencies: partial.input.readStages)
        let read = ShuffleRead(stage: first.id, mode: .partition, schema: partial.schema)
        let final = PhysicalAggregate(
            mode: .final, groups: keys, aggregates: aggregate.aggregates, schema: aggregate.schema,
            input: .shuffleRead(read))
        let above = reader.plan.replacingCompleteAggregate { _ in .aggregate(final) }
        var last = reader
        last.plan = above
        last.name = StageName.of(above, output: reader.output)
        last.dependencies = above.readStages
        answer.put(last)
        answer.put(first)
        note(cut, of: reader, in: &answer)
        return true
    }

    private func note(_ cut: [ShuffleSlice], of reader: Stage, in answer: inout Answer) {
        let split = Dictionary(grouping: cut, by: \.partitions.lowerBound).filter { $0.value.count > 1 }
        let list = split.keys.sorted().prefix(3).map { "\($0)" }.joined(separator: ", ")
        answer.notes.append(
            "Stage \(reader.id) splits \(Counted.text(split.count, "skewed partition")) (\(list)"
                + "\(split.count > 3 ? ", …" : "")) among "
                + "\(Counted.text(split.values.reduce(0) { $0 + $1.count }, "task")).")
    }

    /// The stage whose rows a join of both sides' partitions probes with, where any task may have any of
    /// them.
    private func probeStage(_ plan: PhysicalPlan) throws(EngineError) -> StageID? {
        var stage: StageID?
        var isJoined = false
        _ = try plan.changingRowwise { node throws(EngineError) -> PhysicalPlan? in
            if case .hashJoin(let join) = node, !join.buildIsShared {
                // Each part computes the other side again, which must come to the same.
                if !(join.build == .left ? join.left : join.right).isPlainRead { return nil }
                isJoined = true
            }
            guard case .shuffleRead(let read) = node, case .partition = read.mode else { return nil }
            stage = read.stage
            return node
        }
        return isJoined ? stage : nil
    }

    /// What each task reads of a stage some of whose partitions are skewed; nil when none is.
    private func slices(of stage: StageID) -> [ShuffleSlice]? {
        guard let tasks = sizes(stage), let count = tasks.map(\.count).max(), count > 1 else { return nil }
        guard tasks.allSatisfy({ $0.count == count }) else { return nil }
        var sums = [Int](repeating: 0, count: count)
        for task in tasks {
            for (partition, bytes) in task.enumerated() { sums[partition] += bytes }
        }
        let median = sums.sorted()[count / 2]
        let bound = max(Double(settings.skewBytes), Double(median) * settings.skewFactor)
        var result: [ShuffleSlice] = []
        for (partition, sum) in sums.enumerated() {
            let runs = Double(sum) > bound ? runs(of: partition, tasks, sum, median) : [0..<tasks.count]
            result += runs.map { ShuffleSlice(partitions: partition..<(partition + 1), producers: $0) }
        }
        return result.count > count ? result : nil
    }

    /// Cuts the tasks that wrote a partition into runs of about as many bytes.
    private func runs(of partition: Int, _ tasks: [[Int]], _ sum: Int, _ median: Int) -> [Range<Int>] {
        let least = sum / (slots * Self.piecesPerSlot)
        let size = max(settings.advisoryBytes, median, least, 1)
        var runs: [Range<Int>] = []
        var (begin, held) = (0, 0)
        for task in tasks.indices {
            if task > begin, held + tasks[task][partition] > size {
                runs.append(begin..<task)
                (begin, held) = (task, 0)
            }
            held += tasks[task][partition]
        }
        return runs + [begin..<tasks.count]
    }

    /// The plan with slices of the probing side's partitions, and for each the whole partitions of the
    /// others.
    private func sliced(_ plan: PhysicalPlan, _ cut: [ShuffleSlice]) throws(EngineError) -> PhysicalPlan {
        func beside(_ read: ShuffleRead) -> ShuffleRead {
            guard case .partition = read.mode else { return read }
            return ShuffleRead(
                stage: read.stage, mode: .partitionRanges(cut.map(\.partitions)), schema: read.schema)
        }
        let changed = try plan.changingRowwise(beside: beside) { node throws(EngineError) -> PhysicalPlan? in
            guard case .shuffleRead(let read) = node, case .partition = read.mode else { return nil }
            return .shuffleRead(ShuffleRead(stage: read.stage, mode: .slices(cut), schema: read.schema))
        }
        guard let changed else { throw .internal("A join that was to be split has no probing side.") }
        return changed
    }
}

extension PhysicalPlan {
    /// The aggregation in one step that the plan's rows come of, and what `find` finds in its input.
    fileprivate func underCompleteAggregate<Found>(
        _ find: (PhysicalPlan) throws(EngineError) -> Found?
    ) throws(EngineError) -> (aggregate: PhysicalAggregate, found: Found)? {
        switch self {
        case .aggregate(let aggregate) where aggregate.mode == .complete:
            return try find(aggregate.input).map { (aggregate, $0) }
        case .filter(_, let input), .project(_, _, let input): return try input.underCompleteAggregate(find)
        case .aggregate(let aggregate) where aggregate.mode == .partial:
            return try aggregate.input.underCompleteAggregate(find)
        default: return nil
        }
    }

    fileprivate func replacingCompleteAggregate(
        _ change: (PhysicalAggregate) -> PhysicalPlan
    ) -> PhysicalPlan {
        if case .aggregate(let aggregate) = self, aggregate.mode == .complete { return change(aggregate) }
        return replacingChildren(children.map { $0.replacingCompleteAggregate(change) })
    }
}
