import Plans
import Vocabulary

extension AdaptivePlanner {
    /// Lets both sides of a join meet by hash where one was to be broadcast and is far too large for it.
    func demote(
        _ reader: Stage, after broadcast: StageID, in answer: inout Answer
    ) throws(EngineError) -> Bool {
        guard case .shuffle(.broadcast) = answer.graph.stages[broadcast.index].output,
            // Inside one process a broadcast moves nothing.
            let tasks = sizes(broadcast), settings.mostBroadcastBytes > 0, sizing.cluster.workers > 1,
            !answer.graph.stages.contains(where: { $0.plan.readsTasks(of: reader.id) })
        else { return false }
        let bytes = tasks.reduce(0) { $0 + $1.reduce(0, +) }
        if bytes <= settings.mostBroadcastBytes { return false }
        // One file may have been asked for.
        if case .files = reader.output, reader.taskCount == 1 { return false }
        let partitions = sizing.partitions(byteCount: Double(bytes) * 2)
        let (buildID, probeID) = (
            StageID(answer.graph.stages.count), StageID(answer.graph.stages.count + 1)
        )
        var added: [Stage] = []
        let changed = try reader.plan.changingRowwise { node throws(EngineError) -> PhysicalPlan? in
            guard case .hashJoin(var join) = node, join.buildIsShared, join.canMeetByHash,
                join.hint == nil
            else { return nil }
            let isRight = join.build == .right
            let (probe, build) = isRight ? (join.left, join.right) : (join.right, join.left)
            let (left, right) = (join.leftKeys, join.rightKeys)
            let (probeKeys, buildKeys) = isRight ? (left, right) : (right, left)
            // A source is read where its rows lie, as the stage was planned.
            guard case .shuffleRead(let read) = build, read.stage == broadcast,
                case .all(partition: 0) = read.mode, probe.scanCount == reader.plan.scanCount,
                !probe.readsSource
            else { return nil }
            let same = ShuffleRead(stage: broadcast, mode: .sameTask(partition: 0), schema: read.schema)
            added = [
                spread(
                    .shuffleRead(same), by: .hash(buildKeys, partitions: partitions), as: buildID, tasks.count
                ),
                spread(
                    probe, by: .hash(probeKeys, partitions: partitions), as: probeID, reader.taskCount,
                    reader.splits),
            ]
            let buildRead = PhysicalPlan.shuffleRead(
                ShuffleRead(stage: buildID, mode: .partition, schema: read.schema))
            let probeRead = PhysicalPlan.shuffleRead(
                ShuffleRead(stage: probeID, mode: .partition, schema: probe.schema))
            (join.left, join.right) = isRight ? (probeRead, buildRead) : (buildRead, probeRead)
            join.buildIsShared = false
            return .hashJoin(join)
        }
        // What else the stage reads must be the same for all its tasks.
        guard let changed, changed.readsWhole(but: [buildID, probeID]) else { return false }
        var last = reader
        last.plan = changed
        last.name = StageName.of(changed, output: reader.output)
        last.taskCount = partitions
        last.splits = []
        last.dependencies = changed.readStages
        for stage in [last] + added { answer.put(stage) }
        answer.notes.append(
            "Stage \(reader.id) joins by hash: stage \(broadcast), whose rows were to be broadcast, wrote "
                + "\(ByteSize.format(bytes)).")
        return true
    }

    private func spread(
        _ plan: PhysicalPlan, by partitioning: Partitioning, as id: StageID, _ tasks: Int,
        _ splits: [[[FileSplit]]] = []
    ) -> Stage {
        let output = StageOutput.shuffle(partitioning)
        return Stage(
            id: id, name: StageName.of(plan, output: output), plan: plan, output: output, taskCount: tasks,
            splits: splits, dependencies: plan.readStages)
    }

    /// Reads a side of a join that has turned out small whole in every task, and the other side where it is
    /// made, which was to be spread by hash and has not begun.
    func broadcast(
        _ reader: Stage, after small: StageID, in answer: inout Answer, mayChange: (StageID) -> Bool
    ) throws(EngineError) -> Bool {
        guard reader.canBeCutOtherwise(in: answer.graph), let tasks = sizes(small), tasks.count > 0 else {
            return false
        }
        let bytes = tasks.reduce(0) { $0 + $1.reduce(0, +) }
        guard settings.broadcastBytes > 0, bytes <= settings.broadcastBytes,
            let partitions = answer.graph.partitions(of: small)
        else { return false }
        var large: Stage?
        let graph = answer.graph
        let changed = try reader.plan.changingRowwise { node throws(EngineError) -> PhysicalPlan? in
            guard case .hashJoin(var join) = node, !join.buildIsShared, join.canMeetByHash,
                join.hint == nil
            else { return nil }
            for side in [PhysicalHashJoin.Side.left, .right] {
                join.build = side
                let (build, probe) = side == .left ? (join.left, join.right) : (join.right, join.left)
                guard !join.givesBuildRowsAtEnd, case .shuffleRead(let first) = build, first.stage == small,
                    case .shuffleRead(let second) = probe, second.stage != small,
                    mayChange(second.stage), graph.readCount(of: second.stage) == 1
                else { continue }
                let maker = graph.stages[second.stage.index]
                guard case .shuffle(.hash) = maker.output, !maker.plan.readsSource,
                    maker.taskCount >= min(reader.taskCount, slots)
                else { continue }
                let ranges = [Range<Int>](repeating: 0..<partitions, count: maker.taskCount)
                let whole = PhysicalPlan.shuffleRead(
                    ShuffleRead(stage: small, mode: .partitionRanges(ranges), schema: first.schema))
                (join.left, join.right) = side == .left ? (whole, maker.plan) : (maker.plan, whole)
                join.buildIsShared = true
                large = maker
                return .hashJoin(join)
            }
            return nil
        }
        guard let changed, var maker = large else { return false }
        var reads = 0
        reader.plan.forEachPartitionRead { _ in reads += 1 }
        guard reads == 2 else { return false }
        var last = reader
        last.plan = changed
        last.name = StageName.of(changed, output: reader.output)
        last.taskCount = maker.taskCount
        last.splits = maker.splits
        last.dependencies = changed.readStages
        // Nobody reads it any more.
        maker.name = "part of stage \(reader.id)"
        maker.plan = .values(rows: [], schema: maker.plan.schema)
        maker.taskCount = 0
        maker.splits = []
        maker.dependencies = []
        answer.put(last)
        answer.put(maker)
        answer.notes.append(
            "Stage \(reader.id) reads all of stage \(small) in each task, \(ByteSize.format(bytes)), and "
                + "stage \(maker.id) is part of it.")
        return true
    }
}

extension PhysicalPlan {
    /// Whether all that the plan stands on, but for what it reads of these stages, is the same in every task.
    fileprivate func readsWhole(but stages: [StageID]) -> Bool {
        if case .shuffleRead(let read) = self {
            if case .all = read.mode { return true }
            return stages.contains(read.stage)
        }
        // Literals and numbers are given by some tasks only.
        return !children.isEmpty && children.allSatisfy { $0.readsWhole(but: stages) }
    }
}

extension PhysicalHashJoin {
    /// Whether matches of a row lie where its keys lie: NULLs of an anti join that knows them are everywhere.
    fileprivate var canMeetByHash: Bool { kind != .leftAntiNullAware && !leftKeys.isEmpty }
}
