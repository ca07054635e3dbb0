import Plans
import Vocabulary

/// Plans stages that have not begun again, now that it is measured what those before them wrote.
///
/// - Few bytes: each task reads several partitions that are next to each other (coalescing).
/// - A partition far larger than the others that a join probes with: its rows are split among tasks, by the
///   tasks that wrote them. Groups that are made of the join's rows in the same task are made in part there,
///   and finally in a stage of their own.
/// - One side of a join is small and the other has not begun: each task reads all of the small side, and the
///   other one is joined where it is made (broadcast).
/// - What is broadcast is far too much: both sides are spread by hash, in stages of their own.
///
/// Stages keep their ids; those that come in addition are appended.
package struct AdaptivePlanner {
    /// Holds the stages as they are now, and what became otherwise.
    package struct Answer: Sendable {
        package var graph: StageGraph
        /// Changed and added stages.
        package var changed: [StageID] = []
        /// A sentence for each change, for the job's log.
        package var notes: [String] = []

        mutating func put(_ stage: Stage) {
            if stage.id.index < graph.stages.count {
                graph.stages[stage.id.index] = stage
            } else {
                graph.stages.append(stage)
            }
            if !changed.contains(stage.id) { changed.append(stage.id) }
        }
    }

    let settings: AdaptiveSettings
    let sizing: TaskSizing
    let slots: Int
    /// Bytes by partition of each task of a stage that is complete; nil of any other.
    let sizes: (StageID) -> [[Int]]?

    package init(
        settings: SessionSettings, cluster: ClusterFacts, sizes: @escaping (StageID) -> [[Int]]?
    ) {
        self.settings = AdaptiveSettings(settings)
        self.sizes = sizes
        slots = cluster.slots
        // The number that a session sets is where to start from.
        var own = settings
        own.shufflePartitions = 0
        sizing = TaskSizing(cluster: cluster, settings: own)
    }

    /// Whether what reads the stage may be planned again by what it writes.
    package static func mayAdapt(_ stage: Stage, settings: SessionSettings) -> Bool {
        guard AdaptiveSettings(settings).isEnabled, case .shuffle(let partitioning) = stage.output else {
            return false
        }
        switch partitioning {
        case .hash(_, let partitions), .range(_, let partitions, _): return partitions > 1
        case .broadcast: return true
        default: return false
        }
    }

    /// Returns what changes now that `stage` is complete, of stages of which `mayChange` says that nothing
    /// has begun; nil when nothing does.
    package func answer(
        _ graph: StageGraph, after stage: StageID, mayChange: (StageID) -> Bool
    ) throws(EngineError) -> Answer? {
        var answer = Answer(graph: graph)
        for reader in graph.stages where reader.dependencies.contains(stage) && mayChange(reader.id) {
            if answer.changed.contains(reader.id) { continue }
            if try demote(reader, after: stage, in: &answer) { continue }
            if try split(reader, in: &answer) { continue }
            if try broadcast(reader, after: stage, in: &answer, mayChange: mayChange) { continue }
            coalesce(reader, in: &answer)
        }
        return answer.changed.isEmpty ? nil : answer
    }

    // MARK: Partitions

    /// Gives each task neighbouring partitions of about as many bytes as a task should have.
    private func coalesce(_ reader: Stage, in answer: inout Answer) {
        // What only passes rows on was given so many tasks by a hint.
        guard settings.coalesces, reader.plan.gathersRows,
            let bytes = partitionBytes(of: reader, in: answer.graph)
        else { return }
        let total = bytes.reduce(0, +)
        let wanted = max(sizing.partitions(byteCount: Double(total)), total / settings.advisoryBytes)
        guard wanted < reader.taskCount else { return }
        var ranges: [Range<Int>] = []
        var (before, group) = (0, 0)
        for (partition, size) in bytes.enumerated() {
            // Where the middle of the partition lies among all bytes says whose it is.
            let own = total == 0 ? 0 : min(wanted - 1, (before + size / 2) * wanted / total)
            if let last = ranges.last, own == group {
                ranges[ranges.count - 1] = last.lowerBound..<(partition + 1)
            } else {
                ranges.append(partition..<(partition + 1))
            }
            (before, group) = (before + size, own)
        }
        var changed = reader
        changed.plan = reader.plan.mappingReads { read in
            guard case .partition = read.mode else { return read }
            return ShuffleRead(stage: read.stage, mode: .partitionRanges(ranges), schema: read.schema)
        }
        changed.taskCount = ranges.count
        answer.put(changed)
        answer.notes.append(
            "Stage \(reader.id) reads its \(reader.taskCount) partitions in "
                + "\(Counted.text(ranges.count, "task")): they hold \(ByteSize.format(total)).")
    }

    /// The bytes that each task of a stage reads; nil where its tasks cannot be cut otherwise, or not all of
    /// what it reads is there.
    private func partitionBytes(of reader: Stage, in graph: StageGraph) -> [Int]? {
        guard reader.taskCount > 1, reader.canBeCutOtherwise(in: graph) else { return nil }
        var sums = [Int](repeating: 0, count: reader.taskCount)
        var isWhole = true
        reader.plan.forEachPartitionRead { read in
            guard isWhole, let tasks = sizes(read.stage) else { return isWhole = false }
            for task in tasks {
                if task.count == sums.count {
                    for (partition, bytes) in task.enumerated() { sums[partition] += bytes }
                } else if !task.isEmpty {
                    isWhole = false
                }
            }
        }
        return isWhole ? sums : nil
    }
}
